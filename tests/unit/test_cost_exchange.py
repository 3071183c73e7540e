"""Rates of exchange: exact, each from a moment on, and none that changes what held."""

from datetime import timedelta
from decimal import Decimal, localcontext

import pytest

from suanli.domain.cost.exchange import ExchangeError, ExchangeRate, check_rate, convert, rate_at, rate_of
from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.prices import Cost
from tests.fakes import NOON

CNY, USD = Currency("CNY"), Currency("USD")
HOUR = timedelta(hours=1)


def rate(said: str, hours: int = 0) -> ExchangeRate:
    return ExchangeRate(USD, CNY, Decimal(said), NOON + hours * HOUR)


def cost(*parts: int) -> Cost:
    return Cost(*map(Nano, parts))


@pytest.mark.parametrize("said", ["7.123456789012", "0.000000000001", "999999.999999999999", "7", "1E+3", "7.10"])
def test_a_rate_is_kept_exactly(said: str) -> None:
    with localcontext(prec=3):
        found = rate(said)
        assert rate_of(found.parts) == found.rate == Decimal(said)


@pytest.mark.parametrize(
    "said",
    ["0", "-7", "NaN", "Infinity", "1000000", "1E+999999999", "1E-999999999", "0.0000000000001", f"7.{'1' * 70}"],
)
def test_what_is_no_rate_is_refused(said: str) -> None:
    with pytest.raises(ExchangeError):
        rate(said)


def test_a_rate_is_between_two_currencies_and_from_a_moment_with_a_zone() -> None:
    with pytest.raises(ExchangeError, match="itself"):
        ExchangeRate(CNY, CNY, Decimal(1), NOON)
    with pytest.raises(ExchangeError, match="zone"):
        ExchangeRate(USD, CNY, Decimal(1), NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("said", "parts", "expected"),
    [
        ("7", (1, 2, 3), (7, 14, 21)),
        ("0.5", (1, 2, 3), (1, 1, 2)),  # half up, each by itself
        ("0.499999999999", (1, 2, 3), (0, 1, 1)),
        ("7.123456789012", (10**9, 0, 0), (7_123_456_789, 0, 0)),
        ("7", (0, 0, 0), (0, 0, 0)),
    ],
)
def test_each_part_of_a_cost_is_converted_and_rounded_once(
    said: str, parts: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert convert(cost(*parts), rate(said)) == cost(*expected)


def test_a_cost_that_becomes_more_than_can_be_kept_is_refused() -> None:
    assert convert(cost(LARGEST, 0, 0), rate("1")).total == LARGEST
    with pytest.raises(MoneyError):
        convert(cost(LARGEST, 0, 0), rate("1.000000000001"))


def test_the_newest_rate_that_has_begun_holds() -> None:
    rates = (rate("7", 0), rate("9", 2), rate("8", 1))
    hours = (-1, 0, 1, 2, 99)
    assert [found and found.rate for found in (rate_at(rates, NOON + hour * HOUR) for hour in hours)] == [
        None, 7, 8, 9, 9,
    ]  # fmt: skip
    assert rate_at((), NOON) is None


@pytest.mark.parametrize(("hours", "allowed"), [(-9, True), (0, False), (1, False), (4, False), (5, True), (6, True)])
def test_a_rate_that_would_change_what_held_before_now_is_refused(hours: int, allowed: bool) -> None:  # noqa: FBT001 a case
    rates, now = (rate("7", 0), rate("8", 4)), NOON + 5 * HOUR
    new = rate("9", hours)
    if allowed:
        check_rate(rates, new, now)
        return
    with pytest.raises(ExchangeError):
        check_rate(rates, new, now)


def test_a_rate_to_come_is_not_said_twice() -> None:
    with pytest.raises(ExchangeError, match="same moment"):
        check_rate((rate("7", 9),), rate("8", 9), NOON)
