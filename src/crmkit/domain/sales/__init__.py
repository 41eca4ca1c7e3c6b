"""What we want to sell: leads, opportunities and the pipelines they move through."""
