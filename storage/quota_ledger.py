"""What was added to accounts, or reset away, beside what calls came to, and the levels that they came to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.account_windows import Slot, SqlWindows
from storage.accounts import WHOLE_ROWS, SqlAccounts, Standing, account_of
from storage.resets import last_record
from storage.tables import AccountRow, AdjustmentRow, QuotaAlertRow
from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Adjustment, Crossing

_NEW = insert(AdjustmentRow)
_SET_USED = update(AccountRow).where(AccountRow.id == bindparam("of_account"))
_NOBODY_KNOWS = QuotaAlertRow.message_key.is_(None)
_OLDEST = (
    select(QuotaAlertRow.account)
    .where(_NOBODY_KNOWS)
    .group_by(QuotaAlertRow.account)
    .order_by(func.min(QuotaAlertRow.reached_at), QuotaAlertRow.account)
    .limit(bindparam("most"))
)
_UNTOLD = (
    WHOLE_ROWS.add_columns(
        QuotaAlertRow.level,
        QuotaAlertRow.reached_at,
        QuotaAlertRow.used.label("used_then"),
        QuotaAlertRow.limit.label("limit_then"),
    )
    .join(QuotaAlertRow, QuotaAlertRow.account == AccountRow.id)
    .where(_NOBODY_KNOWS, QuotaAlertRow.account.in_(_OLDEST))
    .order_by(QuotaAlertRow.reached_at, QuotaAlertRow.account, QuotaAlertRow.level)
)
_ACCOUNT = select(AccountRow.id).where(
    AccountRow.quota == bindparam("quota"),
    AccountRow.span == bindparam("span"),
    AccountRow.starts_at == bindparam("starts_at"),
    AccountRow.ends_at == bindparam("ends_at"),
)
# By the moment too: meanwhile an edit may have taken the account below the level, and a call to it once more.
_TOLD = update(QuotaAlertRow).where(
    QuotaAlertRow.account == _ACCOUNT.scalar_subquery(),
    QuotaAlertRow.level == bindparam("of_level"),
    QuotaAlertRow.reached_at == bindparam("at"),
)


class SqlQuotaLedger:
    """The adjustments and the reached levels of one transaction."""

    __slots__ = ("_accounts", "_connection", "_windows")

    def __init__(self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows

    def fill(self, windows: Sequence[tuple[Slot, int]], made_by: str, why: str, now: datetime) -> None:
        """Let no less than so much be used in these windows, which are open, and locked by this transaction."""
        opened = self._windows.opened([slot for slot, _ in windows], now)
        standings = {each.id: each for each in self._accounts.lock_these(opened.values())}
        for slot, amount in windows:
            standing = standings[opened[slot.key]]
            missing = Nano(amount - standing.used)
            if missing > 0:
                self._add(standing, Adjustment(slot.quota.id, slot.span, slot.window, missing, made_by, why, now))

    def _add(self, standing: Standing, made: Adjustment) -> None:
        """Add to what is used in an account that is locked, and tell of the levels that it comes to by that."""
        if standing.used + made.amount > LARGEST:
            raise MoneyError("so much in one window cannot be counted any more")
        self._write(standing.id, standing.used, made)
        self._accounts.tell([standing], made.made_at, more=made.amount)

    def reset(self, slots: Sequence[Slot], made_by: str, why: str, now: datetime) -> Sequence[Adjustment]:
        """Let nothing be used in these windows. Whoever comes to a level again is told again."""
        self._accounts.take_turn()
        opened = self._windows.opened(slots, now)
        standings = {each.id: each for each in self._accounts.lock_these(list(opened.values())) if each.used}
        made = {
            opened[slot.key]: Adjustment(
                slot.quota.id, slot.span, slot.window, Nano(-standings[opened[slot.key]].used), made_by, why, now
            )
            for slot in slots
            if opened.get(slot.key) in standings
        }
        last = last_record(self._connection) if made else None
        for account, adjustment in made.items():
            self._write(account, standings[account].used, adjustment, last)
        self._accounts.tell_anew([each._replace(used=0) for each in standings.values()], now)
        return tuple(made.values())

    def _write(self, account: int, used: int, made: Adjustment, last: int | None = None) -> None:
        """`last` is the number of the last record that is reset away."""
        row = {"amount": made.amount, "made_by": made.made_by, "why": made.why, "made_at": made.made_at}
        self._connection.execute(_NEW, {"account": account, "last_record": last, **row})
        self._connection.execute(_SET_USED, {"of_account": account, "used": used + made.amount})

    def untold(self, now: datetime, accounts: int) -> Sequence[Crossing]:
        """Levels that were reached and nobody was told of, oldest first: all of so many accounts."""
        return tuple(
            Crossing(account_of(row, now), row.level, row.reached_at, Nano(row.used_then), Nano(row.limit_then))
            for row in self._connection.execute(_UNTOLD, {"most": accounts})
        )

    def told(self, crossings: Sequence[Crossing], message_key: str) -> None:
        """Note the message that tells of these."""
        rows = [
            {
                "quota": each.account.quota,
                "span": each.account.span,
                "starts_at": each.account.window.start,
                "ends_at": each.account.window.end,
                "of_level": each.level,
                "at": each.reached_at,
                "message_key": message_key,
            }
            for each in sorted(crossings, key=lambda each: (each.account.quota, each.account.span, each.level))
        ]
        if rows:
            self._connection.execute(_TOLD, rows)
