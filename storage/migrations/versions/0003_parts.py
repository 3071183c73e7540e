"""Messages that go in parts: how many of them have arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("progress", sa.Integer(), nullable=False, server_default="0"))
