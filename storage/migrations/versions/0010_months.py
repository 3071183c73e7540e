"""Sums of months and of organisations, made of those of days and hours; and indexes of records."""

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

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
ADDED = ", ".join(f"CAST(sum({name}) AS bigint)" for name in AMOUNTS)
INTO = f"INSERT INTO cost_sums (cuboid, time, payer, product, {', '.join(AMOUNTS)})"

# Cuboids: 0-8 of days and 9-13 of hours were there; 14-16 are the days of organisations and 17 their hours, 32 and more
# above the number of a cuboid of days is that of its months.
ORGANIZATIONS = """
INSERT INTO cost_payers (level, "user", project, department, organization)
SELECT DISTINCT 3, '', '', '', organization FROM cost_payers WHERE level = 1
"""
OF_ORGANIZATIONS = f"""
{INTO}
SELECT CASE cuboid WHEN 10 THEN 17 ELSE cuboid + 11 END, time, above.id, product, {ADDED}
FROM cost_sums
JOIN cost_payers here ON here.id = payer
JOIN cost_payers above ON above.level = 3 AND above.organization = here.organization
WHERE cuboid IN (3, 4, 5, 10)
GROUP BY cuboid, time, above.id, product
"""
OF_A_MONTH = f"""
{INTO}
SELECT cuboid + 32, CAST(:first AS integer), payer, product, {ADDED}
FROM cost_sums
WHERE cuboid IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16) AND time >= :first AND time < :next
GROUP BY cuboid, payer, product
"""


def upgrade() -> None:
    index_records()
    op.add_column("sum_zone", sa.Column("closed", sa.Integer(), nullable=False, server_default="0"))
    op.execute(ORGANIZATIONS)
    op.execute(OF_ORGANIZATIONS)
    add_up_months()


def index_records() -> None:
    """By cost within a day, of all and of a user, in the place of an index by cost of all days together."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    day = sa.text("substr(happened_at, 1, 10)" if is_sqlite else "(CAST(timezone('UTC', happened_at) AS date))")
    op.create_index("ix_cost_records_day_cost", "cost_records", [day, "total_cost", "id"])
    op.create_index("ix_cost_records_user_day_cost", "cost_records", ["user", day, "total_cost", "id"])
    op.drop_index("ix_cost_records_total_cost", "cost_records")
    partial_index("ix_cost_records_total_cost", ["total_cost", "id"], "total_cost IS NULL")
    partial_index("ix_cost_records_unpriced", ["happened_at", "id"], "(total_cost IS NULL) IS TRUE")


def partial_index(name: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, "cost_records", columns, sqlite_where=only, postgresql_where=only)


def add_up_months() -> None:
    """Months before that of the newest day are closed: their days are added up once more."""
    connection = op.get_bind()
    days = connection.scalars(sa.text("SELECT time FROM cost_sums WHERE cuboid = 0")).all()
    *closed, newest = months_of(days) or [0]
    for first in closed:
        connection.execute(sa.text(OF_A_MONTH), {"first": first, "next": month_after(first)})
    connection.execute(sa.text("UPDATE sum_zone SET closed = :closed"), {"closed": newest})


def months_of(days: Iterable[int]) -> list[int]:
    """The first days of the months that days are in: numbers of days from 1970 on, as in the column."""
    return sorted({day - day_of(day).day + 1 for day in days})


def month_after(first: int) -> int:
    return first + 32 - day_of(first + 31).day


def day_of(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)
