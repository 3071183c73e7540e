"""What calls cost: models, their prices from moment to moment, and rates of exchange.

Who changes any of these holds the book of prices to the end of the transaction, so that changes follow each other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import Currency
from suanli.domain.cost.price_imports import PriceImport, PriceImportId
from suanli.domain.cost.prices import CostModel, CostModelId, Price, PriceId


class CostModels(Protocol):
    """What costs money. A deleted model is one that is not active: it keeps its number, its prices and its records."""

    def add(self, model: CostModel) -> CostModel | None:
        """Store a model; it gets its number. None when the provider has an active one of this name.

        A deleted one of this name comes back instead, under its old number; of another unit, it raises ValueError.
        """

    def change(self, model: CostModel) -> bool:
        """Write a model back; False when there is none. Its provider and name stay, or it raises ValueError.

        So does its unit once it has had a price, which is for so many of that unit.
        """

    def find(self, model: CostModelId) -> CostModel | None:
        """A model, active or not."""

    def named(self, provider: str, name: str) -> CostModel | None:
        """The model of this provider with this name of its own, active or not."""

    def all(self, *, active_only: bool = True) -> Sequence[CostModel]:
        """Every model, by number."""


class Prices(Protocol):
    """Prices. They are only ever added; nothing of them changes but where one ends."""

    def add(self, price: Price, now: datetime, taken_from: PriceImportId | None = None) -> Price:
        """Store a price among those of its model, as `succession` has it; it gets its number, and perhaps an end.

        Raises PriceError when it cannot be put there, LookupError when there is no such model.
        """

    def of(self, model: CostModelId) -> Sequence[Price]:
        """All prices that a model ever had, oldest first."""

    def book(self, currency: Currency) -> PriceBook:
        """All there is, together, for a site that counts in this currency. Cheap to ask for before every call."""

    def origins(self) -> Mapping[PriceId, str]:
        """The list (`PriceImport.catalogue`) of each price that comes from one."""

    def note_import(self, taken: PriceImport) -> PriceImport:
        """Write down that a list is taken over; it gets its number."""


class Exchange(Protocol):
    """Rates of exchange. They are only ever added."""

    def add(self, rate: ExchangeRate, now: datetime) -> None:
        """Store a rate. Raises ExchangeError when it would change what held before now."""

    def all(self) -> Sequence[ExchangeRate]:
        """Every rate, oldest first."""
