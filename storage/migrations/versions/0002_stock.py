"""Stock in full: hours, overrides, episodes and notices, tickets, burns, alerts; messages that are drawn anew."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text()
WORD = sa.String(16)
MOMENT = sa.DateTime(timezone=True)
COUNT = sa.Integer()
LARGE = sa.BigInteger()
TRUTH = sa.Boolean()


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def nullable(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def scope() -> tuple[sa.Column[Any], ...]:
    return column("model", TEXT), column("region", TEXT), column("clock", TEXT)


def upgrade() -> None:
    widen_outbox()
    create_hours()
    fill_hours()
    create_rules()
    create_episodes()
    create_purchases()
    create_alerts()


def widen_outbox() -> None:
    op.add_column("outbox", nullable("redraws", TEXT))
    op.add_column("outbox", sa.Column("revision", COUNT, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("leased_revision", COUNT, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("alert", TRUTH, nullable=False, server_default=sa.false()))


def create_hours() -> None:
    op.create_table(
        "samples_hourly",
        column("source", TEXT),
        *scope(),
        column("hour", MOMENT),
        column("samples", COUNT),
        column("free_min", LARGE),
        column("free_sum", LARGE),
        column("free_max", LARGE),
        column("total_sum", LARGE),
        column("used_sum", LARGE),
        column("unavailable_sum", LARGE),
        sa.PrimaryKeyConstraint("source", "model", "region", "clock", "hour", name="pk_samples_hourly"),
        sqlite_with_rowid=False,
    )


# A sample belongs to up to four scopes: its region or any, its clock class or any.
FILL_HOURS = """
    INSERT INTO samples_hourly
    WITH scoped AS (
        SELECT source, model, region, clock, taken_at, total, free, used, unavailable
        FROM samples
        UNION ALL
        SELECT source, model, '', clock, taken_at, total, free, used, unavailable
        FROM samples WHERE region <> ''
        UNION ALL
        SELECT source, model, region, '', taken_at, total, free, used, unavailable
        FROM samples WHERE clock <> ''
        UNION ALL
        SELECT source, model, '', '', taken_at, total, free, used, unavailable
        FROM samples WHERE region <> '' AND clock <> ''
    ), moments AS (
        SELECT source, model, region, clock, taken_at,
               SUM(total) AS total, SUM(free) AS free, SUM(used) AS used, SUM(unavailable) AS unavailable
        FROM scoped GROUP BY source, model, region, clock, taken_at
    )
    SELECT source, model, region, clock, {hour}, COUNT(*),
           MIN(free), SUM(free), MAX(free), SUM(total), SUM(used), SUM(unavailable)
    FROM moments GROUP BY source, model, region, clock, {hour}
"""
HOUR = {
    "sqlite": "substr(taken_at, 1, 13) || ':00:00.000000'",  # kept as 2026-11-20 12:34:56.000000, in UTC
    "postgresql": "date_trunc('hour', taken_at, 'UTC')",
}


def fill_hours() -> None:
    hour = HOUR[op.get_bind().dialect.name]
    op.get_bind().exec_driver_sql(FILL_HOURS.format(hour=hour))


def create_rules() -> None:
    op.create_table(
        "overrides",
        *scope(),
        column("field", WORD),
        column("value", LARGE),
        column("set_by", TEXT),
        column("set_at", MOMENT),
        sa.PrimaryKeyConstraint("model", "region", "clock", "field", name="pk_overrides"),
    )
    op.create_table(
        "burns",
        *scope(),
        column("per_day", sa.Double()),
        column("points", COUNT),
        column("computed_at", MOMENT),
        sa.PrimaryKeyConstraint("model", "region", "clock", name="pk_burns"),
    )


def create_episodes() -> None:
    op.create_table(
        "standings",
        *scope(),
        column("failures", COUNT),
        column("cause", TEXT),
        nullable("blind_since", MOMENT),
        nullable("blind_told_at", MOMENT),
        nullable("muted_until", MOMENT),
        nullable("muted_by", TEXT),
        nullable("muted_at", MOMENT),
        nullable("mute_reason", TEXT),
        sa.PrimaryKeyConstraint("model", "region", "clock", name="pk_standings"),
    )
    op.create_table(
        "episodes",
        column("number", COUNT),
        *scope(),
        column("state", WORD),
        column("severity", WORD),
        column("opened_at", MOMENT),
        column("free", LARGE),
        column("seen_at", MOMENT),
        column("lowest", LARGE),
        column("low", COUNT),
        nullable("fired_at", MOMENT),
        nullable("recovering_at", MOMENT),
        nullable("closed_at", MOMENT),
        nullable("claimed_by", TEXT),
        nullable("claimed_at", MOMENT),
        nullable("claimed_until", MOMENT),
        nullable("ordered", TRUTH),
        column("news", COUNT),
        nullable("latest", WORD),
        column("quiet", TRUTH),
        sa.PrimaryKeyConstraint("number", name="pk_episodes"),
        sqlite_autoincrement=True,
    )
    closed, still_open = sa.text("closed_at IS NOT NULL"), sa.text("closed_at IS NULL")
    op.create_index("ix_episodes_closed", "episodes", ["closed_at"], sqlite_where=closed, postgresql_where=closed)
    op.create_index(
        "uq_episodes_open",
        "episodes",
        ["model", "region", "clock"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "told",
        sa.Column("episode", COUNT, nullable=False, autoincrement=False),
        column("recipient", TEXT),
        sa.Column("count", COUNT, nullable=False, autoincrement=False),
        column("kind", WORD),
        column("news", COUNT),
        column("free", LARGE),
        column("told_at", MOMENT),
        column("message_key", TEXT),
        sa.PrimaryKeyConstraint("episode", "recipient", "count", name="pk_told"),
    )
    op.create_index("ix_told_message_key", "told", ["message_key"])
    op.create_index("ix_told_told_at", "told", ["told_at"])


def create_purchases() -> None:
    op.create_table(
        "tickets",
        column("number", COUNT),
        *scope(),
        column("stage", WORD),
        column("quantity", LARGE),
        column("requested_by", TEXT),
        column("requested_at", MOMENT),
        nullable("episode", COUNT),
        nullable("eta", sa.Date()),
        nullable("ordered_by", TEXT),
        nullable("ordered_at", MOMENT),
        nullable("ended_by", TEXT),
        nullable("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("number", name="pk_tickets"),
    )


def create_alerts() -> None:
    op.create_table(
        "alerts",
        column("fingerprint", TEXT),
        column("starts_at", MOMENT),
        column("firing", TRUTH),
        column("heard_at", MOMENT),
        column("labels", TEXT),
        column("annotations", TEXT),
        column("link", TEXT),
        column("count", COUNT),
        nullable("told_at", MOMENT),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_alerts"),
    )
