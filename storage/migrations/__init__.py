"""The steps from an empty database to `storage.tables`, run by Alembic; forward only, each in a numbered file."""
