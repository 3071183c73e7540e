"""What is served over HTTP besides chat."""
