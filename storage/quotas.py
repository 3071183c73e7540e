"""Quotas: limits, and what is granted on top of them for a while."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.account_windows import SqlWindows, slots
from storage.accounts import SqlAccounts
from storage.current_accounts import current_accounts, current_levels
from storage.past_accounts import past_accounts, past_used
from storage.prepared import Prepared
from storage.quota_ledger import SqlQuotaLedger
from storage.quota_rows import columns_of, grant_of, quota_of
from storage.tables import QuotaGrantRow, QuotaRow
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import (
    Account,
    Adjustment,
    Crossing,
    Level,
    Quota,
    QuotaGrant,
    QuotaGrantId,
    QuotaId,
    Scope,
    Span,
)
from suanli.domain.cost.windows import Window

_QUOTAS = select(QuotaRow.__table__).order_by(QuotaRow.id)
_ALL = Prepared(_QUOTAS)
_FIND = _QUOTAS.where(QuotaRow.id == bindparam("of_id"))
_NEW = insert(QuotaRow).returning(QuotaRow.id)
_CHANGE = update(QuotaRow).where(QuotaRow.id == bindparam("of_id"))

_GRANTS = select(QuotaGrantRow.__table__).order_by(QuotaGrantRow.id)
_GRANTS_OF = _GRANTS.where(QuotaGrantRow.quota == bindparam("of_quota"))
_NEW_GRANT = insert(QuotaGrantRow).returning(QuotaGrantRow.id)
_RUNNING = (
    select(QuotaGrantRow.__table__)
    .where(QuotaGrantRow.ended_at.is_(None))
    .order_by(QuotaGrantRow.expires_at, QuotaGrantRow.id)
)
_OVER = _RUNNING.where(QuotaGrantRow.expires_at <= bindparam("now")).limit(1)
_END = update(QuotaGrantRow).where(QuotaGrantRow.id == bindparam("of_id")).values(ended_at=bindparam("now"))

Spent = Callable[[Scope, Window], int]
"""What a scope spent in a window, in nano-units, as the records say."""

MADE_BY = "suanli"
WHY = "what was spent in this window before the budget counted it"


class SqlQuotas:
    """The `Quotas` of one transaction."""

    __slots__ = ("_accounts", "_connection", "_ledger", "_windows")

    def __init__(self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows
        self._ledger = SqlQuotaLedger(connection, accounts, windows)

    def add(self, quota: Quota) -> Quota:
        """Store a quota; it gets its number. It counts what is held from now on. Several may be added at once.

        One of a budget raises ValueError: it is added with that only.
        """
        if quota.budget is not None:
            raise ValueError("a quota is added with its budget only")
        self._accounts.edit()
        return self._add(quota)

    def _add(self, quota: Quota) -> Quota:
        number = self._connection.execute(_NEW, columns_of(quota)).scalar_one()
        return replace(quota, id=QuotaId(number))

    def change(self, quota: Quota, now: datetime) -> bool:
        """Write a quota back, and its limits into the windows that are open; False when there is none.

        A new period or zone begins new windows. Windows that it has no more, all of them when it is not active, go on
        counting what was held in them, and refuse nothing and tell nothing. Another scope or currency raises
        ValueError: that is another quota. So does one of a budget: it is changed with that only.
        """
        self._accounts.take_turn(edits=True)
        known = self.find(quota.id)
        if known is None:
            return False
        if (known.scope, known.currency) != (quota.scope, quota.currency):
            raise ValueError(f"quota {quota.id} is of another scope or currency")
        if known.budget is not None or quota.budget is not None:
            raise ValueError(f"quota {quota.id} is changed with its budget only")
        self._connection.execute(_CHANGE, {**columns_of(quota), "of_id": quota.id})
        self._windows.refresh([quota], now)
        return True

    def write(self, quotas: Sequence[Quota], spent: Spent, now: datetime) -> None:
        """Store the quotas of a budget, and write back those that have a number; the turn of editing was taken.

        Those that come into force by it, in whatever window, count what was `spent` before in the window of now too.
        """
        known = {each.id: each for each in self.all()}
        before = [known.get(each.id) for each in quotas]
        written = []
        for quota, old in zip(quotas, before, strict=True):
            if old is None:
                written.append(self._add(quota))
            else:
                self._connection.execute(_CHANGE, {**columns_of(quota), "of_id": quota.id})
                written.append(quota)
        begun = [quota for quota, old in zip(written, before, strict=True) if _begins(quota, old)]
        windows = [(slot, spent(slot.quota.scope, slot.window)) for slot in slots(begun, now)]
        windows = [(slot, amount) for slot, amount in windows if amount > 0]
        self._windows.open([slot for slot, _ in windows], now)
        self._windows.refresh(written, now)
        self._ledger.fill(windows, MADE_BY, WHY, now)

    def find(self, quota: QuotaId) -> Quota | None:
        """A quota."""
        row = self._connection.execute(_FIND, {"of_id": quota}).first()
        return None if row is None else quota_of(row)

    def all(self) -> Sequence[Quota]:
        """Every quota, active or not, by number."""
        return tuple(map(quota_of, _ALL.run(self._connection, {})))

    def of(self, scopes: Sequence[Scope]) -> Sequence[Quota]:
        """The active quotas of these scopes, by number."""
        return self._windows.active(scopes)

    def accounts(self, quota: QuotaId, now: datetime) -> Sequence[Account]:
        """The windows of now of a quota's limits, by span; one that nothing was held in yet is empty."""
        known = self.find(quota)
        return () if known is None else self.all_accounts([known], now)[quota]

    def all_accounts(self, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Sequence[Account]]:
        """What `accounts` says of each of these, asked for together."""
        return current_accounts(self._connection, quotas, now)

    def levels(self, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Level]:
        """The highest level that any limit of each has come to in its window of now; nothing where that is none."""
        return current_levels(self._connection, quotas, now)

    def past(self, quota: QuotaId, span: Span, now: datetime, limit: int) -> Sequence[Account]:
        """The last windows of a limit that are over by now, newest first; one that nothing was held in is not there."""
        return past_accounts(self._connection, quota, span, now, limit)

    def past_used(
        self, quotas: Sequence[QuotaId], span: Span, now: datetime, limit: int
    ) -> Mapping[QuotaId, Sequence[Nano]]:
        """What was used in the last windows of each of these that are over by now, newest first."""
        return past_used(self._connection, quotas, span, now, limit)

    def grant(self, grant: QuotaGrant) -> QuotaGrant:
        """Raise a limit for a while, at once; the grant gets its number. An unknown quota raises LookupError."""
        self._accounts.take_turn(edits=True)
        quota = self.find(grant.quota)
        if quota is None or grant.span not in quota.spans():
            raise LookupError(f"quota {grant.quota} has no such limit")
        row = {name: value for name, value in asdict(grant).items() if name != "id"}
        number = self._connection.execute(_NEW_GRANT, row).scalar_one()
        self._windows.refresh([quota], grant.granted_at)
        return replace(grant, id=QuotaGrantId(number))

    def grants(self, quota: QuotaId) -> Sequence[QuotaGrant]:
        """All that was granted to a quota, by number."""
        return tuple(map(grant_of, self._connection.execute(_GRANTS_OF, {"of_quota": quota})))

    def end_expired(self, now: datetime) -> QuotaGrant | None:
        """Write down that a grant has ended, one whose time is over; None when there is none."""
        if self._connection.execute(_OVER, {"now": now}).first() is None:
            return None  # as nearly always: nobody is made to wait for it
        self._accounts.take_turn(edits=True)
        row = self._connection.execute(_OVER, {"now": now}).first()
        return None if row is None else self._end(grant_of(row), now)

    def _end(self, grant: QuotaGrant, now: datetime) -> QuotaGrant:
        self._connection.execute(_END, {"of_id": grant.id, "now": now})
        quota = self.find(grant.quota)
        if quota is not None:
            self._windows.refresh([quota], now)
        return replace(grant, ended_at=now)

    def reset(self, quota: QuotaId, *, made_by: str, why: str, now: datetime) -> Sequence[Adjustment]:
        """Let nothing be used in the windows of now, by adjustments; those that it took. What is held stays held."""
        known = self.find(quota)
        return () if known is None else self._ledger.reset(slots([known], now), made_by, why, now)

    def untold(self, now: datetime, accounts: int) -> Sequence[Crossing]:
        """Levels that were reached and nobody was told of, oldest first: all those of so many accounts."""
        return self._ledger.untold(now, accounts)

    def told(self, crossings: Sequence[Crossing], message_key: str) -> None:
        """Note the message that tells of these."""
        self._ledger.told(crossings, message_key)


def _begins(quota: Quota, before: Quota | None) -> bool:
    """Whether a quota is in force in windows in which it was not."""
    old = None if before is None or not before.active else (before.period, before.zone)
    return quota.active and old != (quota.period, quota.zone)
