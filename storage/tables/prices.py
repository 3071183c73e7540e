"""What calls cost: models, prices, rates of exchange. Rates of prices are nano-units for a million units."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import words
from storage.tables.schema import Schema
from suanli.domain.cost.prices import CostType, Unit


class PriceBookRow(Schema):
    """One row, with a word that is a new one whenever anything below was edited; who edits holds it to the end."""

    __tablename__ = "price_book"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edition: Mapped[str]


class CostModelRow(Schema):
    """A model; `aliases` is a JSON list. A deleted one is not active, and keeps its name for itself."""

    __tablename__ = "cost_models"
    __table_args__ = (
        sa.UniqueConstraint("provider", "name"),
        {"sqlite_autoincrement": True},  # a number is never given twice: records name it
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    provider: Mapped[str]
    model_type: Mapped[str]
    cost_type: Mapped[CostType] = mapped_column(words(CostType))
    unit: Mapped[Unit] = mapped_column(words(Unit))
    unit_size: Mapped[int]
    aliases: Mapped[str]
    active: Mapped[bool]


class RateColumns:
    """The rates of a price; empty ones are as the ordinary kind."""

    input: Mapped[int] = mapped_column(sa.BigInteger)
    output: Mapped[int] = mapped_column(sa.BigInteger)
    base: Mapped[int] = mapped_column(sa.BigInteger)
    cached: Mapped[int | None] = mapped_column(sa.BigInteger)
    cache_write: Mapped[int | None] = mapped_column(sa.BigInteger)
    reasoning: Mapped[int | None] = mapped_column(sa.BigInteger)
    batch_input: Mapped[int | None] = mapped_column(sa.BigInteger)
    batch_output: Mapped[int | None] = mapped_column(sa.BigInteger)
    batch_cached: Mapped[int | None] = mapped_column(sa.BigInteger)
    batch_cache_write: Mapped[int | None] = mapped_column(sa.BigInteger)


class PriceRow(RateColumns, Schema):
    """A price. Rows are only ever added; `valid_to` is set once, when another price takes its place."""

    __tablename__ = "prices"
    __table_args__ = (
        sa.UniqueConstraint("model", "valid_from"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[int]
    currency: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    source: Mapped[str]
    set_by: Mapped[str]
    taken_from: Mapped[int | None]


class PriceTierRow(RateColumns, Schema):
    """The rates of a price for calls with more input than `above`."""

    __tablename__ = "price_tiers"
    __table_args__ = ({"sqlite_with_rowid": False},)

    price: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    above: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)


class ExchangeRateRow(Schema):
    """So many trillionths (`rate`) of `into` for one `currency`, from a moment on. Rows are only ever added."""

    __tablename__ = "exchange_rates"
    __table_args__ = (sa.UniqueConstraint("currency", "into", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str]
    into: Mapped[str]
    rate: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[datetime]
    source: Mapped[str]
    set_by: Mapped[str]


class PriceImportRow(Schema):
    """A version of a list of prices that was taken over, and how many of its entries were what."""

    __tablename__ = "price_imports"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue: Mapped[str]
    source: Mapped[str]
    sha256: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    new: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    left_out: Mapped[int]
