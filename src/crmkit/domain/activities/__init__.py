"""What happens between us and the customer: interactions that took place, tasks that will."""
