"""Holds: money is put aside in all windows at once or in none, before it is spent.

A hold expires by the clock of whoever looks: what is due gives its money back before anything is decided, so that
nobody is refused for it, however late the sweep.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, text, update

from storage.account_windows import Plan, SqlWindows
from storage.accounts import DUE, SqlAccounts, Standing, have_room
from storage.drift import drift
from storage.hold_batches import HoldBatch
from storage.hold_expiry import Freed, expire_locked, lock_due
from storage.hold_rows import COLUMNS, NEW_HOLD, NEW_HOLD_MOVED, StoredHold, named_new, row_of
from storage.prepared import Prepared
from storage.tables import HoldRow
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import (
    Account,
    Ask,
    Conflict,
    Decision,
    Drift,
    Granted,
    Hold,
    HoldState,
    Refused,
    first_full,
)

_FIND = Prepared(select(*COLUMNS).where(HoldRow.key == bindparam("of_key")))
_UNDO = delete(HoldRow).where(HoldRow.key == bindparam("of_key"))

_NEXT_DUE = (
    select(HoldRow.key).where(*DUE).order_by(HoldRow.expires_at).limit(1).with_for_update(skip_locked=True)
).scalar_subquery()
_EXPIRE_ONE = (
    update(HoldRow)
    .where(HoldRow.key == _NEXT_DUE)
    .values(state=HoldState.EXPIRED, expired_at=bindparam("now"))
    .returning(*COLUMNS)
)

_REFUND = Prepared(
    update(HoldRow)
    .where(HoldRow.key == bindparam("of_key"), text("state = 'held'"))
    .values(state=bindparam("new_state"), finished_at=bindparam("now"))
    .returning(*COLUMNS)
)
_RAISE = (
    update(HoldRow)
    .where(HoldRow.key == bindparam("of_key"))
    .values(amount=bindparam("new_amount"), expires_at=bindparam("new_expiry"))
)


class SqlHolds:
    """The `Holds` of one transaction."""

    __slots__ = ("_accounts", "_connection", "_windows")

    def __init__(self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows

    def hold(self, ask: Ask, now: datetime, expires_at: datetime) -> Decision:
        """Put money aside in all windows of now of all quotas of these scopes, or in none.

        The same key again is answered as before, whatever is left by now; a refusal is not remembered. What has
        expired weighs no more, swept up or not.
        """
        self._accounts.take_turn()
        known = self._windows.known(ask, now)
        look = self._accounts.look(None if known is None else known.account_set, now)
        due = lock_due(self._connection, now) if look.due else ()
        if known is not None and known.edition == look.edition:
            plan = known
        else:
            plan = self._windows.find(ask, look.edition, now)
        # What was due when we looked may have been given back by another one since, for whom we waited.
        stale = look.due or plan is not known
        seen = self._accounts.read(plan.account_set) if stale else look.standings
        early = None if due else self._early(ask, plan, seen, now)
        return early or self._decide(ask, plan, seen, due, (now, expires_at))

    def _early(self, ask: Ask, plan: Plan, seen: Sequence[Standing], now: datetime) -> Decision | None:
        """The answer to those who ask again and again when there is nothing left, without a lock; None for others."""
        try:
            refused = self._refused(plan.account_set, seen, ask.amount, now)
        except MoneyError:
            known = self._replayed(ask)
            if known is None:
                raise
            return known
        return None if refused is None else self._replayed(ask) or refused

    def _decide(
        self, ask: Ask, plan: Plan, seen: Sequence[Standing], due: Sequence[str], life: tuple[datetime, datetime]
    ) -> Decision:
        hold = Hold(ask.key, ask.fingerprint, ask.amount, ask.currency, HoldState.HELD, *life)
        if not due and self._connection.dialect.name == "postgresql":
            return self._decide_at_once(ask, hold, plan)
        is_new = bool(NEW_HOLD.run(self._connection, row_of(hold, plan.account_set)))
        freed = expire_locked(self._connection, due, life[0])
        if not is_new:
            self._give_back(freed)
            return self._replayed(ask) or Conflict(ask.key)
        standings = self._locked(plan.account_set, freed, seen)
        refused = None if standings is seen else self._refused(plan.account_set, standings, ask.amount, life[0])
        if refused is not None:
            self._connection.execute(_UNDO, {"of_key": ask.key})
            return refused
        self._accounts.move(plan.account_set, held=ask.amount)
        return Granted(hold)

    def _decide_at_once(self, ask: Ask, hold: Hold, plan: Plan) -> Decision:
        """As `_decide`, nearly always in one statement: the accounts have moved before it is known that they may."""
        row = named_new(row_of(hold, plan.account_set))
        made = NEW_HOLD_MOVED.run(self._connection, row, plan.account_set, held=ask.amount)
        if made is None:
            return self._replayed(ask) or Conflict(ask.key)
        _, standings = made
        if have_room(standings, ask.amount, hold.created_at):
            return Granted(hold)
        self._accounts.move(plan.account_set, held=-ask.amount)
        self._connection.execute(_UNDO, {"of_key": ask.key})
        return self._refused(plan.account_set, standings, ask.amount, hold.created_at) or Conflict(ask.key)

    def hold_all(self, asks: Sequence[tuple[Ask, datetime]], now: datetime) -> Sequence[Decision | MoneyError]:
        """What `hold` would answer to each of these, one after the other; each comes with the moment it expires at.

        Where `hold` would raise MoneyError, that is the answer, and the others are decided all the same. A few
        hundred at once, at the most.
        """
        self._accounts.take_turn()
        return HoldBatch(self._connection, self._accounts, self._windows, asks, now).decide()

    def raise_hold(self, key: str, amount: Nano, now: datetime, expires_at: datetime) -> Decision | None:
        """Let a hold be of so much in all, and last so long, or leave it as it is; None when there is none.

        It stays with the windows it was made in, and becomes neither less nor shorter. One that has come to an end
        is a Conflict.
        """
        self._accounts.take_turn()
        freed = expire_locked(self._connection, lock_due(self._connection, now, key), now)
        row = self._find(key)
        if row is None or row.hold.state is not HoldState.HELD:
            self._give_back(freed)
            return None if row is None else Conflict(key)
        more = max(0, amount - row.hold.amount)
        standings = self._locked(row.account_set, freed)
        # What needs nothing more is never refused: only its time is prolonged.
        refused = self._refused(row.account_set, standings, more, now) if more else None
        if refused is not None:
            return refused
        raised = replace(row.hold, amount=Nano(row.hold.amount + more), expires_at=max(expires_at, row.hold.expires_at))
        self._connection.execute(_RAISE, {"of_key": key, "new_amount": raised.amount, "new_expiry": raised.expires_at})
        self._accounts.move(row.account_set, held=more)
        return Granted(raised, replayed=raised == row.hold)

    def refund(self, key: str, now: datetime) -> Hold | Conflict | None:
        """Give back what was held, for a call that was none; of an expired hold, nothing is left to be given back.

        The same again changes nothing; after it was settled, it is a Conflict. None when there is no hold.
        """
        self._accounts.take_turn()
        found = _REFUND.run(self._connection, {"of_key": key, "new_state": HoldState.REFUNDED, "now": now})
        if not found:
            known = self.find(key)
            return Conflict(key) if known is not None and known.state is HoldState.SETTLED else known
        row = StoredHold.of(found[0])
        self._accounts.lock(row.account_set)
        self._accounts.move(row.account_set, held=-row.hold.amount)
        return row.hold

    def expire(self, now: datetime) -> Hold | None:
        """Give back what is held by one hold whose time is over; None when there is none that nobody is busy with."""
        self._accounts.take_turn()
        found = self._connection.execute(_EXPIRE_ONE, {"now": now}).first()
        if found is None:
            return None
        row = StoredHold.of(tuple(found))
        self._accounts.lock(row.account_set)
        self._accounts.move(row.account_set, held=-row.hold.amount)
        return row.hold

    def find(self, key: str) -> Hold | None:
        """A hold."""
        row = self._find(key)
        return None if row is None else row.hold

    def accounts(self, key: str, now: datetime) -> Sequence[Account]:
        """The windows that a hold is against, from the user's to the organisation's."""
        row = self._find(key)
        return () if row is None else self._accounts.of(row.account_set, now)

    def drift(self, now: datetime) -> Sequence[Drift]:
        """Every account that is not the sum of its holds and adjustments. Nothing is corrected."""
        return drift(self._connection, now)

    def _find(self, key: str) -> StoredHold | None:
        found = _FIND.run(self._connection, {"of_key": key})
        return StoredHold.of(found[0]) if found else None

    def _replayed(self, ask: Ask) -> Decision | None:
        hold = self.find(ask.key)
        if hold is None:
            return None
        return Granted(hold, replayed=True) if hold.fingerprint == ask.fingerprint else Conflict(ask.key)

    def _refused(self, account_set: int, standings: Sequence[Standing], amount: int, now: datetime) -> Refused | None:
        if have_room(standings, amount, now):
            return None
        full = first_full(self._accounts.of(account_set, now), amount)
        return None if full is None else Refused(full, Nano(amount))

    def _locked(self, account_set: int, freed: Freed, seen: Sequence[Standing] | None = None) -> Sequence[Standing]:
        """The accounts of a set, locked, with all that expired holds gave back."""
        if not freed:
            return self._accounts.lock(account_set, seen)
        self._give_back(freed, account_set)
        return self._accounts.read(account_set)

    def _give_back(self, freed: Freed, *others: int) -> None:
        """Give back to the accounts of each set, all of them at once: there may be thousands after a long stop."""
        if not freed:
            return
        members = self._accounts.members({*freed, *others})
        self._accounts.lock_these({account for some in members.values() for account in some})
        moves: Counter[int] = Counter()
        for account_set, amount in freed.items():
            for account in members.get(account_set, ()):
                moves[account] -= amount
        self._accounts.move_all((account, held, 0) for account, held in moves.items())
