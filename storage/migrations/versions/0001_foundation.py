"""Foundation: inbox, outbox, people and chats, stock, audits, schedules and runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text()
WORD = sa.String(16)
MOMENT = sa.DateTime(timezone=True)
COUNT = sa.Integer()
TRUTH = sa.Boolean()


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def nullable(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    create_chat()
    create_outbox()
    create_stock()
    create_jobs()


def create_chat() -> None:
    op.create_table(
        "inbox",
        column("platform", WORD),
        column("key", TEXT),
        column("kind", TEXT),
        column("event_id", TEXT),
        column("received_at", MOMENT),
        sa.PrimaryKeyConstraint("platform", "key", name="pk_inbox"),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    op.create_table(
        "chats",
        column("platform", WORD),
        column("chat_id", TEXT),
        nullable("lang", WORD),
        nullable("welcomed_at", MOMENT),
        sa.PrimaryKeyConstraint("platform", "chat_id", name="pk_chats"),
    )
    op.create_table(
        "grants",
        column("platform", WORD),
        column("open_id", TEXT),
        column("role", WORD),
        column("granted_by", TEXT),
        column("granted_at", MOMENT),
        sa.PrimaryKeyConstraint("platform", "open_id", name="pk_grants"),
    )
    op.create_table(
        "audits",
        column("id", COUNT),
        column("at", MOMENT),
        column("platform", WORD),
        column("tenant", TEXT),
        column("open_id", TEXT),
        column("chat_id", TEXT),
        column("chat_kind", WORD),
        column("command", TEXT),
        column("words", TEXT),
        column("outcome", WORD),
        column("detail", TEXT),
        column("latency_us", sa.BigInteger()),
        column("reference", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_audits"),
    )


def create_outbox() -> None:
    op.create_table(
        "outbox",
        column("id", COUNT),
        column("key", TEXT),
        column("uuid", TEXT),
        column("platform", WORD),
        column("target_kind", WORD),
        column("target_id", TEXT),
        column("lane", TEXT),
        nullable("reply_to", TEXT),
        column("urgent", TRUTH),
        column("answer", TEXT),
        column("as_text", TRUTH),
        column("created_at", MOMENT),
        column("due_at", MOMENT),
        column("attempts", COUNT),
        nullable("first_tried_at", MOMENT),
        nullable("owner", TEXT),
        nullable("lease_until", MOMENT),
        nullable("sent_at", MOMENT),
        nullable("dead_at", MOMENT),
        nullable("message_id", TEXT),
        column("error", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    create_partial_index("ix_outbox_dead", "outbox", ["dead_at"], "dead_at IS NOT NULL")
    create_partial_index("ix_outbox_leased", "outbox", ["lease_until"], "lease_until IS NOT NULL")
    create_partial_index("ix_outbox_sent", "outbox", ["sent_at"], "sent_at IS NOT NULL")
    create_partial_index("ix_outbox_waiting", "outbox", ["lane", "urgent", "id"], "sent_at IS NULL AND dead_at IS NULL")
    op.create_table(
        "lanes",
        column("name", TEXT),
        nullable("full_at", MOMENT),
        nullable("ready_at", MOMENT),
        sa.PrimaryKeyConstraint("name", name="pk_lanes"),
    )


def create_stock() -> None:
    op.create_table(
        "samples",
        column("taken_at", MOMENT),
        column("source", TEXT),
        column("model", TEXT),
        column("region", TEXT),
        column("clock", TEXT),
        column("total", COUNT),
        column("free", COUNT),
        column("used", COUNT),
        column("unavailable", COUNT),
        sa.PrimaryKeyConstraint("taken_at", "source", "model", "region", "clock", name="pk_samples"),
    )
    op.create_table(
        "sources",
        column("source", TEXT),
        nullable("ok_at", MOMENT),
        nullable("failed_at", MOMENT),
        column("error", TEXT),
        column("failures", COUNT),
        sa.PrimaryKeyConstraint("source", name="pk_sources"),
    )
    op.create_table(
        "notices",
        column("recipient", TEXT),
        column("model", TEXT),
        column("told_at", MOMENT),
        sa.PrimaryKeyConstraint("recipient", "model", name="pk_notices"),
    )


def create_jobs() -> None:
    op.create_table(
        "schedules", column("job", TEXT), column("cursor", MOMENT), sa.PrimaryKeyConstraint("job", name="pk_schedules")
    )
    op.create_table(
        "job_runs",
        column("id", COUNT),
        column("job", TEXT),
        column("scheduled_for", MOMENT),
        column("state", WORD),
        column("available_at", MOMENT),
        column("attempt", COUNT),
        nullable("owner", TEXT),
        nullable("lease_until", MOMENT),
        nullable("started_at", MOMENT),
        nullable("finished_at", MOMENT),
        column("detail", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
        sa.UniqueConstraint("job", "scheduled_for", name="uq_job_runs_job_scheduled_for"),
    )
    op.create_index("ix_job_runs_finished_at", "job_runs", ["finished_at"])
    create_partial_index("ix_job_runs_open", "job_runs", ["job"], "finished_at IS NULL")
    op.create_table(
        "facts",
        column("name", TEXT),
        column("value", TEXT),
        column("learnt_at", MOMENT),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )
