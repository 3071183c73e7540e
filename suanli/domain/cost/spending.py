"""What was spent, day by day or hour by hour, as the statistics of it take and give it.

Statistics are floats inside. An amount that comes out of them is the nearest nano-unit, half away from zero.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from suanli.domain.cost.money import Nano, kept

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """What was spent, or is expected, on a day."""

    on: date
    amount: Nano


@dataclass(frozen=True, slots=True)
class Hour:
    """What was spent in the hour of UTC that begins at `at`."""

    at: datetime
    amount: Nano


@dataclass(frozen=True, slots=True)
class NotEnough:
    """There are so many days of history, and so many are needed, before anything can be said."""

    days: int
    needed: int


@dataclass(frozen=True, slots=True)
class Days:
    """Amounts of one day after another, from `first` on; a day on which nothing was spent is there, as 0."""

    first: date
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """Amounts of one hour after another, from `first` on; an hour in which nothing was spent is there, as 0."""

    first: datetime
    amounts: tuple[int, ...]


def days_before(days: Iterable[Day], end: date, most: int) -> Days:
    """The last `most` days before `end`, or as many as there are since the first one.

    What stands for the same day is added up. A day whose corrections took away more than was spent counts as 0.
    """
    found: dict[date, int] = defaultdict(int)
    for day in days:
        if day.on < end:
            found[day.on] += day.amount
    first = max(min(found, default=end), end - most * _DAY)
    amounts = (max(0, found.get(first + n * _DAY, 0)) for n in range((end - first).days))
    return Days(first, tuple(amounts))


def hours_up_to(hours: Iterable[Hour], last: datetime, most: int) -> Hours:
    """The `most` hours before the one that `last` is in, or as many as there are since the first one; and that one.

    What stands for the same hour is added up. An hour whose corrections took away more than was spent counts as 0.
    """
    end = start_of_hour(last)
    ago: dict[int, int] = defaultdict(int)
    for hour in hours:
        ago[-((hour.at - end) // _HOUR)] += hour.amount
    first = max(0, min(most, max(ago, default=0)))
    return Hours(end - first * _HOUR, tuple([max(0, ago.get(n, 0)) for n in range(first, -1, -1)]))


def start_of_hour(moment: datetime) -> datetime:
    """The beginning of the hour of UTC that a moment is in."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone is in no hour")
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def nearest(amount: float) -> Nano:
    """The nearest nano-unit, half away from zero. Raises MoneyError for what is too large."""
    return kept(int(Decimal(amount).to_integral_value(ROUND_HALF_UP)))
