"""Records of calls for which money was held: they settle the hold, once, at what the call came to."""

import pytest

from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.quotas import Conflict, Granted, HoldState, Level, Quota, Scope, ScopeKind, Span
from suanli.domain.cost.records import Fate, Judged
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOSTILE,
    HOUR,
    LASTS,
    LI,
    SALES,
    ZHANG,
    accounts,
    add,
    ask,
    bill,
    books,
    decide,
    drift,
    expire,
    found,
    hold,
    levels,
    quota,
    refund,
    settle,
)
from tests.contract.record_kit import costs, everything, fate, fates, price, recorded, write
from tests.fakes import NOON


@pytest.fixture
def mine(store: Store) -> Quota:
    """A quota of a month, beside one of the company."""
    (mine, _) = add(store, quota(ZHANG, 1000), quota(COMPANY, 1000, hour=1000))
    return mine


def held(key: str, amount: int | None, request_id: str = "r") -> Judged:
    """A call that was held for."""
    return costs(request_id, amount, hold=key)


def test_a_record_settles_its_hold_at_what_the_call_came_to(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    (written,) = write(store, held("h", 30), now=NOON + LASTS / 2)
    assert (written.fate, written.charged) == (Fate.NEW, 30)
    assert books(store, mine) == (30, 0)
    settled = found(store, "h")
    assert (settled.state, settled.actual) == (HoldState.SETTLED, 30)
    assert recorded(store, "r").call.hold == "h"
    assert drift(store) == ()


def test_a_call_that_cost_more_than_was_held_is_charged_all_of_it(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    write(store, held("h", 900))
    assert books(store, mine) == (900, 0)
    assert [level for name, _, level in levels(store) if name == mine.name] == [Level.WARNING]


def test_an_unpriced_call_is_charged_what_was_held_for_it(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    (written,) = write(store, held("h", None))
    record = recorded(store, "r")
    assert (written.charged, written.is_priced) == (50, False)
    assert (record.charged, record.cost) == (50, None)
    assert (books(store, mine), found(store, "h").actual) == ((50, 0), 50)
    assert drift(store) == ()


@pytest.mark.parametrize("swept", [True, False])
def test_a_bill_that_comes_after_its_hold_expired_counts(store: Store, mine: Quota, *, swept: bool) -> None:
    hold(store, "h", 50)
    late = NOON + 2 * LASTS
    assert expire(store, late) == ["h"] if swept else True
    assert fate(store, held("h", 30), late) is Fate.NEW
    assert (books(store, mine), found(store, "h").state) == ((30, 0), HoldState.SETTLED)
    assert expire(store, late) == []
    assert drift(store) == ()


def test_a_refunded_hold_is_a_conflict_and_nothing_is_written(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    refund(store, "h")
    written = write(store, costs("other", 1), held("h", 30), held("h", 30), held("h", None, "q"))
    assert fates(written) == [Fate.NEW, Fate.CONFLICT, Fate.CONFLICT, Fate.CONFLICT]
    assert [each.record for each in written[1:]] == [None] * 3
    assert (books(store, mine), len(everything(store))) == ((1, 0), 1)


def test_a_hold_that_was_settled_is_for_no_other_call_whatever_that_came_to(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    assert settle(store, "h", 20).fate is Fate.NEW
    for amount in (20, 30, None):
        assert fate(store, held("h", amount)) is Fate.CONFLICT
    assert (books(store, mine), len(everything(store))) == ((20, 0), 1)
    assert drift(store) == ()


@pytest.mark.parametrize("together", [True, False])
def test_a_hold_is_for_one_call(store: Store, mine: Quota, *, together: bool) -> None:
    hold(store, "h", 50)
    calls = [held("h", 30, "a"), held("h", 30, "b")]
    answers = fates(write(store, *calls)) if together else [fate(store, each) for each in calls]
    assert answers == [Fate.NEW, Fate.CONFLICT]
    assert books(store, mine) == (30, 0)


def test_a_hold_that_was_settled_is_not_given_back(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    write(store, held("h", 30))
    assert refund(store, "h") == Conflict("h")
    assert (books(store, mine), found(store, "h").state) == ((30, 0), HoldState.SETTLED)


def test_a_call_that_is_told_again_leaves_its_hold_alone(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    write(store, held("h", 30))
    assert fate(store, held("h", 30)) is Fate.KNOWN
    hold(store, "i", 50)
    assert fate(store, held("i", 30)) is Fate.CONFLICT
    assert (books(store, mine), found(store, "i").state) == ((30, 50), HoldState.HELD)


def test_a_call_of_an_unknown_hold_counts_as_without_one(store: Store, mine: Quota) -> None:
    assert fates(write(store, held("h", 30, "a"), held("h", 5, "b"))) == [Fate.NEW, Fate.NEW]
    assert books(store, mine) == (35, 0)
    assert recorded(store, "a").call.hold == "h"
    # A hold of this key that is made later is another call's.
    hold(store, "h", 50)
    assert fate(store, held("h", 7, "c")) is Fate.NEW
    assert books(store, mine) == (42, 0)
    assert drift(store) == ()


def test_a_hold_in_another_currency_is_none_for_this_call(store: Store, mine: Quota) -> None:
    decide(store, ask("h", 50, currency="USD"))
    assert fate(store, held("h", 30)) is Fate.NEW
    assert (books(store, mine), found(store, "h").state) == ((30, 0), HoldState.HELD)
    assert drift(store) == ()


def test_a_call_counts_in_the_windows_in_which_it_was_held(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 1000, hour=100))
    hold(store, "h", 50)
    write(store, costs("r", 30, hold="h", happened_at=NOON + HOUR), now=NOON + HOUR)
    assert accounts(store, mine)[Span.HOUR - 1].used == 30
    assert accounts(store, mine, NOON + HOUR)[Span.HOUR - 1].used == 0


def test_calls_with_and_without_holds_are_charged_together(store: Store, mine: Quota) -> None:
    for n in range(120):
        hold(store, f"h{n}", 2)
    calls = [held(f"h{n}", n % 4, f"r{n}") for n in range(0, 120, 2)] + [costs(f"q{n}", 1) for n in range(60)]
    assert fates(write(store, *calls)) == [Fate.NEW] * 120
    assert books(store, mine) == (60 + 60, 120)
    assert drift(store) == ()


def test_holds_of_any_text_are_settled(store: Store, mine: Quota) -> None:
    hold(store, HOSTILE, 50)
    assert fate(store, held(HOSTILE, 30)) is Fate.NEW
    assert books(store, mine) == (30, 0)


@pytest.mark.parametrize(("cost", "level"), [(20, []), (50, []), (900, [Level.WARNING])])
def test_a_price_that_comes_later_takes_the_place_of_what_was_held(
    store: Store, mine: Quota, cost: int, level: list[Level]
) -> None:
    hold(store, "h", 50)
    write(store, held("h", None))
    assert price(store, held("h", cost), now=NOON + DAY) == 1
    assert price(store, held("h", cost), now=NOON + DAY) == 0
    record = recorded(store, "r")
    assert (record.charged, record.cost and record.cost.total) == (cost, cost)
    assert (books(store, mine), found(store, "h").actual) == ((cost, 0), cost)
    assert [reached for name, _, reached in levels(store) if name == mine.name] == level
    assert drift(store) == ()


# Many in one transaction: each has its own fate, and people are told of what all came to.


def test_each_counts_what_it_came_to_and_frees_the_rest(store: Store) -> None:
    his, hers, company = add(store, quota(ZHANG, 100, hour=100), quota(LI, 100), quota(COMPANY, 200))
    nobody = (Scope(ScopeKind.USER, "ou_none"),)
    for key, amount, scopes in (("a", 60, HIS), ("b", 30, HIS), ("c", 50, HERS), ("d", 10, nobody)):
        assert hold(store, key, amount, scopes)
    written = write(store, bill("c", 70, HERS), bill("a", 20), bill("d", 5, nobody))
    assert [(each.request_id, each.charged) for each in written] == [("c", 70), ("a", 20), ("d", 5)]
    assert [found(store, key).actual for key in "cad"] == [70, 20, 5]
    assert [books(store, each) for each in (his, hers, company)] == [(20, 30), (70, 0), (90, 30)]
    assert drift(store) == ()


def test_the_same_again_changes_nothing_and_anything_else_is_a_conflict(store: Store, mine: Quota) -> None:
    for key in ("a", "b", "before", "gone"):
        assert hold(store, key, 10)
    settle(store, "before", 3)
    refund(store, "gone")
    bills = (("a", 5), ("a", 5), ("a", 6), ("before", 3), ("before", 4), ("gone", 0), ("none", 1))
    written = write(store, *(bill(key, amount) for key, amount in bills))
    new, known, conflict = Fate.NEW, Fate.KNOWN, Fate.CONFLICT
    assert fates(written) == [new, known, conflict, known, conflict, conflict, new]
    assert [each.charged for each in written] == [5, 5, 5, 3, 3, 0, 1]
    # What no hold is known of is a call all the same.
    assert books(store, mine) == (5 + 3 + 1, 10)
    assert drift(store) == ()


def test_bills_that_come_late_count_in_the_windows_of_then(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=100))
    assert hold(store, "swept", 60)
    assert expire(store, NOON + DAY) == ["swept"]
    assert hold(store, "unswept", 20)
    assert hold(store, "today", 10, HIS, NOON + DAY)
    bills = (bill(key, amount, HIS, NOON + DAY) for key, amount in (("swept", 70), ("today", 10), ("unswept", 5)))
    assert fates(write(store, *bills, now=NOON + DAY)) == [Fate.NEW] * 3
    assert [(each.used, each.held) for each in accounts(store, his)] == [(85, 0), (75, 0)]
    assert [(each.used, each.held) for each in accounts(store, his, NOON + DAY)] == [(85, 0), (10, 0)]
    assert {found(store, key).state for key in ("swept", "unswept")} == {HoldState.SETTLED}
    assert drift(store) == ()


def test_people_are_told_of_each_level_once_with_what_all_bills_came_to(store: Store) -> None:
    his, _ = add(store, quota(ZHANG, 100, hour=1000), quota(COMPANY, 10**6))
    for key in "abcde":
        assert hold(store, key, 10)
    write(store, bill("a", 70), bill("b", 12))
    write(store, bill("c", 3), bill("d", 16), bill("e", 9), bill("a", 70))
    with store.begin() as tx:
        told = [(each.account.name, each.level, each.used, each.limit) for each in tx.quotas.untold(NOON, 9)]
    assert sorted(told) == [
        (his.name, Level.CRITICAL, 110, 100),
        (his.name, Level.EXCEEDED, 110, 100),
        (his.name, Level.WARNING, 82, 100),
    ]


def test_what_is_left_for_later_is_never_a_part_of_the_levels_of_an_account(store: Store) -> None:
    add(store, *(quota(Scope(ScopeKind.USER, f"ou_{n}"), 100) for n in range(3)))
    write(store, *(bill(f"{n}", 100, (Scope(ScopeKind.USER, f"ou_{n}"),)) for n in range(3)))
    seen = []
    for _ in range(2):
        with store.begin() as tx:
            found = tx.quotas.untold(NOON, 2)
            seen.append(sorted(each.level for each in found))
            tx.quotas.told(found, "told")
    assert seen == [2 * [Level.CRITICAL] + 2 * [Level.EXCEEDED] + 2 * [Level.WARNING], sorted(Level)]


def test_several_quotas_come_to_their_levels_by_several_bills(store: Store) -> None:
    his, hers, sales = add(store, quota(ZHANG, 10, day=1000), quota(LI, 10), quota(SALES, 20, hour=20))
    for key, scopes in (("a", HIS), ("b", HERS)):
        assert hold(store, key, 9, scopes)
    write(store, bill("a", 9), bill("b", 8, HERS), bill("b", 8, HERS))
    assert sorted(levels(store)) == sorted(
        [(each.name, Span.PERIOD, Level.WARNING) for each in (his, hers, sales)]
        + [(sales.name, Span.HOUR, Level.WARNING)]
    )
    assert hold(store, "c", 1, (SALES, BOT))
    write(store, bill("c", 3, (SALES, BOT)), bill("a", 9))
    assert (sales.name, Span.HOUR, Level.EXCEEDED) in levels(store)


@pytest.mark.parametrize(("amount", "error"), [(LARGEST - 5, MoneyError), (-1, ValueError)])
def test_one_that_cannot_be_counted_settles_none_of_them(store: Store, amount: int, error: type[Exception]) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True))
    for key in "abc":
        assert hold(store, key, 3)
    assert settle(store, "a", 6).fate is Fate.NEW
    with pytest.raises(error):
        write(store, bill("b", 1), bill("c", amount))
    assert (books(store, his), len(everything(store))) == ((6, 6), 1)
    assert fates(write(store, bill("b", 1))) == [Fate.NEW]
    assert drift(store) == ()


def test_256_at_once(store: Store) -> None:
    (company,) = add(store, quota(COMPANY, 10**6, hour=10**6))
    with store.begin() as tx:
        answers = tx.holds.hold_all([(ask(f"k{n}", 10), NOON + HOUR) for n in range(256)], NOON)
    assert all(isinstance(each, Granted) for each in answers)
    written = write(store, *(bill(f"k{n}", n) for n in reversed(range(256))))
    assert [(each.fate, each.charged) for each in written] == [(Fate.NEW, n) for n in reversed(range(256))]
    assert books(store, company) == (sum(range(256)), 0)
    assert drift(store) == ()
