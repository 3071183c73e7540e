"""The book of prices: everything that is needed to say what a call costs, put so that it is said in microseconds."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Generic, NamedTuple, Self, TypeVar

from suanli.domain.cost.charges import Missing, Unpriced, rates_for
from suanli.domain.cost.exchange import ExchangeRate, convert
from suanli.domain.cost.model_names import ModelNames
from suanli.domain.cost.money import Currency
from suanli.domain.cost.prices import Cost, CostModel, CostModelId, Price, Usage, cost

_Begins = TypeVar("_Begins", Price, ExchangeRate)
_start = attrgetter("valid_from")


class Bill(NamedTuple):
    """What a call costs: `cost` in the site's currency, `original` in that of the price, at `rate` if they differ."""

    model: CostModel
    price: Price
    cost: Cost
    original: Cost
    rate: ExchangeRate | None = None


class _Line(NamedTuple, Generic[_Begins]):
    """What followed each other, in order, and the moments when each began."""

    starts: Sequence[datetime]
    entries: Sequence[_Begins]

    @classmethod
    def of(cls, entries: Iterable[_Begins]) -> Self:
        """These in order."""
        ordered = sorted(entries, key=_start)
        return cls([each.valid_from for each in ordered], ordered)

    def begun(self, moment: datetime) -> _Begins | None:
        """The last that had begun."""
        number = bisect_right(self.starts, moment)
        return self.entries[number - 1] if number else None


_NO_PRICES: _Line[Price] = _Line((), ())
_NO_RATES: _Line[ExchangeRate] = _Line((), ())


@dataclass(frozen=True, slots=True)
class PriceBook:
    """All models, their prices, and the rates to the site's one currency, as they stood together at some moment.

    Made by `of`. It is shared by threads and never changed.
    """

    currency: Currency
    names: ModelNames
    models: Mapping[CostModelId, CostModel]
    prices: Mapping[CostModelId, _Line[Price]]
    rates: Mapping[Currency, _Line[ExchangeRate]]

    @classmethod
    def of(
        cls,
        currency: Currency,
        models: Iterable[CostModel],
        prices: Iterable[Price],
        rates: Iterable[ExchangeRate] = (),
    ) -> Self:
        """The book of these, in whatever order they come. No two prices of a model hold at the same moment."""
        by_model, by_currency = defaultdict(list), defaultdict(list)
        for price in prices:
            by_model[price.model].append(price)
        for rate in rates:
            if rate.to == currency:
                by_currency[rate.currency].append(rate)
        known = {model.id: model for model in models}
        return cls(
            currency,
            ModelNames.of(known.values()),
            known,
            {model: _Line.of(found) for model, found in by_model.items()},
            {paid: _Line.of(found) for paid, found in by_currency.items()},
        )

    def charge(self, name: str, provider: str, usage: Usage, moment: datetime) -> Bill | Unpriced:
        """What a call to the model of this name costs, of this provider if one is said; or why nobody knows.

        Raises MoneyError for more than can be kept.
        """
        model = self.names.find(name, provider)
        return Unpriced(model) if isinstance(model, Missing) else self._bill(model, usage, moment)

    def price_at(self, model: CostModelId, moment: datetime) -> Price | None:
        """The price of a model that is valid at a moment; None: nobody has said one."""
        price = self.prices.get(model, _NO_PRICES).begun(moment)
        if price is None or (price.valid_to is not None and moment >= price.valid_to):
            return None
        return price

    def history(self, model: CostModelId) -> Sequence[Price]:
        """All prices that a model ever had, oldest first."""
        return self.prices.get(model, _NO_PRICES).entries

    def rate_at(self, currency: Currency, moment: datetime) -> ExchangeRate | None:
        """How much of the site's currency another one is at a moment; None: nobody has said."""
        return self.rates.get(currency, _NO_RATES).begun(moment)

    def _bill(self, model: CostModel, usage: Usage, moment: datetime) -> Bill | Unpriced:
        price = self.price_at(model.id, moment)
        if price is None:
            return Unpriced(Missing.PRICE)
        original = cost(rates_for(price, usage), usage, model.unit)
        if price.currency == self.currency:
            return Bill(model, price, original, original)
        rate = self.rate_at(price.currency, moment)
        if rate is None:
            return Unpriced(Missing.EXCHANGE)
        return Bill(model, price, convert(original, rate), original, rate)
