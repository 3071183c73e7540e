"""Models and prices, for tests of what is stored of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.price_imports import PriceImport, PriceImportId
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Tier, Unit
from suanli.domain.ports import Store, Transaction
from tests.fakes import NOON

DAY = timedelta(days=1)
CNY, USD = Currency("CNY"), Currency("USD")
EVERY_RATE = Rates(*map(Nano, range(1, 11)))
TIERS = (Tier(32_000, Rates(Nano(20), Nano(30))), Tier(128_000, replace(EVERY_RATE, cached=None)))


def model(name: str = "deepseek-chat", provider: str = "deepseek", **fields: Any) -> CostModel:
    return replace(CostModel(CostModelId(0), name, provider, "chat", CostType.AI_API, Unit.TOKEN), **fields)


def price(of: CostModel, since: datetime = NOON, rate: int = 1_000, **fields: Any) -> Price:
    return replace(Price(PriceId(0), of.id, Rates(Nano(rate), Nano(rate)), CNY, since), **fields)


def rate(of: Currency, said: str, since: datetime = NOON, to: Currency = CNY) -> ExchangeRate:
    return ExchangeRate(of, to, Decimal(said), since, source="the bank", set_by="ou_boss")


def added(tx: Transaction, wanted: CostModel) -> CostModel:
    found = tx.models.add(wanted)
    assert found is not None
    return found


def add(store: Store, wanted: CostModel) -> CostModel:
    with store.begin() as tx:
        return added(tx, wanted)


def set_price(store: Store, wanted: Price, now: datetime = NOON, taken_from: PriceImportId | None = None) -> Price:
    with store.begin() as tx:
        return tx.prices.add(wanted, now, taken_from)


def taken(source: str, catalogue: str = "litellm") -> PriceImport:
    return PriceImport(
        PriceImportId(0), catalogue, source, "0" * 64, "root", NOON, new=4, changed=3, removed=2, left_out=1
    )
