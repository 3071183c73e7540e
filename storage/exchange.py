"""Rates of exchange."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from storage.price_book import SqlPriceBook
from storage.price_rows import RATE, exchange_rate_of
from storage.tables import ExchangeRateRow
from suanli.domain.cost.exchange import ExchangeRate, check_rate

_ALL = select(*RATE).order_by(ExchangeRateRow.valid_from, ExchangeRateRow.id)
_OF = _ALL.where(ExchangeRateRow.currency == bindparam("of_currency"), ExchangeRateRow.into == bindparam("of_into"))
_NEW = insert(ExchangeRateRow)


class SqlExchange:
    """The `Exchange` of one transaction."""

    __slots__ = ("_book", "_connection")

    def __init__(self, connection: Connection, book: SqlPriceBook) -> None:
        self._connection = connection
        self._book = book

    def add(self, rate: ExchangeRate, now: datetime) -> None:
        """Store a rate. Raises ExchangeError when it would change what held before now."""
        self._book.edit()
        pair = {"of_currency": rate.currency, "of_into": rate.to}
        check_rate(tuple(map(exchange_rate_of, self._connection.execute(_OF, pair))), rate, now)
        row = {
            "currency": rate.currency,
            "into": rate.to,
            "rate": rate.parts,
            "valid_from": rate.valid_from,
            "source": rate.source,
            "set_by": rate.set_by,
        }
        self._connection.execute(_NEW, row)

    def all(self) -> Sequence[ExchangeRate]:
        """Every rate, oldest first."""
        return tuple(map(exchange_rate_of, self._connection.execute(_ALL)))
