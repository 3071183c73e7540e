"""What is paid for, its price from one moment to another, and what a call costs by it.

Numbers of units are whole, always: tokens and requests are counted singly, minutes in milliseconds, and GB (10⁹
bytes) in bytes, which is how `Unit.parts` has it. Rates are nano-units for a million whole units of all four.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, NewType

from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano

CostModelId = NewType("CostModelId", int)
PriceId = NewType("PriceId", int)

PER = 1_000_000
"""Prices are kept for a million units: 1.15·10⁻⁹ a token, which is what some cost, is 1,150,000 nano-units for that."""

_NOTHING = Nano(0)
_MOST_DIGITS = 18  # before the point, of a number of units
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class PriceError(ValueError):
    """What is no price, or no number of units. `word` says which of these it is, for who has texts of its own."""

    def __init__(self, message: str, word: str = "odd") -> None:
        super().__init__(message)
        self.word = word


class CostType(StrEnum):
    """What kind of cost it is."""

    AI_API = "ai_api"
    STORAGE = "storage"
    BANDWIDTH = "bandwidth"
    COMPUTE = "compute"


class Unit(StrEnum):
    """What is counted."""

    TOKEN = "token"  # noqa: S105 what is counted
    REQUEST = "request"
    MINUTE = "minute"
    GB = "gb"

    @property
    def parts(self) -> int:
        """How many of what usage is counted in make one unit: milliseconds a minute, bytes a GB."""
        if self is Unit.MINUTE:
            return 60_000
        return 10**9 if self is Unit.GB else 1

    def counted(self, amount: Decimal) -> int:
        """So many units, such as 1.5 minutes, as usage counts them; to the nearest millisecond or byte, half up.

        Raises PriceError for less than nothing, and for a part of a token or a request.
        """
        if not amount.is_finite() or amount < 0 or amount.adjusted() >= _MOST_DIGITS:
            raise PriceError("that is no number of units")
        parts = _EXACT.multiply(amount, self.parts)
        if self.parts == 1 and parts != parts.to_integral_value():
            raise PriceError(f"a {self.value} is counted whole")
        return int(parts.to_integral_value(ROUND_HALF_UP))

    def whole(self, count: int) -> Decimal:
        """What usage counted, in units again: to the ninth digit, half up, so that a byte is still seen."""
        if self.parts == 1:
            return Decimal(count)
        return _EXACT.divide(Decimal(count), self.parts).quantize(Decimal("1E-9"), context=_EXACT)


@dataclass(frozen=True, slots=True)
class CostModel:
    """Something that costs money, by the provider's own name for it. `active` is False of one that was deleted."""

    id: CostModelId
    name: str
    provider: str
    model_type: str
    cost_type: CostType
    unit: Unit
    unit_size: int = 1000
    aliases: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-units for a million units of each kind; `base` for a call whatever it does.

    None means as the ordinary kind: cached and written-to-cache input as input, reasoning as output, and each side of
    a batch as that side of what is no batch. In a batch that has an input price of its own, cached and written-to-
    cache input cost that unless they have their own as well, and reasoning costs as the batch's output.
    """

    input: Nano
    output: Nano
    base: Nano = _NOTHING
    cached: Nano | None = None
    cache_write: Nano | None = None
    reasoning: Nano | None = None
    batch_input: Nano | None = None
    batch_output: Nano | None = None
    batch_cached: Nano | None = None
    batch_cache_write: Nano | None = None

    def __post_init__(self) -> None:
        """Refuse what would pay the caller."""
        if min(self.input, self.output, self.base) < 0 or any(each is not None and each < 0 for each in self._special):
            raise PriceError("a price is no less than nothing")

    @property
    def is_free(self) -> bool:
        """Whether nothing costs anything. People say so of a model before it is believed."""
        return not any((self.input, self.output, self.base, *self._special))

    @property
    def of_a_batch(self) -> "Rates":
        """The rates that hold in a batch."""
        input_side = (self.input, self.cached, self.cache_write)
        if self.batch_input is not None:
            input_side = (self.batch_input, self.batch_cached, self.batch_cache_write)
        output_side = (self.output, self.reasoning) if self.batch_output is None else (self.batch_output, None)
        return Rates(input_side[0], output_side[0], self.base, input_side[1], input_side[2], output_side[1])

    @property
    def _special(self) -> tuple[Nano | None, ...]:
        batch = (self.batch_input, self.batch_output, self.batch_cached, self.batch_cache_write)
        return (self.cached, self.cache_write, self.reasoning, *batch)


@dataclass(frozen=True, slots=True)
class Tier:
    """The rates of a whole call, input and output, whose input is more than `above`, however it came by it."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """The rates of a model in one currency, valid from a moment on, up to another one that is not in it any more.

    Prices are never changed: a new one begins where the one before ends, so that every record keeps its own. `tiers`
    stand in the order of `above`.
    """

    id: PriceId
    model: CostModelId
    rates: Rates
    currency: Currency
    valid_from: datetime
    valid_to: datetime | None = None
    source: str = ""
    set_by: str = ""
    tiers: tuple[Tier, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what holds at no moment, and tiers of which nobody knows which one holds."""
        if self.valid_from.tzinfo is None or (self.valid_to is not None and self.valid_to <= self.valid_from):
            raise PriceError("a price is valid from a moment with a zone up to a later one", "ends")
        check_tiers(self.tiers)

    def __contains__(self, moment: datetime) -> bool:
        """Whether it is valid at a moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


def check_tiers(tiers: Sequence[Tier]) -> None:
    """Refuse tiers that are not each above the one before."""
    bounds = [0, *(tier.above for tier in tiers)]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise PriceError("a tier begins above the one before", "tiers")


def price_at(prices: Sequence[Price], moment: datetime) -> Price | None:
    """The price of a model that is valid at a moment, out of all that it ever had; None: nobody has said one."""
    return next((price for price in prices if moment in price), None)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used: numbers of units as `Unit.parts` counts them, each kind apart and none counted twice.

    `input` is what was neither cached nor written to the cache, `output` what was no reasoning.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    is_batch: bool = False

    def __post_init__(self) -> None:
        """Refuse what nobody can have used."""
        # One by one: asked of every call, min() of five would take longer than its price.
        if self.input < 0 or self.output < 0 or self.cached < 0 or self.cache_write < 0 or self.reasoning < 0:
            raise ValueError("a call uses no less than nothing")

    @property
    def whole_input(self) -> int:
        """All that went in, by which a tier is chosen."""
        return self.input + self.cached + self.cache_write

    @property
    def total(self) -> int:
        """All units."""
        return self.input + self.output + self.cached + self.cache_write + self.reasoning


class Cost(NamedTuple):
    """What a call costs, in parts: `input` with what came from the cache, `output` with the reasoning."""

    input: Nano
    output: Nano
    base: Nano

    @property
    def total(self) -> Nano:
        """The exact sum of the parts, which were rounded before."""
        return Nano(self.input + self.output + self.base)


def cost(rates: Rates, usage: Usage, unit: Unit = Unit.TOKEN) -> Cost:
    """What a call costs: each part is rounded once, half up to a nano-unit; the total is their exact sum.

    Raises MoneyError for more than can be kept.
    """
    if usage.is_batch:
        rates = rates.of_a_batch
    into, out = usage.input * rates.input, usage.output * rates.output
    if usage.cached:
        into += usage.cached * (rates.input if rates.cached is None else rates.cached)
    if usage.cache_write:
        into += usage.cache_write * (rates.input if rates.cache_write is None else rates.cache_write)
    if usage.reasoning:
        out += usage.reasoning * (rates.output if rates.reasoning is None else rates.reasoning)
    per = PER if unit is Unit.TOKEN else PER * unit.parts
    into, out = (into + per // 2) // per, (out + per // 2) // per
    if into + out + rates.base > LARGEST:
        raise MoneyError("the amount is larger than can be kept")
    return Cost(Nano(into), Nano(out), rates.base)
