"""Quotas: limits, and what is granted on top of them for a while."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.account_windows import SqlWindows, slots
from storage.accounts import SqlAccounts
from storage.batches import batches
from storage.past_accounts import past_accounts
from storage.quota_ledger import SqlQuotaLedger
from storage.quota_rows import columns_of, grant_of, quota_of
from storage.tables import QuotaGrantRow, QuotaRow
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import (
    Account,
    Adjustment,
    Crossing,
    Quota,
    QuotaGrant,
    QuotaGrantId,
    QuotaId,
    Scope,
    Span,
)
from suanli.domain.cost.windows import Window

_ALL = select(QuotaRow.__table__).order_by(QuotaRow.id)
_FIND = _ALL.where(QuotaRow.id == bindparam("of_id"))
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
_RUNNING_ONE = _RUNNING.where(QuotaGrantRow.id == bindparam("of_id"))
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

        A new period or zone begins new windows. Another scope or currency raises ValueError: that is another quota.
        So does one of a budget: it is changed with that only.
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
        return tuple(map(quota_of, self._connection.execute(_ALL)))

    def of(self, scopes: Sequence[Scope]) -> Sequence[Quota]:
        """The active quotas of these scopes, by number."""
        return self._windows.active(scopes)

    def accounts(self, quota: QuotaId, now: datetime) -> Sequence[Account]:
        """The windows of now of a quota's limits, by span; one that nothing was held in yet is empty."""
        known = self.find(quota)
        return () if known is None else self._windows.accounts(slots([known], now), now)

    def all_accounts(self, quotas: Sequence[Quota], now: datetime) -> Mapping[QuotaId, Sequence[Account]]:
        """What `accounts` says of each of these, asked for together."""
        found: dict[QuotaId, list[Account]] = {each.id: [] for each in quotas}
        for some in batches(quotas):
            for account in self._windows.accounts(slots(some, now), now):
                found[account.quota].append(account)
        return {number: sorted(accounts, key=attrgetter("span")) for number, accounts in found.items()}

    def past(self, quota: QuotaId, span: Span, now: datetime, limit: int) -> Sequence[Account]:
        """The last windows of a limit that are over by now, newest first; one that nothing was held in is not there."""
        return past_accounts(self._connection, quota, span, now, limit)

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

    def take_back(self, grant: QuotaGrantId, now: datetime) -> bool:
        """End a grant before its time; False when it has ended already, or there is none."""
        self._accounts.take_turn(edits=True)
        row = self._connection.execute(_RUNNING_ONE, {"of_id": grant}).first()
        if row is None or row.expires_at <= now:
            return False
        self._end(grant_of(row), now)
        return True

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

    def adjust(self, quota: QuotaId, span: Span, amount: int, *, made_by: str, why: str, now: datetime) -> Adjustment:
        """Add to, or with a minus take from, what is used in the window of now; it is written in the ledger.

        LookupError when there is no such limit; ValueError when more would be taken than is used.
        """
        known = self.find(quota)
        slot = next((each for each in slots([known] if known else [], now) if each.span is span), None)
        if slot is None:
            raise LookupError(f"quota {quota} has no such limit")
        return self._ledger.adjust(slot, Nano(amount), made_by, why, now)

    def reset(self, quota: QuotaId, *, made_by: str, why: str, now: datetime) -> Sequence[Adjustment]:
        """Let nothing be used in the windows of now, by adjustments; those that it took. What is held stays held."""
        known = self.find(quota)
        return () if known is None else self._ledger.reset(slots([known], now), made_by, why, now)

    def adjustments(self, quota: QuotaId) -> Sequence[Adjustment]:
        """The ledger of a quota, oldest first."""
        return self._ledger.of(quota)

    def untold(self, now: datetime, limit: int) -> Sequence[Crossing]:
        """Levels that were reached and nobody was told of, oldest first."""
        return self._ledger.untold(now, limit)

    def told(self, crossings: Sequence[Crossing], message_key: str) -> None:
        """Note the message that tells of these."""
        self._ledger.told(crossings, message_key)


def _begins(quota: Quota, before: Quota | None) -> bool:
    """Whether a quota is in force in windows in which it was not."""
    old = None if before is None or not before.active else (before.period, before.zone)
    return quota.active and old != (quota.period, quota.zone)
