"""Prices, and the lists that they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.price_book import SqlPriceBook
from storage.price_rows import (
    PRICE,
    TIER,
    columns_of_price,
    columns_of_tier,
    prices_of,
)
from storage.tables import CostModelRow, PriceImportRow, PriceRow, PriceTierRow
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency
from suanli.domain.cost.price_imports import PriceImport, PriceImportId
from suanli.domain.cost.prices import CostModelId, Price, PriceId
from suanli.domain.cost.versions import succession

_KNOWN = select(CostModelRow.id).where(CostModelRow.id == bindparam("of_model"))
_OF = select(*PRICE).where(PriceRow.model == bindparam("of_model")).order_by(PriceRow.valid_from)
_TIERS_OF = select(*TIER).join(PriceRow, PriceRow.id == PriceTierRow.price).where(
    PriceRow.model == bindparam("of_model")
)  # fmt: skip
_NEW = insert(PriceRow).returning(PriceRow.id)
_NEW_TIER = insert(PriceTierRow)
_END = update(PriceRow).where(PriceRow.id == bindparam("of_id"))
_ORIGINS = select(PriceRow.id, PriceImportRow.catalogue).join(PriceImportRow, PriceImportRow.id == PriceRow.taken_from)
_NEW_IMPORT = insert(PriceImportRow).returning(PriceImportRow.id)


class SqlPrices:
    """The `Prices` of one transaction."""

    __slots__ = ("_book", "_connection")

    def __init__(self, connection: Connection, book: SqlPriceBook) -> None:
        self._connection = connection
        self._book = book

    def add(self, price: Price, now: datetime, taken_from: PriceImportId | None = None) -> Price:
        """Store a price among those of its model, as `succession` has it; it gets its number, and perhaps an end.

        Raises PriceError when it cannot be put there, LookupError when there is no such model.
        """
        self._book.edit()
        if self._connection.execute(_KNOWN, {"of_model": price.model}).first() is None:
            raise LookupError(f"there is no model {price.model}")
        follows = succession(self.of(price.model), price, now)
        if follows.ended is not None:
            self._connection.execute(_END, {"of_id": follows.ended.id, "valid_to": follows.ended.valid_to})
        number = self._connection.execute(_NEW, columns_of_price(follows.added, taken_from)).scalar_one()
        for tier in price.tiers:
            self._connection.execute(_NEW_TIER, columns_of_tier(number, tier))
        return replace(follows.added, id=PriceId(number))

    def of(self, model: CostModelId) -> Sequence[Price]:
        """All prices that a model ever had, oldest first."""
        asked = {"of_model": model}
        return prices_of(self._connection.execute(_OF, asked), self._connection.execute(_TIERS_OF, asked))

    def book(self, currency: Currency) -> PriceBook:
        """All there is, together, for a site that counts in this currency. Cheap to ask for before every call."""
        return self._book.read(currency)

    def origins(self) -> Mapping[PriceId, str]:
        """The list (`PriceImport.catalogue`) of each price that comes from one."""
        return {PriceId(price): catalogue for price, catalogue in self._connection.execute(_ORIGINS)}

    def note_import(self, taken: PriceImport) -> PriceImport:
        """Write down that a list is taken over; it gets its number."""
        row = {each.name: getattr(taken, each.name) for each in fields(taken) if each.name != "id"}
        number = self._connection.execute(_NEW_IMPORT, row).scalar_one()
        return replace(taken, id=PriceImportId(number))
