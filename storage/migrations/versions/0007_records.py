"""Cost: what was spent, a row for each call."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

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


def partial_index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, "cost_records", columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    op.create_table(
        "cost_records",
        column("id", MANY),
        *what_was_told(),
        *what_it_costs(),
        column("happened_at", MOMENT),
        column("recorded_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_cost_records"),
        sa.UniqueConstraint("request_id", name="uq_cost_records_request_id"),
    )
    op.create_index("ix_cost_records_happened_at", "cost_records", ["happened_at", "id"])
    op.create_index("ix_cost_records_user", "cost_records", ["user", "happened_at"])
    op.create_index("ix_cost_records_model_name", "cost_records", ["model_name", "happened_at"])
    op.create_index("ix_cost_records_total_cost", "cost_records", ["total_cost", "id"])
    partial_index("ix_cost_records_session_id", ["session_id", "happened_at"], "session_id <> ''")
    partial_index("ix_cost_records_hold", ["hold"], "account_set IS NULL", unique=True)


def what_was_told() -> list[sa.Column[Any]]:
    payer = ("user", "project", "department", "organization")
    labels = ("wechat_account_id", "session_id", "sop_instance_id")
    units = ("input_units", "output_units", "cached_units", "cache_write_units", "reasoning_units")
    return [
        column("request_id", TEXT),
        column("fingerprint", TEXT),
        nullable("hold", TEXT),
        nullable("account_set", AMOUNT),
        *(column(name, TEXT) for name in payer),
        *(column(name, TEXT) for name in ("model_name", "provider_name", "request_type")),
        column("cost_type", WORD),
        *(column(name, AMOUNT) for name in units),
        column("is_batch", TRUTH),
        column("ending", WORD),
        *(column(name, TEXT) for name in labels),
        nullable("stated", AMOUNT),
        nullable("took", AMOUNT),
    ]


def what_it_costs() -> list[sa.Column[Any]]:
    costs = ("input_cost", "output_cost", "base_cost", "total_cost")
    originals = ("original_input", "original_output", "original_base")
    return [
        column("currency", TEXT),
        column("charged", AMOUNT),
        nullable("model", COUNT),
        nullable("price", COUNT),
        *(nullable(name, AMOUNT) for name in costs),
        *(nullable(name, AMOUNT) for name in originals),
        nullable("original_currency", TEXT),
        nullable("rate", TEXT),
        column("missing", TEXT),
    ]
