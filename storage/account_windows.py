"""Which accounts a call is against: found, opened when their window begins, and remembered for the next call.

No job begins or ends a window. The first hold in it opens its account; who opens accounts holds the book of quotas,
shared, so that no edit passes by an account that is just being made. Several calls have all their accounts opened,
in one order, before the first set is made.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, or_, select, tuple_, update

from storage.account_sets import members_of, sets_of
from storage.accounts import BOOK, SqlAccounts, Standing, written_grants
from storage.batches import batches
from storage.columns import as_kept
from storage.prepared import Prepared
from storage.quota_rows import quota_of, tuning_of
from storage.tables import AccountRow, QuotaBookRow, QuotaGrantRow, QuotaRow
from storage.upserts import insert_new
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import Ask, Quota, QuotaId, Scope, Span
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
_OPEN_NOW = select(
    AccountRow.id, AccountRow.rank, AccountRow.quota, AccountRow.span, AccountRow.starts_at, AccountRow.ends_at
).where(
    AccountRow.quota.in_(bindparam("quotas", expanding=True)),
    AccountRow.starts_at <= bindparam("now"),
    AccountRow.ends_at > bindparam("now"),
)
_HOLD_BOOK = select(QuotaBookRow.edition).where(QuotaBookRow.id == BOOK).with_for_update(read=True)
_OPEN = Prepared(
    insert_new(AccountRow),
    inserts=(
        "quota", "span", "rank", "starts_at", "ends_at", "limit", "granted", "used", "held",
        "soft", "warning", "critical",
    ),
)  # fmt: skip
_RUNNING = (
    select(QuotaGrantRow.quota, QuotaGrantRow.span, QuotaGrantRow.amount, QuotaGrantRow.expires_at)
    .where(QuotaGrantRow.quota.in_(bindparam("quotas", expanding=True)), QuotaGrantRow.ended_at.is_(None))
    .order_by(QuotaGrantRow.id)
)
_IN_USE = select(AccountRow.id, AccountRow.quota, AccountRow.span, AccountRow.starts_at, AccountRow.ends_at).where(
    AccountRow.quota.in_(bindparam("quotas", expanding=True)),
    or_(AccountRow.ends_at > bindparam("now"), AccountRow.held != 0),
)
_SET_LIMIT = update(AccountRow).where(AccountRow.id == bindparam("of_account"))
_OUT_OF_FORCE = {"soft": True, "warning": 0, "critical": 0}
"""Of an account that goes on counting what was held in it, and refuses nothing and tells nothing."""


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
    """The accounts that calls of some scopes are against, while a window lasts, and by one edition of the quotas.

    `accounts` are the ids of those in the set, in the order of locks.
    """

    edition: str | None
    account_set: int
    accounts: Sequence[int]
    window: Window


Payer = tuple[tuple[Scope, ...], Currency]
"""Who pays for a call, and in which currency."""

Plans = dict[Payer, Plan]
"""What one process remembers from call to call; each is used only while the edition of the quotas is still its own."""


def slots(quotas: Sequence[Quota], now: datetime) -> Sequence[Slot]:
    """The windows of now, in the order in which accounts are opened."""
    found = [
        Slot(quota, span, window_at(period, quota.zone, now), limit)
        for quota in quotas
        for span, (period, limit) in quota.spans().items()
    ]
    return sorted(found, key=place)


def place(slot: Slot) -> tuple[int, int, int]:
    """What windows of one moment are opened in the order of."""
    return slot.quota.scope.kind, slot.quota.id, slot.span


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
        payer = (ask.scopes, ask.currency)
        return self._plan([payer], edition, now)[payer]

    def find_all(self, asks: Iterable[Ask], edition: str | None, now: datetime) -> Sequence[Plan]:
        """The plan for each of these calls: one that is remembered, or as `find` makes it."""
        payers = [(ask.scopes, ask.currency) for ask in asks]
        plans = {payer: plan for payer in payers if (plan := self._plans.get(payer)) is not None}
        found = {payer: plan for payer, plan in plans.items() if plan.edition == edition and now in plan.window}
        missing = [payer for payer in dict.fromkeys(payers) if payer not in found]
        found.update(self._plan(missing, edition, now) if missing else {})
        return [found[payer] for payer in payers]

    def _plan(self, payers: Sequence[Payer], edition: str | None, now: datetime) -> Mapping[Payer, Plan]:
        needed = self._needed(payers, now)
        opened = self.opened(_together(needed), now)
        is_old = len(opened) == len(_together(needed))
        if not is_old:
            self.share_book()
            needed = self._needed(payers, now)
            opened = self.open(_together(needed), now)
        members = {payer: members_of([opened[slot.key] for slot in some]) for payer, some in needed.items()}
        account_sets, made = sets_of(self._connection, members.values())
        plans = {}
        for payer, some in needed.items():
            in_order = sorted((slot.quota.scope.kind, opened[slot.key]) for slot in some)
            accounts = [account for _, account in in_order]
            plans[payer] = Plan(edition, account_sets[members[payer]], accounts, lasting(some))
            if is_old and members[payer] not in made:  # what this transaction made may yet be rolled back
                self.remember(payer, plans[payer])
        return plans

    def _needed(self, payers: Iterable[Payer], now: datetime) -> Mapping[Payer, Sequence[Slot]]:
        """The windows that each of these pays from, in the order in which accounts are opened."""
        everybody = [*dict.fromkeys(scope for scopes, _ in payers for scope in scopes)]
        binding = defaultdict(list)
        for some in batches(everybody):
            for quota in self.active(some):
                binding[quota.scope, quota.currency].append(quota)
        kept = {scope: Scope(scope.kind, as_kept(scope.id)) for scope in everybody}
        return {
            (scopes, currency): slots(
                [each for scope in {kept[scope] for scope in scopes} for each in binding[scope, currency]], now
            )
            for scopes, currency in payers
        }

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
        if rows:  # one by one, in their order: transactions may wait for each other in it
            _OPEN.run_for_each(self._connection, rows)
        return self.opened(needed, now)

    def refresh(self, quotas: Sequence[Quota], now: datetime) -> None:
        """Write the limits of quotas into their accounts that are open, and what is granted on top of them.

        Those that are of no limit any more, of another period or of a quota that is not active, are out of force from
        now on, and so are those whose window is over while something is held in them.

        The book of quotas is held; the accounts of all of them are locked together. People are told of levels that a
        lower limit has come to, and may be told anew of those that are not reached any more.
        """
        by_number = {quota.id: quota for quota in quotas}
        rows = self._connection.execute(_IN_USE, {"quotas": list(by_number), "now": now})
        found = {row.id: (by_number[row.quota], row.span, Window(row.starts_at, row.ends_at)) for row in rows}
        granted = self._granted(list(by_number))
        in_force = []
        for standing in self._accounts.lock_these(list(found)):
            quota, span, window = found[standing.id]
            limit = _limit_of(quota, span, window)
            if limit is None:
                self._connection.execute(_SET_LIMIT, {"of_account": standing.id, **_OUT_OF_FORCE})
            elif now < window.end:
                row = {"limit": limit, "granted": granted.get((quota.id, span), ""), **tuning_of(quota)}
                self._connection.execute(_SET_LIMIT, {"of_account": standing.id, **row})
                in_force.append(Standing(**{**standing._asdict(), **row}))
        self._accounts.tell_anew(in_force, now)

    def share_book(self) -> None:
        """Hold the book of quotas, shared: nobody edits them until this transaction is over."""
        self._connection.execute(_HOLD_BOOK).all()

    def _granted(self, quotas: Sequence[int]) -> Mapping[tuple[QuotaId, Span], str]:
        found = defaultdict(list)
        for row in self._connection.execute(_RUNNING, {"quotas": quotas}):
            found[QuotaId(row.quota), row.span].append((row.amount, row.expires_at))
        return {of: written_grants(grants) for of, grants in found.items()}

    def remember(self, payer: Payer, plan: Plan) -> None:
        """Keep a plan for the next calls of this process; all of it was there before this transaction."""
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        self._plans[payer] = plan


def _together(needed: Mapping[Payer, Sequence[Slot]]) -> Sequence[Slot]:
    """All of these windows once, in the order in which accounts are opened."""
    return sorted({slot.key: slot for some in needed.values() for slot in some}.values(), key=place)


def _limit_of(quota: Quota, span: Span, window: Window) -> Nano | None:
    """The limit that a window is of by the quota as it is now; None when it is of none."""
    period, limit = quota.spans().get(span, (None, None))
    if not quota.active or period is None or window_at(period, quota.zone, window.start) != window:
        return None
    return limit


def lasting(needed: Sequence[Slot]) -> Window:
    """As long as none of these windows ends."""
    windows = [slot.window for slot in needed] or [_EVER]
    return Window(max(each.start for each in windows), min(each.end for each in windows))
