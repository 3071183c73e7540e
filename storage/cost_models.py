"""What costs money, by the provider's own name for it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.price_book import SqlPriceBook
from storage.price_rows import MODEL, columns_of_model, model_of
from storage.tables import CostModelRow, PriceRow
from suanli.domain.cost.prices import CostModel, CostModelId

_ALL = select(*MODEL).order_by(CostModelRow.id)
_ACTIVE = _ALL.where(CostModelRow.active)
_FIND = select(*MODEL).where(CostModelRow.id == bindparam("of_id"))
_NAMED = select(*MODEL).where(
    CostModelRow.provider == bindparam("of_provider"), CostModelRow.name == bindparam("of_name")
)
_NEW = insert(CostModelRow).returning(CostModelRow.id)
_CHANGE = update(CostModelRow).where(CostModelRow.id == bindparam("of_id"))
_PRICED = select(select(PriceRow.id).where(PriceRow.model == bindparam("of_model")).exists())


class SqlCostModels:
    """The `CostModels` of one transaction."""

    __slots__ = ("_book", "_connection")

    def __init__(self, connection: Connection, book: SqlPriceBook) -> None:
        self._connection = connection
        self._book = book

    def add(self, model: CostModel) -> CostModel | None:
        """Store a model; it gets its number. None when the provider has an active one of this name.

        A deleted one of this name comes back instead, under its old number; of another unit, it raises ValueError.
        """
        self._book.edit()
        known = self.named(model.provider, model.name)
        if known is None:
            number = self._connection.execute(_NEW, columns_of_model(model)).scalar_one()
            return replace(model, id=CostModelId(number))
        if known.active:
            return None
        back = replace(model, id=known.id)
        self._write(known, back)
        return back

    def change(self, model: CostModel) -> bool:
        """Write a model back; False when there is none. Its provider and name stay, or it raises ValueError.

        So does its unit once it has had a price, which is for so many of that unit.
        """
        self._book.edit()
        known = self.find(model.id)
        if known is None:
            return False
        if (known.provider, known.name) != (model.provider, model.name):
            raise ValueError(f"model {model.id} has another name: that is another model")
        self._write(known, model)
        return True

    def find(self, model: CostModelId) -> CostModel | None:
        """A model, active or not."""
        row = self._connection.execute(_FIND, {"of_id": model}).first()
        return None if row is None else model_of(row)

    def named(self, provider: str, name: str) -> CostModel | None:
        """The model of this provider with this name of its own, active or not."""
        row = self._connection.execute(_NAMED, {"of_provider": provider, "of_name": name}).first()
        return None if row is None else model_of(row)

    def all(self, *, active_only: bool = True) -> Sequence[CostModel]:
        """Every model, by number."""
        return tuple(map(model_of, self._connection.execute(_ACTIVE if active_only else _ALL)))

    def _write(self, known: CostModel, model: CostModel) -> None:
        if known.unit is not model.unit and self._connection.execute(_PRICED, {"of_model": known.id}).scalar():
            raise ValueError(f"model {known.id} has prices for another unit")
        self._connection.execute(_CHANGE, {**columns_of_model(model), "of_id": known.id})
