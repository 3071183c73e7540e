"""Readers of the outside world: each fetches thinly and parses purely."""
