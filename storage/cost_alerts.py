"""What people were told about money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from storage.tables import CostAlertRow
from storage.targets import dump_targets, dump_texts, load_targets, load_texts
from storage.upserts import insert_new
from suanli.domain.cost.alerts import AlertFilter, AlertType, CostAlert, CostAlertId
from suanli.domain.cost.quotas import Scope

_NEW = insert_new(CostAlertRow).returning(CostAlertRow.id)
_KNOWN = select(CostAlertRow.id).where(CostAlertRow.key == bindparam("of_key"))
_ALL = select(CostAlertRow.__table__)
_FIND = _ALL.where(CostAlertRow.id == bindparam("of_id"))
_CHANGE = update(CostAlertRow).where(CostAlertRow.id == bindparam("of_id"))
_STANDS = CostAlertRow.resolved_at.is_(None)
_GOES_ON = or_(CostAlertRow.ends_at.is_(None), CostAlertRow.ends_at > bindparam("now"))
_WOKEN = (
    _ALL.where(_STANDS, CostAlertRow.snoozed_until <= bindparam("now"), _GOES_ON)
    .order_by(CostAlertRow.snoozed_until, CostAlertRow.id)
    .limit(bindparam("most"))
)
_OVER = (
    _ALL.where(_STANDS, CostAlertRow.ends_at <= bindparam("now"))
    .order_by(CostAlertRow.ends_at, CostAlertRow.id)
    .limit(bindparam("most"))
)
_STANDING = _ALL.where(_STANDS, CostAlertRow.type == bindparam("kind")).order_by(CostAlertRow.id)
_OPEN = select(func.count()).where(
    _STANDS,
    _GOES_ON,
    or_(CostAlertRow.snoozed_until.is_(None), CostAlertRow.snoozed_until <= bindparam("now")),
)


class SqlCostAlerts:
    """The `CostAlerts` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, alert: CostAlert) -> CostAlert | None:
        """Write one down; it gets its number. None when there is one of this key."""
        # What goes on is told of every few seconds: a row that gives way would take a number each time.
        if self._connection.execute(_KNOWN, {"of_key": alert.key}).first() is not None:
            return None
        number = self._connection.execute(_NEW, _columns_of(alert)).scalar()
        return None if number is None else replace(alert, id=CostAlertId(number))

    def change(self, alert: CostAlert) -> None:
        """Write one back."""
        self._connection.execute(_CHANGE, {**_columns_of(alert), "of_id": alert.id})

    def find(self, alert: CostAlertId) -> CostAlert | None:
        """One of them."""
        row = self._connection.execute(_FIND, {"of_id": alert}).first()
        return None if row is None else _alert_of(row)

    def page(self, which: AlertFilter, *, before: CostAlertId | None, limit: int) -> Sequence[CostAlert]:
        """The newest first, behind `before`."""
        asked = _ALL.where(*_fitting(which)).order_by(CostAlertRow.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(CostAlertRow.id < before)
        return tuple(map(_alert_of, self._connection.execute(asked)))

    def woken(self, now: datetime, limit: int) -> Sequence[CostAlert]:
        """Those whose snooze is over, that nobody resolved and that are not over, the longest awake first."""
        return tuple(map(_alert_of, self._connection.execute(_WOKEN, {"now": now, "most": limit})))

    def over(self, now: datetime, limit: int) -> Sequence[CostAlert]:
        """Those whose window has ended, which nobody resolved and nothing has ended yet; the oldest window first."""
        return tuple(map(_alert_of, self._connection.execute(_OVER, {"now": now, "most": limit})))

    def standing(self, kind: AlertType) -> Sequence[CostAlert]:
        """Those of a kind that nobody resolved and nothing has ended, by number."""
        return tuple(map(_alert_of, self._connection.execute(_STANDING, {"kind": kind})))

    def open_count(self, now: datetime) -> int:
        """How many nobody has resolved; those that are snoozed or over are left out."""
        return self._connection.execute(_OPEN, {"now": now}).scalar_one()


def _fitting(which: AlertFilter) -> Iterator[ColumnElement[bool]]:
    if which.type is not None:
        yield CostAlertRow.type == which.type
    if which.severity is not None:
        yield CostAlertRow.severity == which.severity
    if which.resolved is not None:
        yield CostAlertRow.resolved_at.is_not(None) if which.resolved else CostAlertRow.resolved_at.is_(None)
    if which.subjects is not None:
        subjects = [(each.kind, each.id) for each in which.subjects]
        yield tuple_(CostAlertRow.subject_kind, CostAlertRow.subject_id).in_(subjects)


def _alert_of(row: Row[*tuple[Any, ...]]) -> CostAlert:
    return CostAlert(
        id=CostAlertId(row.id),
        key=row.key,
        type=row.type,
        severity=row.severity,
        created_at=row.created_at,
        subject=None if row.subject_kind is None else Scope(row.subject_kind, row.subject_id),
        about=load_texts(row.about),
        told=load_targets(row.told),
        read_at=row.read_at,
        read_by=row.read_by,
        snoozed_until=row.snoozed_until,
        snoozed_by=row.snoozed_by,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution,
        rounds=row.rounds,
        told_at=row.told_at,
        ends_at=row.ends_at,
        over=row.over,
    )


def _columns_of(alert: CostAlert) -> Mapping[str, Any]:
    subject = alert.subject
    return {
        "key": alert.key,
        "type": alert.type,
        "severity": alert.severity,
        "created_at": alert.created_at,
        "subject_kind": None if subject is None else subject.kind,
        "subject_id": None if subject is None else subject.id,
        "about": dump_texts(alert.about),
        "told": dump_targets(alert.told),
        "read_at": alert.read_at,
        "read_by": alert.read_by,
        "snoozed_until": alert.snoozed_until,
        "snoozed_by": alert.snoozed_by,
        "resolved_at": alert.resolved_at,
        "resolved_by": alert.resolved_by,
        "resolution": alert.resolution,
        "rounds": alert.rounds,
        "told_at": alert.told_at,
        "ends_at": alert.ends_at,
        "over": alert.over,
    }
