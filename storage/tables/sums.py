"""What was spent, added up: the newest sums as they came, and the rest by days and hours. Costs are nano-units."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema

# SQLite counts up only what it calls INTEGER, which has 64 bits there.
_MANY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _amount() -> Mapped[int]:
    return mapped_column(sa.BigInteger, sort_order=1)


class _Sums:
    """The fields of a `Sum`, behind the other columns."""

    requests: Mapped[int] = _amount()
    unpriced: Mapped[int] = _amount()
    failed: Mapped[int] = _amount()
    input_units: Mapped[int] = _amount()
    output_units: Mapped[int] = _amount()
    cached_units: Mapped[int] = _amount()
    total_units: Mapped[int] = _amount()
    input_cost: Mapped[int] = _amount()
    output_cost: Mapped[int] = _amount()
    total_cost: Mapped[int] = _amount()
    took: Mapped[int] = _amount()
    timed: Mapped[int] = _amount()


class SumTailRow(_Sums, Schema):
    """Sums that are not yet in `cost_sums`: rows are only added, and taken away when they are put by.

    `quarter` counts quarters of an hour since 1970 in UTC.
    """

    __tablename__ = "sum_tail"

    id: Mapped[int] = mapped_column(_MANY, primary_key=True)
    quarter: Mapped[int]
    user: Mapped[str]
    project: Mapped[str]
    department: Mapped[str]
    organization: Mapped[str]
    model: Mapped[str]
    provider: Mapped[str]
    request_type: Mapped[str]
    cost_type: Mapped[str]


class CostPayerRow(Schema):
    """A number for those who pay together.

    Level 2: a user of them; 1: without the user; 3: the organisation alone; 0, one row: everybody.
    """

    __tablename__ = "cost_payers"
    __table_args__ = (sa.UniqueConstraint("level", "user", "project", "department", "organization"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int]
    user: Mapped[str]
    project: Mapped[str]
    department: Mapped[str]
    organization: Mapped[str]


class CostProductRow(Schema):
    """A number for what is paid for. Level 2: a model; 1: without the model; 0, one row: everything."""

    __tablename__ = "cost_products"
    __table_args__ = (sa.UniqueConstraint("level", "model", "provider", "request_type", "cost_type"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int]
    model: Mapped[str]
    provider: Mapped[str]
    request_type: Mapped[str]
    cost_type: Mapped[str]


class CostSumRow(_Sums, Schema):
    """What a payer spent on a product in a day, an hour, or a month.

    `cuboid` says which of the levels these are of, and whether `time` is a day of the site, an hour of UTC, or the
    first day of a month, counted from 1970 (storage/cuboids.py).
    """

    __tablename__ = "cost_sums"
    __table_args__ = (
        {
            "sqlite_with_rowid": False,
            "postgresql_with": {"fillfactor": 70},  # room for the next versions of today's rows
        },
    )

    cuboid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SumZoneRow(Schema):
    """The zone whose days `cost_sums` has, and the day before which months are closed: one row, from the first sum on.

    Closed months have cells of their own (storage/sum_months.py); the day is the first of a month, or 0.
    """

    __tablename__ = "sum_zone"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str]
    closed: Mapped[int] = mapped_column(server_default="0")
