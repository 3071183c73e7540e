"""What is read of the hubs: which resources, where the reading of each stands, and what is known of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select, update
from sqlalchemy.sql.dml import UpdateBase

from storage.columns import UtcDateTime
from storage.items import SqlItems
from storage.places import asked, columns_of, of_place
from storage.prepared import Prepared
from storage.tables import ItemRow, ResourceRow, ValidatorRow
from storage.upserts import insert_new, insert_or_set
from suanli.domain.releases import Hub, Known, Part, Place, ResourceId, Tracked, Validator
from suanli.domain.releases.resources import Sweep

HORIZON = timedelta(days=2)
"""Nothing is put off for longer: what is due later was put off before the clock was set back."""

_PARTS = tuple(Part)

AnyRow = Row[*tuple[Any, ...]]

_NOW = bindparam("now", type_=UtcDateTime())
_FAR = bindparam("far", type_=UtcDateTime())
_MOMENT = bindparam("moment", type_=UtcDateTime())

_ALL = select(ResourceRow.__table__)
_NEEDED = _ALL.where(ResourceRow.dropped_at.is_(None))
_OF_PLACE = _NEEDED.where(*of_place(ResourceRow))
_FIND = Prepared(_ALL.where(*of_place(ResourceRow), ResourceRow.part == bindparam("of_part")))
_COLUMNS = ResourceRow.__table__.columns.keys()
_DUE = (
    _NEEDED.where(
        or_(ResourceRow.next_at <= _NOW, ResourceRow.next_at > _FAR),
        ResourceRow.hub.in_(bindparam("hubs", expanding=True)),
    )
    .order_by(ResourceRow.next_at, ResourceRow.id)
    .limit(bindparam("limit"))
)
_HURRY = (
    update(ResourceRow).where(ResourceRow.id == bindparam("of_id"), ResourceRow.next_at > _NOW).values(next_at=_NOW)
)

_STANDING = Prepared(
    select(
        ResourceRow.id, ResourceRow.hub, ResourceRow.name, ResourceRow.folded, ResourceRow.part, ResourceRow.dropped_at
    )
)  # fmt: skip
_NEW = insert_new(ResourceRow)
_NEED = update(ResourceRow).where(ResourceRow.id == bindparam("of_id"))

_NAME = select(ResourceRow.name).where(ResourceRow.id == bindparam("of_id"))
_SAVE = update(ResourceRow).where(ResourceRow.id == bindparam("of_id"))
_SAVE_BY_NAME = Prepared(
    _SAVE.where(ResourceRow.name == bindparam("of_name")).returning(ResourceRow.id),
    inserts=(
        "next_at", "native_id", "status", "baselined_at", "whole", "cursor", "sweep_url", "sweep_high", "silent_until",
        "identified_at", "via", "drifts", "failures", "error", "failing_since", "told_failing", "read_at",
    ),
)  # fmt: skip
_IDENTIFIED = select(func.max(ResourceRow.identified_at)).where(*of_place(ResourceRow))
_TAKEN = select(ResourceRow.part).where(
    ResourceRow.hub == bindparam("of_hub"), ResourceRow.folded == bindparam("new_folded")
)
_WRITE_ANEW = update(ResourceRow).where(*of_place(ResourceRow)).values(name=bindparam("new_name"))
_RENAME = _WRITE_ANEW.where(ResourceRow.part.not_in(_TAKEN.correlate(None))).values(folded=bindparam("new_folded"))

_VALIDATORS = Prepared(
    select(
        ValidatorRow.url, ValidatorRow.etag, ValidatorRow.last_modified, ValidatorRow.next_url, ValidatorRow.token
    ).where(ValidatorRow.resource == bindparam("of_resource"))
)
_KEEP = insert_or_set(ValidatorRow, "etag", "last_modified", "next_url", "token")

_OLD = select(ResourceRow.id).where(ResourceRow.dropped_at < _MOMENT)
_FORGET = (
    delete(ItemRow).where(ItemRow.resource.in_(_OLD)),
    delete(ValidatorRow).where(ValidatorRow.resource.in_(_OLD)),
)
_FORGET_OLD = delete(ResourceRow).where(ResourceRow.dropped_at < _MOMENT)


class SqlResources:
    """The `Resources` of one transaction."""

    __slots__ = ("_connection", "_items")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._items = SqlItems(connection)

    def need(self, needed: Mapping[Place, Sequence[Part]], now: datetime) -> None:
        """Let these be read from now on, and what is not among them no more; its items stay until they are forgotten.

        What is new is due at once; what was dropped before and comes again stands where it stood. A place that comes
        in several spellings is one, and one that is known keeps the spelling it has.
        """
        spelt = {(place.hub, place.name.casefold()): place for place in reversed(tuple(needed))}
        wanted = {(place.hub, place.name.casefold(), part) for place, parts in needed.items() for part in parts}
        changed = []
        for resource, hub, name, folded, part, dropped_at in _STANDING.run(self._connection, {}):
            spelt[hub, folded] = Place(hub, name)
            is_wanted = (hub, folded, part) in wanted
            wanted.discard((hub, folded, part))
            if is_wanted is not (dropped_at is None):
                changed.append({"of_id": resource, "dropped_at": None if is_wanted else now})
        new = [{**columns_of(spelt[hub, folded]), **_fresh(part, now)} for hub, folded, part in sorted(wanted)]
        self._run(_NEW, new)
        self._run(_NEED, sorted(changed, key=lambda row: row["of_id"]))

    def _run(self, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for each of these rows: in one order, or two transactions could wait for each other."""
        if rows:
            self._connection.execute(statement, rows)

    def due(self, now: datetime, limit: int, hubs: Collection[Hub] = tuple(Hub)) -> Sequence[Tracked]:
        """Needed resources that are to be read, those that wait longest first.

        One that is due in more than two days was put off before the clock was set back, and is due.
        """
        asked_for = {"now": now, "far": now + HORIZON, "limit": limit, "hubs": list(hubs)}
        rows = self._connection.execute(_DUE, asked_for)
        return tuple(map(_tracked, rows))

    def find(self, place: Place, part: Part) -> Tracked | None:
        """A resource, needed or not. The place's name in any case."""
        rows = _FIND.run(self._connection, {**asked(place), "of_part": part})
        return _tracked(SimpleNamespace(**dict(zip(_COLUMNS, rows[0], strict=True)))) if rows else None

    def of(self, place: Place) -> Sequence[Tracked]:
        """The needed resources of a place, its name in any case, in the order of their parts."""
        return _in_order(self._connection.execute(_OF_PLACE, asked(place)))

    def all(self) -> Sequence[Tracked]:
        """Every needed resource, by place and part."""
        return _in_order(self._connection.execute(_NEEDED))

    def save(self, tracked: Tracked) -> None:
        """Write a resource back. A changed name of its place is changed for the place's other resources too.

        Where another resource has the new name already, each keeps its own. And a name that was learnt of another
        part in the meantime stays: it is this one that is old.
        """
        standing = {**_standing(tracked), "of_id": tracked.id}
        if _SAVE_BY_NAME.run(self._connection, {**standing, "of_name": tracked.place.name}):
            return
        name = self._connection.execute(_NAME, {"of_id": tracked.id}).scalar()
        if name is not None and name != tracked.place.name:
            self._rename(Place(tracked.place.hub, name), tracked.place.name, tracked.identified_at)
        self._connection.execute(_SAVE, standing)

    def _rename(self, place: Place, name: str, identified_at: datetime | None) -> None:
        """Give all resources of a place a new name, as far as it is free, unless a newer one is known."""
        folded = name.casefold()
        learnt = self._connection.execute(_IDENTIFIED, asked(place)).scalar()
        if learnt is not None and (identified_at is None or identified_at < learnt):
            return
        rename = _WRITE_ANEW if folded == place.name.casefold() else _RENAME
        self._connection.execute(rename, {**asked(place), "new_name": name, "new_folded": folded})

    def hurry(self, resource: ResourceId, now: datetime) -> None:
        """Let a resource be due now; one that is due already keeps its place in the queue."""
        self._connection.execute(_HURRY, {"of_id": resource, "now": now})

    def validators(self, resource: ResourceId) -> Mapping[str, Validator]:
        """What the pages of a resource can be asked with, by their addresses."""
        rows = _VALIDATORS.run(self._connection, {"of_resource": resource})
        return {row[0]: Validator(*row) for row in rows}

    def keep(self, resource: ResourceId, validators: Sequence[Validator]) -> None:
        """Remember these, each in place of an earlier one of its page."""
        ordered = sorted(validators, key=lambda each: each.url)
        self._run(_KEEP, [{"resource": resource, **asdict(each)} for each in ordered])

    def items(self, resource: ResourceId, native_ids: Sequence[str] | None = None) -> Mapping[str, Known]:
        """The items of a resource, these of them, or all."""
        return self._items.of(resource, native_ids)

    def missing(self, resource: ResourceId) -> Mapping[str, Known]:
        """The items of a resource that its last whole readings did not have."""
        return self._items.missing(resource)

    def remember(self, resource: ResourceId, known: Sequence[Known]) -> None:
        """Write items, each in place of what was known of it."""
        self._items.remember(resource, known)

    def newest(self, resource: ResourceId, limit: int) -> Sequence[Known]:
        """The items changed last, newest first; what is gone left out."""
        return self._items.newest(resource, limit)

    def same_model(self, key: str, but: Hub | None = None) -> Sequence[tuple[Place, Known]]:
        """Models and datasets of this `models.key_of`, on other hubs than `but`, the first seen first."""
        return self._items.same_model(key, but)

    def mentioning(self, key: str, since: datetime, *, limit: int) -> Sequence[tuple[Place, Known]]:
        """Items of repositories changed at or after `since` whose text may name this model, the newest first.

        Only likely ones: the parts of the key stand in their text in this order; the caller looks closer.
        """
        return self._items.mentioning(key, since, limit)

    def model_keys(self, since: datetime) -> Sequence[str]:
        """The keys of models first seen at or after `since`, in order."""
        return self._items.model_keys(since)

    def forget_before(self, moment: datetime) -> int:
        """Drop resources that nobody has needed since `moment`, with all that is known of them; how many."""
        for statement in _FORGET:
            self._connection.execute(statement, {"moment": moment})
        return self._connection.execute(_FORGET_OLD, {"moment": moment}).rowcount


