"""The book of prices: read whole once an edition, and remembered by the process for every call after that.

Whoever edits a model, a price or a rate writes a new word for the edition, in the row that it holds to the end. So a
reader that finds the same word before and after it has read everything has seen no edit in between, and no half of
one. What a transaction has edited itself is remembered by nobody, for it may yet be rolled back, wholly or in part.
"""

from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from storage.prepared import Prepared
from storage.price_rows import MODEL, PRICE, RATE, TIER, exchange_rate_of, model_of, prices_of
from storage.tables import CostModelRow, ExchangeRateRow, PriceBookRow, PriceRow
from storage.upserts import insert_or_set
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency

_BOOK = 1
_MOST_BOOKS = 8

EDITION = select(PriceBookRow.edition).scalar_subquery()
"""For a statement that is run right before the book is read: what it finds is `foreseen`."""

_EDITION = Prepared(select(PriceBookRow.edition))
_NEW_EDITION = insert_or_set(PriceBookRow, "edition")
_MODELS = select(*MODEL).order_by(CostModelRow.id)
_PRICES = select(*PRICE).order_by(PriceRow.model, PriceRow.valid_from)
_TIERS = select(*TIER)
_RATES = (
    select(*RATE)
    .where(ExchangeRateRow.into == bindparam("into"))
    .order_by(ExchangeRateRow.currency, ExchangeRateRow.valid_from)
)

Books = dict[Currency, tuple[str, PriceBook]]
"""What one process remembers, each with the edition that it is."""


class SqlPriceBook:
    """The book of one transaction."""

    __slots__ = ("_books", "_connection", "_foreseen", "_own")

    def __init__(self, connection: Connection, books: Books) -> None:
        self._connection = connection
        self._books = books
        self._foreseen: str | None = None
        self._own: str | None = None

    def edit(self) -> None:
        """Hold the book to the end, and let every process know that it is a new edition."""
        self._foreseen = None
        # Asked each time: what was edited in a savepoint, and this word with it, may have been undone.
        if self._own is None or self._edition() != self._own:
            self._own = uuid4().hex
            self._connection.execute(_NEW_EDITION, {"id": _BOOK, "edition": self._own})

    def foresee(self, edition: str | None) -> None:
        """Spare the next reader the question: another statement has just found this to be the edition."""
        self._foreseen = edition

    def read(self, currency: Currency) -> PriceBook:
        """The book for a site that counts in this currency."""
        while True:
            edition = self._foreseen or self._edition()
            self._foreseen = None
            known = self._books.get(currency)
            if known is not None and known[0] == edition:
                return known[1]
            found = self._read(currency)
            if edition == self._own:
                return found
            if edition == self._edition():
                self._remember(currency, edition, found)
                return found

    def _edition(self) -> str:
        rows = _EDITION.run(self._connection, {})
        return rows[0][0] if rows else ""

    def _read(self, currency: Currency) -> PriceBook:
        return PriceBook.of(
            currency,
            map(model_of, self._connection.execute(_MODELS)),
            prices_of(self._connection.execute(_PRICES), self._connection.execute(_TIERS)),
            map(exchange_rate_of, self._connection.execute(_RATES, {"into": currency})),
        )

    def _remember(self, currency: Currency, edition: str, book: PriceBook) -> None:
        if len(self._books) >= _MOST_BOOKS:
            self._books.clear()
        self._books[currency] = edition, book
