"""Rates of exchange: how much of the site's currency one unit of another one is, from a moment on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal

from suanli.domain.cost.money import Currency, MoneyError, Nano, kept
from suanli.domain.cost.prices import Cost

DIGITS = 12
"""After the point; before it a rate has at most six, so that it fits the store."""

_ONE = 10**DIGITS
_MOST_BEFORE = 6
_EXACT = Context(prec=60)  # one of our own: the caller's may round


class ExchangeError(ValueError):
    """No rate of exchange: not above nothing, too large, finer than is kept, or not to be put among the others."""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """So many `to` for one `currency`, from a moment on, up to the next rate of the two.

    The rate is exact; `parts` is the same in trillionths, which is how it is kept. Rates are only ever added.
    """

    currency: Currency
    to: Currency
    rate: Decimal
    valid_from: datetime
    source: str = ""
    set_by: str = ""
    parts: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if self.currency == self.to:
            raise ExchangeError("a currency has no rate to itself")
        if self.valid_from.tzinfo is None:
            raise ExchangeError("a rate holds from a moment with a zone on")
        object.__setattr__(self, "parts", _parts(self.rate))


def rate_of(parts: int) -> Decimal:
    """Trillionths as a rate."""
    return Decimal(f"{parts}E-{DIGITS}")


def convert(cost: Cost, rate: ExchangeRate) -> Cost:
    """A cost in the other currency: each part is rounded once, half up to a nano-unit; the total is their exact sum.

    Raises MoneyError for more than can be kept.
    """
    parts, half = rate.parts, _ONE // 2
    found = Cost(
        Nano((cost.input * parts + half) // _ONE),
        Nano((cost.output * parts + half) // _ONE),
        Nano((cost.base * parts + half) // _ONE),
    )
    kept(found.total)
    return found


def rate_at(rates: Sequence[ExchangeRate], moment: datetime) -> ExchangeRate | None:
    """The rate that holds at a moment, of all that two currencies ever had; None: nobody has said one."""
    begun = [rate for rate in rates if rate.valid_from <= moment]
    return max(begun, key=lambda rate: rate.valid_from, default=None)


def check_rate(rates: Sequence[ExchangeRate], new: ExchangeRate, now: datetime) -> None:
    """Refuse a rate that would change what held before now: it begins no sooner, or before all others."""
    if any(rate.valid_from == new.valid_from for rate in rates):
        raise ExchangeError("another rate begins at the same moment")
    if new.valid_from < now and rate_at(rates, new.valid_from) is not None:
        raise ExchangeError("what held before now is not changed: a rate begins now or later, or before all others")


def _parts(rate: Decimal) -> int:
    if not rate.is_finite() or rate <= 0 or rate.adjusted() >= _MOST_BEFORE or rate.adjusted() < -DIGITS:
        raise ExchangeError("a rate is a number above nothing, with at most six digits before the point")
    if len(rate.as_tuple().digits) > _EXACT.prec:
        raise ExchangeError("the rate is finer than 10⁻¹²")
    found = rate.scaleb(DIGITS, _EXACT)
    if found != found.to_integral_value():
        raise ExchangeError("the rate is finer than 10⁻¹²")
    try:
        return kept(int(found))
    except MoneyError:
        raise ExchangeError("the rate is larger than can be kept") from None
