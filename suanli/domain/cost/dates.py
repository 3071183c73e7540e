"""The days of a zone, as reports are asked for: today, this week, this month, and from one day to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from suanli.domain.cost.windows import Period, window_at

_DAY = timedelta(days=1)
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Dates:
    """Some days in a row, the first and the last of them meant too."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse days that run backwards."""
        if self.last < self.first:
            raise ValueError("the last day is no earlier than the first")

    def __len__(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    @property
    def days(self) -> Sequence[date]:
        """Each of them."""
        return tuple(self.first + n * _DAY for n in range(len(self)))

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When they begin, and when the day after them does."""
        return start_of(self.first, zone), start_of(self.last + _DAY, zone)

    @property
    def before(self) -> "Dates":
        """As many days, right before these."""
        return Dates(self.first - len(self) * _DAY, self.first - _DAY)


def day_at(moment: datetime, zone: ZoneInfo) -> date:
    """The day of a zone that a moment is in, by the windows that its midnights make."""
    return window_at(Period.DAILY, zone, moment).start.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """When a day of a zone begins, in UTC. Its noon says so: a midnight may come twice, or not at all."""
    return window_at(Period.DAILY, zone, datetime.combine(day, _NOON, zone)).start


def last_days(today: date, many: int) -> Dates:
    """So many days, today the last of them."""
    return Dates(today - (many - 1) * _DAY, today)


def week_of(today: date) -> Dates:
    """From Monday to today."""
    return Dates(today - today.weekday() * _DAY, today)


def month_of(today: date) -> Dates:
    """From the first of the month to today."""
    return Dates(today.replace(day=1), today)


def month_before(today: date) -> Dates:
    """The whole month before that of today."""
    last = today.replace(day=1) - _DAY
    return Dates(last.replace(day=1), last)


def same_days_before(today: date) -> Dates:
    """The days of the month before up to the one of today's number, or to its end if that comes first."""
    before = month_before(today)
    return Dates(before.first, min(before.last, before.first + (today.day - 1) * _DAY))
