"""Alerts about money that end by themselves: the end of the window that each is about, and when it was told last."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)
LIMITS = ("quota_warning", "quota_exceeded", "budget_warning", "budget_exceeded")

ALERTS = sa.table(
    "cost_alerts",
    sa.column("id", sa.Integer()),
    sa.column("type", sa.String()),
    sa.column("about", sa.Text()),
    sa.column("resolved_at", MOMENT),
    sa.column("ends_at", MOMENT),
)


def upgrade() -> None:
    op.add_column("cost_alerts", sa.Column("told_at", MOMENT, nullable=True))
    op.add_column("cost_alerts", sa.Column("ends_at", MOMENT, nullable=True))
    op.add_column("cost_alerts", sa.Column("over", sa.String(16), nullable=True))
    say_ends()
    index_standing("ix_cost_alerts_ends_at", "ends_at")
    index_standing("ix_cost_alerts_type_id", "type", "id")


def index_standing(name: str, *columns: str) -> None:
    standing = sa.text("resolved_at IS NULL")
    op.create_index(name, "cost_alerts", columns, sqlite_where=standing, postgresql_where=standing)


def say_ends() -> None:
    """Alerts that stand say in their figures when their window ends; what says none stays as it is."""
    connection = op.get_bind()
    c = ALERTS.c
    standing = sa.select(c.id, c.about).where(c.resolved_at.is_(None), c.type.in_(LIMITS))
    for number, about in connection.execute(standing).all():
        said = json.loads(about).get("resets_at")
        if said is not None:
            ends_at = datetime.fromisoformat(said).astimezone(UTC)
            connection.execute(sa.update(ALERTS).where(c.id == number).values(ends_at=ends_at))
