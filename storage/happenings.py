"""What changed on the hubs."""

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from storage import documents
from storage.batches import batches
from storage.columns import UtcDateTime
from storage.places import asked, columns_of, of_place, place_of
from storage.prepared import Prepared
from storage.tables import HappeningRow, WatchNoticeRow
from storage.upserts import insert_new
from suanli.domain.releases import Event, Fingerprint, Place

log = structlog.get_logger()

AnyRow = Row[*tuple[Any, ...]]

_LENGTH = 32
_MOST_FOUND = 5
_HEX = frozenset(string.hexdigits)

_MOMENT = bindparam("moment", type_=UtcDateTime())
_ORDER = (
    HappeningRow.observed_at,
    func.coalesce(HappeningRow.occurred_at, HappeningRow.observed_at),
    HappeningRow.fingerprint,
)

_ADD = Prepared(
    insert_new(HappeningRow).returning(HappeningRow.fingerprint),
    inserts=(
        "fingerprint", "hub", "name", "folded", "part", "native_id", "change", "occurred_at", "observed_at", "detail",
        "older_branch", "document",
    ),
)  # fmt: skip
_ALL = select(HappeningRow.__table__)
_THESE = _ALL.where(HappeningRow.fingerprint.in_(bindparam("fingerprints", expanding=True)))
_BETWEEN = (
    _ALL.where(HappeningRow.fingerprint.between(bindparam("lowest"), bindparam("highest")))
    .order_by(HappeningRow.fingerprint)
    .limit(_MOST_FOUND)
)
_OF_ITEM = _ALL.where(*of_place(HappeningRow), HappeningRow.native_id == bindparam("of_native_id")).order_by(*_ORDER)
_SINCE = (
    _ALL.where(*of_place(HappeningRow), HappeningRow.observed_at >= _MOMENT)
    .order_by(*(each.desc() for each in _ORDER))
    .limit(bindparam("limit"))
)

_MOVE = update(HappeningRow).where(*of_place(HappeningRow))

_OLD = HappeningRow.observed_at < _MOMENT
_FORGET_NOTICES = delete(WatchNoticeRow).where(
    WatchNoticeRow.fingerprint.in_(select(HappeningRow.fingerprint).where(_OLD))
)
_FORGET_OLD = delete(HappeningRow).where(_OLD)


class SqlHappenings:
    """The `Happenings` of one transaction. One whose stored JSON cannot be read is left out, and that is logged."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, events: Sequence[Event]) -> Sequence[Event]:
        """Write changes down; those that were not there before. The same one again is left alone."""
        distinct: dict[Fingerprint, Event] = {}
        for event in events:
            distinct.setdefault(event.fingerprint, event)
        if not distinct:
            return ()
        # In one order, or two transactions could wait for each other's rows.
        rows = [_row(distinct[fingerprint]) for fingerprint in sorted(distinct)]
        new = {fingerprint for (fingerprint,) in _ADD.run_for_each(self._connection, rows)}
        return tuple(event for event in distinct.values() if event.fingerprint in new)

    def find(self, short: str) -> Sequence[Event]:
        """The changes whose fingerprint begins so, at most five; the # before it is left out, capitals are none."""
        start = short.strip().removeprefix("#").lower()
        if not start or len(start) > _LENGTH or not _HEX.issuperset(start):
            return ()
        ends = {"lowest": start.ljust(_LENGTH, "0"), "highest": start.ljust(_LENGTH, "f")}
        return tuple(_readable(self._connection.execute(_BETWEEN, ends)))

    def by(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, Event]:
        """These changes."""
        return {
            event.fingerprint: event
            for some in batches(fingerprints)
            for event in _readable(self._connection.execute(_THESE, {"fingerprints": some}))
        }

    def moved(self, before: Place, after: Place) -> int:
        """Let what happened at a place be of its new name; how many changes."""
        return self._connection.execute(_MOVE.values(**columns_of(after)), asked(before)).rowcount

    def of_item(self, place: Place, native_id: str) -> Sequence[Event]:
        """What happened to an item, oldest first; the place's name in any case."""
        return tuple(_readable(self._connection.execute(_OF_ITEM, {**asked(place), "of_native_id": native_id})))

    def since(self, place: Place, moment: datetime, limit: int) -> Sequence[Event]:
        """Changes of a place, its name in any case, observed at or after `moment`, oldest first; the newest `limit`."""
        rows = self._connection.execute(_SINCE, {**asked(place), "moment": moment, "limit": limit})
        return tuple(_readable(reversed(rows.all())))

    def forget_before(self, moment: datetime) -> int:
        """Drop changes observed before `moment`, with their notices; how many."""
        self._connection.execute(_FORGET_NOTICES, {"moment": moment})
        return self._connection.execute(_FORGET_OLD, {"moment": moment}).rowcount


def _row(event: Event) -> Mapping[str, Any]:
    return {
        "fingerprint": event.fingerprint,
        **columns_of(event.place),
        "part": event.part,
        "native_id": event.item.native_id,
        "change": event.change,
        "occurred_at": event.occurred_at,
        "observed_at": event.observed_at,
        "detail": event.detail,
        "older_branch": event.older_branch,
        "document": documents.dump(event.item),
    }


def _readable(rows: Iterable[AnyRow]) -> Iterator[Event]:
    for row in rows:
        try:
            item = documents.load(row.document)
        except ValueError:
            log.error("happening_unreadable", fingerprint=row.fingerprint)  # noqa: TRY400 a traceback would show what somebody wrote
            continue
        yield Event(
            fingerprint=row.fingerprint,
            place=place_of(row),
            part=row.part,
            change=row.change,
            item=item,
            occurred_at=row.occurred_at,
            observed_at=row.observed_at,
            detail=row.detail,
            older_branch=row.older_branch,
        )
