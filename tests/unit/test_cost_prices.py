"""Prices: what is refused, which one holds, and how one follows another."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.prices import (
    PER,
    CostModelId,
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
from suanli.domain.cost.rates import for_units, nearest_rate, rate
from suanli.domain.cost.versions import Succession, succession
from tests.price_map import NOW

DAY = timedelta(days=1)
RATES = Rates(Nano(2_000_000_000), Nano(8_000_000_000))


def price(number: int, valid_from: datetime, valid_to: datetime | None = None) -> Price:
    return Price(PriceId(number), CostModelId(1), RATES, Currency("CNY"), valid_from, valid_to)


def test_a_price_holds_from_its_first_moment_on_and_not_at_its_last() -> None:
    first, second = price(1, NOW, NOW + DAY), price(2, NOW + DAY)
    at = [price_at([first, second], NOW + offset) for offset in (-DAY, 0 * DAY, DAY - timedelta(microseconds=1), DAY)]
    assert at == [None, first, first, second]
    assert price_at([first], NOW + DAY) is None
    assert price_at([], NOW) is None


def test_a_price_that_never_holds_is_none() -> None:
    with pytest.raises(PriceError, match="later one"):
        price(1, NOW, NOW)
    with pytest.raises(PriceError, match="with a zone"):
        price(1, NOW.replace(tzinfo=None))


@pytest.mark.parametrize("kind", ["input", "output", "base", "cached", "cache_write", "reasoning", "batch_input"])
def test_no_rate_pays_the_caller(kind: str) -> None:
    with pytest.raises(PriceError, match="no less than nothing"):
        replace(RATES, **{kind: Nano(-1)})


@pytest.mark.parametrize("bounds", [(0,), (10, 10), (20, 10)])
def test_tiers_stand_in_their_order(bounds: tuple[int, ...]) -> None:
    with pytest.raises(PriceError, match="above the one before"):
        replace(price(1, NOW), tiers=tuple(Tier(bound, RATES) for bound in bounds))


@pytest.mark.parametrize("kind", ["input", "output", "cached", "cache_write", "reasoning"])
def test_nobody_uses_less_than_nothing(kind: str) -> None:
    wrong: dict[str, Any] = {kind: -1}
    with pytest.raises(ValueError, match="no less than nothing"):
        Usage(**wrong)


def test_a_cost_that_cannot_be_kept_is_refused_and_not_stored_as_something_else() -> None:
    assert cost(Rates(LARGEST, Nano(0)), Usage(input=PER)).total == LARGEST
    with pytest.raises(MoneyError, match="larger"):
        cost(Rates(LARGEST, Nano(0), base=Nano(1)), Usage(input=PER))


def test_a_new_price_ends_the_one_before_where_it_begins() -> None:
    old, new = price(1, NOW - DAY), price(2, NOW + DAY)
    assert succession([old], new, NOW) == Succession(new, ended=replace(old, valid_to=NOW + DAY))


def test_a_price_put_before_a_later_one_ends_where_that_begins() -> None:
    old, planned = price(1, NOW - DAY, NOW + 9 * DAY), price(2, NOW + 9 * DAY)
    found = succession([old, planned], price(3, NOW + DAY), NOW)
    assert found.added.valid_to == planned.valid_from
    assert found.ended == replace(old, valid_to=NOW + DAY)


def test_what_held_once_is_never_changed() -> None:
    with pytest.raises(PriceError, match="not changed"):
        succession([price(1, NOW - 9 * DAY)], price(2, NOW - DAY), NOW)
    with pytest.raises(PriceError, match="same moment"):
        succession([price(1, NOW)], price(2, NOW), NOW)


def test_a_call_made_before_its_price_was_known_can_be_priced_later() -> None:
    known = price(1, NOW - DAY)
    assert succession([], price(2, NOW - 9 * DAY), NOW).added == price(2, NOW - 9 * DAY)
    assert succession([known], price(2, NOW - 9 * DAY), NOW) == Succession(price(2, NOW - 9 * DAY, NOW - DAY))
    short = price(2, NOW - 9 * DAY, NOW - 5 * DAY)
    assert succession([known], short, NOW) == Succession(short)


def test_a_price_leaves_no_time_without_one_where_there_was_one() -> None:
    with pytest.raises(PriceError, match="was to end"):
        succession([price(1, NOW - DAY)], price(2, NOW, NOW + DAY), NOW)


def test_prices_of_another_model_are_not_followed() -> None:
    with pytest.raises(PriceError, match="different models"):
        succession([price(1, NOW - DAY)], replace(price(2, NOW), model=CostModelId(2)), NOW)


@pytest.mark.parametrize(
    ("amount", "size", "expected"),
    [
        ("0.002", 1000, 2_000_000_000),
        ("0.00000115", 1000, 1_150_000),
        ("1.3E-10", 1, 130_000),
        ("0", 1000, 0),
        ("0.03", 3, 10_000_000_000_000),
    ],
)
def test_a_price_for_so_many_units_is_a_rate_for_a_million_exactly(amount: str, size: int, expected: int) -> None:
    assert rate(Decimal(amount), size) == expected
    assert for_units(expected, size) == Decimal(amount)


def test_a_price_finer_than_is_kept_is_refused_and_its_nearest_is_another_word() -> None:
    for amount, size in (("0.0000000000001", 1000), ("1", 3), ("3.0001999999999996E-7", 1)):
        with pytest.raises(PriceError, match="finer"):
            rate(Decimal(amount), size)
    assert nearest_rate(Decimal("3.0001999999999996E-7"), 1) == 300_020_000
    assert nearest_rate(Decimal("5E-16"), 1) == 1
    assert nearest_rate(Decimal("4.9E-16"), 1) == 0


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-0.1", "1E+999999999", "1E-999999999", "0." + "1" * 80])
def test_what_is_no_price_is_refused_at_once(amount: str) -> None:
    with pytest.raises(PriceError):
        nearest_rate(Decimal(amount), 1000)


def test_a_price_larger_than_can_be_kept_is_refused() -> None:
    with pytest.raises(PriceError, match="larger"):
        rate(Decimal(9300), 1)
    with pytest.raises(PriceError, match="for some units"):
        rate(Decimal(1), 0)


@pytest.mark.parametrize(
    ("unit", "amount", "count"),
    [
        (Unit.TOKEN, "1500", 1500),
        (Unit.REQUEST, "1.000", 1),
        (Unit.MINUTE, "1.5", 90_000),
        (Unit.MINUTE, "0.12166666667", 7300),
        (Unit.GB, "0.000000001", 1),
        (Unit.GB, "2.5", 2_500_000_000),
    ],
)
def test_units_are_counted_whole_in_parts_of_them(unit: Unit, amount: str, count: int) -> None:
    assert unit.counted(Decimal(amount)) == count
    assert abs(unit.whole(count) - Decimal(amount)) < Decimal("1E-9")


@pytest.mark.parametrize(
    ("unit", "amount"), [(Unit.TOKEN, "0.5"), (Unit.REQUEST, "1.1"), (Unit.GB, "-1"), (Unit.GB, "NaN")]
)
def test_half_a_token_and_less_than_nothing_are_counted_by_nobody(unit: Unit, amount: str) -> None:
    with pytest.raises(PriceError):
        unit.counted(Decimal(amount))


def test_minutes_and_gb_cost_by_the_millisecond_and_the_byte() -> None:
    minute = Rates(rate(Decimal("0.006"), 1), Nano(0))
    assert cost(minute, Usage(input=Unit.MINUTE.counted(Decimal("1.5"))), Unit.MINUTE).total == 9_000_000
    assert cost(minute, Usage(input=7300), Unit.MINUTE).total == 730_000
    stored = Rates(rate(Decimal("0.12"), 1), Nano(0))
    assert cost(stored, Usage(input=300_000), Unit.GB).total == 36_000
    assert cost(stored, Usage(input=5), Unit.GB).total == 1
