"""Who follows what, and what is to be told to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from storage.places import asked, columns_of, of_place, place_of
from storage.tables import WatchNoticeRow, WatchRow
from storage.watch_notices import SqlWatchNotices
from suanli.domain.chat import Target
from suanli.domain.releases import Fingerprint, Notice, Place, Rhythm, Watch, WatchNumber

AnyRow = Row[*tuple[Any, ...]]

_ALL = select(WatchRow.__table__).order_by(WatchRow.number)
_FIND = _ALL.where(WatchRow.number == bindparam("of_number"))
_OF_PLACE = _ALL.where(*of_place(WatchRow))
_OF_TARGET = _ALL.where(
    WatchRow.platform == bindparam("platform"),
    WatchRow.target_kind == bindparam("target_kind"),
    WatchRow.target_id == bindparam("target_id"),
)
_NEW = insert(WatchRow).returning(WatchRow.number)
_CHANGE = update(WatchRow).where(WatchRow.number == bindparam("of_number"))
_DROP = delete(WatchRow).where(WatchRow.number == bindparam("of_number")).returning(WatchRow.number)
_DROP_UNTOLD = delete(WatchNoticeRow).where(
    WatchNoticeRow.watch == bindparam("of_number"), WatchNoticeRow.message_key.is_(None)
)


class SqlWatches:
    """The `Watches` of one transaction."""

    __slots__ = ("_connection", "_notices")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._notices = SqlWatchNotices(connection)

    def add(self, watch: Watch) -> Watch:
        """Store a watch; it gets its number, higher than any before.

        A second one that is declared under the same name is an error of the database.
        """
        number = self._connection.execute(_NEW, _row(watch)).scalar_one()
        return replace(watch, number=WatchNumber(number))

    def save(self, watch: Watch) -> None:
        """Write a watch back."""
        self._connection.execute(_CHANGE, {**_row(watch), "of_number": watch.number})

    def drop(self, number: WatchNumber) -> bool:
        """Forget a watch and what it has not told yet; False when there is none. What it told stays known."""
        self._connection.execute(_DROP_UNTOLD, {"of_number": number})
        return self._connection.execute(_DROP, {"of_number": number}).first() is not None

    def find(self, number: WatchNumber) -> Watch | None:
        """A watch."""
        row = self._connection.execute(_FIND, {"of_number": number}).first()
        return None if row is None else _watch(row)

    def of_target(self, target: Target) -> Sequence[Watch]:
        """The watches of a chat or person, by number."""
        return tuple(map(_watch, self._connection.execute(_OF_TARGET, _target_columns(target))))

    def of_place(self, place: Place) -> Sequence[Watch]:
        """The watches of a place, its name in any case, by number."""
        return tuple(map(_watch, self._connection.execute(_OF_PLACE, asked(place))))

    def all(self) -> Sequence[Watch]:
        """Every watch, by number."""
        return tuple(map(_watch, self._connection.execute(_ALL)))

    def tell(self, notices: Sequence[Notice]) -> None:
        """Write notices down; one that is there already (watch and fingerprint) is left alone."""
        self._notices.tell(notices)

    def told(self, fingerprint: Fingerprint) -> Sequence[Notice]:
        """Every notice of a change, by watch."""
        return self._notices.told(fingerprint)

    def waiting(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Notices that are due and not told, of those watches that have one, by watch and age.

        Whole watches at a time, as many as `limit` notices take, at least one; those that wait longest first.
        """
        return self._notices.waiting(now, limit)

    def posted(self, notices: Sequence[Notice]) -> None:
        """Note the messages that tell of these notices (`message_key`)."""
        self._notices.posted(notices)

    def put_off(self, watch: WatchNumber, due_at: datetime) -> int:
        """Let what a watch has not told yet be due then; how much that is."""
        return self._notices.put_off(watch, due_at)


def _target_columns(target: Target) -> Mapping[str, Any]:
    return {"platform": target.platform, "target_kind": target.kind, "target_id": target.id}


def _row(watch: Watch) -> Mapping[str, Any]:
    rhythm = watch.rhythm
    return {
        **_target_columns(watch.target),
        **columns_of(watch.place),
        "words": " ".join(watch.words),
        "filter": watch.filter,
        "created_at": watch.created_at,
        "created_by": watch.created_by,
        "mode": rhythm.mode,
        "at": rhythm.at,
        "weekday": rhythm.weekday,
        "quiet_from": rhythm.quiet and rhythm.quiet[0],
        "quiet_to": rhythm.quiet and rhythm.quiet[1],
        "muted_until": watch.muted_until,
        "declared": watch.declared,
    }


def _watch(row: AnyRow) -> Watch:
    quiet = None if row.quiet_from is None else (row.quiet_from, row.quiet_to)
    return Watch(
        number=WatchNumber(row.number),
        target=Target(row.platform, row.target_kind, row.target_id),
        place=place_of(row),
        words=tuple(row.words.split()),
        filter=row.filter,
        created_at=row.created_at,
        created_by=row.created_by,
        rhythm=Rhythm(row.mode, row.at, row.weekday, quiet),
        muted_until=row.muted_until,
        declared=row.declared,
    )
