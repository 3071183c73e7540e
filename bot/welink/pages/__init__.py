"""The page behind a card with buttons: the documented way for a person on WeLink to act (welink.md §5.4)."""
