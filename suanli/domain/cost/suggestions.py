"""What could be spent better: each suggestion with what it saves, and the figures that say so.

Nothing is guessed: a saving is what the same calls would have cost by prices that are in the book. Whether another
model does the same work as well is for people to say, and the suggestion says that it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from suanli.domain.cost.money import Nano, total
from suanli.domain.cost.prices import Rates, Unit, Usage, cost
from suanli.domain.cost.quotas import Quota
from suanli.domain.cost.reports import percent_of
from suanli.domain.cost.sums import Sum


class SuggestionType(StrEnum):
    """The four kinds of the original."""

    MODEL = "model_optimization"
    USAGE = "usage_pattern"
    ANOMALY = "anomaly_control"
    QUOTA = "quota_adjustment"


class Size(StrEnum):
    """How much effort, or how much it matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to do, as figures: `about` are what its words are made of, by the key `cost.suggestion.<form>`.

    `current` is what was spent on it in the period looked at, `savings` what of it could have been saved.
    """

    type: SuggestionType
    form: str
    about: Mapping[str, str]
    current: Nano
    savings: Nano
    effort: Size
    recommendations: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def percent(self) -> Decimal | None:
        """The part that could be saved, in percent."""
        return percent_of(self.savings, self.current)

    @property
    def priority(self) -> Size:
        """How much it matters: by the part of what was looked at that it saves."""
        part = self.percent or Decimal(0)
        if part >= _MUCH:
            return Size.HIGH
        return Size.MEDIUM if part >= _SOME else Size.LOW


_MUCH, _SOME = Decimal(30), Decimal(10)
LEAST_PART = Decimal(5)
"""Percent: what saves less is not worth anybody's time."""

LEAST_REQUESTS = 20
"""Calls to a model, below which nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Used:
    """A model that was used: what it is, its rates now in the site's currency, and what was used of it."""

    name: str
    provider: str
    model_type: str
    unit: Unit
    rates: Rates
    sum: Sum

    @property
    def shown(self) -> str:
        """Its name with the provider's."""
        return f"{self.provider}/{self.name}" if self.provider else self.name

    @property
    def has_batches(self) -> bool:
        """Whether it has a price for batches."""
        return self.rates.batch_input is not None or self.rates.batch_output is not None

    @property
    def usage(self) -> Usage:
        """All that was used, as one."""
        cached = min(self.sum.cached_units, self.sum.input_units)
        return Usage(input=self.sum.input_units - cached, cached=cached, output=self.sum.output_units)


def cheaper_models(used: Sequence[Used]) -> Sequence[Suggestion]:
    """For each model the one, of those in use of its kind, that would have cost least for the same units.

    Only models that are in use are offered: that somebody works with them already says that they can be worked with.
    What a call costs beside its units is left out.
    """
    found: list[Suggestion] = []
    for one in used:
        others = [other for other in used if _is_like(one, other)]
        if one.sum.requests < LEAST_REQUESTS or not others:
            continue
        then, best = min(((_price(other.rates, one), other) for other in others), key=lambda each: _dear(*each))
        about = {"model": one.shown, "other": best.shown, "requests": str(one.sum.requests)}
        suggestion = Suggestion(
            SuggestionType.MODEL, "model", about, one.sum.cost, Nano(0), Size.MEDIUM, ("try_other", "shorten_prompts")
        )
        found += _saving(suggestion, one, then)
    return worth(found)


def _dear(price: Nano, of: Used) -> tuple[int, str]:
    return price, of.shown


