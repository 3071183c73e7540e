"""When jobs are due: schedules, their firings, and what to do about firings that were missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from suanli.domain.errors import RemoteError

JobName = NewType("JobName", str)
RunId = NewType("RunId", int)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Intervals count from here, in every process, so that all agree on the moments."""

ON_TIME = timedelta(minutes=1)
"""A firing noticed this late is not missed: the alarm itself may be so late, by a tick or a store that was locked."""

MOST_DUE = 1000
"""Of a downtime of years, this many firings of a schedule are looked at, the newest."""


MOST_TRIES = 5
"""A run whose process died this often is not tried again: it may be what kills them."""


class CatchUp(StrEnum):
    """What to do about firings missed while nothing ran: leave them, or do the last of them once."""

    SKIP = "skip"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Every:
    """Every `interval`, counted from EPOCH."""

    interval: timedelta

    def __post_init__(self) -> None:
        """Refuse an interval that the clock cannot count."""
        if self.interval < timedelta(seconds=1):
            raise ValueError("an interval is at least a second")


@dataclass(frozen=True, slots=True)
class Daily:
    """Each day at this wall-clock time in this zone, once a local date whatever the clocks do."""

    at: time
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Refuse a time that brings a zone of its own."""
        if self.at.tzinfo is not None:
            raise ValueError("a daily time is a wall-clock time; its zone stands beside it")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job's schedule. A firing later than `grace` is missed; a failure has `retries` more tries, `retry_after` apart.

    `lease` is how long a run whose process died keeps its job from being run elsewhere.
    """

    job: JobName
    trigger: Every | Daily
    catch_up: CatchUp = CatchUp.LATEST
    grace: timedelta = timedelta(hours=1)
    retries: int = 0
    retry_after: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(minutes=5)


class RunState(StrEnum):
    """The life of a run: queued → running → ok | failed | lost, with retries back to queued; a missed one never ran."""

    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    LOST = "lost"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Run:
    """A claimed run: ours until its lease ends. `attempt` counts from 1 and fences off a zombie of an earlier try."""

    id: RunId
    job: JobName
    scheduled_for: datetime
    attempt: int
    owner: str


def next_after(trigger: Every | Daily, moment: datetime) -> datetime:
    """The first firing strictly after `moment`, in UTC."""
    if isinstance(trigger, Every):
        return _nth(trigger, _steps(trigger, moment) + 1)
    day = moment.astimezone(trigger.zone).date()
    # Two days further are enough even where a zone once left out a date (Samoa, 2011-12-30).
    candidates = (_on(trigger, day + timedelta(days=n)) for n in range(3))
    return next(at for at in candidates if at > moment)


def _steps(trigger: Every, moment: datetime) -> int:
    return (moment - EPOCH) // trigger.interval


def _nth(trigger: Every, n: int) -> datetime:
    return EPOCH + n * trigger.interval


def _on(trigger: Daily, day: date) -> datetime:
    """The firing of a local date: the earlier one of a wall time that comes twice, and never none.

    A wall time that spring skips counts with the offset before the jump, so it lands after it; where that is the next
    date already (Greenland jumps from 23:00 to midnight), with the offset after the jump, which lands before it.
    """
    wall = datetime.combine(day, trigger.at.replace(fold=0), trigger.zone)
    at = wall.astimezone(UTC)
    if at.astimezone(trigger.zone).date() != day:
        at = wall.replace(fold=1).astimezone(UTC)
    return at


def due_since(trigger: Every | Daily, cursor: datetime, now: datetime) -> Sequence[datetime]:
    """Every firing after `cursor` up to `now`, oldest first; of more than MOST_DUE, the newest."""
    if isinstance(trigger, Every):
        last = _steps(trigger, now)
        first = max(_steps(trigger, cursor) + 1, last - MOST_DUE + 1)
        return [_nth(trigger, n) for n in range(first, last + 1)]
    found: list[datetime] = []
    at = next_after(trigger, max(cursor, now - timedelta(days=MOST_DUE + 2)))
    while at <= now:
        found.append(at)
        at = next_after(trigger, at)
    return found[-MOST_DUE:]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about firings since the cursor: which to run, which to write down as missed."""

    run: tuple[datetime, ...]
    missed: tuple[datetime, ...]


def plan(schedule: Schedule, cursor: datetime | None, now: datetime) -> Plan:
    """What to do about every firing since `cursor`: the last one runs unless it is too late, the others are missed.

    Too late is later than `grace`, or for CatchUp.SKIP, later than ON_TIME. A cursor in the future comes from a clock
    that was wrong for a while, and none at all from a process whose version does not know the job; then only what is
    due right now counts, and the schedule does not fall silent.
    """
    patience = max(schedule.grace, ON_TIME) if schedule.catch_up is CatchUp.LATEST else ON_TIME
    since = cursor if cursor and cursor <= now else now - ON_TIME
    due = tuple(due_since(schedule.trigger, since, now))
    if due and now - due[-1] <= patience:
        return Plan(due[-1:], due[:-1])
    return Plan((), due)


def next_try(schedule: Schedule, run: Run, error: RemoteError, now: datetime) -> datetime | None:
    """When a failed run is tried again, or None: its tries are used up, or trying again cannot help."""
    if error.permanent or run.attempt > schedule.retries:
        return None
    return now + (error.retry_after or schedule.retry_after)
