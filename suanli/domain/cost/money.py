"""Money, exact: whole nano-units inside, Decimals at the edges, never a float.

A nano-unit is 10⁻⁹ of a currency's unit, so that 64 bits reach to 9.2 thousand million of it. Whatever has to be
rounded is rounded once, half away from zero (ROUND_HALF_UP), and people are shown six digits (cost.md §7.1).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NewType

Nano = NewType("Nano", int)
Currency = NewType("Currency", str)
"""An ISO 4217 code, such as CNY."""

NANO = 1_000_000_000
LARGEST = Nano(2**63 - 1)
SHOWN = Decimal("0.000001")

_CODE = re.compile(r"[A-Z]{3}")
_PRECISION = 60


class MoneyError(ValueError):
    """No amount of money: not finite, too large, or finer than what is kept."""


def currency(code: str) -> Currency:
    """The currency of this code. Raises MoneyError."""
    if not _CODE.fullmatch(code):
        raise MoneyError(f"{code!r} is no currency code such as CNY")
    return Currency(code)


def nano(amount: Decimal) -> Nano:
    """An amount of the currency's unit in nano-units. Raises MoneyError for one that is finer, or too large."""
    if not amount.is_finite():
        raise MoneyError(f"{amount} is no amount")
    with localcontext() as context:
        context.prec = _PRECISION
        scaled = amount * NANO
        if scaled != scaled.to_integral_value() or abs(scaled) > LARGEST:
            raise MoneyError(f"{amount} is finer than 10⁻⁹ or larger than can be kept")
        return Nano(int(scaled))


def rounded(amount: Decimal) -> Nano:
    """The nearest nano-units, half away from zero. Raises MoneyError for what is too large, or no number."""
    if not amount.is_finite():
        raise MoneyError(f"{amount} is no amount")
    with localcontext() as context:
        context.prec = _PRECISION
        found = int((amount * NANO).to_integral_value(ROUND_HALF_UP))
    if abs(found) > LARGEST:
        raise MoneyError(f"{amount} is larger than can be kept")
    return Nano(found)


def decimal(amount: int) -> Decimal:
    """Nano-units in the currency's unit, exactly."""
    return Decimal(amount).scaleb(-9)


def shown(amount: int) -> str:
    """Nano-units for people: six digits after the point, half away from zero."""
    with localcontext() as context:
        context.prec = _PRECISION
        return f"{decimal(amount).quantize(SHOWN, ROUND_HALF_UP):f}"


def total(amounts: Iterable[int]) -> Nano:
    """The sum. Raises MoneyError when it is larger than can be kept."""
    found = sum(amounts)
    if abs(found) > LARGEST:
        raise MoneyError("the sum is larger than can be kept")
    return Nano(found)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency. Amounts of different currencies are never added."""

    amount: Nano
    currency: Currency

    def __str__(self) -> str:
        """For people."""
        return f"{shown(self.amount)} {self.currency}"
