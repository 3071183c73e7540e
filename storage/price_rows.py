"""Models, prices and rates of exchange, as rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row

from storage.tables import CostModelRow, ExchangeRateRow, PriceRow, PriceTierRow
from suanli.domain.cost.exchange import ExchangeRate, rate_of
from suanli.domain.cost.money import Currency
from suanli.domain.cost.price_imports import PriceImportId
from suanli.domain.cost.prices import CostModel, CostModelId, Price, PriceId, Rates, Tier

AnyRow = Row[*tuple[Any, ...]]

_RATES = tuple(each.name for each in fields(Rates))

MODEL = (
    CostModelRow.id, CostModelRow.name, CostModelRow.provider, CostModelRow.model_type, CostModelRow.cost_type,
    CostModelRow.unit, CostModelRow.unit_size, CostModelRow.aliases, CostModelRow.active,
)  # fmt: skip
PRICE = (
    PriceRow.id, PriceRow.model, PriceRow.currency, PriceRow.valid_from, PriceRow.valid_to, PriceRow.source,
    PriceRow.set_by, *(getattr(PriceRow, name) for name in _RATES),
)  # fmt: skip
TIER = (PriceTierRow.price, PriceTierRow.above, *(getattr(PriceTierRow, name) for name in _RATES))
RATE = (
    ExchangeRateRow.currency, ExchangeRateRow.into, ExchangeRateRow.rate, ExchangeRateRow.valid_from,
    ExchangeRateRow.source, ExchangeRateRow.set_by,
)  # fmt: skip


def model_of(row: AnyRow) -> CostModel:
    """The model of a row of `MODEL`."""
    number, name, provider, model_type, cost_type, unit, unit_size, aliases, active = row
    names = tuple(json.loads(aliases))
    return CostModel(CostModelId(number), name, provider, model_type, cost_type, unit, unit_size, names, active)


def columns_of_model(model: CostModel) -> Mapping[str, Any]:
    """The row of a model, without its number."""
    row = {name: value for name, value in asdict(model).items() if name != "id"}
    return {**row, "aliases": json.dumps(model.aliases, ensure_ascii=True)}


def prices_of(rows: Iterable[AnyRow], tiers: Iterable[AnyRow]) -> Sequence[Price]:
    """The prices of rows of `PRICE`, in their order, with what there is of them among rows of `TIER`."""
    dearer: dict[int, list[Tier]] = {}
    for price, above, *rates in tiers:
        dearer.setdefault(price, []).append(Tier(above, Rates(*rates)))
    found = []
    for number, model, currency, begins, ends, source, set_by, *rates in rows:
        steps = tuple(sorted(dearer.get(number, ()), key=lambda tier: tier.above))
        price = Price(
            PriceId(number), CostModelId(model), Rates(*rates), Currency(currency), begins, ends, source, set_by, steps
        )
        found.append(price)
    return tuple(found)


def columns_of_price(price: Price, taken_from: PriceImportId | None) -> Mapping[str, Any]:
    """The row of a price, without its number and its tiers."""
    return {
        "model": price.model,
        "currency": price.currency,
        "valid_from": price.valid_from,
        "valid_to": price.valid_to,
        "source": price.source,
        "set_by": price.set_by,
        "taken_from": taken_from,
        **asdict(price.rates),
    }


def columns_of_tier(price: int, tier: Tier) -> Mapping[str, Any]:
    """The row of a tier of a price."""
    return {"price": price, "above": tier.above, **asdict(tier.rates)}


def exchange_rate_of(row: AnyRow) -> ExchangeRate:
    """The rate of a row of `RATE`."""
    currency, into, parts, begins, source, set_by = row
    return ExchangeRate(Currency(currency), Currency(into), rate_of(parts), begins, source, set_by)
