"""Which accounts calls are charged to that nothing was held for: those of the windows in which they happened.

Calls of a batch may have happened at any moments. All accounts that they need are opened in one order, and after them
all sets are made, as in `storage.account_windows`, so that batches do not wait for each other in a circle.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from storage.account_sets import members_of, sets_of
from storage.account_windows import Plan, Slot, SlotKey, SqlWindows, lasting, place, slots
from storage.accounts import SqlAccounts
from storage.batches import batches
from storage.bulk import one_of
from storage.columns import as_kept
from storage.tables import AccountRow
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Ask, Quota, QuotaId, Scope, Span

Moments = Mapping[Payer, Sequence[datetime]]
"""When calls of each of these happened, in order."""

Stretches = Mapping[Payer, Sequence[Sequence[Slot]]]
"""The windows of each of these, for one stretch of time after the other."""

_OPEN = select(AccountRow.id, AccountRow.quota, AccountRow.span, AccountRow.starts_at, AccountRow.ends_at).where(
    one_of(AccountRow.quota, "quotas"),
    AccountRow.span == bindparam("of_span"),
    AccountRow.starts_at.in_(bindparam("starts", expanding=True)),
)
_AT_ONCE = 50
"""Each quota is looked for in so many windows by one statement."""


class ChargePlans:
    """Finds the accounts for the calls of one batch."""

    __slots__ = ("_accounts", "_connection", "_currency", "_now", "_windows")

    def __init__(
        self, connection: Connection, accounts: SqlAccounts, windows: SqlWindows, currency: Currency, now: datetime
    ) -> None:
        self._connection = connection
        self._accounts = accounts
        self._windows = windows
        self._currency = currency
        self._now = now

    def account_sets(self, calls: Sequence[tuple[Payer, datetime]]) -> Sequence[int]:
        """The set of accounts that each call is charged to, by who pays for it and when it happened."""
        if not calls:
            return ()
        edition = self._accounts.look(None, self._now).edition
        groups: defaultdict[Payer, list[int]] = defaultdict(list)
        for number, (payer, _) in enumerate(calls):
            groups[payer].append(number)
        moments = {payer: sorted(calls[number][1] for number in numbers) for payer, numbers in groups.items()}
        found, missing = self._known(moments, edition)
        for payer, plans in self._find(missing, edition).items():
            found[payer].extend(plans)
        chosen = [0] * len(calls)
        for payer, numbers in groups.items():
            for number, account_set in zip(numbers, _chosen(found[payer], (calls[n][1] for n in numbers)), strict=True):
                chosen[number] = account_set
        return chosen

    def _known(self, moments: Moments, edition: str | None) -> tuple[dict[Payer, list[Plan]], Moments]:
        """The plans that are remembered, and the moments that none of them is for."""
        found: dict[Payer, list[Plan]] = {}
        missing = {}
        for payer, when in moments.items():
            plan = self._windows.known(self._ask(payer), when[-1])
            if plan is None or plan.edition != edition:
                found[payer], missing[payer] = [], when
                continue
            found[payer] = [plan]
            if when[0] not in plan.window:
                missing[payer] = [each for each in when if each not in plan.window]
        return found, missing

    def _find(self, moments: Moments, edition: str | None) -> Mapping[Payer, Sequence[Plan]]:
        if not moments:
            return {}
        stretches = self._stretches(moments)
        needed = _together(stretches)
        opened = self._opened(needed)
        is_old = len(opened) == len(needed)
        if not is_old:
            self._windows.share_book()
            stretches = self._stretches(moments)
            needed = _together(stretches)
            self._windows.open(needed, self._now)
            opened = self._opened(needed)
        return self._plans(stretches, opened, edition, is_old=is_old)

    def _plans(
        self, stretches: Stretches, opened: Mapping[SlotKey, int], edition: str | None, *, is_old: bool
    ) -> Mapping[Payer, Sequence[Plan]]:
        ids = {payer: [[opened[slot.key] for slot in needed] for needed in some] for payer, some in stretches.items()}
        words = {payer: [members_of(accounts) for accounts in some] for payer, some in ids.items()}
        account_sets, made = sets_of(self._connection, (each for some in words.values() for each in some))
        plans = {}
        for payer, some in stretches.items():
            plans[payer] = [
                Plan(edition, account_sets[word], _ranked(needed, accounts), lasting(needed))
                for needed, accounts, word in zip(some, ids[payer], words[payer], strict=True)
            ]
            if is_old and not made:  # what this transaction made may yet be rolled back
                self._remember(payer, plans[payer][-1])
        return plans

    def _remember(self, payer: Payer, newest: Plan) -> None:
        """Keep the last plan, but not in the place of one of now, by which holds are made."""
        if self._now in newest.window or self._windows.known(self._ask(payer), self._now) is None:
            self._windows.remember((payer.scopes, self._currency), newest)

    def _ask(self, payer: Payer) -> Ask:
        return Ask("", "", payer.scopes, Nano(0), self._currency)

    def _stretches(self, moments: Moments) -> Stretches:
        binding = self._binding(scope for payer in moments for scope in payer.scopes)
        slots_of = _Slots()
        return {
            payer: slots_of.parted([quota for scope in payer.scopes for quota in binding[_kept(scope)]], when)
            for payer, when in moments.items()
        }

    def _binding(self, scopes: Iterable[Scope]) -> Mapping[Scope, Sequence[Quota]]:
        """The active quotas of each of these."""
        found = defaultdict(list)
        for some in batches([*dict.fromkeys(scopes)]):
            for quota in self._windows.active(some):
                if quota.currency == self._currency:
                    found[quota.scope].append(quota)
        return found

    def _opened(self, needed: Sequence[Slot]) -> Mapping[SlotKey, int]:
        """The ids of those accounts that are open."""
        starts = defaultdict(set)
        for slot in needed:
            starts[slot.span].add(slot.window.start)
        found: dict[SlotKey, int] = {}
        for span, some in starts.items():
            found.update(self._opened_of(span, [slot.quota.id for slot in needed if slot.span is span], sorted(some)))
        return {slot.key: found[slot.key] for slot in needed if slot.key in found}

    def _opened_of(self, span: Span, quotas: Iterable[QuotaId], starts: Sequence[datetime]) -> Mapping[SlotKey, int]:
        every = [*dict.fromkeys(quotas)]
        parts = [starts[begin : begin + _AT_ONCE] for begin in range(0, len(starts), _AT_ONCE)]
        asked = ({"quotas": every, "of_span": span, "starts": some} for some in parts)
        rows = (row for each in asked for row in self._connection.execute(_OPEN, each))
        return {(QuotaId(row.quota), row.span, row.starts_at, row.ends_at): row.id for row in rows}


class _Slots:
    """The windows of quotas; those that many payers have in common are found once."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: dict[QuotaId, tuple[Sequence[Slot], datetime, datetime]] = {}

    def parted(self, quotas: Sequence[Quota], moments: Sequence[datetime]) -> Sequence[Sequence[Slot]]:
        """The windows of these quotas for each stretch of time in which such a moment is."""
        found: list[Sequence[Slot]] = []
        ends_at: datetime | None = None
        for moment in moments:
            if ends_at is None or moment >= ends_at:
                found.append([slot for quota in quotas for slot in self._at(quota, moment)])
                ends_at = lasting(found[-1]).end
        return found

    def _at(self, quota: Quota, moment: datetime) -> Sequence[Slot]:
        known = self._last.get(quota.id)
        if known is not None and known[1] <= moment < known[2]:
            return known[0]
        made = slots([quota], moment)
        window = lasting(made)
        self._last[quota.id] = (made, window.start, window.end)
        return made