def _saving(suggestion: Suggestion, of: Used, then: Nano) -> Sequence[Suggestion]:
    """The suggestion with what it saves, when all that was used would have cost so much; none when it saves nothing.

    It saves the part of what was paid by which it is cheaper at the prices of now, and never more than what was paid
    beyond that price: calls of before were perhaps paid at others, or had no price and are in no sum.
    """
    now, paid = _price(of.rates, of), of.sum.total_cost
    if not 0 <= then < now or paid <= then:
        return ()
    savings = Nano(min(paid * (now - then) // now, paid - then))
    evidence = {"same_units_here": str(now), "same_units_there": str(then)}
    return (replace(suggestion, savings=savings, evidence=evidence),)


def _is_like(one: Used, other: Used) -> bool:
    is_other = (one.provider, one.name) != (other.provider, other.name)
    is_used = other.sum.requests >= LEAST_REQUESTS
    return is_other and is_used and (one.model_type, one.unit) == (other.model_type, other.unit)


def _price(rates: Rates, of: Used) -> Nano:
    """What all that was used costs by these rates, without what is for a call whatever it does."""
    return cost(replace(rates, base=Nano(0)), of.usage, of.unit).total


def in_batches(off_hours: Sequence[Used], hours: str) -> Sequence[Suggestion]:
    """What calls outside of working `hours` would have cost in a batch, of models that have a price for that."""
    found: list[Suggestion] = []
    for one in off_hours:
        if one.has_batches and one.sum.requests >= LEAST_REQUESTS:
            about = {"model": one.shown, "hours": hours, "requests": str(one.sum.requests)}
            suggestion = Suggestion(
                SuggestionType.USAGE, "batch", about, one.sum.cost, Nano(0), Size.LOW, ("use_batches",)
            )
            found += _saving(suggestion, one, _price(one.rates.of_a_batch, one))
    return worth(found)


@dataclass(frozen=True, slots=True)
class Excess:
    """An hour, or a call, that was told of as unusual: what it cost, and what is usual."""

    amount: Nano
    usual: Nano


def less_excess(excesses: Sequence[Excess], spent: Nano) -> Sequence[Suggestion]:
    """What was spent beyond the usual where somebody was told that it was unusual."""
    unusual = [each for each in excesses if each.amount > each.usual]
    if not unusual:
        return ()
    over, current = total(each.amount - each.usual for each in unusual), total(each.amount for each in unusual)
    about = {"count": str(len(unusual))}
    evidence = {"unusual": str(current), "spent": str(spent)}
    advice = ("limit_hours", "estimate_first")
    return (Suggestion(SuggestionType.ANOMALY, "anomaly", about, current, over, Size.LOW, advice, evidence),)


@dataclass(frozen=True, slots=True)
class Spent:
    """A quota with what was used in each of its last windows that are over, oldest first."""

    quota: Quota
    used: tuple[Nano, ...]


FEWEST_WINDOWS = 4
"""Windows that are over, below which nothing is said of a quota."""

_HALF = 2
_ROOM = Fraction(6, 5)
_FULL = Fraction(95, 100)
"""Of a limit, what stops people: the last of it is mostly too little for another call."""


def fitting_quotas(spent: Iterable[Spent]) -> Sequence[Suggestion]:
    """Limits that were never used by half, and limits that were used up in half of their windows or more.

    A lower limit saves nothing by itself, for nobody spent it: `current` is what it was a limit for, and `savings` what
    is set free for others. A higher one saves nothing.
    """
    found = []
    for each in spent:
        if len(each.used) < FEWEST_WINDOWS or not each.quota.total:  # a limit of nothing is meant to stop people
            continue
        most, limit = max(each.used), each.quota.total
        full = sum(used >= limit * _FULL for used in each.used)
        fitting = Nano(int(most * _ROOM))
        if most * _HALF <= limit and fitting < limit:
            found.append(_fitting(each, full, fitting, "quota_low", "lower_quota"))
        elif full * _HALF >= len(each.used):
            found.append(_fitting(each, full, Nano(max(fitting, limit)), "quota_high", "raise_quota"))
    return tuple(sorted(found, key=_rank))


def _fitting(spent: Spent, full: int, fitting: Nano, form: str, advice: str) -> Suggestion:
    quota = spent.quota
    about = {
        "quota": quota.name,
        "windows": str(len(spent.used)),
        "full": str(full),
        "most": str(max(spent.used)),
        "limit": str(quota.total),
        "fitting": str(fitting),
    }
    freed = Nano(max(0, quota.total - fitting))
    return Suggestion(SuggestionType.QUOTA, form, about, quota.total, freed, Size.LOW, (advice,))


def worth(found: Iterable[Suggestion]) -> Sequence[Suggestion]:
    """Those that are worth somebody's time, the greatest saving first."""
    return tuple(sorted((each for each in found if (each.percent or 0) >= LEAST_PART), key=_rank))


def _rank(suggestion: Suggestion) -> tuple[int, str]:
    return -suggestion.savings, str(dict(suggestion.about))
