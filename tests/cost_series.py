"""Made-up spending with the rhythm of a week in it, the same for the same seed, and the seed's own forecast of it."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import NANO, Nano
from suanli.domain.cost.spending import Day, Hour

TODAY = date(2026, 11, 23)
"""A Monday, so that the days before end with a weekend: where a line through seven days is at its worst."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 8, 30, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai."""

_OF_DAY = (1, 1, 1, 1, 1, 1, 1, 2, 5, 10, 14, 13, 8, 10, 14, 15, 14, 12, 8, 6, 5, 4, 3, 2)


def days(amounts: Sequence[float], today: date = TODAY) -> list[Day]:
    """Amounts of the currency's unit as the days before today, the last of them yesterday."""
    first = today - timedelta(days=len(amounts))
    return [Day(first + timedelta(days=n), Nano(round(amount * NANO))) for n, amount in enumerate(amounts)]


def hours(amounts: Sequence[float], first: datetime = MONDAY) -> list[Hour]:
    """Amounts of the currency's unit as one hour after another."""
    return [Hour(first + timedelta(hours=n), Nano(round(amount * NANO))) for n, amount in enumerate(amounts)]


def weekly(seed: int, length: int, first: date) -> list[float]:
    """So many days: less at weekends, growing or shrinking, and noisy, all of it more or less so."""
    random = Random(seed)  # noqa: S311 made-up money
    level, growth, noise, weekend = (
        random.uniform(*ends) for ends in ((50, 500), (-0.004, 0.008), (0.08, 0.25), (0.1, 0.5))
    )
    factors = [random.uniform(0.9, 1.1) * (weekend if day >= 5 else 1) for day in range(7)]
    return [
        level * factors[(first.weekday() + day) % 7] * max(0.05, 1 + growth * day) * math.exp(random.gauss(0, noise))
        for day in range(length)
    ]


def hourly(seed: int, weeks: int, noise: float = 0.2, zone: ZoneInfo = SHANGHAI) -> list[float]:
    """So many weeks of hours: busy in the zone's working hours, and noisy."""
    random = Random(seed)  # noqa: S311 made-up money
    level, weekend = random.uniform(2, 10), random.uniform(0.1, 0.4)
    found = []
    for hour in range(weeks * 168):
        local = (MONDAY + timedelta(hours=hour)).astimezone(zone)
        busy = _OF_DAY[local.hour] * (weekend if local.weekday() >= 5 else 1)
        found.append(level * busy * math.exp(random.gauss(0, noise)))
    return found


def ols(amounts: Sequence[float], ahead: int) -> float:
    """The seed's forecast: the straight line of least squares through the last seven days, and its sum ahead."""
    last = amounts[-7:]
    mean = sum(last) / 7
    slope = sum((day - 3) * (amount - mean) for day, amount in enumerate(last)) / 28
    return sum(mean + slope * (day - 3) for day in range(7, 7 + ahead))
