"""What sums tell: how spending went, how it is shared out, when it happens, and which model gives most for it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from suanli.domain.cost.sums import Line, Sum

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_TENTH, _FINEST = Decimal("0.1"), Decimal("1E-9")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
NOTHING = Sum()


class Step(StrEnum):
    """How long the periods of a trend are."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Point:
    """A period of a trend: the hour's beginning, or the day it begins with; `change` is in percent, to one digit.

    `change` is None where the period before had no cost, or is not there.
    """

    start: datetime | date
    sum: Sum
    change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one value has of the whole; `percent` to one digit, None when the whole is nothing."""

    value: str
    sum: Sum
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Habit:
    """What is spent in an hour of the day, or on a weekday (Monday 0), in all, and in how many of them it was spent."""

    at: int
    sum: Sum
    times: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """When it is spent, on the clocks of a zone. `peak` are the hours that cost most, `percent` their part of all."""

    hours: tuple[Habit, ...]
    weekdays: tuple[Habit, ...]
    peak: tuple[int, ...]
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What a model gives for its money: `efficiency` is thousands of units for one of the currency."""

    model: str
    sum: Sum
    efficiency: Decimal
    cost_per_unit: Decimal


PEAK_HOURS = 3
"""Hours of the day that are called the peak."""


def trend(lines: Iterable[Line], step: Step, first: date, last: date) -> Sequence[Point]:
    """The periods from the one that `first` is in to that of `last`, those without spending too.

    For a trend by hours, lines are by hour, and the first and last hour are those that have any.
    """
    found: dict[datetime | date, Sum] = defaultdict(Sum)
    for line in lines:
        start = line.hour if step is Step.HOUR else line.day
        if start is None:
            raise ValueError("lines of a trend are each of some time")
        key = start if step is Step.HOUR or isinstance(start, datetime) else _start(step, start)
        found[key] += line.sum
    starts = _hours(found) if step is Step.HOUR else _starts(step, first, last)
    sums = [found.get(start, NOTHING) for start in starts]
    changes = [None, *(percent_change(before.total_cost, after.total_cost) for before, after in pairwise(sums))]
    return tuple(Point(*each) for each in zip(starts, sums, changes, strict=True))


def _start(step: Step, day: date) -> date:
    if step is Step.WEEK:
        return day - day.weekday() * _DAY
    return day.replace(day=1) if step is Step.MONTH else day


def _starts(step: Step, first: date, last: date) -> Sequence[date]:
    days = (first + n * _DAY for n in range((last - first).days + 1))
    return tuple(dict.fromkeys(_start(step, day) for day in days))


def _hours(found: Iterable[datetime | date]) -> Sequence[datetime]:
    known = [hour for hour in found if isinstance(hour, datetime)]
    if not known:
        return ()
    first, last = min(known), max(known)
    return tuple(first + n * _HOUR for n in range((last - first) // _HOUR + 1))


def shares(lines: Iterable[Line]) -> Sequence[Share]:
    """What each value has, most first."""
    found: dict[str, Sum] = defaultdict(Sum)
    for line in lines:
        found[line.value] += line.sum
    whole = sum(each.total_cost for each in found.values())
    ordered = sorted(found.items(), key=lambda each: (-each[1].total_cost, -each[1].requests, each[0]))
    return tuple(Share(value, each, percent_of(each.total_cost, whole)) for value, each in ordered)


def patterns(lines: Iterable[Line], zone: ZoneInfo) -> Patterns:
    """When it is spent, of lines by hour."""
    by_hour: dict[int, Sum] = defaultdict(Sum)
    by_weekday: dict[int, Sum] = defaultdict(Sum)
    hours: dict[int, set[date]] = defaultdict(set)
    weekdays: dict[int, set[date]] = defaultdict(set)
    for line in lines:
        if line.hour is None:
            raise ValueError("patterns are of hours")
        local = line.hour.astimezone(zone)
        by_hour[local.hour] += line.sum
        by_weekday[local.weekday()] += line.sum
        hours[local.hour].add(local.date())
        weekdays[local.weekday()].add(local.date())
    whole = sum(each.total_cost for each in by_hour.values())
    peak = sorted(by_hour, key=lambda hour: (-by_hour[hour].total_cost, hour))[:PEAK_HOURS]
    return Patterns(
        tuple(Habit(hour, by_hour[hour], len(hours[hour])) for hour in sorted(by_hour)),
        tuple(Habit(day, by_weekday[day], len(weekdays[day])) for day in sorted(by_weekday)),
        tuple(sorted(peak)),
        percent_of(sum(by_hour[hour].total_cost for hour in peak), whole),
    )


def efficiencies(lines: Iterable[Line]) -> Sequence[Efficiency]:
    """What each model gives for its money, the best first; one that cost nothing, or counted nothing, has no place."""
    found: dict[str, Sum] = defaultdict(Sum)
    for line in lines:
        found[line.value] += line.sum
    ranked = [
        Efficiency(model, each, _efficiency(each), cost_per(each.total_cost, each.total_units) or Decimal(0))
        for model, each in found.items()
        if each.total_cost > 0 and each.total_units > 0
    ]
    return tuple(sorted(ranked, key=lambda each: (-each.efficiency, each.model)))


def _efficiency(of: Sum) -> Decimal:
    return _EXACT.divide(Decimal(of.total_units * 10**6), Decimal(of.total_cost)).quantize(
        Decimal("0.01"), context=_EXACT
    )


def cost_per(cost: int, count: int) -> Decimal | None:
    """Nano-units for each of so many, in the currency's unit to the ninth digit; None of none."""
    if not count:
        return None
    return _EXACT.divide(Decimal(cost).scaleb(-9), Decimal(count)).quantize(_FINEST, context=_EXACT)


def percent_of(part: int, whole: int) -> Decimal | None:
    """A part in percent, to one digit; None of nothing."""
    if not whole:
        return None
    return _EXACT.divide(Decimal(part * 100), Decimal(whole)).quantize(_TENTH, context=_EXACT)


def percent_change(before: int, after: int) -> Decimal | None:
    """By how much it rose, or fell; None where there was nothing before."""
    return percent_of(after - before, before) if before > 0 else None
