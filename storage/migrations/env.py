"""What Alembic runs: brings the database behind the connection that `storage.migrate` gives it to another revision."""

from alembic import context

from storage.tables import Schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Schema.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
