"""What is paid for, and its price from one moment to another."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from suanli.domain.cost.money import Currency, Nano

CostModelId = NewType("CostModelId", int)
PriceId = NewType("PriceId", int)

PER = 1_000_000
"""Prices are kept for a million units: 1.15·10⁻⁹ a token, which is what some cost, is 1,150,000 nano-units for that."""


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


_NOTHING = Nano(0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-units for a million units of each kind; `base` for a call whatever it does.

    None means as the ordinary kind: cached and written-to-cache input as input, reasoning as output, a batch as
    what is no batch.
    """

    input: Nano
    output: Nano
    base: Nano = _NOTHING
    cached: Nano | None = None
    cache_write: Nano | None = None
    reasoning: Nano | None = None
    batch_input: Nano | None = None
    batch_output: Nano | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """The rates of a model in one currency, valid from a moment on, up to another one that is not in it any more.

    Prices are never changed: a new one begins where the one before ends, so that every record keeps its own.
    """

    id: PriceId
    model: CostModelId
    rates: Rates
    currency: Currency
    valid_from: datetime
    valid_to: datetime | None = None
    source: str = ""
    set_by: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used: numbers of units, each kind apart and none counted twice.

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
        if min(self.input, self.output, self.cached, self.cache_write, self.reasoning) < 0:
            raise ValueError("a call uses no less than nothing")

    @property
    def total(self) -> int:
        """All units."""
        return self.input + self.output + self.cached + self.cache_write + self.reasoning


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call costs, in parts: `input` with what came from the cache, `output` with the reasoning."""

    input: Nano
    output: Nano
    base: Nano
    total: Nano = field(init=False)

    def __post_init__(self) -> None:
        """The total is the sum of the parts, which were rounded before."""
        object.__setattr__(self, "total", Nano(self.input + self.output + self.base))


def cost(rates: Rates, usage: Usage) -> Cost:
    """What a call costs: each part is rounded once, half up to a nano-unit; the total is their exact sum."""
    ordinary_in = rates.batch_input if usage.is_batch and rates.batch_input is not None else rates.input
    ordinary_out = rates.batch_output if usage.is_batch and rates.batch_output is not None else rates.output
    read = ordinary_in if rates.cached is None else rates.cached
    written = ordinary_in if rates.cache_write is None else rates.cache_write
    thought = ordinary_out if rates.reasoning is None else rates.reasoning
    into = usage.input * ordinary_in + usage.cached * read + usage.cache_write * written
    out = usage.output * ordinary_out + usage.reasoning * thought
    return Cost(_rounded(into), _rounded(out), rates.base)


def _rounded(millionths: int) -> Nano:
    return Nano((millionths + PER // 2) // PER)
