"""Money, exact: whole nano-units inside, Decimals at the edges, never a float.

A nano-unit is 10⁻⁹ of a currency's unit, so that 64 bits reach to 9.2 thousand million of it. Whatever has to be
rounded is rounded once, half away from zero (ROUND_HALF_UP), and people are shown six digits (cost.md §7.1).
"""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NewType

Nano = NewType("Nano", int)
Currency = NewType("Currency", str)
"""An ISO 4217 code, such as CNY."""

NANO = 1_000_000_000
LARGEST = Nano(2**63 - 1)

_CODE = re.compile(r"[A-Z]{3}")
_SMALLEST = Decimal(1).scaleb(-9)
_MOST_DIGITS = 10  # before the point: LARGEST has ten
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)  # one of our own: the caller's may round sooner
_SHOWN = 1000  # nano-units of the last digit that is shown


class MoneyError(ValueError):
    """No amount of money: not finite, too large, or finer than what is kept."""


def currency(code: str) -> Currency:
    """The currency of this code. Raises MoneyError."""
    if not _CODE.fullmatch(code):
        raise MoneyError(f"{code!r:.20} is no currency code such as CNY")
    return Currency(code)


def nano(amount: Decimal) -> Nano:
    """An amount of the currency's unit in nano-units. Raises MoneyError for one that is finer, or too large."""
    found = rounded(amount)
    if decimal(found) != amount:
        raise MoneyError("the amount is finer than 10⁻⁹")
    return found


def rounded(amount: Decimal) -> Nano:
    """The nearest nano-units, half away from zero. Raises MoneyError for what is too large, or no number."""
    if not amount.is_finite():
        raise MoneyError(f"{amount} is no amount")
    if amount.adjusted() >= _MOST_DIGITS:  # asked first: 1E+999999999 would be written out
        raise MoneyError("the amount is larger than can be kept")
    return kept(int(amount.quantize(_SMALLEST, context=_EXACT).scaleb(9, _EXACT)))


def kept(amount: int) -> Nano:
    """Nano-units that fit the store. Raises MoneyError for what is too large."""
    if not -LARGEST <= amount <= LARGEST:
        raise MoneyError("the amount is larger than can be kept")
    return Nano(amount)


def decimal(amount: int) -> Decimal:
    """Nano-units in the currency's unit, exactly."""
    return Decimal(f"{amount}E-9")


def shown(amount: int) -> str:
    """Nano-units for people: six digits after the point, half away from zero."""
    millionths = (abs(amount) + _SHOWN // 2) // _SHOWN
    whole, rest = divmod(millionths, NANO // _SHOWN)
    return f"{'-' if amount < 0 < millionths else ''}{whole}.{rest:06}"


def total(amounts: Iterable[int]) -> Nano:
    """The sum. Raises MoneyError when it is larger than can be kept."""
    return kept(sum(amounts))
