"""Who the customer is: accounts and their contacts."""
