"""Lanes: how soon the next message may go to one place, or to a whole platform.

A platform has the lane of its own name, which only pauses, and one for each of its rates (`feishu#0`, `feishu#1` …).
Whoever reads a lane in order to change it holds the platform's own lane first, so that several processes together
stay within a rate, and wait for each other in one order. On SQLite the transaction does that by itself.

A moment that lies too far ahead was written before the clock was set back. It is not believed, or nothing would leave
until the clock has come there again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from storage.tables import LaneRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.chat import Platform
from suanli.domain.delivery import Rate, earliest, spend

HORIZON = timedelta(hours=2)
"""Nothing rests or waits for longer: retries end within an hour."""

_SKEW = timedelta(minutes=1)
"""How much the clocks of two processes may differ."""

_MAKE = insert_new(LaneRow)
_READ = (
    select(LaneRow.name, LaneRow.full_at, LaneRow.ready_at)
    .where(LaneRow.name.in_(bindparam("names", expanding=True)))
    .order_by(LaneRow.name)
)
_HOLD = _READ.with_for_update()
_SAVE = insert_or_set(LaneRow, "full_at", "ready_at")
_PAUSE = insert_or_set(LaneRow, "ready_at", unless_later="ready_at")


@dataclass(slots=True)
class Lane:
    """A lane while it is held. `full_at` belongs to its rate; nothing goes before `ready_at`, by rate or by pause."""

    name: str
    full_at: datetime | None = None
    ready_at: datetime | None = None
    changed: bool = False

    def set_back(self, now: datetime, rate: Rate | None = None) -> None:
        """Forget what was written before the clock was set back."""
        if self.ready_at is not None and self.ready_at > now + HORIZON:
            self.ready_at, self.changed = None, True
        if rate is not None and self.full_at is not None and self.full_at > latest_full(rate, now):
            self.full_at, self.ready_at, self.changed = None, None, True

    def is_open(self, now: datetime) -> bool:
        """Whether a message may go now."""
        return self.ready_at is None or self.ready_at <= now

    def pass_one(self, rate: Rate, now: datetime) -> None:
        """Count a message that goes now."""
        self.full_at = spend(self.full_at, rate, now)
        self.ready_at = earliest(self.full_at, rate, now)
        self.changed = True


def latest_full(rate: Rate, now: datetime) -> datetime:
    """When the allowance of a lane is whole again at the latest, all of it having been spent just now."""
    return now + rate.interval * rate.burst + _SKEW


def rate_lanes(platform: Platform, rates: int) -> tuple[str, ...]:
    """The names of the lanes of a platform's `rates` rates."""
    return tuple(f"{platform}#{number}" for number in range(rates))


class SqlLanes:
    """The lanes of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, platforms: Mapping[Platform, int]) -> dict[str, Lane]:
        """The own lanes of these platforms, and those of so many of their rates, ours until the transaction ends."""
        names = sorted(
            name for platform, rates in platforms.items() for name in (platform, *rate_lanes(platform, rates))
        )
        held = self._connection.execute(_HOLD, {"names": names}).all()
        if len(held) < len(names):
            self._connection.execute(_MAKE, [{"name": name} for name in names])
            held = self._connection.execute(_HOLD, {"names": names}).all()
        return {row.name: Lane(*row) for row in held}

    def read(self, names: Sequence[str]) -> Mapping[str, Lane]:
        """These lanes, new ones for those that were never used."""
        known = {row.name: Lane(*row) for row in self._connection.execute(_READ, {"names": names})}
        return {name: known.get(name) or Lane(name) for name in names}

    def save(self, lanes: Iterable[Lane]) -> None:
        """Write lanes back that have changed. Their platform is held."""
        changed = (lane for lane in lanes if lane.changed)
        rows = [{"name": lane.name, "full_at": lane.full_at, "ready_at": lane.ready_at} for lane in changed]
        if rows:
            self._connection.execute(_SAVE, rows)

    def pause(self, platform: Platform, lane: str | None, until: datetime) -> None:
        """Let a lane, or with None the whole platform, rest until then, or longer if it rests already."""
        self.hold({platform: 0})
        self._connection.execute(_PAUSE, {"name": lane or platform, "ready_at": until})
