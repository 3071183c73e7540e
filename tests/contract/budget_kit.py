"""Budgets and what is spent against them, for tests of what is stored of them. Amounts are nano-units."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, Usage
from suanli.domain.cost.quotas import Account, BudgetId, Quota, Scope
from suanli.domain.cost.records import Call, Fate, Judged, Stated
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.contract.cost_kit import CNY, COMPANY, SHANGHAI
from tests.fakes import NOON

HE = Payer("ou_zhang", "bot", "sales", "company")
SHE = Payer("ou_li", "", "research", "company")


def budget(total: int, *shares: tuple[Scope, int], scope: Scope = COMPANY, **fields: Any) -> Budget:
    """A budget a month in Shanghai, of the company."""
    allocations = tuple(Allocation(of, Nano(amount)) for of, amount in shares)
    made = Budget(BudgetId(0), "2026 预算", scope, Nano(total), Period.MONTHLY, SHANGHAI, CNY, allocations)
    return replace(made, **fields)


def add_budget(store: Store, planned: Budget, now: datetime = NOON) -> Budget:
    with store.begin() as tx:
        return tx.budgets.add(planned, now)


def change_budget(store: Store, known: Budget, now: datetime = NOON, **fields: Any) -> Budget:
    changed = replace(known, **fields)
    with store.begin() as tx:
        assert tx.budgets.change(changed, now)
    return changed


def call(key: str, cost: int | None, payer: Payer = HE, at: datetime = NOON, hold: str | None = None) -> Judged:
    """A call that cost so much; None: nobody knows how much."""
    judgement = Unpriced(Missing.PRICE) if cost is None else Stated(Cost(Nano(cost), Nano(0), Nano(0)))
    return Judged(Call(key, payer, "m", Usage(), at, hold=hold), judgement)


def record(
    store: Store, key: str, cost: int | None, payer: Payer = HE, at: datetime = NOON, hold: str | None = None
) -> None:
    """Write down that call."""
    with store.begin() as tx:
        (written,) = tx.records.write([call(key, cost, payer, at, hold)], CNY, at)
    assert written.fate is Fate.NEW


def kept_by(store: Store, known: Budget) -> Sequence[Quota]:
    """Its quotas, in their order."""
    with store.begin() as tx:
        by_number = {each.id: each for each in tx.quotas.all()}
        return [by_number[number] for number in tx.budgets.quotas(known.id)]


def standing(store: Store, known: Budget, now: datetime = NOON) -> list[Account]:
    """The windows of now of its quotas, in their order."""
    with store.begin() as tx:
        return [account for number in tx.budgets.quotas(known.id) for account in tx.quotas.accounts(number, now)]


def spent(store: Store, known: Budget, now: datetime = NOON) -> list[int]:
    """What is used of the whole, then of each allocation."""
    return [account.used for account in standing(store, known, now)]
