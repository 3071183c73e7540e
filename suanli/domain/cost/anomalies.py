"""Spending that is not as usual: an hour that costs more than such hours of the week do, or a request than its kind.

Only what is high is told: that a service has stopped is seen elsewhere. Of three rules the robust one is the best
(cost.md §6.6: it is right more often, tells more, and cries wolf less). The other two are those of the seed.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from statistics import fmean, median
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import NANO, Nano
from suanli.domain.cost.spending import Hour, NotEnough, hours_up_to, nearest, start_of_hour

LEAST_HISTORY = 28
"""Days of history, below which no hour is judged: four of each hour of the week."""

LEAST = Nano(NANO)
"""An excess of less than this is never told: nobody is to be woken by cents."""

LONGEST_RUN = 168
"""Hours that `since` looks back at the most: the same hour of a week ago is what the next ones are compared with."""

_LOOKS_BACK = 8 * 168  # in more, what grows would lag behind by too much
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_NORMAL = 0.6745
"""The MAD of a normal distribution, in standard deviations."""
_LEAST_TIMES = 2  # the median; measured: with half as much again, several times as many were told for nothing
_TENTH = Decimal("0.1")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class Rule(StrEnum):
    """What is measured by what.

    ROBUST: the distance from the median of the same hour of the week, in MADs. TWO_SIGMA, THREE_SIGMA: from the mean
    of all hours, in standard deviations; so that what comes every Monday is told every Monday, and one wild day
    hides those that follow it.
    """

    ROBUST = "robust"
    TWO_SIGMA = "two_sigma"
    THREE_SIGMA = "three_sigma"

    @property
    def threshold(self) -> float:
        """The score from which on something is an anomaly."""
        return {Rule.ROBUST: 3.5, Rule.TWO_SIGMA: 2.0, Rule.THREE_SIGMA: 3.0}[self]


class Kind(StrEnum):
    """What was out of the ordinary."""

    HOUR = "hour"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Spending that is not as usual, as whoever puts it into words needs it.

    `expected` is the median of those it was compared with, or their mean by the rules with sigma; None when there
    were not enough. `score` is in MADs or standard deviations, as the rule has it. `since` is the first hour of all
    in a row that were anomalies; for a request, its moment. `limit` is that of a day, if a request took a large part.
    """

    kind: Kind
    at: datetime
    since: datetime
    amount: Nano
    expected: Nano | None
    rule: Rule | None
    score: float | None
    limit: Nano | None = None

    @property
    def times(self) -> Decimal | None:
        """How many times what was expected it is, to one digit, half up; None when nothing was, or nobody knows."""
        if not self.expected:
            return None
        return _EXACT.divide(Decimal(self.amount), Decimal(self.expected)).quantize(_TENTH, context=_EXACT)


@dataclass(frozen=True, slots=True)
class Run:
    """Hours in a row that were anomalies, as they were told: the first of them, and the last that was seen so far.

    `since` stays what it was when it was told. What a later look takes for the first hour may be another one: hours
    are judged anew by what is usual then, and it looks no further back than `LONGEST_RUN`.
    """

    since: datetime
    until: datetime

    def touches(self, found: Anomaly) -> bool:
        """Whether no hour that was as usual lies between them."""
        return found.since <= self.until + _HOUR and self.since - _HOUR <= found.at


def run_of(found: Anomaly, told: Run | None) -> Run:
    """The run that an hour is one of: what was told of last, if that touches it, or else a new one, yet to be told."""
    if told is None or not told.touches(found):
        return Run(found.since, found.at)
    return replace(told, until=max(told.until, found.at))


def is_over(run: Run, at: datetime) -> bool:
    """Whether no hour from this one on can touch a run, whatever it costs."""
    return run.until + (LONGEST_RUN + 1) * _HOUR < start_of_hour(at)


Usual = Callable[[int], tuple[float, float]]
"""What is usual in the hour of this number, and how far others were from it."""


def judge_hour(
    hours: Iterable[Hour], at: datetime, zone: ZoneInfo, rule: Rule = Rule.ROBUST, least: Nano = LEAST
) -> Anomaly | NotEnough | None:
    """Whether the hour that `at` is in cost more than is usual, by the hours before; None when it did not.

    The history begins with the first hour there is; hours that are missing since had nothing spent. What comes after
    the hour is left out. Hours are of UTC, all of one length; which hour of the week one is, the clocks of `zone` say,
    so that one that comes twice there is compared with the same ones both times.
    """
    known = hours_up_to(hours, at, _LOOKS_BACK)
    now = len(known.amounts) - 1
    if (days := now * _HOUR // _DAY) < LEAST_HISTORY:
        return NotEnough(days, LEAST_HISTORY)
    usual = _weekly(known.amounts, known.first, zone) if rule is Rule.ROBUST else _overall(known.amounts)
    if (found := _score(known.amounts, now, usual, rule, least)) < rule.threshold:
        return None
    began = now
    while now - began < LONGEST_RUN and _score(known.amounts, began - 1, usual, rule, least) >= rule.threshold:
        began -= 1
    return Anomaly(
        Kind.HOUR,
        start_of_hour(at),
        known.first + began * _HOUR,
        Nano(known.amounts[now]),
        nearest(usual(now)[0]),
        rule,
        found,
    )


def deviation(amounts: Sequence[float], centre: float) -> float:
    """The MAD, in standard deviations of a normal distribution that has it."""
    return median([abs(amount - centre) for amount in amounts]) / _NORMAL


def mean_and_deviation(amounts: Sequence[float]) -> tuple[float, float]:
    """The mean and the standard deviation."""
    mean = fmean(amounts)
    return mean, math.sqrt(fmean([(amount - mean) ** 2 for amount in amounts]))


def _score(amounts: Sequence[int], hour: int, usual: Usual, rule: Rule, least: int) -> float:
    """How many deviations an hour is above the usual, where `least` is as many as make an anomaly, if not more."""
    centre, spread = usual(hour)
    return (amounts[hour] - centre) / max(spread, max(1, least) / rule.threshold)


def _weekly(amounts: Sequence[int], first: datetime, zone: ZoneInfo) -> Usual:
    """The median and the MAD of the same hour of all other weeks.

    These are few, and may happen to be close together. So the MAD is no less than that of all hours from the medians
    of their own others, in parts of these; and no less than makes twice the median the least that is told.
    """
    local = [(first + n * _HOUR).astimezone(zone) for n in range(len(amounts))]
    alike: dict[tuple[int, int], list[int]] = {}
    for hour, moment in enumerate(local):
        alike.setdefault((moment.weekday(), moment.hour), []).append(hour)
    others = [
        [amounts[other] for other in alike[moment.weekday(), moment.hour] if other != hour]
        for hour, moment in enumerate(local)
    ]
    medians = [median(found) for found in others]
    parts = [amount / middle for amount, middle in zip(amounts, medians, strict=True) if middle]
    least = max(deviation(parts, 1.0) if parts else 0.0, (_LEAST_TIMES - 1) / Rule.ROBUST.threshold)

    def usual(hour: int) -> tuple[float, float]:
        return medians[hour], max(deviation(others[hour], medians[hour]), least * medians[hour])

    return usual


def _overall(amounts: Sequence[int]) -> Usual:
    """The mean and the standard deviation of all other hours."""

    def usual(hour: int) -> tuple[float, float]:
        return mean_and_deviation([*amounts[:hour], *amounts[hour + 1 :]])

    return usual
