"""Cost: what calls cost, from which moment on, and what other currencies are in the site's."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

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


def given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A number that is part of a key and given by us."""
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def rates() -> list[sa.Column[Any]]:
    """What a million units of each kind cost, and a call."""
    special = ("cached", "cache_write", "reasoning", "batch_input", "batch_output", "batch_cached", "batch_cache_write")
    always = [column(name, AMOUNT) for name in ("input", "output", "base")]
    return always + [nullable(name, AMOUNT) for name in special]


def upgrade() -> None:
    create_models()
    create_prices()
    create_exchange_rates()
    create_imports()


def create_models() -> None:
    op.create_table(
        "price_book",
        given("id", COUNT),
        column("edition", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_price_book"),
    )
    op.create_table(
        "cost_models",
        column("id", COUNT),
        column("name", TEXT),
        column("provider", TEXT),
        column("model_type", TEXT),
        column("cost_type", WORD),
        column("unit", WORD),
        column("unit_size", COUNT),
        column("aliases", TEXT),
        column("active", TRUTH),
        sa.PrimaryKeyConstraint("id", name="pk_cost_models"),
        sa.UniqueConstraint("provider", "name", name="uq_cost_models_provider_name"),
        sqlite_autoincrement=True,
    )


def create_prices() -> None:
    op.create_table(
        "prices",
        column("id", COUNT),
        column("model", COUNT),
        column("currency", TEXT),
        column("valid_from", MOMENT),
        nullable("valid_to", MOMENT),
        column("source", TEXT),
        column("set_by", TEXT),
        nullable("taken_from", COUNT),
        *rates(),
        sa.PrimaryKeyConstraint("id", name="pk_prices"),
        sa.UniqueConstraint("model", "valid_from", name="uq_prices_model_valid_from"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "price_tiers",
        given("price", COUNT),
        given("above", AMOUNT),
        *rates(),
        sa.PrimaryKeyConstraint("price", "above", name="pk_price_tiers"),
        sqlite_with_rowid=False,
    )


def create_exchange_rates() -> None:
    op.create_table(
        "exchange_rates",
        column("id", COUNT),
        column("currency", TEXT),
        column("into", TEXT),
        column("rate", AMOUNT),
        column("valid_from", MOMENT),
        column("source", TEXT),
        column("set_by", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_rates"),
        sa.UniqueConstraint("currency", "into", "valid_from", name="uq_exchange_rates_currency_into_valid_from"),
    )


def create_imports() -> None:
    op.create_table(
        "price_imports",
        column("id", COUNT),
        column("catalogue", TEXT),
        column("source", TEXT),
        column("sha256", TEXT),
        column("actor", TEXT),
        column("at", MOMENT),
        column("new", COUNT),
        column("changed", COUNT),
        column("removed", COUNT),
        column("left_out", COUNT),
        sa.PrimaryKeyConstraint("id", name="pk_price_imports"),
        sqlite_autoincrement=True,
    )
