"""Many holds in one transaction, each decided as if they came one after the other.

What they have in common is done once: one look, one lock of all accounts, one commit. In between they are decided in
memory, in the order in which they were asked for. Locks are taken in the order of `storage.accounts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.account_windows import Plan, SqlWindows
from storage.accounts import SqlAccounts, limit_at
from storage.balances import Balances
from storage.bulk import one_of
from storage.columns import as_kept
from storage.hold_expiry import expire_locked, lock_due
from storage.hold_rows import COLUMNS, NEW_HOLDS, StoredHold
from storage.hold_verdicts import Answer, Call, Full, Verdicts, weigh
from storage.prepared import Prepared
from storage.tables import HoldRow
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import Account, Ask, Decision, Hold, HoldState, Refused, first_full

_FIND = Prepared(select(*COLUMNS).where(one_of(HoldRow.key, "keys")))
_UNDO = delete(HoldRow).where(one_of(HoldRow.key, "keys"))


class HoldBatch:
    """Some calls, of one transaction and one moment, that each ask for a hold; each with the moment it expires at."""

    def __init__(
        self,
        connection: Connection,
        accounts: SqlAccounts,
        windows: SqlWindows,
        asks: Sequence[tuple[Ask, datetime]],
        now: datetime,
    ) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows
        self._asks = asks
        self._now = now

    def decide(self) -> Sequence[Decision | MoneyError]:
        """The answer to each."""
        if not self._asks:
            return ()
        plans, balances, due = self._look()
        calls = [self._call(*asked, plan) for asked, plan in zip(self._asks, plans, strict=True)]
        # Without a lock, for those who ask again and again when there is nothing left.
        early = {} if due else {call: no for call in calls if (no := weigh(balances, call, self._now))}
        placed: dict[str, Call] = {}
        for call in calls:
            if call not in early:
                placed.setdefault(call.key, call)
        made = self._place(placed)
        self._lock(balances, [call for call in calls if call.key in made], due)
        verdicts = Verdicts(balances, early, made, self._find({call.key for call in calls} - made), self._now)
        answers = [verdicts.answer(call) for call in calls]
        self._set_right([placed[key] for key in made], verdicts.granted)
        balances.write(self._accounts)
        return self._explained(answers)

    def _look(self) -> tuple[Sequence[Plan], Balances, Sequence[str]]:
        """The plan for each call, how accounts stand, not locked, and which holds are due, locked."""
        asks = [ask for ask, _ in self._asks]
        known = [self._windows.known(ask, self._now) for ask in asks]
        look = self._accounts.look_at(_ids(plan for plan in known if plan is not None), self._now)
        due = lock_due(self._connection, self._now) if look.due else ()
        plans = self._windows.find_all(asks, look.edition, self._now)
        # What was due when we looked may have been given back by another one since, for whom we waited.
        stale = look.due or any(plan is not before for plan, before in zip(plans, known, strict=True))
        return plans, Balances(self._accounts.read_these(_ids(plans)) if stale else look.standings), due

    def _call(self, ask: Ask, expires_at: datetime, plan: Plan) -> Call:
        hold = Hold(ask.key, ask.fingerprint, ask.amount, ask.currency, HoldState.HELD, self._now, expires_at)
        return Call(ask, as_kept(ask.key), plan, hold)

    def _place(self, calls: Mapping[str, Call]) -> set[str]:
        """Make the holds of these calls before anything is locked; the keys of which there was none."""
        in_order = [calls[key].row for key in sorted(calls)]
        return {key for (key,) in NEW_HOLDS.run(self._connection, in_order)}

    def _lock(self, balances: Balances, calls: Iterable[Call], due: Sequence[str]) -> None:
        """Lock the accounts of these calls and of holds that are due, and give back what these held."""
        freed = expire_locked(self._connection, due, self._now) if due else {}
        members = self._accounts.members(freed) if freed else {}
        ids = _ids(call.plan for call in calls) | {each for some in members.values() for each in some}
        if ids and (freed or self._connection.dialect.name != "sqlite"):  # there, nobody else writes meanwhile
            balances.renew(self._accounts.lock_these(ids))
        balances.give_back(freed, members)

    def _find(self, keys: Iterable[str]) -> dict[str, Hold]:
        asked = list(keys)
        rows = _FIND.run(self._connection, {"keys": asked}) if asked else ()
        return {row.hold.key: row.hold for row in map(StoredHold.of, rows)}

    def _set_right(self, placed: Iterable[Call], granted: Mapping[str, Call]) -> None:
        """Unmake what was not granted; where another call of the same key was, its hold takes the place."""
        wrong = [call.key for call in placed if granted.get(call.key) is not call]
        if wrong:
            self._connection.execute(_UNDO, {"keys": wrong})
        NEW_HOLDS.run(self._connection, [granted[key].row for key in wrong if key in granted])

    def _explained(self, answers: Sequence[Answer]) -> Sequence[Decision | MoneyError]:
        """The answers, with those that were refused told by which account."""
        full = [answer for answer in answers if isinstance(answer, Full)]
        needed = {each.id for answer in full for each in answer.standings}
        shown = self._accounts.shown(needed, self._now) if needed else {}
        return [self._refused(answer, shown) if isinstance(answer, Full) else answer for answer in answers]

    def _refused(self, full: Full, shown: Mapping[int, Account]) -> Refused:
        """A refusal, by the account that explains most."""
        accounts = [
            replace(
                shown[each.id],
                limit=Nano(limit_at(each.limit, each.granted, self._now)),
                used=Nano(each.used),
                held=Nano(each.held),
            )
            for each in full.standings
        ]
        found = first_full(accounts, full.asked)
        if found is None:
            raise LookupError("no account is full")
        return Refused(found, full.asked)


def _ids(plans: Iterable[Plan]) -> set[int]:
    return {account for plan in plans for account in plan.accounts}
