"""Which accounts a call is against: found, opened when their window begins, and remembered for the next call.

No job begins or ends a window. The first hold in it opens its account; who opens accounts holds the book of quotas,
shared, so that no edit passes by an account that is just being made.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, select, tuple_, update

from storage.accounts import BOOK, WHOLE_ROWS, SqlAccounts, Standing, account_of, limit_at, written_grants
from storage.quota_rows import quota_of, tuning_of
from storage.tables import AccountRow, AccountSetRow, MemberRow, QuotaBookRow, QuotaGrantRow, QuotaRow
from storage.upserts import insert_new
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import Account, Ask, Quota, QuotaId, Scope, Span
from suanli.domain.cost.windows import Window, window_at

_MOST_PLANS = 50_000
_EVER = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

_ACTIVE = (
    select(QuotaRow.__table__)
    .where(
        QuotaRow.active,
        tuple_(QuotaRow.scope_kind, QuotaRow.scope_id).in_(bindparam("scopes", expanding=True)),
    )
    .order_by(QuotaRow.id)
)
_BINDING = _ACTIVE.where(QuotaRow.currency == bindparam("currency"))
_OPEN_NOW = select(
    AccountRow.id, AccountRow.rank, AccountRow.quota, AccountRow.span, AccountRow.starts_at, AccountRow.ends_at
).where(
    AccountRow.quota.in_(bindparam("quotas", expanding=True)),
    AccountRow.starts_at <= bindparam("now"),
    AccountRow.ends_at > bindparam("now"),
)
_HOLD_BOOK = select(QuotaBookRow.edition).where(QuotaBookRow.id == BOOK).with_for_update(read=True)
_OPEN = insert_new(AccountRow)
_RUNNING = (
    select(QuotaGrantRow.quota, QuotaGrantRow.span, QuotaGrantRow.amount, QuotaGrantRow.expires_at)
    .where(QuotaGrantRow.quota.in_(bindparam("quotas", expanding=True)), QuotaGrantRow.ended_at.is_(None))
    .order_by(QuotaGrantRow.id)
)
_SET = select(AccountSetRow.id).where(AccountSetRow.members == bindparam("members"))
_NEW_SET = insert_new(AccountSetRow).returning(AccountSetRow.id)
_NEW_MEMBER = insert_new(MemberRow)

_STILL_OPEN = select(AccountRow.id, AccountRow.span).where(
    AccountRow.quota == bindparam("of_quota"), AccountRow.ends_at > bindparam("now")
)
_WHOLE = WHOLE_ROWS.where(AccountRow.id.in_(bindparam("ids", expanding=True)))
_SET_LIMIT = update(AccountRow).where(AccountRow.id == bindparam("of_account"))


@dataclass(frozen=True, slots=True)
class Slot:
    """A window that a limit has at some moment."""

    quota: Quota
    span: Span
    window: Window
    limit: Nano

    @property
    def key(self) -> "SlotKey":
        """Its name among all."""
        return self.quota.id, self.span, self.window.start, self.window.end


SlotKey = tuple[QuotaId, Span, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Plan:
    """The accounts that calls of some scopes are against, while a window lasts, and by one edition of the quotas."""

    edition: str | None
    account_set: int
    window: Window


Plans = dict[tuple[tuple[Scope, ...], Currency], Plan]
"""What one process remembers from call to call; each is used only while the edition of the quotas is still its own."""


def slots(quotas: Sequence[Quota], now: datetime) -> Sequence[Slot]:
    """The windows of now, in the order in which accounts are opened."""
    found = [
        Slot(quota, span, window_at(period, quota.zone, now), limit)
        for quota in quotas
        for span, (period, limit) in quota.spans().items()
    ]
    return sorted(found, key=lambda slot: (slot.quota.scope.kind, slot.quota.id, slot.span))


class SqlWindows:
    """The windows of one transaction."""

    __slots__ = ("_accounts", "_connection", "_plans")

    def __init__(self, connection: Connection, accounts: SqlAccounts, plans: Plans) -> None:
        self._connection = connection
        self._accounts = accounts
        self._plans = plans

    def known(self, ask: Ask, now: datetime) -> Plan | None:
        """The plan for a call, if it is remembered; it holds only for the quotas' edition that it names."""
        plan = self._plans.get((ask.scopes, ask.currency))
        return plan if plan is not None and now in plan.window else None

    def find(self, ask: Ask, edition: str | None, now: datetime) -> Plan:
        """The plan for a call; accounts are opened where there are none, and the set of them is made."""
        needed = slots(self.binding(ask.scopes, ask.currency), now)
        opened = self.opened(needed, now)
        is_old = len(opened) == len(needed)
        if not is_old:
            self._connection.execute(_HOLD_BOOK).all()
            needed = slots(self.binding(ask.scopes, ask.currency), now)
            opened = self.open(needed, now)
        account_set, is_old_set = self._set_of(sorted(opened.values()))
        windows = [slot.window for slot in needed] or [_EVER]
        lasts = Window(max(each.start for each in windows), min(each.end for each in windows))
        plan = Plan(edition, account_set, lasts)
        if is_old and is_old_set:  # what this transaction made may yet be rolled back
            self._remember(ask, plan)
        return plan

    def binding(self, scopes: Sequence[Scope], currency: Currency) -> Sequence[Quota]:
        """The active quotas that count what these scopes pay in this currency, by number."""
        asked = {"scopes": [(scope.kind, scope.id) for scope in scopes], "currency": currency}
        return tuple(map(quota_of, self._connection.execute(_BINDING, asked)))

    def active(self, scopes: Sequence[Scope]) -> Sequence[Quota]:
        """The active quotas of these scopes, in whatever currency, by number."""
        asked = {"scopes": [(scope.kind, scope.id) for scope in scopes]}
        return tuple(map(quota_of, self._connection.execute(_ACTIVE, asked)))

    def opened(self, needed: Sequence[Slot], now: datetime) -> Mapping[SlotKey, int]:
        """The ids of those accounts that are open."""
        keys = {slot.key for slot in needed}
        asked = {"quotas": list({slot.quota.id for slot in needed}), "now": now}
        rows = self._connection.execute(_OPEN_NOW, asked) if needed else ()
        found = {(QuotaId(row.quota), row.span, row.starts_at, row.ends_at): row.id for row in rows}
        return {key: found[key] for key in keys & found.keys()}

    def accounts(self, needed: Sequence[Slot], now: datetime) -> Sequence[Account]:
        """How these windows stand, by quota and span; empty where nothing is open yet."""
        opened = self.opened(needed, now)
        rows = self._connection.execute(_WHOLE, {"ids": list(opened.values())})
        found = {row.id: account_of(row, now) for row in rows}
        granted = self._granted(list({slot.quota.id for slot in needed}))
        return tuple(
            found[opened[slot.key]]
            if slot.key in opened
            else _empty(slot, limit_at(slot.limit, granted.get((slot.quota.id, slot.span), ""), now))
            for slot in needed
        )

    def open(self, needed: Sequence[Slot], now: datetime) -> Mapping[SlotKey, int]:
        """Open these accounts; those that are open are left alone. The book of quotas is held."""
        granted = self._granted(list({slot.quota.id for slot in needed}))
        rows = [
            {
                "quota": slot.quota.id,
                "span": slot.span,
                "rank": slot.quota.scope.kind,
                "starts_at": slot.window.start,
                "ends_at": slot.window.end,
                "limit": slot.limit,
                "granted": granted.get((slot.quota.id, slot.span), ""),
                "used": 0,
                "held": 0,
                **tuning_of(slot.quota),
            }
            for slot in needed
        ]
        for row in rows:  # one by one, for the order: in which transactions may wait for each other
            self._connection.execute(_OPEN, row)
        return self.opened(needed, now)

    def open_one(self, slot: Slot, now: datetime) -> int:
        """Open an account, if it is not; its id."""
        self._connection.execute(_HOLD_BOOK).all()
        return self.open([slot], now)[slot.key]

    def refresh(self, quota: Quota, now: datetime) -> None:
        """Write the limits of a quota into its accounts that are open, and what is granted on top of them.

        The book of quotas is held. People are told of levels that a lower limit has come to.
        """
        asked = {"of_quota": quota.id, "now": now}
        spans = {row.id: row.span for row in self._connection.execute(_STILL_OPEN, asked)}
        limits, granted = quota.spans(), self._granted([quota.id])
        changed = []
        for standing in self._accounts.lock_these(list(spans)):
            span = spans[standing.id]
            limit = limits[span][1] if span in limits else Nano(standing.limit)
            row = {"limit": limit, "granted": granted.get((quota.id, span), ""), **tuning_of(quota)}
            self._connection.execute(_SET_LIMIT, {"of_account": standing.id, **row})
            changed.append(Standing(**{**standing._asdict(), **row}))
        self._accounts.tell(changed, now)

    def _granted(self, quotas: Sequence[int]) -> Mapping[tuple[QuotaId, Span], str]:
        found = defaultdict(list)
        for row in self._connection.execute(_RUNNING, {"quotas": quotas}):
            found[QuotaId(row.quota), row.span].append((row.amount, row.expires_at))
        return {of: written_grants(grants) for of, grants in found.items()}

    def _set_of(self, accounts: Sequence[int]) -> tuple[int, bool]:
        """The set of these accounts, and whether it was there."""
        members = " ".join(map(str, accounts))
        known = self._connection.execute(_SET, {"members": members}).scalar()
        if known is not None:
            return known, True
        made = self._connection.execute(_NEW_SET, {"members": members}).scalar()
        if made is None:  # by another one, at this moment
            return self._connection.execute(_SET, {"members": members}).scalar_one(), True
        for account in accounts:
            self._connection.execute(_NEW_MEMBER, {"account_set": made, "account": account})
        return made, False

    def _remember(self, ask: Ask, plan: Plan) -> None:
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        self._plans[ask.scopes, ask.currency] = plan


def _empty(slot: Slot, limit: int) -> Account:
    quota = slot.quota
    none = Nano(0)
    return Account(
        quota.id, quota.name, quota.scope, slot.span, slot.window, Nano(limit), used=none, held=none, soft=quota.soft
    )
