"""/quota, /cost and /budget, and what the API does the same way; one module for those of a kind."""
