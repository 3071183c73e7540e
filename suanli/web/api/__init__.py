"""The REST API: endpoints are declared once, and from that come routes, rights, checks and the OpenAPI document."""
