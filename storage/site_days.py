"""The days of a site, by number: 0 is the first of January 1970. Quarters of an hour are numbered from then, in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.sum_tail import QUARTER
from suanli.domain.cost.windows import Period, window_at

QUARTERS = 4
"""So many are an hour."""

_LONGEST = 31
"""Days of a month."""

_FIRST = date(1970, 1, 1)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


class SiteDays:
    """The days of a zone; those of quarters that were asked for once are remembered."""

    __slots__ = ("_days", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._days: dict[int, int] = {}

    def of(self, moment: datetime) -> int:
        """The day that a moment is in."""
        start = window_at(Period.DAILY, self.zone, moment).start
        return (start.astimezone(self.zone).date() - _FIRST).days

    def of_quarter(self, quarter: int) -> int:
        """The day that a quarter begins in."""
        day = self._days.get(quarter)
        if day is None:
            if len(self._days) > _MOST:
                self._days.clear()
            day = self._days[quarter] = self.of(moment_of_quarter(quarter))
        return day

    def first_quarter(self, day: int) -> int:
        """The first quarter that begins in a day, or in one that follows."""
        begins = datetime.combine(date_of(day), time(0), self.zone).astimezone(UTC)
        return -int((_FIRST_MOMENT - begins).total_seconds() // QUARTER)


_MOST = 400_000  # more than ten years


def date_of(day: int) -> date:
    """A day as people write it."""
    return _FIRST + day * _DAY


def month_of(day: int) -> int:
    """The first day of the month that a day is in."""
    return day - date_of(day).day + 1


def month_from(day: int) -> int:
    """The first day of the first month that begins on a day, or after it."""
    first = month_of(day)
    return day if day == first else month_of(first + _LONGEST)


def hour_of(moment: datetime) -> int:
    """The number of the hour of UTC that a moment is in."""
    return int((moment - _FIRST_MOMENT) // timedelta(hours=1))


def moment_of_hour(hour: int) -> datetime:
    """When an hour begins."""
    return _FIRST_MOMENT + hour * _HOUR


def moment_of_quarter(quarter: int) -> datetime:
    """When a quarter of an hour begins."""
    return _FIRST_MOMENT + timedelta(seconds=quarter * QUARTER)
