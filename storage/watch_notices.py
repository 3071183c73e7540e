"""What watches tell, and have yet to tell."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from storage.batches import batches
from storage.columns import UtcDateTime
from storage.prepared import Prepared
from storage.tables import WatchNoticeRow, WatchRow
from storage.upserts import insert_new
from suanli.domain.releases import Fingerprint, Notice, WatchNumber

AnyRow = Row[*tuple[Any, ...]]

_TELL = Prepared(
    insert_new(WatchNoticeRow),
    inserts=("watch", "fingerprint", "change", "why", "queued_at", "due_at", "message_key"),
)

_ALL = select(WatchNoticeRow.__table__)
_OLDER_FIRST = (WatchNoticeRow.watch, WatchNoticeRow.queued_at, WatchNoticeRow.fingerprint)
_TOLD = _ALL.where(WatchNoticeRow.fingerprint == bindparam("of_fingerprint")).order_by(WatchNoticeRow.watch)

_DUE = (WatchNoticeRow.message_key.is_(None), WatchNoticeRow.due_at <= bindparam("now", type_=UtcDateTime()))
_HOW_MANY = (
    select(WatchNoticeRow.watch, func.count().label("due"))
    # What a watch is told while it is dropped waits for nobody.
    .join(WatchRow, WatchRow.number == WatchNoticeRow.watch)
    .where(*_DUE)
    .group_by(WatchNoticeRow.watch)
    .order_by(func.min(WatchNoticeRow.due_at), WatchNoticeRow.watch)
)
_WAITING = _ALL.where(*_DUE, WatchNoticeRow.watch.in_(bindparam("watches", expanding=True))).order_by(*_OLDER_FIRST)

_POSTED = update(WatchNoticeRow).where(
    WatchNoticeRow.watch == bindparam("of_watch"), WatchNoticeRow.fingerprint == bindparam("of_fingerprint")
)
_PUT_OFF = update(WatchNoticeRow).where(
    WatchNoticeRow.watch == bindparam("of_watch"), WatchNoticeRow.message_key.is_(None)
)


class SqlWatchNotices:
    """The notices of the watches of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tell(self, notices: Sequence[Notice]) -> None:
        """Write notices down; one that is there already (watch and fingerprint) is left alone."""
        rows = [
            {
                "watch": notice.watch,
                "fingerprint": notice.fingerprint,
                "change": notice.change,
                "why": json.dumps(notice.why, ensure_ascii=False),
                "queued_at": notice.queued_at,
                "due_at": notice.due_at,
                "message_key": notice.message_key,
            }
            for notice in _in_order(notices)
        ]
        if rows:
            _TELL.run_for_each(self._connection, rows)

    def told(self, fingerprint: Fingerprint) -> Sequence[Notice]:
        """Every notice of a change, by watch."""
        return tuple(map(_notice, self._connection.execute(_TOLD, {"of_fingerprint": fingerprint})))

    def waiting(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Notices that are due and not told, by watch and age: those of the watches that wait longest.

        Whole watches, as many as `limit` notices take, at least one.
        """
        counts = self._connection.execute(_HOW_MANY, {"now": now}).all()
        watches = list(_within(limit, counts))
        rows = (
            row
            for some in batches(sorted(watches))
            for row in self._connection.execute(_WAITING, {"now": now, "watches": some})
        )
        return tuple(map(_notice, rows))

    def posted(self, notices: Sequence[Notice]) -> None:
        """Note the messages that tell of these notices."""
        rows = [
            {"of_watch": each.watch, "of_fingerprint": each.fingerprint, "message_key": each.message_key}
            for each in _in_order(notices)
        ]
        if rows:
            self._connection.execute(_POSTED, rows)

    def put_off(self, watch: WatchNumber, due_at: datetime) -> int:
        """Let what a watch has not told yet be due then; how much that is."""
        return self._connection.execute(_PUT_OFF, {"of_watch": watch, "due_at": due_at}).rowcount


def _in_order(notices: Iterable[Notice]) -> Sequence[Notice]:
    """In one order, or two transactions could wait for each other's rows."""
    return sorted(notices, key=lambda notice: (notice.watch, notice.fingerprint))


def _within(limit: int, counts: Iterable[AnyRow]) -> Iterator[int]:
    """The first watches that have no more than `limit` notices together; the first one in any case."""
    taken = 0
    for watch, due in counts:
        if taken and taken + due > limit:
            return
        taken += due
        yield watch


def _notice(row: AnyRow) -> Notice:
    return Notice(
        watch=row.watch,
        fingerprint=row.fingerprint,
        change=row.change,
        why=tuple(json.loads(row.why)),
        queued_at=row.queued_at,
        due_at=row.due_at,
        message_key=row.message_key,
    )
