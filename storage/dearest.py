"""The dearest records, or the cheapest, looked for day by day: within a day, an index has them in their order.

An index of all records by cost would have each new one written to a place of its own; beneath ten million of them that
takes longer than all else that a record needs. The part of a day is small, and at hand while that day's are written.

First each day is asked for its dearest. Those are gone through from the dearest on, and each is asked for more, until
the next one's dearest is not dear enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal_column, select
from sqlalchemy.sql.selectable import CTE

from storage.tables import RecordRow
from storage.tables.utc_day import UtcDay

_here = RecordRow.__table__.c
_day = UtcDay(_here.happened_at)
_PRICED = _here.total_cost.is_not(None)
_MOST: ColumnElement[int] = bindparam("most")
_ONE: ColumnElement[int] = literal_column("1")

Priced = tuple[int, int]
"""What a record costs, and its number."""


@dataclass(frozen=True, slots=True)
class Among:
    """Which records are meant: somebody's, if `user` is said, that fit all else; moments are half-open."""

    user: str
    fits: Sequence[ColumnElement[bool]]
    since: datetime | None
    until: datetime | None


def dearest(
    connection: Connection, among: Among, behind: ColumnElement[bool] | None, *, ascending: bool, limit: int
) -> Sequence[int]:
    """The numbers of so many records that have a cost, in order; those of one cost by number. `behind` leaves some out.

    Conditions other than the user's are not looked up in an index, so one that few fit has all records read.
    """
    some = [*_those_of(among), _PRICED, *([] if behind is None else [behind])]
    order = (_here.total_cost, _here.id) if ascending else (_here.total_cost.desc(), _here.id.desc())
    best = _bests(connection, among, select(_here.total_cost).where(*some).order_by(*order).limit(_ONE))
    in_day = select(_here.total_cost, _here.id).where(*some, _day == bindparam("day")).order_by(*order).limit(_MOST)
    found: list[Priced] = []
    for cost, day in sorted(best, reverse=not ascending):
        if len(found) == limit and (cost > found[-1][0] if ascending else cost < found[-1][0]):
            break
        found += [(row.total_cost, row.id) for row in connection.execute(in_day, {"day": day, "most": limit})]
        found = sorted(found, reverse=not ascending)[:limit]
    return [number for _, number in found]


def _those_of(among: Among) -> list[ColumnElement[bool]]:
    """Each as a condition; only the user's is one that an index may be searched by."""
    found = [*([_here.user == among.user] if among.user else []), *among.fits]
    happened_at = unsought(_here.happened_at)
    if among.since is not None:
        found.append(happened_at >= among.since)
    if among.until is not None:
        found.append(happened_at < among.until)
    return found


def unsought(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as databases do not search an index by it."""
    return func.coalesce(column, column)


def _bests(connection: Connection, among: Among, best: Select[Any]) -> Sequence[tuple[int, date]]:
    """What the best record of each day costs, and the day; days without any are left out."""
    days = _days(among)
    of_day = best.where(_day == days.c.day).correlate(days).scalar_subquery()
    rows = connection.execute(select(of_day, days.c.day).where(days.c.day.is_not(None)))
    return [(cost, day) for cost, day in rows if cost is not None]


def _days(among: Among) -> CTE:
    """The days in which anything happened, one after the other: from each, the index is asked for the next one."""
    of_user = [_here.user == among.user] if among.user else []
    upto = [] if among.until is None else [_day <= among.until.astimezone(UTC).date()]
    since = [] if among.since is None else [_day >= among.since.astimezone(UTC).date()]
    days = (
        select(func.min(_day, type_=_day.type).label("day")).where(*of_user, *since, *upto).cte("days", recursive=True)
    )
    following = select(func.min(_day, type_=_day.type)).where(*of_user, *upto, _day > days.c.day).correlate(days)
    return days.union_all(select(following.scalar_subquery()).where(days.c.day.is_not(None)))
