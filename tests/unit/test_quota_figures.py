"""Amounts as people write and read them, and bars."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.cost.arguments import read_amount
from handlers.cost.figures import CELLS, Moments, amount, bar, percent
from suanli.domain.cost.money import LARGEST, NANO, Currency, decimal
from suanli.domain.cost.rules import CNY
from tests.quotadesk import money

USD = Currency("USD")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("500", "500"), ("0", "0"), ("1,000.50", "1000.5"), ("1000.123456789", "1000.123456789"), ("1万", "10000"),
        ("1.5万", "15000"), ("2w", "20000"), ("3千", "3000"), ("10K", "10000"), ("1亿", "100000000"), ("¥500", "500"),
        ("500元", "500"), ("1万元", "10000"), ("500CNY", "500"), ("cny500", "500"),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly_however_it_is_written(word: str, said: str) -> None:
    assert read_amount(word, CNY) == money(said)


@pytest.mark.parametrize(
    "word",
    ["", "-5", "+5", "5.", ".5", "1,00", "1,0000", "1e9", "٣", "5 0", "500USD", "NaN", "万", "0.1234567891",
     "99999999999", "9亿亿", "1" * 2000, "¥", "五百"],
)  # fmt: skip
def test_what_is_no_amount_is_not_read(word: str) -> None:
    assert read_amount(word, CNY) is None


def test_the_signs_of_one_currency_are_not_those_of_another() -> None:
    assert read_amount("500元", USD) is None
    assert read_amount("500usd", USD) == money("500")


def test_a_unit_does_not_make_a_fraction_too_fine_or_an_amount_too_large() -> None:
    assert read_amount("0.000000001万", CNY) == money("0.00001")
    assert read_amount("92.2亿", CNY) == money("9220000000")
    assert read_amount("93亿", CNY) is None


@given(st.integers(0, LARGEST))
def test_what_is_shown_of_whole_millionths_is_read_back_as_it_was(nano: int) -> None:
    whole = nano // 1000 * 1000
    assert read_amount(amount(whole), CNY) == whole


@given(st.integers(-LARGEST, LARGEST))
def test_what_is_shown_is_never_off_by_more_than_half_a_millionth(nano: int) -> None:
    said = Decimal(amount(nano).replace(",", ""))
    assert abs(said - decimal(nano)) <= Decimal("0.0000005")


def test_cents_are_shown_as_cents_and_what_is_finer_with_six_digits() -> None:
    assert [amount(each) for each in (0, NANO, 1_234_500 * NANO, -NANO // 100, NANO // 1000, 1, -600)] == [
        "0.00", "1.00", "1,234,500.00", "-0.01", "0.001000", "0.000000", "-0.000001",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("taken", "limit", "said", "cells"),
    [
        (0, 100, "0%", 0), (1, 10_000, "<1%", 1), (1, 100, "1%", 1), (99, 100, "99%", 9),
        (99_999, 100_000, "99%", 9), (100, 100, "100%", 10), (105, 100, "105%", 10), (0, 0, "100%", 10),
        (-5, 100, "0%", 0),
    ],
)  # fmt: skip
def test_a_bar_is_full_only_when_nothing_is_left(taken: int, limit: int, said: str, cells: int) -> None:
    assert percent(taken, limit) == said
    assert bar(taken, limit) == "█" * cells + "░" * (CELLS - cells)


def test_a_moment_says_its_year_and_zone_only_where_they_are_others() -> None:
    shanghai, york = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
    moments = Moments(datetime(2026, 12, 31, 15, tzinfo=UTC), shanghai)
    assert moments.said(datetime(2026, 12, 31, 15, 30, tzinfo=UTC), shanghai) == "12-31 23:30"
    assert moments.said(datetime(2026, 12, 31, 16, tzinfo=UTC), shanghai) == "2027-01-01 00:00"
    assert moments.said(datetime(2027, 1, 1, 4, tzinfo=UTC), york) == "12-31 23:00 America/New_York"
