"""What sums tell: how spending went, how it is shared out, when it happens, and which model gives most for it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from itertools import pairwise
from operator import attrgetter
from zoneinfo import ZoneInfo

from suanli.domain.cost.dates import Dates
from suanli.domain.cost.sums import Line, Outlay, Sum

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
    """A period of a trend: the hour's beginning, or the day it begins with.

    One that is not over yet, or that the dates asked for cut, is not `whole`. `change` is in percent, to one digit; it
    is None where the period before had no cost, and where either of them is not whole, for these do not compare.
    """

    start: datetime | date
    sum: Sum
    change: Decimal | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """What one value has of the whole; `percent` to one digit, None when the whole is nothing."""

    value: str
    sum: Outlay
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


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens, and what they cost: `cost` is that of the `priced` ones, of models all of whose calls have a price."""

    all: int
    priced: int
    cost: int

    @property
    def each(self) -> Decimal | None:
        """What a token costs on average; None of none."""
        return cost_per(self.cost, self.priced)


@dataclass(frozen=True, slots=True)
class Shares:
    """What the values that have most have of the whole, and all the others together, of which there are `fewer`."""

    most: tuple[Share, ...]
    others: Outlay
    fewer: int


def trend(lines: Iterable[Line], step: Step, dates: Dates, today: date) -> Sequence[Point]:
    """The periods from the one that the first of the dates is in to that of the last, of lines by day.

    Those without spending are there too. Raises ValueError for a trend by hours: `hourly` has that.
    """
    if step is Step.HOUR:
        raise ValueError("days are not parted into hours")
    found: dict[date, Sum] = defaultdict(Sum)
    for line in lines:
        if line.day is None:
            raise ValueError("lines of this trend are each of a day")
        found[_start(step, line.day)] += line.sum
    starts = tuple(dict.fromkeys(_start(step, day) for day in dates.days))
    last = min(dates.last, today - _DAY)
    wholes = [dates.first <= start and _next(step, start) - _DAY <= last for start in starts]
    return _points(starts, [found.get(start, NOTHING) for start in starts], wholes)


