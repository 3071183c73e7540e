"""Windows of a limit that are over."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, literal_column, select

from storage.accounts import WHOLE_ROWS, account_of
from storage.prepared import Prepared
from storage.tables import AccountRow
from suanli.domain.cost.money import Nano
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


# What an account's own table says, without the quota: of hundreds of quotas at once.
_PAST_USED = Prepared(
    select(AccountRow.quota, AccountRow.used)
    .where(
        AccountRow.quota == bindparam("of_quota"),
        AccountRow.span == bindparam("of_span"),
        AccountRow.ends_at <= bindparam("now"),
    )
    .order_by(AccountRow.starts_at.desc(), AccountRow.id.desc())
    .limit(bindparam("most"))
    .offset(literal_column("0"))  # said, or SQLAlchemy makes a parameter of it for SQLite
)


def past_used(
    connection: Connection, quotas: Sequence[QuotaId], span: Span, now: datetime, limit: int
) -> Mapping[QuotaId, Sequence[Nano]]:
    """What was used in the last ones of each quota that anything was held in, newest first."""
    found: dict[QuotaId, list[Nano]] = {quota: [] for quota in quotas}
    asked = [{"of_quota": quota, "of_span": span, "now": now, "most": limit} for quota in quotas]
    for quota, used in _PAST_USED.run_for_each(connection, asked) if asked else ():
        found[quota].append(Nano(used))
    return found


def past_accounts(connection: Connection, quota: QuotaId, span: Span, now: datetime, limit: int) -> Sequence[Account]:
    """The last ones that anything was held in, newest first."""
    rows = connection.execute(_PAST, {"of_quota": quota, "of_span": span, "now": now, "most": limit})
    return tuple(account_of(row, now) for row in rows)
