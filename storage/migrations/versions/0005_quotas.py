"""Cost: who may spend how much, what was spent, and what is held."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text()
WORD = sa.String(16)
MOMENT = sa.DateTime(timezone=True)
COUNT = sa.Integer()
AMOUNT = sa.BigInteger()
MANY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TRUTH = sa.Boolean()


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def nullable(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A number that is part of a key and given by us."""
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    create_quotas()
    create_accounts()
    create_holds()
    create_grants()
    create_adjustments()
    create_alerts()


def create_quotas() -> None:
    op.create_table(
        "quota_book",
        given("id", COUNT),
        column("edition", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_quota_book"),
    )
    op.create_table(
        "quotas",
        column("id", COUNT),
        column("name", TEXT),
        column("scope_kind", WORD),
        column("scope_id", TEXT),
        column("total", AMOUNT),
        column("period", WORD),
        column("zone", TEXT),
        column("currency", TEXT),
        nullable("daily_limit", AMOUNT),
        nullable("hourly_limit", AMOUNT),
        column("soft", TRUTH),
        column("warning", COUNT),
        column("critical", COUNT),
        column("active", TRUTH),
        sa.PrimaryKeyConstraint("id", name="pk_quotas"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quotas_scope", "quotas", ["scope_id", "scope_kind"])


def create_accounts() -> None:
    op.create_table(
        "accounts",
        column("id", MANY),
        column("quota", COUNT),
        column("span", WORD),
        column("rank", COUNT),
        column("starts_at", MOMENT),
        column("ends_at", MOMENT),
        column("limit", AMOUNT),
        column("granted", TEXT),
        column("used", AMOUNT),
        column("held", AMOUNT),
        column("soft", TRUTH),
        column("warning", COUNT),
        column("critical", COUNT),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("quota", "span", "starts_at", "ends_at", name="uq_accounts_quota_span_starts_at_ends_at"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "account_sets",
        column("id", MANY),
        column("members", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_account_sets"),
        sa.UniqueConstraint("members", name="uq_account_sets_members"),
    )
    op.create_table(
        "account_set_members",
        given("account_set", AMOUNT),
        given("account", AMOUNT),
        sa.PrimaryKeyConstraint("account_set", "account", name="pk_account_set_members"),
        sqlite_with_rowid=False,
    )


def create_holds() -> None:
    op.create_table(
        "holds",
        column("key", TEXT),
        column("fingerprint", TEXT),
        column("account_set", AMOUNT),
        column("amount", AMOUNT),
        column("currency", TEXT),
        column("state", WORD),
        column("created_at", MOMENT),
        column("expires_at", MOMENT),
        nullable("actual", AMOUNT),
        nullable("expired_at", MOMENT),
        nullable("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("key", name="pk_holds"),
    )
    partial_index("ix_holds_due", "holds", ["expires_at"], "state = 'held'")


def create_grants() -> None:
    op.create_table(
        "quota_grants",
        column("id", COUNT),
        column("quota", COUNT),
        column("span", WORD),
        column("amount", AMOUNT),
        column("granted_by", TEXT),
        column("why", TEXT),
        column("granted_at", MOMENT),
        column("expires_at", MOMENT),
        nullable("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_quota_grants"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quota_grants_quota", "quota_grants", ["quota"])
    partial_index("ix_quota_grants_running", "quota_grants", ["expires_at"], "ended_at IS NULL")


def create_adjustments() -> None:
    op.create_table(
        "adjustments",
        column("id", COUNT),
        column("account", AMOUNT),
        column("amount", AMOUNT),
        column("made_by", TEXT),
        column("why", TEXT),
        column("made_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_adjustments_account", "adjustments", ["account"])


def create_alerts() -> None:
    op.create_table(
        "quota_alerts",
        given("account", AMOUNT),
        column("level", WORD),
        column("reached_at", MOMENT),
        column("used", AMOUNT),
        column("limit", AMOUNT),
        nullable("message_key", TEXT),
        sa.PrimaryKeyConstraint("account", "level", name="pk_quota_alerts"),
        sqlite_with_rowid=False,
    )
    partial_index("ix_quota_alerts_untold", "quota_alerts", ["reached_at"], "message_key IS NULL")
