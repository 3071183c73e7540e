"""Prices that follow each other, in whatever order people say them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.prices import CostModelId, Price, PriceError, PriceId, Rates, price_at
from suanli.domain.cost.versions import succession
from tests.price_map import NOW

HOUR = timedelta(hours=1)
HOURS = range(-30, 31)

said = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-20, 20), st.none() | st.integers(1, 10)), min_size=1, max_size=12
)
"""So many hours after the one before, somebody says a price from an hour on, and perhaps for how many hours."""


def told(prices: list[Price], new: Price, now: datetime) -> list[Price]:
    """The prices after somebody has said a new one, which may be refused."""
    try:
        found = succession(prices, new, now)
    except PriceError:
        return prices
    kept = [found.ended if found.ended and found.ended.id == price.id else price for price in prices]
    return [*kept, found.added]


def steps(changes: list[tuple[int, int, int | None]]) -> list[tuple[datetime, list[Price]]]:
    """The prices after each change, and when that was."""
    now, prices, found = NOW, list[Price](), []
    for number, (later, begins, lasts) in enumerate(changes):
        now += later * HOUR
        start = NOW + begins * HOUR
        end = None if lasts is None else start + lasts * HOUR
        rates = Rates(Nano(number), Nano(number))
        new = Price(PriceId(number), CostModelId(1), rates, Currency("CNY"), start, end)
        prices = told(prices, new, now)
        found.append((now, prices))
    return found


@given(said)
def test_no_two_prices_hold_at_the_same_moment(changes: list[tuple[int, int, int | None]]) -> None:
    _, prices = steps(changes)[-1]
    for hour in HOURS:
        assert sum(NOW + hour * HOUR in price for price in prices) <= 1


@given(said)
def test_what_had_a_price_by_now_keeps_it_and_what_was_to_have_one_has_one(
    changes: list[tuple[int, int, int | None]],
) -> None:
    for (_, before), (now, after) in pairwise(steps(changes)):
        for moment in (NOW + hour * HOUR for hour in HOURS):
            old, new = price_at(before, moment), price_at(after, moment)
            assert (old is None) or (new is not None)
            if old is not None and new is not None and moment < now:
                assert new == replace(old, valid_to=new.valid_to)