def _together(stretches: Stretches) -> Sequence[Slot]:
    """All of these windows once, in the order in which accounts are opened."""
    every = {slot.key: slot for some in stretches.values() for needed in some for slot in needed}
    return sorted(every.values(), key=lambda slot: (*place(slot), slot.window.start))


def _ranked(needed: Sequence[Slot], accounts: Sequence[int]) -> Sequence[int]:
    """The ids of the accounts of these windows, in the order of locks."""
    return [account for _, account in sorted(zip((slot.quota.scope.kind for slot in needed), accounts, strict=True))]


def _chosen(plans: Sequence[Plan], moments: Iterable[datetime]) -> Iterable[int]:
    """The set of accounts for each of these moments."""
    if len(plans) == 1:
        return [plans[0].account_set for _ in moments]
    in_order = sorted(plans, key=lambda plan: plan.window.start)
    starts = [plan.window.start for plan in in_order]
    return [_at(moment, in_order[: bisect_right(starts, moment)]) for moment in moments]


def _at(moment: datetime, begun: Sequence[Plan]) -> int:
    # Nearly always the last one: quotas may have been edited between two that were found.
    return next(plan.account_set for plan in reversed(begun) if moment in plan.window)


def _kept(scope: Scope) -> Scope:
    return Scope(scope.kind, as_kept(scope.id))