def _in_order(rows: Iterable[AnyRow]) -> Sequence[Tracked]:
    return tuple(sorted(map(_tracked, rows), key=lambda each: (each.place, _PARTS.index(each.part))))


def _fresh(part: Part, now: datetime) -> Mapping[str, Any]:
    """A resource that was never read, without its place."""
    placeless = Tracked(ResourceId(0), Place(Hub.GITHUB, ""), part, now)
    return {"part": part, **_standing(placeless)}


def _standing(tracked: Tracked) -> Mapping[str, Any]:
    """Where the reading of a resource stands; what it is of stays."""
    return {
        "next_at": tracked.next_at,
        "native_id": tracked.native_id,
        "status": tracked.status,
        "baselined_at": tracked.baselined_at,
        "whole": tracked.whole,
        "cursor": tracked.cursor,
        "sweep_url": tracked.sweep and tracked.sweep.url,
        "sweep_high": tracked.sweep and tracked.sweep.high,
        "silent_until": tracked.silent_until,
        "identified_at": tracked.identified_at,
        "via": tracked.via,
        "drifts": tracked.drifts,
        "failures": tracked.failures,
        "error": tracked.error,
        "failing_since": tracked.failing_since,
        "told_failing": tracked.told_failing,
        "read_at": tracked.read_at,
    }


def _tracked(row: AnyRow | SimpleNamespace) -> Tracked:
    return Tracked(
        id=ResourceId(row.id),
        place=Place(row.hub, row.name),
        part=row.part,
        next_at=row.next_at,
        native_id=row.native_id,
        status=row.status,
        baselined_at=row.baselined_at,
        whole=row.whole,
        cursor=row.cursor,
        sweep=None if row.sweep_url is None else Sweep(row.sweep_url, row.sweep_high),
        silent_until=row.silent_until,
        identified_at=row.identified_at,
        via=row.via,
        drifts=row.drifts,
        failures=row.failures,
        error=row.error,
        failing_since=row.failing_since,
        told_failing=row.told_failing,
        read_at=row.read_at,
    )
