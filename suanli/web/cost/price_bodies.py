"""Prices as the API has them: amounts for `unit_size` units, under the original's names; and as `Rates` inside."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field

from suanli.domain.cost.money import Nano, decimal, nano
from suanli.domain.cost.prices import CostModel, Rates, Tier, Unit
from suanli.domain.cost.prices import Price as PriceVersion
from suanli.domain.cost.rates import for_units, rate
from suanli.web.api.bodies import Answer, Body, GivenPrice, Price

_RATES = {
    "input_price": "input",
    "output_price": "output",
    "cached_price": "cached",
    "cache_write_price": "cache_write",
    "reasoning_price": "reasoning",
    "batch_input_price": "batch_input",
    "batch_output_price": "batch_output",
    "batch_cached_price": "batch_cached",
    "batch_cache_write_price": "batch_cache_write",
}
"""The rate of each price; `base_price`, which is for a call and not for units, stands beside them."""

_MOST_TIERS = 20
_MOST_TOKENS = 10**10


class TierPrices(Answer):
    """What a whole call costs whose input is more than `above`."""

    above: int
    input_price: Price
    output_price: Price
    cached_price: Price
    cache_write_price: Price
    reasoning_price: Price
    batch_input_price: Price
    batch_output_price: Price
    batch_cached_price: Price
    batch_cache_write_price: Price


class Prices(Answer):
    """The prices of one version for `unit_size` units; null is as the ordinary kind. `base_price` is for a call."""

    input_price: Price
    output_price: Price
    base_price: Price
    cached_price: Price
    cache_write_price: Price
    reasoning_price: Price
    batch_input_price: Price
    batch_output_price: Price
    batch_cached_price: Price
    batch_cache_write_price: Price
    tiers: list[TierPrices]
    currency: str | None
    price_id: int | None
    valid_from: datetime | None
    valid_to: datetime | None
    price_source: str | None
    price_set_by: str | None


class PriceAnswer(Prices):
    """One version of a model's prices."""

    @classmethod
    def of(cls, price: PriceVersion, model: CostModel) -> Self:
        """The version for so many units as the model has its prices for."""
        return cls(**prices_said(price, model))


def prices_said(price: PriceVersion | None, model: CostModel) -> dict[str, Any]:
    """The fields of `Prices`; nothing in any of them when nobody has said a price."""
    if price is None:
        return {name: [] if name == "tiers" else None for name in Prices.model_fields}
    size = model.unit_size
    return {
        **_said(price.rates, size),
        "base_price": decimal(price.rates.base),
        "tiers": [TierPrices(above=tier.above, **_said(tier.rates, size)) for tier in price.tiers],
        "currency": price.currency,
        "price_id": price.id,
        "valid_from": price.valid_from,
        "valid_to": price.valid_to,
        "price_source": price.source,
        "price_set_by": price.set_by,
    }


def _said(rates: Rates, size: int) -> dict[str, Decimal | None]:
    found = {name: getattr(rates, own) for name, own in _RATES.items()}
    return {name: None if each is None else for_units(each, size) for name, each in found.items()}


class GivenTier(Body):
    """A tier that somebody sets."""

    above: Annotated[int, Field(gt=0, le=_MOST_TOKENS)]
    input_price: GivenPrice
    output_price: GivenPrice
    cached_price: GivenPrice | None = None
    cache_write_price: GivenPrice | None = None
    reasoning_price: GivenPrice | None = None
    batch_input_price: GivenPrice | None = None
    batch_output_price: GivenPrice | None = None
    batch_cached_price: GivenPrice | None = None
    batch_cache_write_price: GivenPrice | None = None


class GivenPrices(Body):
    """The prices that somebody sets: of those that are not said, nothing changes; null takes one away."""

    input_price: GivenPrice | None = None
    output_price: GivenPrice | None = None
    base_price: GivenPrice | None = None
    cached_price: GivenPrice | None = None
    cache_write_price: GivenPrice | None = None
    reasoning_price: GivenPrice | None = None
    batch_input_price: GivenPrice | None = None
    batch_output_price: GivenPrice | None = None
    batch_cached_price: GivenPrice | None = None
    batch_cache_write_price: GivenPrice | None = None
    tiers: Annotated[list[GivenTier], Field(max_length=_MOST_TIERS)] | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None

    @property
    def says_prices(self) -> bool:
        """Whether any of it is said."""
        return not self.model_fields_set.isdisjoint(GivenPrices.model_fields)

    def to_domain(self, before: PriceVersion | None, model: CostModel) -> tuple[Rates, tuple[Tier, ...]]:
        """The rates that this makes of those before.

        Raises PriceError or MoneyError for what is no price, KeyError for one that is missing.
        """
        said = self.model_fields_set
        kinds = _kinds(before.rates) if before else {"base": Nano(0)}
        kinds |= _rates_of(self, model.unit_size)
        if model.unit is not Unit.TOKEN and kinds.get("output") is None:  # nothing comes out that is counted apart
            kinds["output"] = Nano(0)
        if "base_price" in said:
            kinds["base"] = nano(self.base_price or Decimal(0))
        tiers = [(tier.above, _kinds(tier.rates)) for tier in before.tiers] if before else []
        if "tiers" in said:
            tiers = [(each.above, _rates_of(each, model.unit_size)) for each in self.tiers or ()]
        return _rates(kinds), tuple(Tier(above, _rates({**found, "base": kinds["base"]})) for above, found in tiers)


def _kinds(rates: Rates) -> dict[str, Any]:
    return {"base": rates.base} | {own: getattr(rates, own) for own in _RATES.values()}


def _rates_of(body: GivenPrices | GivenTier, size: int) -> dict[str, Any]:
    """What is said, as rates. Raises PriceError."""
    said = {name: getattr(body, name) for name in _RATES if name in body.model_fields_set}
    return {_RATES[name]: None if price is None else rate(price, size) for name, price in said.items()}


def _rates(kinds: Mapping[str, Any]) -> Rates:
    for name in ("input", "output"):
        if kinds.get(name) is None:
            raise KeyError(name)
    return Rates(**kinds)
