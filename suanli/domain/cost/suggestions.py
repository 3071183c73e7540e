"""What could be spent better: each suggestion with what it saves, and the figures that say so.

Nothing is guessed: a saving is what the same calls would have cost by prices that are in the book. Whether another
model does the same work as well is for people to say, and the suggestion says that it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from suanli.domain.cost.money import Nano, total
from suanli.domain.cost.prices import Cost, Rates, Unit, Usage, cost
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
    def usage(self) -> Usage:
        """All that was used, as one."""
        cached = min(self.sum.cached_units, self.sum.input_units)
        return Usage(input=self.sum.input_units - cached, cached=cached, output=self.sum.output_units)


def cheaper_models(used: Sequence[Used]) -> Sequence[Suggestion]:
    """For each model the one, of those in use of its kind, that would have cost least for the same units.

    Only models that are in use are offered: that somebody works with them already says that they can be worked with.
    What a call costs beside its units is left out, and so is what was priced with other rates than those of now.
    """
    found = []
    for one in used:
        others = [other for other in used if _is_like(one, other)]
        if one.sum.requests < LEAST_REQUESTS or not others:
            continue
        priced = [(_price(other.rates, one).total, other) for other in others]
        least, best = min(priced, key=lambda each: (each[0], each[1].shown))
        now = _price(one.rates, one).total
        if now and least < now:
            # Of what was really paid, the part that it would be cheaper by.
            savings = Nano(one.sum.total_cost * (now - least) // now)
            about = {"model": one.shown, "other": best.shown, "requests": str(one.sum.requests)}
            evidence = {"same_units_here": str(now), "same_units_there": str(least)}
            advice = ("try_other", "shorten_prompts", "smaller_model")
            found.append(
                Suggestion(SuggestionType.MODEL, "model", about, one.sum.cost, savings, Size.MEDIUM, advice, evidence)
            )
    return worth(found)


def _is_like(one: Used, other: Used) -> bool:
    is_other = (one.provider, one.name) != (other.provider, other.name)
    is_used = other.sum.requests >= LEAST_REQUESTS
    return is_other and is_used and (one.model_type, one.unit) == (other.model_type, other.unit)


def _price(rates: Rates, of: Used) -> Cost:
    return cost(Rates(rates.input, rates.output, cached=rates.cached), of.usage, of.unit)


def in_batches(off_hours: Sequence[Used], hours: str) -> Sequence[Suggestion]:
    """What calls outside of working `hours` would have cost in a batch, of models that have a price for that."""
    found = []
    for one in off_hours:
        rates = one.rates
        if rates.batch_input is None and rates.batch_output is None:
            continue
        now, then = _price(rates, one).total, cost(rates.of_a_batch, one.usage, one.unit).total
        if now and then < now and one.sum.requests >= LEAST_REQUESTS:
            savings = Nano(one.sum.total_cost * (now - then) // now)
            about = {"model": one.shown, "hours": hours, "requests": str(one.sum.requests)}
            evidence = {"same_units_here": str(now), "same_units_there": str(then)}
            found.append(
                Suggestion(
                    SuggestionType.USAGE, "batch", about, one.sum.cost, savings, Size.LOW, ("use_batches",), evidence
                )
            )
    return worth(found)


@dataclass(frozen=True, slots=True)
class Excess:
    """An hour, or a call, that was told of as unusual: what it cost, and what is usual."""

    amount: Nano
    usual: Nano


def less_excess(excesses: Sequence[Excess], spent: Nano) -> Sequence[Suggestion]:
    """What was spent beyond the usual where somebody was told that it was unusual."""
    over = total(max(0, each.amount - each.usual) for each in excesses)
    if not over:
        return ()
    about = {"count": str(len(excesses))}
    evidence = {"unusual": str(total(each.amount for each in excesses)), "spent": str(spent)}
    current = total(each.amount for each in excesses)
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
_ROOM_NUMERATOR, _ROOM_DENOMINATOR = 6, 5


def fitting_quotas(spent: Iterable[Spent]) -> Sequence[Suggestion]:
    """Limits that were never used by half, and limits that stopped people in half of their windows or more.

    A lower limit saves nothing by itself, for nobody spent it: `current` is what it was a limit for, and `savings` what
    is set free for others. A higher one saves nothing.
    """
    found = []
    for each in spent:
        if len(each.used) < FEWEST_WINDOWS:
            continue
        most, limit = max(each.used), each.quota.total
        full = sum(used >= limit for used in each.used)
        about = {"quota": each.quota.name, "windows": str(len(each.used)), "full": str(full), "most": str(most)}
        fitting = Nano(most * _ROOM_NUMERATOR // _ROOM_DENOMINATOR)
        evidence = {"limit": str(limit), "fitting": str(fitting)}
        if limit and most * _HALF <= limit:
            freed = Nano(limit - fitting)
            found.append(
                Suggestion(SuggestionType.QUOTA, "quota_low", about, limit, freed, Size.LOW, ("lower_quota",), evidence)
            )
        elif full * _HALF >= len(each.used):
            evidence["fitting"] = str(max(fitting, limit))
            found.append(
                Suggestion(
                    SuggestionType.QUOTA, "quota_high", about, limit, Nano(0), Size.LOW, ("raise_quota",), evidence
                )
            )
    return tuple(sorted(found, key=_rank))


def worth(found: Iterable[Suggestion]) -> Sequence[Suggestion]:
    """Those that are worth somebody's time, the greatest saving first."""
    return tuple(sorted((each for each in found if (each.percent or 0) >= LEAST_PART), key=_rank))


def _rank(suggestion: Suggestion) -> tuple[int, str]:
    return -suggestion.savings, str(dict(suggestion.about))
