"""What was reset away in accounts: it does not come back when a call that was in it is priced lower.

A call that came without a price is charged what was held for it. When that was reset away before the price is known,
what it costs less was given back already. So the account is left as it is, and an adjustment says by how much: what is
used stays the sum of records and adjustments.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, literal_column, select

from storage.accounts import Standing
from storage.bulk import one_of
from storage.prepared import Prepared
from storage.tables import AdjustmentRow, RecordRow

_MADE_BY = "suanli"
_WHY = "what was reset away does not come back by a lower price"

_LAST_RECORD = select(func.coalesce(func.max(RecordRow.id), literal_column("0")))
_RESETS = Prepared(
    select(AdjustmentRow.account, func.max(AdjustmentRow.last_record))
    .where(one_of(AdjustmentRow.account, "accounts"), AdjustmentRow.last_record.is_not(None))
    .group_by(AdjustmentRow.account)
)
_NEW = insert(AdjustmentRow)

Lowered = Mapping[int, Sequence[tuple[int, int]]]
"""The records that cost less than they were charged, by account: their numbers, and how much less."""


def last_record(connection: Connection) -> int:
    """The number of the last record. Whoever has an account locked has seen all that were charged to it."""
    return connection.execute(_LAST_RECORD).scalar_one()


def kept_away(
    connection: Connection, standings: Iterable[Standing], used_more: Mapping[int, int], lowered: Lowered, now: datetime
) -> Mapping[int, int]:
    """What these accounts, which are locked, have to be given on top of `used_more`; it is written in the ledger.

    No account is used less by it than was charged since it was reset, and none less than nothing.
    """
    resets: Mapping[int, int] = dict(_RESETS.run(connection, {"accounts": list(lowered)}))
    found = {}
    for each in (standing for standing in standings if standing.id in lowered):
        last = resets.get(each.id, 0)
        gone = sum(less for record, less in lowered[each.id] if record <= last)
        gone += max(0, -(each.used + used_more[each.id] + gone))
        if gone:
            found[each.id] = gone
    rows = [
        {"account": account, "amount": amount, "made_by": _MADE_BY, "why": _WHY, "made_at": now, "last_record": None}
        for account, amount in found.items()
    ]
    if rows:
        connection.execute(_NEW, rows)
    return found