def hourly(lines: Iterable[Line], now: datetime) -> Sequence[Point]:
    """The hours from the first that has anything to the last that has, of lines by hour."""
    found: dict[datetime, Sum] = defaultdict(Sum)
    for line in lines:
        if line.hour is None:
            raise ValueError("lines of this trend are each of an hour")
        found[line.hour] += line.sum
    if not found:
        return ()
    first, last = min(found), max(found)
    starts = tuple(first + n * _HOUR for n in range((last - first) // _HOUR + 1))
    return _points(starts, [found.get(start, NOTHING) for start in starts], [start + _HOUR <= now for start in starts])


def _points(starts: Sequence[datetime | date], sums: Sequence[Sum], wholes: Sequence[bool]) -> Sequence[Point]:
    changes = [None] + [
        percent_change(before.total_cost, after.total_cost) if were and are else None
        for (before, after), (were, are) in zip(pairwise(sums), pairwise(wholes), strict=True)
    ]
    return tuple(Point(*each) for each in zip(starts, sums, changes[: len(sums)], wholes, strict=True))


def _start(step: Step, day: date) -> date:
    if step is Step.WEEK:
        return day - day.weekday() * _DAY
    return day.replace(day=1) if step is Step.MONTH else day


def _next(step: Step, start: date) -> date:
    """The day that the period which follows begins with."""
    if step is Step.MONTH:
        return (start + 31 * _DAY).replace(day=1)
    return start + (7 if step is Step.WEEK else 1) * _DAY


def shares(lines: Iterable[Line], most: int) -> Shares:
    """What each value has, most first; of so many, and what all others have."""
    return ranked({value: each.outlay for value, each in _by_value(lines).items()}, most)


def ranked(found: Mapping[str, Outlay], most: int) -> Shares:
    """What each value has, most first; of so many, and what all others have."""
    whole = sum(each.total_cost for each in found.values())
    ordered = sorted(found.items(), key=lambda each: (-each[1].total_cost, -each[1].requests, each[0]))
    named = tuple(Share(value, each, percent_of(each.total_cost, whole)) for value, each in ordered[:most])
    rest = [each for _, each in ordered[most:]]
    others = Outlay(*(sum(map(attrgetter(each.name), rest)) for each in fields(Outlay)))
    return Shares(named, others, len(rest))


def added(sums: Iterable[Sum]) -> Sum:
    """All of these together."""
    return Sum.of_all(sums)


def tokens(by_model: Iterable[Line], counts: Callable[[str], bool]) -> Tokens:
    """Of lines by model, the tokens: `counts` tells whether a model's units are tokens."""
    found = {model: each for model, each in _by_value(by_model).items() if counts(model)}
    known = [each for each in found.values() if not each.unpriced]
    return Tokens(
        sum(each.total_units for each in found.values()),
        sum(each.total_units for each in known),
        sum(each.total_cost for each in known),
    )


def _by_value(lines: Iterable[Line]) -> Mapping[str, Sum]:
    found: dict[str, Sum] = {}
    for line in lines:
        known = found.get(line.value)
        found[line.value] = line.sum if known is None else known + line.sum
    return found


def patterns(lines: Iterable[Line], zone: ZoneInfo) -> Patterns:
    """When it is spent, of lines by hour."""
    of_hours: dict[int, list[Sum]] = defaultdict(list)
    of_weekdays: dict[int, list[Sum]] = defaultdict(list)
    hours: dict[int, set[int]] = defaultdict(set)
    weekdays: dict[int, set[int]] = defaultdict(set)
    for line in lines:
        if line.hour is None:
            raise ValueError("patterns are of hours")
        local = line.hour.astimezone(zone)
        day, weekday, hour = local.toordinal(), local.weekday(), local.hour
        of_hours[hour].append(line.sum)
        of_weekdays[weekday].append(line.sum)
        hours[hour].add(day)
        weekdays[weekday].add(day)
    by_hour = {hour: Sum.of_all(some) for hour, some in of_hours.items()}
    by_weekday = {weekday: Sum.of_all(some) for weekday, some in of_weekdays.items()}
    whole = sum(each.total_cost for each in by_hour.values())
    spent = (hour for hour, each in by_hour.items() if each.total_cost > 0)
    peak = sorted(spent, key=lambda hour: (-by_hour[hour].total_cost, hour))[:PEAK_HOURS]
    return Patterns(
        tuple(Habit(hour, by_hour[hour], len(hours[hour])) for hour in sorted(by_hour)),
        tuple(Habit(day, by_weekday[day], len(weekdays[day])) for day in sorted(by_weekday)),
        tuple(sorted(peak)),
        percent_of(sum(by_hour[hour].total_cost for hour in peak), whole),
    )


def efficiencies(by_model: Iterable[Line], counts: Callable[[str], bool]) -> Sequence[Efficiency]:
    """What each model gives for its money, the best first, of those whose units are tokens, as `counts` tells.

    One that cost nothing, or counted nothing, has no place; nor has one with unpriced calls, which would make it look
    cheaper than it is.
    """
    ranked = [
        Efficiency(model, each, _efficiency(each), cost_per(each.total_cost, each.total_units) or Decimal(0))
        for model, each in _by_value(by_model).items()
        if each.total_cost > 0 and each.total_units > 0 and not each.unpriced and counts(model)
    ]
    return tuple(sorted(ranked, key=lambda each: (-each.efficiency, each.model)))


def cost_per_request(of: Sum) -> Decimal | None:
    """What a call costs on average, of those that have a price; None of none."""
    return cost_per(of.total_cost, of.requests - of.unpriced)


def _efficiency(of: Sum) -> Decimal:
    return _EXACT.divide(Decimal(of.total_units * 10**6), Decimal(of.total_cost)).quantize(
        Decimal("0.01"), context=_EXACT
    )


def cost_per(cost: int, count: int) -> Decimal | None:
    """Nano-units for each of so many, in the currency's unit to the ninth digit; None of none."""
    if count <= 0:
        return None
    return _EXACT.divide(Decimal(cost).scaleb(-9), Decimal(count)).quantize(_FINEST, context=_EXACT)


def percent_of(part: int, whole: int) -> Decimal | None:
    """A part in percent, to one digit; None of nothing."""
    if whole <= 0:
        return None
    return _EXACT.divide(Decimal(part * 100), Decimal(whole)).quantize(_TENTH, context=_EXACT)


def percent_change(before: int, after: int) -> Decimal | None:
    """By how much it rose, or fell; None where there was nothing before."""
    return percent_of(after - before, before)
