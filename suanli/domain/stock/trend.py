"""Trend and forecast: how fast cards go, how long they last, and how many to buy."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median

from suanli.domain.stock.rules import Rule

LEAST_POINTS = 48
"""Hours with samples, below which nothing is said about a trend (gpu.md §2.1)."""

PERIOD = timedelta(days=14)
"""How far back a trend looks."""

MARGIN = 1.2
"""What is bought for the lead time, over the burn that is expected in it (gpu.md §2.1)."""

MOST_DRAWN = 120
"""Points of a line in a chart: what a screen can show, and a card can hold (30 KB, feishu.md §4.2)."""

HOURS_A_DAY = 24
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """The samples of one hour: free cards at the least, on average and at the most, and all cards on average."""

    at: datetime
    samples: int
    low: int
    mean: float
    high: int
    total: float


@dataclass(frozen=True, slots=True)
class Burn:
    """How many free cards go a day (negative: they grow), from `points` hours up to `computed_at`."""

    per_day: float
    points: int
    computed_at: datetime


def days_until(level: int, free: int, burn: Burn | None) -> float | None:
    """Days until only `level` cards are free; 0 if that is so now, None if nobody knows or they do not shrink."""
    if burn is None:
        return None
    if free <= level:
        return 0.0
    return (free - level) / burn.per_day if burn.per_day > 0 else None


def suggested(min_free: int, lead_days: int, free: int, on_order: int, burn: Burn | None) -> int:
    """How many cards to buy: back to `min_free`, and what goes in the lead time, less what is on order; never < 0."""
    per_day = max(0.0, burn.per_day) if burn else 0.0
    return max(0, math.ceil(per_day * lead_days * MARGIN) + min_free - free - on_order)


def burn(hours: Iterable[Hour], now: datetime) -> Burn | None:
    """The Theil-Sen slope over the hourly minima of the PERIOD up to `now`; None below LEAST_POINTS hours.

    It is the median over every two hours of what went between them, so hours without samples do not matter, and a
    few wild ones move it little. The PERIOD is what bounds the work: 336 hours are 56,280 pairs.
    """
    known = recent(hours, now)
    if len(known) < LEAST_POINTS:
        return None
    lows = [((hour.at - known[0].at) / _HOUR, hour.low) for hour in known]
    per_hour = median([(low - later_low) / (later - at) for (at, low), (later, later_low) in combinations(lows, 2)])
    return Burn(per_hour * HOURS_A_DAY, len(known), now)


def recent(hours: Iterable[Hour], now: datetime) -> tuple[Hour, ...]:
    """The hours of the PERIOD up to `now`, oldest first; of two of the same hour, the one with fewer free cards.

    Hours that are still to come were written before the clock was set back.
    """
    lowest: dict[datetime, Hour] = {}
    for hour in hours:
        if now - PERIOD <= hour.at <= now and (hour.at not in lowest or hour.low < lowest[hour.at].low):
            lowest[hour.at] = hour
    return tuple(lowest[at] for at in sorted(lowest))


def thin(hours: Sequence[Hour]) -> tuple[Hour, ...]:
    """At most MOST_DRAWN hours: of every few in a row the one with the fewest free cards, and the newest.

    No dip is lost: the lowest hour of all is among them.
    """
    step = max(1, -(-(len(hours) - 1) // (MOST_DRAWN - 1)))
    older = range(0, len(hours) - 1, step)
    return (*(min(hours[i : min(i + step, len(hours) - 1)], key=lambda h: h.low) for i in older), *hours[-1:])


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the cards of a scope are heading; None where nobody can tell.

    `free` is of now, `hours` how many hours have samples, `curve` those of them that a chart shows. Without a rule
    there is no threshold to reach, no lead time and nothing to suggest.
    """

    free: int | None
    rule: Rule | None
    on_order: int
    hours: int
    burn: Burn | None
    days_to_threshold: float | None
    days_to_empty: float | None
    suggested: int | None
    curve: tuple[Hour, ...]

    @property
    def is_low(self) -> bool:
        """Whether fewer cards are free than the rule wants."""
        return self.rule is not None and self.free is not None and self.free < self.rule.min_free

    @property
    def is_too_late(self) -> bool:
        """Whether the last card will be gone before new ones could come; where none is left it is gone already."""
        return self.rule is not None and 0 < (self.days_to_empty or 0) < self.rule.lead_days


def forecast(hours: Iterable[Hour], free: int | None, rule: Rule | None, on_order: int, now: datetime) -> Forecast:
    """What is known of a scope's cards with its hours, and what follows from it."""
    known = recent(hours, now)
    speed = burn(known, now)
    to_threshold = to_empty = quantity = None
    if free is not None and speed is not None:
        to_empty = days_until(0, free, speed)
        if rule is not None:
            to_threshold = days_until(rule.min_free, free, speed)
            quantity = suggested(rule.min_free, rule.lead_days, free, on_order, speed)
    return Forecast(free, rule, on_order, len(known), speed, to_threshold, to_empty, quantity, thin(known))
