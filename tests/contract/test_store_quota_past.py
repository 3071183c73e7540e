"""How limits stand together, what their windows that are over came to, and suggestions that are kept."""

from handlers.cost.kept_savings import Savings, keep, kept
from suanli.domain.cost.dates import last_days
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import QuotaId, Span
from suanli.domain.cost.suggestions import Excess, Spent, SuggestionType, fitting_quotas, less_excess
from suanli.domain.cost.sums import Dimension
from suanli.domain.ports import Store
from tests.contract.cost_kit import BOT, DAY, HOSTILE, SALES, SHANGHAI, ZHANG, accounts, add, hold, quota, spend
from tests.fakes import NOON


def test_windows_that_are_over_come_newest_first_and_empty_ones_not_at_all(store: Store) -> None:
    (his, other) = add(store, quota(ZHANG, 1000, day=100), quota(SALES, 1000, day=100))
    for days, amount in ((5, 30), (3, 20), (2, 10), (0, 40)):
        spend(store, f"k{days}", amount, [ZHANG], now=NOON - days * DAY)
    with store.begin() as tx:
        assert [each.used for each in tx.quotas.past(his.id, Span.DAY, NOON, 9)] == [10, 20, 30]
        assert [each.used for each in tx.quotas.past(his.id, Span.DAY, NOON, 2)] == [10, 20]
        (newest, *_) = tx.quotas.past(his.id, Span.DAY, NOON, 1)
        assert (newest.window.end - newest.window.start, newest.limit, newest.scope) == (DAY, 100, ZHANG)
        assert tx.quotas.past(his.id, Span.PERIOD, NOON, 9) == ()
        assert tx.quotas.past(other.id, Span.DAY, NOON, 9) == ()
        assert tx.quotas.past(QuotaId(99), Span.DAY, NOON, 9) == ()


def test_what_was_used_of_many_together_is_what_each_used(store: Store) -> None:
    (his, other) = add(store, quota(ZHANG, 1000, day=100), quota(SALES, 1000, day=100))
    for days, amount in ((5, 30), (3, 20), (2, 10), (0, 40)):
        spend(store, f"k{days}", amount, [ZHANG], now=NOON - days * DAY)
    spend(store, "hers", 7, [SALES], now=NOON - DAY)
    numbers = [his.id, QuotaId(99), other.id]
    with store.begin() as tx:
        assert tx.quotas.past_used([], Span.DAY, NOON, 9) == {}
        assert tx.quotas.past_used(numbers, Span.PERIOD, NOON, 9) == {his.id: [], other.id: [], QuotaId(99): []}
        for limit in (1, 2, 9):
            assert tx.quotas.past_used(numbers, Span.DAY, NOON, limit) == {
                number: [each.used for each in tx.quotas.past(number, Span.DAY, NOON, limit)] for number in numbers
            }
        assert tx.quotas.past_used(numbers, Span.DAY, NOON, 2)[his.id] == [10, 20]


def test_limits_asked_for_together_stand_as_each_does_alone(store: Store) -> None:
    some = add(store, quota(ZHANG, 1000, day=100, hour=50), quota(SALES, 500), quota(BOT, 9))
    spend(store, "a", 30, [ZHANG, SALES])
    hold(store, "b", 5, [BOT])
    with store.begin() as tx:
        together = tx.quotas.all_accounts(some, NOON)
        assert tx.quotas.all_accounts([], NOON) == {}
    assert {number: tuple(each) for number, each in together.items()} == {
        each.id: tuple(accounts(store, each)) for each in some
    }


def test_suggestions_come_back_as_they_were_whoever_they_are_of(store: Store) -> None:
    low = fitting_quotas([Spent(quota(SALES, 100, name=HOSTILE), tuple(map(Nano, (1, 2, 3, 4))))])
    over = less_excess([Excess(Nano(9), Nano(2))], Nano(10))
    made = Savings(
        NOON,
        HOSTILE,
        last_days(NOON.astimezone(SHANGHAI).date(), 30),
        Nano(10),
        1,
        (*low, *over),
        (SuggestionType.USAGE,),
    )
    with store.begin() as tx:
        assert kept(tx, {Dimension.USER: HOSTILE}) is None
        keep(tx, {Dimension.USER: HOSTILE}, made)
    with store.begin() as tx:
        assert kept(tx, {Dimension.USER: HOSTILE}) == made
        assert kept(tx, {}) is None
    assert made.total == 7
