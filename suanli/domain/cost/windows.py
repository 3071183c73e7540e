"""The spans of time that limits hold for: half-open, in a zone's own days, and without a job that ends them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_MIDNIGHT = time(0)


class Period(StrEnum):
    """How long a window is."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` on, up to `end`, which is not in it any more; both in UTC."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Whether a moment is in it."""
        return self.start <= moment < self.end


def window_at(period: Period, zone: ZoneInfo, moment: datetime) -> Window:
    """The window that a moment is in. Windows of a period follow each other without a gap, and none overlap.

    Hours are those of UTC, all of them as long as an hour is, whatever a zone does to its clocks. A day, a week (from
    Monday), a month and a year are those of the zone, however long: a day begins when its midnight comes for the
    first time, or would have come where clocks skip it. A day that a zone skips has no window.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone is in no window")
    if period is Period.HOURLY:
        start = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return Window(start, start + _HOUR)
    first = _first_day(period, moment.astimezone(zone).date())
    window = _from(period, zone, first)
    # Clocks set back over midnight show the day before again, whose window has ended by then.
    if moment >= window.end:
        return _from(period, zone, _day_after(period, first))
    # Clocks set forward from before midnight show the new day before its midnight would have come.
    if moment < window.start:
        return _from(period, zone, _first_day(period, first - _DAY))
    return window


def _from(period: Period, zone: ZoneInfo, first: date) -> Window:
    return Window(_midnight(first, zone), _midnight(_day_after(period, first), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _MIDNIGHT, zone).astimezone(UTC)


def _first_day(period: Period, day: date) -> date:
    match period:
        case Period.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Period.MONTHLY:
            return day.replace(day=1)
        case Period.YEARLY:
            return day.replace(month=1, day=1)
        case _:
            return day


def _day_after(period: Period, first: date) -> date:
    """The first day of the window that follows."""
    match period:
        case Period.WEEKLY:
            return first + _WEEK
        case Period.MONTHLY:
            return (first + 31 * _DAY).replace(day=1)
        case Period.YEARLY:
            return first.replace(year=first.year + 1)
        case _:
            return first + _DAY
