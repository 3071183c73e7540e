"""Windows of a limit that are over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam

from storage.accounts import WHOLE_ROWS, account_of
from storage.tables import AccountRow
from suanli.domain.cost.quotas import Account, QuotaId, Span

_PAST = (
    WHOLE_ROWS.where(
        AccountRow.quota == bindparam("of_quota"),
        AccountRow.span == bindparam("of_span"),
        AccountRow.ends_at <= bindparam("now"),
    )
    .order_by(AccountRow.starts_at.desc(), AccountRow.id.desc())
    .limit(bindparam("most"))
)


def past_accounts(connection: Connection, quota: QuotaId, span: Span, now: datetime, limit: int) -> Sequence[Account]:
    """The last ones that anything was held in, newest first."""
    rows = connection.execute(_PAST, {"of_quota": quota, "of_span": span, "now": now, "most": limit})
    return tuple(account_of(row, now) for row in rows)
