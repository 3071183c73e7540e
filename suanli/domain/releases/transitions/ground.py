"""What differences are judged on: what was there before anybody watched, and which way a listing was read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from suanli.domain.releases.changes import Change
from suanli.domain.releases.items import Item
from suanli.domain.releases.resources import Reading, Tracked

SKEW = timedelta(minutes=10)
"""How far our clock and a hub's may differ: an item may have been new at the first reading and hidden by a replica."""

WIDE_SKEW = timedelta(days=1)
"""The same where nothing old can come up: everything there was had been taken down."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A change of an item, before it has a name. `version` tells it from another change of the same kind."""

    change: Change
    version: str
    occurred_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a resource stood before a reading.

    `since` is when the watch over it began, by our clock; `silent_until` the same by the hub's, where another
    program's cursor was taken over. `same_way`: the listing comes the same way as the last one, so that its revisions
    can be compared.
    """

    since: datetime
    cursor: datetime | None
    whole: bool
    silent_until: datetime | None
    was_read: bool
    same_way: bool

    @classmethod
    def of(cls, tracked: Tracked, reading: Reading) -> Self | None:
        """None for a first reading, which has nothing to be compared with."""
        if tracked.baselined_at is None:
            return None
        return cls(
            since=tracked.baselined_at,
            cursor=tracked.cursor,
            whole=tracked.whole,
            silent_until=tracked.silent_until,
            was_read=tracked.read_at is not None,
            same_way=not tracked.via or not reading.via or tracked.via == reading.via,
        )

    def is_after(self, moment: datetime | None, *, wide: bool = False) -> bool:
        """Whether something of the hub's time happened after the watch began.

        What is newer than everything the hub had named before this reading is, whatever our clock says.
        """
        if moment is None:
            return False
        if self.cursor and moment > self.cursor:
            return True
        if self.silent_until:
            return moment > self.silent_until
        return moment >= self.since - (WIDE_SKEW if wide else SKEW)

    def was_told(self, item: Item) -> bool:
        """Whether another program told of an unknown item: it stood so at the program's cursor.

        Of an item without any moment nobody knows; the first reading after the take-over says nothing of those.
        """
        if self.silent_until is None:
            return False
        moment = item.updated_at or item.published_at or item.created_at
        return moment <= self.silent_until if moment else not self.was_read


def iso(moment: datetime | None) -> str:
    """A moment in a version; the hubs write them in UTC."""
    return moment.isoformat() if moment else ""


def text_of(item: Item) -> str:
    """What of an item is text, in a version."""
    return "\0".join(item.text)
