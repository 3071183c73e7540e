"""Records of calls for which money was held: they settle the hold, once, at what the call came to."""

import pytest

from suanli.domain.cost.quotas import Conflict, Hold, HoldState, Level, Quota, Span
from suanli.domain.cost.records import Fate, Judged
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    COMPANY,
    DAY,
    HOSTILE,
    HOUR,
    LASTS,
    ZHANG,
    accounts,
    add,
    ask,
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


def test_a_hold_that_was_settled_otherwise_is_a_conflict(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    settle(store, "h", 20)
    assert fate(store, held("h", 30)) is Fate.CONFLICT
    assert fate(store, held("h", None)) is Fate.CONFLICT
    assert (books(store, mine), everything(store)) == ((20, 0), [])


def test_a_hold_that_was_settled_at_the_same_gets_its_record_and_is_charged_once(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    settle(store, "h", 30)
    assert fate(store, held("h", 30)) is Fate.NEW
    assert fate(store, held("h", 30)) is Fate.KNOWN
    assert books(store, mine) == (30, 0)
    assert drift(store) == ()


@pytest.mark.parametrize("together", [True, False])
def test_a_hold_is_for_one_call(store: Store, mine: Quota, *, together: bool) -> None:
    hold(store, "h", 50)
    calls = [held("h", 30, "a"), held("h", 30, "b")]
    answers = fates(write(store, *calls)) if together else [fate(store, each) for each in calls]
    assert answers == [Fate.NEW, Fate.CONFLICT]
    assert books(store, mine) == (30, 0)


def test_a_settled_hold_stays_settled_by_the_other_way_too(store: Store, mine: Quota) -> None:
    hold(store, "h", 50)
    write(store, held("h", 30))
    assert isinstance(settle(store, "h", 30), Hold)
    assert settle(store, "h", 31) == Conflict("h") == refund(store, "h")
    assert books(store, mine) == (30, 0)


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
