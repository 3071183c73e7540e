"""The book of prices says of every call what its parts say one after the other."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Missing, Unpriced, rates_for
from suanli.domain.cost.exchange import ExchangeRate, convert, rate_at
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.prices import (
    CostModel,
    CostModelId,
    CostType,
    Price,
    PriceError,
    PriceId,
    Rates,
    Tier,
    Unit,
    Usage,
    cost,
    price_at,
)
from suanli.domain.cost.versions import succession
from tests.price_map import NOW

CNY, USD = Currency("CNY"), Currency("USD")
HOUR = timedelta(hours=1)

hours = st.integers(-5, 5)
nanos = st.integers(0, 10**10).map(Nano)
rates = st.builds(Rates, nanos, nanos, nanos, *[st.none() | nanos] * 7)
tiers = st.lists(st.tuples(st.integers(1, 3000), rates), max_size=2, unique_by=lambda tier: tier[0]).map(
    lambda found: tuple(Tier(*each) for each in sorted(found, key=lambda tier: tier[0]))
)
said = st.lists(st.tuples(hours, rates, tiers, st.sampled_from([CNY, USD])), max_size=6)
counts = st.integers(0, 2000)
usages = st.builds(Usage, counts, counts, counts, counts, counts, st.booleans())
exchange = st.dictionaries(hours, st.integers(1, 10**14), max_size=3)


def at(hour: int) -> datetime:
    return NOW + hour * HOUR


def history(model: CostModel, changes: list[tuple[int, Rates, tuple[Tier, ...], Currency]]) -> list[Price]:
    """Prices as the store lets them follow each other."""
    found: list[Price] = []
    for number, (hour, each, steps, currency) in enumerate(changes):
        new = Price(PriceId(number), model.id, each, currency, at(hour), tiers=steps)
        try:
            follows = succession(found, new, at(-9))
        except PriceError:
            continue
        found = [follows.ended if follows.ended and follows.ended.id == old.id else old for old in found]
        found.append(follows.added)
    return found


@given(said, usages, exchange, hours, st.sampled_from(Unit))
def test_the_book_says_what_the_price_and_then_the_rate_say(
    changes: list[tuple[int, Rates, tuple[Tier, ...], Currency]],
    usage: Usage,
    parts: dict[int, int],
    hour: int,
    unit: Unit,
) -> None:
    model = CostModel(CostModelId(7), "m", "p", "chat", CostType.AI_API, unit)
    prices = history(model, changes)
    to_cny = [ExchangeRate(USD, CNY, Decimal(f"{each}E-12"), at(begins)) for begins, each in parts.items()]
    book = PriceBook.of(CNY, [model, replace(model, id=CostModelId(8), name="n")], reversed(prices), to_cny)
    found = book.charge("m", "p", usage, at(hour))
    assert found == book.charge("p/m", "", usage, at(hour))
    assert found == bill(model, usage, price_at(prices, at(hour)), rate_at(to_cny, at(hour)))


def bill(model: CostModel, usage: Usage, price: Price | None, rate: ExchangeRate | None) -> Bill | Unpriced:
    if price is None:
        return Unpriced(Missing.PRICE)
    charged = cost(rates_for(price, usage), usage, model.unit)
    if price.currency == CNY:
        return Bill(model, price, charged, charged)
    if rate is None:
        return Unpriced(Missing.EXCHANGE)
    return Bill(model, price, convert(charged, rate), charged, rate)
