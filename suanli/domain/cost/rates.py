"""Prices as people and providers write them, for a thousand tokens or for one, as rates: see `Rates`."""

from decimal import Decimal
from fractions import Fraction

from suanli.domain.cost.money import NANO, MoneyError, Nano, kept
from suanli.domain.cost.prices import PER, PriceError

_MOST_DIGITS = 30  # before or after the point: more of them are no price, and 1E+999999999 would be written out


def rate(price: Decimal, unit_size: int) -> Nano:
    """A price for `unit_size` units, such as a thousand, as a rate, exactly. Raises PriceError for a finer one."""
    found = _rate(price, unit_size)
    if found.denominator != 1:
        raise PriceError("the price is finer than 10⁻¹⁵ a unit", "fine")
    return _kept(found.numerator)


def nearest_rate(price: Decimal, unit_size: int) -> Nano:
    """A price for `unit_size` units as the nearest rate, half up."""
    found = _rate(price, unit_size)
    return _kept((2 * found.numerator + found.denominator) // (2 * found.denominator))


def for_units(amount: int, unit_size: int) -> Decimal:
    """A rate as the price for `unit_size` units, exactly."""
    return Decimal(f"{amount * unit_size}E-15")


def _rate(price: Decimal, unit_size: int) -> Fraction:
    if not price.is_finite() or price < 0 or unit_size < 1:
        raise PriceError("a price is a number, no less than nothing, for some units")
    _, digits, exponent = price.as_tuple()
    if price.adjusted() >= _MOST_DIGITS or len(digits) > 2 * _MOST_DIGITS or int(exponent) < -_MOST_DIGITS:
        raise PriceError("the price is larger or finer than any", "large")
    return Fraction(price) * PER * NANO / unit_size


def _kept(amount: int) -> Nano:
    try:
        return kept(amount)
    except MoneyError:
        raise PriceError("the price is larger than can be kept", "large") from None
