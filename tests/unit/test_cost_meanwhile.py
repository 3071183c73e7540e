"""What somebody else changes between the words that name a quota or a budget and the lock is not lost."""

from dataclasses import replace

from handlers.cost.arguments import Amount, Which
from handlers.cost.budget_arguments import BudgetWhich
from handlers.cost.budget_set import share
from handlers.cost.quota_set import off
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import ChatKind, Message, MessageId
from suanli.domain.commands import Turn
from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import BudgetId, Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Transaction
from suanli.i18n import Lang, texts_in
from tests.dialogue import BOSS, SHANGHAI, SITE, Dialogue
from tests.fakes import NOON, FakeClock

CNY = Currency("CNY")
SALES, LI, HAN = Scope(ScopeKind.DEPARTMENT, "sales"), Scope(ScopeKind.USER, "li"), Scope(ScopeKind.USER, "han")


def turn(store: SqlStore, tx: Transaction) -> Turn:
    origin = Dialogue(store, FakeClock()).origin(ChatKind.PRIVATE, BOSS, NOON - NOON, "")
    message = Message(origin, MessageId("om"), BOSS, "/budget", ())
    return Turn(tx, message, Role.ADMIN, texts_in(Lang.EN), NOON, SITE)


def test_a_share_that_was_given_meanwhile_stays(sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        read = tx.budgets.add(Budget(BudgetId(0), "b", SALES, Nano(100), Period.MONTHLY, SHANGHAI, CNY), NOON)
    with sqlite_store.begin() as tx:
        tx.budgets.change(replace(read, allocations=(Allocation(LI, Nano(40)),)), NOON)
    with sqlite_store.begin() as tx:
        share(turn(sqlite_store, tx), BudgetWhich("b", (read,)), HAN, Amount(Nano(30)))
    with sqlite_store.begin() as tx:
        (found,) = tx.budgets.all()
    assert found.allocations == (Allocation(LI, Nano(40)), Allocation(HAN, Nano(30)))


def test_a_quota_that_is_put_out_of_force_keeps_what_was_changed_meanwhile(sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        read = tx.quotas.add(Quota(QuotaId(0), "q", LI, Nano(100), Period.MONTHLY, SHANGHAI, CNY))
    with sqlite_store.begin() as tx:
        tx.quotas.change(replace(read, total=Nano(500)), NOON)
    with sqlite_store.begin() as tx:
        off(turn(sqlite_store, tx), Which("q", (read,)))
    with sqlite_store.begin() as tx:
        assert tx.quotas.find(read.id) == replace(read, total=Nano(500), active=False)
