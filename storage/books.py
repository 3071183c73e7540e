"""Reconciliation: accounts beside holds, records and adjustments; records beside their holds; sums beside records.

Each comparison is one statement, so that what it compares is of one moment, whoever writes meanwhile.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, literal_column, not_, or_, select

from storage.drift import drift
from storage.site_days import SiteDays
from storage.skews import skews
from storage.sum_zone import demand_zone
from storage.tables import AccountRow, HoldRow, RecordRow
from suanli.domain.cost.findings import Fault, Findings, Misfit
from suanli.domain.cost.quotas import HoldState
from suanli.domain.cost.records import RecordId

MOST = 10_000
"""So many records are named at most: when there are more, something is wrong with all."""

_SLACK = timedelta(hours=1)
"""Numbers and times of writing are not quite in the same order: transactions overlap, and clocks differ."""

_records, _holds, _accounts = RecordRow.__table__.c, HoldRow.__table__.c, AccountRow.__table__.c
_NOTHING: ColumnElement[int] = literal_column("0")
_NOT: ColumnElement[bool] = literal_column("1 = 0")


def _known(amount: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(amount, _NOTHING)


_parts = _known(_records.input_cost) + _known(_records.output_cost) + _known(_records.base_cost)
_is_by_hold = _records.account_set.is_(None)
# What counts for an unpriced one is what was held for it, which is looked at beside the hold.
_is_counted_so = or_(
    _records.charged == _records.total_cost,
    and_(_records.total_cost.is_(None), or_(_is_by_hold, _records.charged == _NOTHING)),
)
_PARTS = or_(_parts != _known(_records.total_cost), not_(func.coalesce(_is_counted_so, _NOT)))
_is_settled_so = and_(_holds.state == HoldState.SETTLED, _holds.actual == _records.charged)
_HOLD = and_(_is_by_hold, not_(func.coalesce(_is_settled_so, _NOT)))
_MISFITS = (
    select(_records.id, _records.request_id, _PARTS.label("parts"), _HOLD.label("of_hold"))
    .outerjoin(HoldRow, and_(_is_by_hold, _holds.key == _records.hold))
    .where(or_(_PARTS, _HOLD))
    .order_by(_records.id)
    .limit(MOST)
)
_RECORDS = select(func.count()).select_from(RecordRow)
_ACCOUNTS = select(func.count()).select_from(AccountRow)
_WRITTEN = and_(_records.id >= bindparam("first"), _records.recorded_at >= bindparam("since"))

_BEHIND = select(_records.recorded_at).where(_records.id >= bindparam("number")).order_by(_records.id).limit(1)
_LAST = select(func.coalesce(func.max(_records.id), _NOTHING))


class SqlBooks:
    """The books of one transaction."""

    __slots__ = ("_connection", "_days")

    def __init__(self, connection: Connection, days: SiteDays) -> None:
        self._connection = connection
        self._days = days

    def reconcile(self, now: datetime, since: datetime | None) -> Findings:
        """Compare what accounts say with holds, records and adjustments, and sums with records; nothing is changed.

        With `since`, only accounts whose window ended later, records that were written later, and days that are later
        or that these records happened in. At most `MOST` records are named. Raises OtherZoneError.
        """
        demand_zone(self._connection, self._days.zone)
        first = 0 if since is None else self._first_since(since)
        misfits, records, accounts = _MISFITS, _RECORDS, _ACCOUNTS
        if since is not None:
            misfits, records = misfits.where(_WRITTEN), records.where(_WRITTEN)
            accounts = accounts.where(_accounts.ends_at > bindparam("since"))
        asked = {"since": since, "first": first}
        return Findings(
            accounts=tuple(
                each for each in drift(self._connection, now) if since is None or each.account.window.end > since
            ),
            records=tuple(_named(self._connection.execute(misfits, asked))),
            sums=skews(self._connection, self._days, since, first),
            accounts_seen=self._connection.execute(accounts, asked).scalar_one(),
            records_seen=self._connection.execute(records, asked).scalar_one(),
        )

    def _first_since(self, since: datetime) -> int:
        """A number before which no record was written since: found by halves, for there is no index of that."""
        low, high = 0, self._connection.execute(_LAST).scalar_one() + 1
        while low < high:
            middle = (low + high) // 2
            behind = self._connection.execute(_BEHIND, {"number": middle}).scalar()
            if behind is None or behind >= since - _SLACK:
                high = middle
            else:
                low = middle + 1
        return low


def _named(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[Misfit]:
    for row in rows:
        for is_so, fault in ((row.of_hold, Fault.HOLD), (row.parts, Fault.PARTS)):
            if is_so:
                yield Misfit(RecordId(row.id), row.request_id, fault)
