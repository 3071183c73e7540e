"""What was set right by hand in accounts, and the levels that they came to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.account_windows import Slot, SqlWindows
from storage.accounts import WHOLE_ROWS, SqlAccounts, Standing, account_of
from storage.tables import AccountRow, AdjustmentRow, QuotaAlertRow
from suanli.domain.cost.money import LARGEST, MoneyError, Nano
from suanli.domain.cost.quotas import Adjustment, Crossing, QuotaId
from suanli.domain.cost.windows import Window

_NEW = insert(AdjustmentRow)
_SET_USED = update(AccountRow).where(AccountRow.id == bindparam("of_account"))
_OF_QUOTA = (
    select(
        AdjustmentRow.__table__,
        AccountRow.quota,
        AccountRow.span,
        AccountRow.starts_at,
        AccountRow.ends_at,
    )
    .join(AccountRow, AccountRow.id == AdjustmentRow.account)
    .where(AccountRow.quota == bindparam("of_quota"))
    .order_by(AdjustmentRow.id)
)
_UNTOLD = (
    WHOLE_ROWS.add_columns(
        QuotaAlertRow.level,
        QuotaAlertRow.reached_at,
        QuotaAlertRow.used.label("used_then"),
        QuotaAlertRow.limit.label("limit_then"),
    )
    .join(QuotaAlertRow, QuotaAlertRow.account == AccountRow.id)
    .where(QuotaAlertRow.message_key.is_(None))
    .order_by(QuotaAlertRow.reached_at, QuotaAlertRow.account, QuotaAlertRow.level)
    .limit(bindparam("most"))
)
_ACCOUNT = select(AccountRow.id).where(
    AccountRow.quota == bindparam("quota"),
    AccountRow.span == bindparam("span"),
    AccountRow.starts_at == bindparam("starts_at"),
    AccountRow.ends_at == bindparam("ends_at"),
)
_TOLD = update(QuotaAlertRow).where(
    QuotaAlertRow.account == _ACCOUNT.scalar_subquery(), QuotaAlertRow.level == bindparam("of_level")
)


class SqlQuotaLedger:
    """The adjustments and the reached levels of one transaction."""

    __slots__ = ("_accounts", "_connection", "_windows")

    def __init__(self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows

    def adjust(self, slot: Slot, amount: Nano, made_by: str, why: str, now: datetime) -> Adjustment:
        """Add to what is used in a window, or take from it. Raises ValueError when more is taken than is used."""
        self._accounts.take_turn()
        account = self._windows.open_one(slot, now)
        (standing,) = self._accounts.lock_these([account])
        if standing.used + amount < 0:
            raise ValueError("more is taken than is used")
        made = Adjustment(slot.quota.id, slot.span, slot.window, amount, made_by, why, now)
        self._add(standing, made)
        return made

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
        """Let nothing be used in these windows."""
        self._accounts.take_turn()
        opened = self._windows.opened(slots, now)
        used = {each.id: each.used for each in self._accounts.lock_these(list(opened.values()))}
        made = {
            opened[slot.key]: Adjustment(
                slot.quota.id, slot.span, slot.window, Nano(-used[opened[slot.key]]), made_by, why, now
            )
            for slot in slots
            if slot.key in opened and used[opened[slot.key]]
        }
        for account, adjustment in made.items():
            self._write(account, used[account], adjustment)
        return tuple(made.values())

    def _write(self, account: int, used: int, made: Adjustment) -> None:
        row = {"amount": made.amount, "made_by": made.made_by, "why": made.why, "made_at": made.made_at}
        self._connection.execute(_NEW, {"account": account, **row})
        self._connection.execute(_SET_USED, {"of_account": account, "used": used + made.amount})

    def of(self, quota: QuotaId) -> Sequence[Adjustment]:
        """The ledger of a quota, oldest first."""
        return tuple(
            Adjustment(
                QuotaId(row.quota),
                row.span,
                Window(row.starts_at, row.ends_at),
                Nano(row.amount),
                row.made_by,
                row.why,
                row.made_at,
            )
            for row in self._connection.execute(_OF_QUOTA, {"of_quota": quota})
        )

    def untold(self, now: datetime, limit: int) -> Sequence[Crossing]:
        """Levels that were reached and nobody was told of, oldest first."""
        return tuple(
            Crossing(account_of(row, now), row.level, row.reached_at, Nano(row.used_then), Nano(row.limit_then))
            for row in self._connection.execute(_UNTOLD, {"most": limit})
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
                "message_key": message_key,
            }
            for each in sorted(crossings, key=lambda each: (each.account.quota, each.account.span, each.level))
        ]
        if rows:
            self._connection.execute(_TOLD, rows)
