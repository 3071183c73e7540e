"""What people follow: a place, the changes they want to hear of, a filter, and when they want to hear."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from suanli.domain.chat import OpenId, Target
from suanli.domain.releases.changes import Change, Fingerprint, meaning, parts_of
from suanli.domain.releases.items import Part, Place

WatchNumber = NewType("WatchNumber", int)

MOST_WATCHES = 50
"""Watches of one chat or person."""

MOST_AT_ONCE = 5
"""Of more changes than this in one look, a target gets one message with all of them."""

MOST_LINES = 20
"""Changes that one message names; the rest is counted."""


class Mode(StrEnum):
    """When a watch tells: at once, or everything since the last time together."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a watch tells. `at` is the local time of a daily or weekly message, `weekday` its day (Monday is 0).

    Between the two times of `quiet` (which may reach over midnight) nothing is told; it is told when they end.
    """

    mode: Mode = Mode.INSTANT
    at: time = time(9, 10)
    weekday: int = 0
    quiet: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody follows a place. `words` are of `changes.CHOICES`, `filter` is text in the language of `filters`.

    `declared` names a watch of the settings, which follow what stands there; it is None of those made in chat. What
    happens before `muted_until` is told when that is over, like in quiet hours. `number` 0 is not stored yet.
    """

    number: WatchNumber
    target: Target
    place: Place
    words: tuple[str, ...]
    filter: str
    created_at: datetime
    created_by: OpenId | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    muted_until: datetime | None = None
    declared: str | None = None

    @property
    def changes(self) -> frozenset[Change]:
        """The changes it is about."""
        return meaning(self.words)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What must be read for it."""
        return parts_of(self.place.hub, self.words)


@dataclass(frozen=True, slots=True)
class Notice:
    """A change that a watch is about: why (the words that matched), and which message tells of it.

    `change` is what it counts as for this watch: MATCHED, when the item came to match the filter. `due_at` is when it
    is to be told; `message_key` is None until then.
    """

    watch: WatchNumber
    fingerprint: Fingerprint
    change: Change
    why: tuple[str, ...]
    queued_at: datetime
    due_at: datetime
    message_key: str | None = None


def due_at(watch: Watch, now: datetime, zone: ZoneInfo) -> datetime:
    """When something that a watch finds at `now` is told: never before the mute and the quiet hours are over."""
    rhythm = watch.rhythm
    start = max(now, watch.muted_until) if watch.muted_until else now
    match rhythm.mode:
        case Mode.INSTANT:
            planned = start
        case Mode.HOURLY:
            planned = _next_hour(start, _past_the_hour(watch.number))
        case Mode.DAILY | Mode.WEEKLY:
            planned = next(at for at in _days(rhythm, start, zone) if at >= start)
    return _after_quiet(rhythm.quiet, planned, zone)


def _past_the_hour(number: WatchNumber) -> timedelta:
    """1 to 9 minutes: on the hour everybody's messages go, and platforms refuse some (releases.md §2.9)."""
    return timedelta(minutes=1 + number % 9)


def _next_hour(moment: datetime, past: timedelta) -> datetime:
    """The first moment after `moment` that is so far past an hour."""
    at = moment.replace(minute=0, second=0, microsecond=0) + past
    return at if at > moment else at + timedelta(hours=1)


def _days(rhythm: Rhythm, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day = start.astimezone(zone).date()
    for n in range(9):
        at = datetime.combine(day + timedelta(days=n), rhythm.at, zone).astimezone(start.tzinfo)
        if rhythm.mode is Mode.DAILY or (day + timedelta(days=n)).weekday() == rhythm.weekday:
            yield at


def _after_quiet(quiet: tuple[time, time] | None, moment: datetime, zone: ZoneInfo) -> datetime:
    if quiet is None or quiet[0] == quiet[1]:
        return moment
    begin, end = quiet
    local = moment.astimezone(zone)
    clock = local.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return moment
    day = local.date() + timedelta(days=1 if end <= clock else 0)
    return max(moment, datetime.combine(day, end, zone).astimezone(moment.tzinfo))
