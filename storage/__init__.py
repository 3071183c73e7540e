"""Where all state lives: SQLAlchemy on SQLite or PostgreSQL. Rows never leave this package."""
