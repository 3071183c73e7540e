"""The items of resources, as they were last read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, select

from storage import documents
from storage.batches import batches
from storage.columns import UtcDateTime
from storage.places import place_of
from storage.prepared import Prepared
from storage.tables import ItemRow, ResourceRow
from storage.upserts import insert_or_set
from suanli.domain.releases import Hub, Item, Kind, Known, Place, ResourceId, State
from suanli.domain.releases.models import key_of

log = structlog.get_logger()

AnyRow = Row[*tuple[Any, ...]]

_SET = (
    "kind", "changed_at", "model_key", "gone", "first_seen_at", "missing", "quiet_until", "document",
)  # fmt: skip
_REMEMBER = Prepared(insert_or_set(ItemRow, *_SET), inserts=("resource", "native_id", *_SET))

_COLUMNS = (
    ItemRow.resource, ItemRow.native_id, ItemRow.first_seen_at, ItemRow.missing, ItemRow.quiet_until, ItemRow.document,
)  # fmt: skip
_ALL = select(*_COLUMNS).where(ItemRow.resource == bindparam("of_resource"))
_MISSING = Prepared(
    select(ItemRow.native_id).where(ItemRow.resource == bindparam("of_resource"), ItemRow.missing > bindparam("times"))
)
_THESE = _ALL.where(ItemRow.native_id.in_(bindparam("native_ids", expanding=True)))
_NEWEST = (
    _ALL.where(ItemRow.gone.is_(False))
    .order_by(ItemRow.changed_at.desc(), ItemRow.native_id.desc())
    .limit(bindparam("limit"))
)
_SAME_MODEL = (
    select(*_COLUMNS, ResourceRow.hub, ResourceRow.name)
    .join(ResourceRow, ResourceRow.id == ItemRow.resource)
    .where(ItemRow.model_key == bindparam("key"))
    .order_by(ItemRow.first_seen_at, ItemRow.resource, ItemRow.native_id)
)
_SAME_MODEL_ELSEWHERE = _SAME_MODEL.where(ResourceRow.hub != bindparam("but"))
_MENTIONING = (
    select(*_COLUMNS, ResourceRow.hub, ResourceRow.name)
    .join(ResourceRow, ResourceRow.id == ItemRow.resource)
    .where(
        ResourceRow.hub == Hub.GITHUB,
        ItemRow.changed_at >= bindparam("moment", type_=UtcDateTime()),
        ItemRow.document.ilike(bindparam("pattern"), escape="\\"),
    )
    .order_by(ItemRow.changed_at.desc(), ItemRow.resource, ItemRow.native_id.desc())
    .limit(bindparam("limit"))
)
_MODEL_KEYS = (
    select(ItemRow.model_key)
    .where(
        ItemRow.model_key.is_not(None),
        ItemRow.kind == Kind.MODEL,
        ItemRow.first_seen_at >= bindparam("moment", type_=UtcDateTime()),
    )
    .distinct()
    .order_by(ItemRow.model_key)
)


class SqlItems:
    """The items of one transaction. One whose stored JSON cannot be read is left out, and that is logged."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, resource: ResourceId, native_ids: Sequence[str] | None) -> Mapping[str, Known]:
        """The items of a resource, these of them, or with None all."""
        if native_ids is None:
            rows: Iterable[AnyRow] = self._connection.execute(_ALL, {"of_resource": resource})
        else:
            rows = self._these(resource, native_ids)
        return {known.item.native_id: known for _, known in _readable(rows)}

    def missing(self, resource: ResourceId) -> Mapping[str, Known]:
        """The items of a resource that its last whole readings did not have."""
        # There mostly are none, and every look asks.
        found = _MISSING.run(self._connection, {"of_resource": resource, "times": 0})
        return self.of(resource, [native_id for (native_id,) in found]) if found else {}

    def _these(self, resource: ResourceId, native_ids: Sequence[str]) -> Iterator[AnyRow]:
        for some in batches(native_ids):
            yield from self._connection.execute(_THESE, {"of_resource": resource, "native_ids": some})

    def remember(self, resource: ResourceId, known: Sequence[Known]) -> None:
        """Write items, each in place of what was known of it."""
        # In one order, or two transactions could wait for each other's rows.
        ordered = sorted(known, key=lambda each: each.item.native_id)
        if ordered:
            _REMEMBER.run_for_each(self._connection, [_row(resource, each) for each in ordered])

    def newest(self, resource: ResourceId, limit: int) -> Sequence[Known]:
        """The items changed last, newest first; what is gone left out."""
        rows = self._connection.execute(_NEWEST, {"of_resource": resource, "limit": limit})
        return tuple(known for _, known in _readable(rows))

    def same_model(self, key: str, but: Hub | None) -> Sequence[tuple[Place, Known]]:
        """Models and datasets of this key, on other hubs than `but`, the first seen first."""
        if but is None:
            rows = self._connection.execute(_SAME_MODEL, {"key": key})
        else:
            rows = self._connection.execute(_SAME_MODEL_ELSEWHERE, {"key": key, "but": but})
        return tuple((place_of(row), known) for row, known in _readable(rows))

    def mentioning(self, key: str, since: datetime, limit: int) -> Sequence[tuple[Place, Known]]:
        """Items of repositories changed at or after `since` whose text may name this model, the newest first."""
        if not key:
            return ()
        asked = {"pattern": _pattern(key), "moment": since, "limit": limit}
        return tuple((place_of(row), known) for row, known in _readable(self._connection.execute(_MENTIONING, asked)))

    def model_keys(self, since: datetime) -> Sequence[str]:
        """The keys of models first seen at or after `since`, in order."""
        return tuple(row.model_key for row in self._connection.execute(_MODEL_KEYS, {"moment": since}))


def _row(resource: ResourceId, known: Known) -> Mapping[str, Any]:
    item = known.item
    return {
        "resource": resource,
        "native_id": item.native_id,
        "kind": item.kind,
        # A tag has no moment of its own, and not every release one of its last change.
        "changed_at": item.updated_at or item.published_at or item.created_at or known.first_seen_at,
        "model_key": _model_key(item),
        "gone": item.state is State.GONE,
        "first_seen_at": known.first_seen_at,
        "missing": known.missing,
        "quiet_until": known.quiet_until,
        "document": documents.dump(item),
    }


def _pattern(key: str) -> str:
    """What the JSON of an item is like that has the parts of this key in it, in their order."""
    plain = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain.replace('-', '%')}%"


def _readable(rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, Known]]:
    for row in rows:
        try:
            item = documents.load(row.document)
        except ValueError:
            log.error("item_unreadable", resource=row.resource, native_id=row.native_id)  # noqa: TRY400 a traceback would show what somebody wrote
            continue
        yield row, Known(item, row.first_seen_at, row.missing, row.quiet_until)


def _model_key(item: Item) -> str | None:
    return key_of(item) or None if item.kind in {Kind.MODEL, Kind.DATASET} else None
