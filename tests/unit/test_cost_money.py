"""Money: exact, bounded, and shown with six digits."""

from decimal import Decimal, localcontext

import pytest

from suanli.domain.cost.money import LARGEST, MoneyError, currency, decimal, nano, rounded, total
from suanli.domain.cost.money import shown as written


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("0", 0), ("0.000000001", 1), ("-0.000000001", -1), ("12.5", 12_500_000_000), ("9223372036.854775807", LARGEST)],
)
def test_an_amount_is_kept_to_the_nano_unit(amount: str, expected: int) -> None:
    assert nano(Decimal(amount)) == expected


@pytest.mark.parametrize("amount", ["0.0000000001", "1.0000000005", "1E-400", "1." + "0" * 80 + "1"])
def test_an_amount_finer_than_is_kept_is_refused_however_many_digits_it_takes(amount: str) -> None:
    with pytest.raises(MoneyError, match="finer"):
        nano(Decimal(amount))


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(amount: str) -> None:
    with pytest.raises(MoneyError, match="no amount"):
        rounded(Decimal(amount))


@pytest.mark.parametrize(
    "amount", ["9223372036.854775808", "-9223372036.854775808", "1E+10", "1E+999999", "-1E+99999999"]
)
def test_what_the_store_cannot_keep_is_refused_at_once(amount: str) -> None:
    with pytest.raises(MoneyError, match="larger"):
        rounded(Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.0000000005", 1),
        ("-0.0000000005", -1),
        ("0.00000000049999999999", 0),
        ("0.0000000025", 3),  # not 2, which rounding half to even would make of it
        ("0.0000000004" + "9" * 90, 0),  # not 1, which rounding twice would make of it
    ],
)
def test_rounding_is_done_once_and_half_away_from_zero(amount: str, expected: int) -> None:
    assert rounded(Decimal(amount)) == expected


def test_what_somebody_else_does_to_decimals_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        assert rounded(Decimal("1234567.890123456")) == 1_234_567_890_123_456
        assert decimal(1_234_567_890_123_456) == Decimal("1234567.890123456")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "0.000000"),
        (1, "0.000000"),
        (499, "0.000000"),
        (500, "0.000001"),
        (-499, "0.000000"),
        (-500, "-0.000001"),
        (8_755_000, "0.008755"),
        (999_999_500, "1.000000"),
        (-1_500_000_000, "-1.500000"),
        (LARGEST, "9223372036.854776"),
    ],
)
def test_people_see_six_digits_and_no_sign_before_nothing(amount: int, expected: str) -> None:
    assert written(amount) == expected


def test_a_sum_that_cannot_be_kept_is_refused_and_not_wrapped() -> None:
    assert total([]) == 0
    assert total([LARGEST, -1]) == LARGEST - 1
    with pytest.raises(MoneyError, match="larger"):
        total([LARGEST, 1])


@pytest.mark.parametrize("code", ["", "cny", "CN", "CNYX", "CNY\n", "¥"])
def test_a_currency_is_three_capital_letters(code: str) -> None:
    with pytest.raises(MoneyError, match="no currency"):
        currency(code)
