"""Chat in and out: webhooks, the router, and a folder for each platform."""
