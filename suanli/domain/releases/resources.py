"""What is read regularly: where each resource stands, what a reading of it brings, and when it is due again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from suanli.domain.releases.items import Item, Part, Place

ResourceId = NewType("ResourceId", int)

OVERLAP = timedelta(seconds=120)
"""How much of what was read is read again: replicas lag behind, and moments have ties (releases.md §2.3)."""

MOST_PAGES = 10
"""Pages of one reading; what lies behind them is read from there on the next time."""

TELL_AFTER = 3
"""Operators hear of a resource after so many failures in a row, and once it is well again (releases.md §2.6)."""

GONE_AFTER = 3
"""So many complete readings in a row without an item, and it is gone: replicas leave things out (releases.md §2.3)."""

APART = timedelta(seconds=30)
"""One that comes sooner after the last confirms nothing of that: one replica that lags could have answered both."""

LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ABSENCE = timedelta(hours=24)
ARCHIVED_EVERY = timedelta(days=1)


class Status(StrEnum):
    """How a resource is doing: MISSING answers 404, BLOCKED is kept from us by law, STRANGE has another identity."""

    WELL = "well"
    FAILING = "failing"
    MISSING = "missing"
    BLOCKED = "blocked"
    ARCHIVED = "archived"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Validator:
    """What a server gave with a page so that it can be asked whether the page changed.

    `token` names the token it was given to, for an ETag holds for that one only (releases.md §0.3); `next_url` is the
    page after it, because a 304 need not say so.
    """

    url: str
    etag: str
    last_modified: str
    next_url: str
    token: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """A reading that was stopped by MOST_PAGES: go on at `url`; the cursor becomes `high` when all is read."""

    url: str
    high: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """What a place is: its number, its present name, and whether it is archived."""

    native_id: str
    name: str
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Tracked:
    """A resource and where its reading stands.

    `native_id` is the place's number on its hub, empty until it was asked for. `baselined_at` is when all there was
    was first taken down, without telling anybody; `whole`, that this was everything and not only the newest. `cursor`
    is the newest change that the server itself named. Items of another program's time, up to `silent_until`, were told
    by that. `via` is the way that worked last, where a hub has several; `drifts` counts its answers in a row that could
    not be understood.
    """

    id: ResourceId
    place: Place
    part: Part
    next_at: datetime
    native_id: str = ""
    status: Status = Status.WELL
    baselined_at: datetime | None = None
    whole: bool = False
    cursor: datetime | None = None
    sweep: Sweep | None = None
    silent_until: datetime | None = None
    identified_at: datetime | None = None
    via: str = ""
    drifts: int = 0
    failures: int = 0
    error: str = ""
    failing_since: datetime | None = None
    told_failing: bool = False
    read_at: datetime | None = None

    @property
    def key(self) -> str:
        """The name that changes of its items carry, the same through renames."""
        return f"{self.place.hub}|{self.part}|{self.native_id or self.place.name.casefold()}"

    @property
    def since(self) -> datetime | None:
        """Changes up to this moment need not be read again; None before the first reading."""
        return self.cursor - OVERLAP if self.cursor else None

    def continued(self, moment: datetime) -> "Tracked":
        """The resource as if it had been read up to `moment`, by a program that told of everything up to then."""
        return replace(self, baselined_at=moment, cursor=moment, silent_until=moment)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a resource brought: the items that may have changed, and where it stands now.

    `whole`: `items` are all there are, so that one that is not among them is missing. `unchanged`: the server said
    that nothing changed since the last look. `cursor` None leaves the cursor where it is.
    """

    items: tuple[Item, ...]
    whole: bool = False
    unchanged: bool = False
    cursor: datetime | None = None
    sweep: Sweep | None = None
    validators: tuple[Validator, ...] = ()
    identity: Identity | None = None
    via: str = ""


def after_reading(tracked: Tracked, reading: Reading, interval: timedelta, now: datetime) -> Tracked:
    """Where a resource stands after a good reading; that its trouble was told stays until its recovery is told too."""
    identity = reading.identity
    archived = identity.archived if identity else tracked.status is Status.ARCHIVED
    wait = ARCHIVED_EVERY if archived and reading.sweep is None else interval
    first = tracked.baselined_at is None
    return replace(
        tracked,
        place=replace(tracked.place, name=identity.name) if identity else tracked.place,
        native_id=identity.native_id if identity else tracked.native_id,
        identified_at=now if identity else tracked.identified_at,
        status=Status.ARCHIVED if archived else Status.WELL,
        baselined_at=tracked.baselined_at or now,
        whole=reading.whole if first else tracked.whole,
        # The first reading is no sweep to be finished: what is older than its pages is taken for known.
        cursor=_later(tracked.cursor, reading.cursor) if first or reading.sweep is None else tracked.cursor,
        sweep=None if first else reading.sweep,
        via=reading.via or tracked.via,
        drifts=0,
        failures=0,
        error="",
        failing_since=None,
        read_at=now,
        next_at=now if reading.sweep and not first else now + wait,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def after_failure(
    tracked: Tracked,
    error: str,
    now: datetime,
    *,
    interval: timedelta,
    status: Status = Status.FAILING,
    drift: bool = False,
) -> Tracked:
    """Where a resource stands after a look that failed: nothing is concluded about its items, and it waits longer.

    The pause doubles from the interval up to an hour; of what is not there any more, up to a day (releases.md §2.5).
    It is never shorter than the interval.
    """
    longest = LONGEST_PAUSE if status is Status.FAILING else LONGEST_ABSENCE
    shortest = max(interval, timedelta(minutes=1))
    pause = max(shortest, min(longest, shortest * 2 ** min(tracked.failures, 12)))
    return replace(
        tracked,
        status=status,
        failures=tracked.failures + 1,
        drifts=tracked.drifts + 1 if drift else tracked.drifts,
        error=error,
        failing_since=tracked.failing_since or now,
        next_at=now + pause,
    )


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a host lets us make, as it said last.

    `limit` and `remaining` are None where it says nothing; `used` counts the requests of ours that it counted, `asked`
    all of them, since the window began that ends at `reset_at`. Nothing is asked before `paused_until`.
    """

    host: str
    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    paused_until: datetime | None = None
    asked: int = 0
    used: int = 0
    pauses: int = 0
    learnt_at: datetime | None = None

    @property
    def reserve(self) -> int:
        """Requests that are left for others: a tenth of the limit (releases.md §2.10)."""
        return self.limit // 10 if self.limit else 0

    def opens_at(self, now: datetime) -> datetime:
        """When the next request may go: now, or when a pause ends or a new window begins."""
        moments = [now]
        if self.paused_until and self.paused_until > now:
            moments.append(self.paused_until)
        if self.remaining is not None and self.reset_at and self.reset_at > now and self.remaining <= self.reserve:
            moments.append(self.reset_at + timedelta(seconds=1))
        return max(moments)
