"""Reconciliation: every account against the sums of its holds, records and adjustments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, case, cast, func, literal, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from storage.accounts import WHOLE_ROWS, account_of
from storage.tables import AccountRow, AdjustmentRow, HoldRow, MemberRow, RecordRow
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Drift, HoldState


def _sum(of: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(of), 0), BigInteger)


# First by set, of which there are few beside the holds and the records, then by account.
_HOLDS = select(
    HoldRow.account_set,
    _sum(case((HoldRow.state == HoldState.HELD, HoldRow.amount), else_=0)).label("held"),
    _sum(case((HoldRow.state == HoldState.SETTLED, HoldRow.actual), else_=0)).label("used"),
).group_by(HoldRow.account_set)
# Those without a set of their own count by the hold that they settled.
_RECORDS = (
    select(RecordRow.account_set, literal(0, BigInteger).label("held"), _sum(RecordRow.__table__.c.charged))
    .where(RecordRow.account_set.is_not(None))
    .group_by(RecordRow.account_set)
)
_BY_SET = union_all(_HOLDS, _RECORDS).subquery()
_BY_ACCOUNT = (
    select(MemberRow.account, _sum(_BY_SET.c.held).label("held"), _sum(_BY_SET.c.used).label("used"))
    .join(_BY_SET, _BY_SET.c.account_set == MemberRow.account_set)
    .group_by(MemberRow.account)
    .subquery()
)
_ADJUSTED = (
    select(AdjustmentRow.account, _sum(AdjustmentRow.__table__.c.amount).label("amount"))
    .group_by(AdjustmentRow.account)
    .subquery()
)
_HELD = func.coalesce(_BY_ACCOUNT.c.held, 0)
_USED = func.coalesce(_BY_ACCOUNT.c.used, 0) + func.coalesce(_ADJUSTED.c.amount, 0)
_DRIFT = (
    WHOLE_ROWS.add_columns(_HELD.label("true_held"), _USED.label("true_used"))
    .outerjoin(_BY_ACCOUNT, _BY_ACCOUNT.c.account == AccountRow.id)
    .outerjoin(_ADJUSTED, _ADJUSTED.c.account == AccountRow.id)
    .where(or_(AccountRow.held != _HELD, AccountRow.used != _USED, AccountRow.used < literal(0)))
    .order_by(AccountRow.id)
)


def drift(connection: Connection, now: datetime) -> Sequence[Drift]:
    """Every account that is not the sum of its holds, records and adjustments; one look at one moment.

    And every one that is used less than nothing: more could be held there than its limit.
    """
    rows = connection.execute(_DRIFT)
    return tuple(Drift(account_of(row, now), Nano(row.true_used), Nano(row.true_held)) for row in rows)
