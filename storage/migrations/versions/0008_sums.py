"""What was spent, added up: the newest sums, and what was put by of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text()
COUNT = sa.Integer()
AMOUNT = sa.BigInteger()
MANY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

PAYER = ("user", "project", "department", "organization")
PRODUCT = ("model", "provider", "request_type", "cost_type")
AMOUNTS = (
    "requests",
    "unpriced",
    "failed",
    "input_units",
    "output_units",
    "cached_units",
    "total_units",
    "input_cost",
    "output_cost",
    "total_cost",
    "took",
    "timed",
)


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def given(name: str) -> sa.Column[Any]:
    """A number that is part of a key and given by us."""
    return sa.Column(name, COUNT, nullable=False, autoincrement=False)


def texts(*names: str) -> list[sa.Column[Any]]:
    return [column(name, TEXT) for name in names]


def amounts() -> list[sa.Column[Any]]:
    return [column(name, AMOUNT) for name in AMOUNTS]


def upgrade() -> None:
    op.create_table(
        "sum_tail",
        column("id", MANY),
        column("quarter", COUNT),
        *texts(*PAYER, *PRODUCT),
        *amounts(),
        sa.PrimaryKeyConstraint("id", name="pk_sum_tail"),
    )
    create_names("cost_payers", PAYER)
    create_names("cost_products", PRODUCT)
    op.create_table(
        "cost_sums",
        *map(given, ("cuboid", "time", "payer", "product")),
        *amounts(),
        sa.PrimaryKeyConstraint("cuboid", "time", "payer", "product", name="pk_cost_sums"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "sum_zone",
        given("id"),
        column("zone", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_sum_zone"),
    )


def create_names(table: str, names: tuple[str, ...]) -> None:
    """Numbers for what sums are of."""
    op.create_table(
        table,
        column("id", COUNT),
        column("level", COUNT),
        *texts(*names),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("level", *names, name=f"uq_{table}_level_{'_'.join(names)}"),
    )
