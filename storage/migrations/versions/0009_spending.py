"""Spending: who pays, what is meant to be spent, what was told and asked for, and who may say so."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT = sa.Text()
WORD = sa.String(16)
MOMENT = sa.DateTime(timezone=True)
COUNT = sa.Integer()
AMOUNT = sa.BigInteger()
TRUTH = sa.Boolean()


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def nullable(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def given(name: str) -> sa.Column[Any]:
    """A number that is part of a key and given by us."""
    return sa.Column(name, COUNT, nullable=False, autoincrement=False)


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    create_parties()
    create_budgets()
    create_alerts()
    create_requests()
    create_tokens()
    create_changes()


def create_parties() -> None:
    op.create_table(
        "parties",
        column("scope_kind", WORD),
        column("scope_id", TEXT),
        column("name", TEXT),
        nullable("contact_platform", WORD),
        nullable("contact_kind", WORD),
        nullable("contact_id", TEXT),
        column("project", TEXT),
        column("department", TEXT),
        column("organization", TEXT),
        sa.PrimaryKeyConstraint("scope_kind", "scope_id", name="pk_parties"),
    )
    partial_index("ix_parties_contact", "parties", ["contact_id"], "contact_id IS NOT NULL")


def create_budgets() -> None:
    op.create_table(
        "budgets",
        column("id", COUNT),
        column("name", TEXT),
        column("scope_kind", WORD),
        column("scope_id", TEXT),
        column("total", AMOUNT),
        column("period", WORD),
        column("zone", TEXT),
        column("currency", TEXT),
        column("binds", TRUTH),
        column("warning", COUNT),
        column("critical", COUNT),
        column("active", TRUTH),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "budget_allocations",
        given("budget"),
        given("position"),
        column("scope_kind", WORD),
        column("scope_id", TEXT),
        column("amount", AMOUNT),
        sa.PrimaryKeyConstraint("budget", "position", name="pk_budget_allocations"),
    )
    op.add_column("quotas", nullable("budget", COUNT))


def create_alerts() -> None:
    op.create_table(
        "cost_alerts",
        column("id", COUNT),
        column("key", TEXT),
        column("type", WORD),
        column("severity", WORD),
        column("created_at", MOMENT),
        nullable("subject_kind", WORD),
        nullable("subject_id", TEXT),
        column("about", TEXT),
        column("told", TEXT),
        nullable("read_at", MOMENT),
        column("read_by", TEXT),
        nullable("snoozed_until", MOMENT),
        column("snoozed_by", TEXT),
        nullable("resolved_at", MOMENT),
        column("resolved_by", TEXT),
        column("resolution", TEXT),
        column("rounds", COUNT),
        sa.PrimaryKeyConstraint("id", name="pk_cost_alerts"),
        sa.UniqueConstraint("key", name="uq_cost_alerts_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cost_alerts_subject", "cost_alerts", ["subject_id", "subject_kind"])
    partial_index("ix_cost_alerts_unresolved", "cost_alerts", ["snoozed_until"], "resolved_at IS NULL")


def create_requests() -> None:
    op.create_table(
        "quota_requests",
        column("id", COUNT),
        column("quota", COUNT),
        column("span", WORD),
        column("amount", AMOUNT),
        column("asked_platform", WORD),
        column("asked_kind", WORD),
        column("asked_id", TEXT),
        column("user", TEXT),
        column("why", TEXT),
        column("asked_at", MOMENT),
        column("until", MOMENT),
        column("state", WORD),
        column("decided_by", TEXT),
        nullable("decided_at", MOMENT),
        nullable("granted", AMOUNT),
        nullable("grant", COUNT),
        column("note", TEXT),
        column("told", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_quota_requests"),
        sqlite_autoincrement=True,
    )
    partial_index("ix_quota_requests_pending", "quota_requests", ["quota"], "state = 'pending'")


def create_tokens() -> None:
    op.create_table(
        "api_tokens",
        column("id", COUNT),
        column("name", TEXT),
        column("digest", TEXT),
        column("user", TEXT),
        column("project", TEXT),
        column("department", TEXT),
        column("organization", TEXT),
        column("permissions", TEXT),
        column("role", WORD),
        column("created_by", TEXT),
        column("created_at", MOMENT),
        nullable("expires_at", MOMENT),
        nullable("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("digest", name="uq_api_tokens_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "replies",
        given("token"),
        column("key", TEXT),
        column("fingerprint", TEXT),
        column("status", COUNT),
        column("body", TEXT),
        column("kept_at", MOMENT),
        sa.PrimaryKeyConstraint("token", "key", name="pk_replies"),
    )
    op.create_index("ix_replies_kept_at", "replies", ["kept_at"])


def create_changes() -> None:
    op.create_table(
        "changes",
        column("id", COUNT),
        column("at", MOMENT),
        column("who", TEXT),
        column("way", WORD),
        column("what", TEXT),
        column("subject", TEXT),
        column("before", TEXT),
        column("after", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_subject", "changes", ["subject"])
