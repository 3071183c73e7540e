"""Background jobs, one module each."""
