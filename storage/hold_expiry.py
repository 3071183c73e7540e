"""Holds whose time is over, for whoever is about to decide: locked first, and given back only just before accounts.

A row that is only locked keeps nobody waiting who makes a hold of the same key; one that is changed does. So whoever
still has to wait for accounts or sets that are being made, or for the rows of new holds, has changed no hold yet.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, literal_column, or_, select, update

from storage.accounts import DUE
from storage.batches import batches
from storage.tables import HoldRow
from suanli.domain.cost.quotas import HoldState

Freed = Mapping[int, int]
"""What is given back to the accounts of each set."""

# By an expression: to have the keys in order, SQLite would go through all holds there ever were.
_IN_ORDER = HoldRow.key.concat(literal_column("''"))
LOCK_DUE = select(HoldRow.key).where(*DUE).order_by(_IN_ORDER).with_for_update()
# The one that is asked for among them, in the same order: by clocks that differ, it may be due for another process.
LOCK_DUE_AND = (
    select(HoldRow.key).where(or_(HoldRow.key == bindparam("of_key"), and_(*DUE))).order_by(_IN_ORDER).with_for_update()
)
_EXPIRE = (
    update(HoldRow)
    .where(HoldRow.key.in_(bindparam("keys", expanding=True)), *DUE)
    .values(state=HoldState.EXPIRED, expired_at=bindparam("now"))
    .returning(HoldRow.account_set, HoldRow.amount)
)


def lock_due(connection: Connection, now: datetime, also: str | None = None) -> Sequence[str]:
    """Lock all holds whose time is over, and with them the hold `also`; their keys."""
    locking = LOCK_DUE if also is None else LOCK_DUE_AND
    return connection.execute(locking, {"now": now, "of_key": also}).scalars().all()


def expire_locked(connection: Connection, keys: Sequence[str], now: datetime) -> Freed:
    """Let those of these locked holds expire that are due; what their accounts, by set, are to be given back."""
    freed: Counter[int] = Counter()
    for some in batches(keys):
        for account_set, amount in connection.execute(_EXPIRE, {"keys": some, "now": now}):
            freed[account_set] += amount
    return freed
