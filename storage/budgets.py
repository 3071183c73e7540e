"""Budgets: what is meant to be spent, kept by quotas of their own.

A quota counts what is held after it is there; a budget counts what was spent before in its window, too. Its sum is
exact: records are written along with `storage/writers.py`, so that each is either committed, and in the sum, or
planned by the edition of the quotas that has the budget. Of SQLite's transactions one follows the other anyway.

What is under way at that moment is not in it: a hold stays with the accounts that it was made against, so a call that
was held before the budget was added, and is recorded later, counts in the older quotas only. Unpriced records count
as quotas count them, by what was held for them, and stay at that in the opening when they are priced later.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from storage.accounts import SqlAccounts
from storage.columns import as_kept
from storage.quotas import Spent, SqlQuotas
from storage.tables import AllocationRow, BudgetRow, QuotaRow, RecordRow
from storage.writers import write_alone
from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import WHOLE, BudgetId, Quota, QuotaId, Scope
from suanli.domain.cost.windows import Window

_NEW = insert(BudgetRow).returning(BudgetRow.id)
_ALL = select(BudgetRow.__table__).order_by(BudgetRow.id)
_FIND = _ALL.where(BudgetRow.id == bindparam("of_id"))
_CHANGE = update(BudgetRow).where(BudgetRow.id == bindparam("of_id"))

_ALLOCATE = insert(AllocationRow)
_FORGET = delete(AllocationRow).where(AllocationRow.budget == bindparam("of_budget"))
_ALLOCATIONS = select(AllocationRow.__table__).order_by(AllocationRow.budget, AllocationRow.position)
_ALLOCATIONS_OF = _ALLOCATIONS.where(AllocationRow.budget == bindparam("of_budget"))

_QUOTAS = select(QuotaRow.scope_kind, QuotaRow.scope_id, QuotaRow.id).where(QuotaRow.budget == bindparam("of_budget"))

_CURRENCY = select(RecordRow.currency).order_by(RecordRow.id.desc()).limit(1)


class SqlBudgets:
    """The `Budgets` of one transaction."""

    __slots__ = ("_accounts", "_connection", "_quotas", "_spent")

    def __init__(self, connection: Connection, accounts: SqlAccounts, quotas: SqlQuotas, spent: Spent) -> None:
        self._connection = connection
        self._accounts = accounts
        self._quotas = quotas
        self._spent = spent

    def add(self, budget: Budget, now: datetime) -> Budget:
        """Store a budget with its quotas; it gets its number. What was spent before in its window counts.

        It takes the transaction's one turn of changing accounts.
        """
        self._take_turn()
        number = self._connection.execute(_NEW, _columns_of(budget)).scalar_one()
        added = replace(budget, id=BudgetId(number))
        self._allocate(added)
        self._write_quotas(added, {}, now)
        return added

    def change(self, budget: Budget, now: datetime) -> bool:
        """Write a budget back, and its quotas with it; False when there is none. Its scope and currency stay.

        Another one of these raises ValueError: that is another budget. The quota of an allocation that is left out is
        put out of force. What comes into force, in whatever window, counts what was spent before in that one.
        """
        self._take_turn()
        known = self.find(budget.id)
        if known is None:
            return False
        if (known.scope, known.currency) != (_as_kept(budget.scope), budget.currency):
            raise ValueError(f"budget {budget.id} is of another scope or currency")
        self._connection.execute(_CHANGE, {**_columns_of(budget), "of_id": budget.id})
        self._connection.execute(_FORGET, {"of_budget": budget.id})
        self._allocate(budget)
        self._write_quotas(budget, self._stored(budget.id), now)
        return True

    def find(self, budget: BudgetId) -> Budget | None:
        """A budget."""
        row = self._connection.execute(_FIND, {"of_id": budget}).first()
        if row is None:
            return None
        shares = self._connection.execute(_ALLOCATIONS_OF, {"of_budget": budget})
        return _budget_of(row, [_allocation_of(share) for share in shares])

    def all(self) -> Sequence[Budget]:
        """Every budget, by number."""
        shares = defaultdict(list)
        for row in self._connection.execute(_ALLOCATIONS):
            shares[row.budget].append(_allocation_of(row))
        return tuple(_budget_of(row, shares[row.id]) for row in self._connection.execute(_ALL))

    def quotas(self, budget: BudgetId) -> Sequence[QuotaId]:
        """The quotas that keep it: that of the whole, then those of its allocations in their order."""
        known = self.find(budget)
        if known is None:
            return ()
        rows = self._connection.execute(_QUOTAS, {"of_budget": budget})
        numbers = {Scope(row.scope_kind, row.scope_id): QuotaId(row.id) for row in rows}
        return tuple(numbers[quota.scope] for quota in known.quotas())

    def _take_turn(self) -> None:
        write_alone(self._connection)
        self._accounts.take_turn(edits=True)

    def _write_quotas(self, budget: Budget, stored: Mapping[Scope, Quota], now: datetime) -> None:
        # Sums are in the site's currency, which is that of its records; in another one, nothing was spent.
        is_theirs = self._connection.execute(_CURRENCY).scalar() == budget.currency
        self._quotas.write(_kept_by(budget, stored), self._spent if is_theirs else _nothing, now)

    def _stored(self, budget: BudgetId) -> Mapping[Scope, Quota]:
        return {quota.scope: quota for quota in self._quotas.all() if quota.budget == budget}

    def _allocate(self, budget: Budget) -> None:
        rows = [
            {
                "budget": budget.id,
                "position": position,
                "scope_kind": share.scope.kind,
                "scope_id": share.scope.id,
                "amount": share.amount,
            }
            for position, share in enumerate(budget.allocations)
        ]
        if rows:
            self._connection.execute(_ALLOCATE, rows)


def _nothing(_scope: Scope, _window: Window) -> int:
    return 0


def _kept_by(budget: Budget, stored: Mapping[Scope, Quota]) -> Sequence[Quota]:
    """The quotas of a budget as they are to be: those that are `stored` by their numbers, left out ones not active."""
    wanted = {_as_kept(quota.scope): replace(quota, budget=budget.id) for quota in budget.quotas()}
    left_out = [replace(quota, active=False) for scope, quota in stored.items() if scope not in wanted]
    numbered = [replace(quota, id=stored[scope].id) if scope in stored else quota for scope, quota in wanted.items()]
    return [*numbered, *left_out]


def _as_kept(scope: Scope) -> Scope:
    return Scope(scope.kind, as_kept(scope.id))


def _allocation_of(row: Row[*tuple[Any, ...]]) -> Allocation:
    return Allocation(Scope(row.scope_kind, row.scope_id), Nano(row.amount))


def _budget_of(row: Row[*tuple[Any, ...]], allocations: Sequence[Allocation]) -> Budget:
    return Budget(
        id=BudgetId(row.id),
        name=row.name,
        scope=Scope(row.scope_kind, row.scope_id),
        total=Nano(row.total),
        period=row.period,
        zone=ZoneInfo(row.zone),
        currency=Currency(row.currency),
        allocations=tuple(allocations),
        binds=row.binds,
        warning=row.warning / WHOLE,
        critical=row.critical / WHOLE,
        active=row.active,
    )


def _columns_of(budget: Budget) -> Mapping[str, Any]:
    return {
        "name": budget.name,
        "scope_kind": budget.scope.kind,
        "scope_id": budget.scope.id,
        "total": budget.total,
        "period": budget.period,
        "zone": budget.zone.key,
        "currency": budget.currency,
        "binds": budget.binds,
        "warning": round(budget.warning * WHOLE),
        "critical": round(budget.critical * WHOLE),
        "active": budget.active,
    }
