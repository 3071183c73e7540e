"""Many settlements in one transaction, each as if they came one after the other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.accounts import SqlAccounts, Standing, levels
from storage.balances import Balances
from storage.bulk import Bulk, given_rows, one_of
from storage.columns import as_kept
from storage.hold_rows import COLUMNS, StoredHold
from storage.prepared import Prepared
from storage.tables import HoldRow
from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Conflict, Hold, HoldState

End = Hold | Conflict | MoneyError | None

_LOCK = Prepared(select(*COLUMNS).where(one_of(HoldRow.key, "keys")).order_by(HoldRow.key).with_for_update())
_ONE = (
    update(HoldRow)
    .where(HoldRow.key == bindparam("of_key"))
    .values(state=bindparam("new_state"), actual=bindparam("new_actual"), finished_at=bindparam("at"))
)
_TYPES = HoldRow.__table__.c
_GIVEN = given_rows(
    of_key=_TYPES.key.type, new_state=_TYPES.state.type, new_actual=_TYPES.actual.type, at=_TYPES.finished_at.type
)
_MANY = (
    update(HoldRow)
    .where(HoldRow.key == _GIVEN.c.of_key)
    .values(state=_GIVEN.c.new_state, actual=_GIVEN.c.new_actual, finished_at=_GIVEN.c.at)
)
SETTLE = Bulk(Prepared(_ONE), _MANY)
"""Settles holds, which are locked."""


def settle_all(
    connection: Connection, accounts: SqlAccounts, ends: Sequence[tuple[str, Nano]], now: datetime
) -> Sequence[End]:
    """Settle these keys at these amounts, none of them less than nothing; what `settle` would answer to each."""
    keys = sorted({as_kept(key) for key, _ in ends})
    found = map(StoredHold.of, _LOCK.run(connection, {"keys": keys})) if keys else ()
    batch = _Batch(accounts, {row.hold.key: row for row in found})
    answers = [batch.settle(key, actual) for key, actual in ends]
    batch.write(connection, now)
    return answers


class _Batch:
    """Holds that are there, locked, by key, and the accounts of those that are not settled yet."""

    def __init__(self, accounts: SqlAccounts, rows: dict[str, StoredHold]) -> None:
        self._accounts = accounts
        self._rows = rows
        open_sets = {row.account_set for row in rows.values() if _is_open(row)}
        self._members = accounts.members(open_sets) if open_sets else {}
        needed = {each for some in self._members.values() for each in some}
        self._balances = Balances(accounts.lock_these(needed) if needed else ())
        self._settled: list[Hold] = []
        self._changes: list[tuple[Standing, int | None]] = []

    def settle(self, key: str, actual: Nano) -> End:
        """Let this be what the call came to."""
        row = self._rows.get(as_kept(key))
        if row is None:
            return None
        if not _is_open(row):
            return row.hold if row.hold.actual == actual else Conflict(key)
        ids = self._members.get(row.account_set, ())
        standings = self._balances.of(ids)
        if any(each.used + actual > LARGEST for each in standings):
            return MoneyError("so much in one window cannot be counted any more")
        self._balances.add(ids, held=-row.weighs, used=actual)
        self._changes.extend((each, actual) for each in standings)
        hold = replace(row.hold, state=HoldState.SETTLED, actual=actual)
        self._rows[hold.key] = replace(row, hold=hold)
        self._settled.append(hold)
        return hold

    def write(self, connection: Connection, now: datetime) -> None:
        """Write down what was settled, and the levels that accounts came to by it."""
        rows = [
            {"of_key": hold.key, "new_state": hold.state, "new_actual": hold.actual, "at": now}
            for hold in self._settled
        ]
        SETTLE.run(connection, rows)
        self._balances.write(self._accounts)
        risen = {after.id for before, after in self._balances.changes() if levels(before, now) != levels(after, now)}
        self._accounts.tell_all([change for change in self._changes if change[0].id in risen], now)


def _is_open(row: StoredHold) -> bool:
    return row.hold.state in {HoldState.HELD, HoldState.EXPIRED}
