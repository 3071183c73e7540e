"""The spans of time that limits hold for: half-open, in a zone's own days, and without a job that ends them."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


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
    """The window that a moment is in. Windows of a period follow each other without a gap.

    Hours are those of UTC, all of them as long as an hour is, whatever a zone does to its clocks. A day, a week (from
    Monday), a month and a year are those of the zone, however long.
    """
    if period is Period.HOURLY:
        start = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return Window(start, start + timedelta(hours=1))
    day = moment.astimezone(zone).date()
    first = {
        Period.DAILY: day,
        Period.WEEKLY: day - timedelta(days=day.weekday()),
        Period.MONTHLY: day.replace(day=1),
        Period.YEARLY: day.replace(month=1, day=1),
    }[period]
    after = {
        Period.DAILY: first + timedelta(days=1),
        Period.WEEKLY: first + timedelta(days=7),
        Period.MONTHLY: (first.replace(day=28) + timedelta(days=4)).replace(day=1),
        Period.YEARLY: (first.replace(month=12, day=31) + timedelta(days=1)),
    }[period]
    return Window(*(datetime.combine(each, time(0), zone).astimezone(UTC) for each in (first, after)))
