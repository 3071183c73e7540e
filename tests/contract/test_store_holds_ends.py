"""How holds end: settled, refunded, expired, raised before that; and whether the books are right after it."""

from dataclasses import replace

import pytest

from suanli.domain.cost.quotas import Conflict, Granted, HoldState, Refused, Span
from suanli.domain.cost.records import Fate, Written
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOUR,
    LASTS,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    ask,
    books,
    change,
    decide,
    drift,
    expire,
    found,
    hold,
    quota,
    raise_hold,
    refund,
    refused,
    settle,
    spend,
    tamper,
)
from tests.fakes import NOON


def test_settling_counts_what_it_came_to_and_frees_the_rest(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "k", 60)
    written = settle(store, "k", 25)
    assert (written.fate, written.charged) == (Fate.NEW, 25)
    assert (found(store, "k").state, found(store, "k").actual) == (HoldState.SETTLED, 25)
    assert books(store, his) == (25, 0)
    assert hold(store, "next", 75)
    assert drift(store) == ()


def test_a_bill_that_is_higher_than_was_held_counts_in_full_and_the_next_is_refused(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "k", 60)
    settle(store, "k", 130)
    assert books(store, his) == (130, 0)
    assert refused(store, "next", 1).left == -30


def test_settling_twice_changes_nothing_and_with_another_amount_is_a_conflict(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "k", 60)
    once = settle(store, "k", 25)
    assert settle(store, "k", 25, NOON + HOUR) == replace(once, fate=Fate.KNOWN)
    assert settle(store, "k", 26) == replace(once, fate=Fate.CONFLICT)
    assert refund(store, "k") == Conflict("k")
    assert books(store, his) == (25, 0)
    assert drift(store) == ()


def test_a_bill_of_a_hold_that_nobody_knows_is_charged_as_a_call_without_one(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    written = settle(store, "unknown", 1)
    assert (written.fate, written.charged) == (Fate.NEW, 1)
    assert books(store, his) == (1, 0)
    # A hold of this key that is made afterwards is not the one that was meant.
    assert hold(store, "unknown", 10)
    assert settle(store, "unknown", 1).fate is Fate.KNOWN
    assert (books(store, his), found(store, "unknown").state) == ((1, 10), HoldState.HELD)
    assert drift(store) == ()


def test_a_refund_gives_all_back_once(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "k", 60)
    once = refund(store, "k")
    assert once == refund(store, "k") == found(store, "k")
    assert found(store, "k").state is HoldState.REFUNDED
    assert settle(store, "k", 25) == Written("k", Fate.CONFLICT)
    assert refund(store, "unknown") is None
    assert books(store, his) == (0, 0)


def test_an_expired_hold_weighs_no_more_though_nobody_swept_it(store: Store) -> None:
    his, sales = add(store, quota(ZHANG, 100), quota(SALES, 100))
    for n in range(4):
        assert hold(store, f"k{n}", 25, HERS if n % 2 else HIS)
    assert refused(store, "early", 100, HIS, NOON + LASTS - SECOND).left == 0
    assert hold(store, "in time", 100, HIS, NOON + LASTS)
    assert books(store, his, NOON + LASTS) == books(store, sales, NOON + LASTS) == (0, 100)
    assert [found(store, f"k{n}").state for n in range(4)] == [HoldState.EXPIRED] * 4
    assert expire(store, NOON + LASTS) == []
    assert drift(store) == ()


def test_the_sweep_gives_back_what_is_over_the_oldest_first(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    for n in (2, 0, 1):
        assert isinstance(decide(store, ask(f"k{n}", 10), NOON, (n + 1) * MINUTE), Granted)
    assert expire(store, NOON) == []
    assert expire(store, NOON + 2 * MINUTE) == ["k0", "k1"]
    assert books(store, his) == (0, 10)
    assert refund(store, "k0") == found(store, "k0")
    assert found(store, "k0").state is HoldState.EXPIRED
    assert books(store, his) == (0, 10)


@pytest.mark.parametrize("swept", [True, False])
def test_a_bill_that_comes_late_counts_in_the_windows_of_then(store: Store, *, swept: bool) -> None:
    (his,) = add(store, quota(ZHANG, 100, day=100))
    assert hold(store, "k", 60)
    if swept:
        assert expire(store, NOON + DAY) == ["k"]
    assert settle(store, "k", 70, NOON + DAY).fate is Fate.NEW
    assert (found(store, "k").state, found(store, "k").actual) == (HoldState.SETTLED, 70)
    assert [(each.used, each.held) for each in accounts(store, his)] == [(70, 0), (70, 0)]
    assert [(each.used, each.held) for each in accounts(store, his, NOON + DAY)] == [(70, 0), (0, 0)]
    assert drift(store) == ()


def test_a_hold_is_raised_in_its_own_windows_or_left_as_it_is(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, hour=100))
    assert hold(store, "k", 60)
    assert hold(store, "other", 30)
    more = raise_hold(store, "k", 70, NOON + MINUTE)
    assert more == Granted(found(store, "k"))
    assert (found(store, "k").amount, found(store, "k").expires_at) == (70, NOON + MINUTE + LASTS)
    no = raise_hold(store, "k", 71, NOON + 2 * MINUTE)
    assert isinstance(no, Refused)
    assert (no.account.span, no.account.left, no.asked) == (Span.HOUR, 0, 1)
    assert found(store, "k").amount == 70
    assert raise_hold(store, "k", 70, NOON + MINUTE) == Granted(found(store, "k"), replayed=True)
    assert raise_hold(store, "k", 1, NOON, SECOND) == Granted(found(store, "k"), replayed=True)
    assert [each.held for each in accounts(store, his)] == [100, 100]
    assert settle(store, "k", 65).fate is Fate.NEW
    assert found(store, "k").actual == 65
    assert books(store, his) == (65, 30)


def test_a_full_limit_does_not_keep_a_hold_from_lasting_longer(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert hold(store, "k", 100)
    change(store, his, total=10)
    assert raise_hold(store, "k", 100, NOON + MINUTE) == Granted(found(store, "k"))
    assert found(store, "k").expires_at == NOON + MINUTE + LASTS


def test_what_has_come_to_an_end_is_not_raised(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    for key in ("settled", "refunded", "over"):
        assert hold(store, key, 10)
    settle(store, "settled", 5)
    refund(store, "refunded")
    assert raise_hold(store, "settled", 20) == Conflict("settled")
    assert raise_hold(store, "refunded", 20) == Conflict("refunded")
    assert raise_hold(store, "over", 20, NOON + LASTS) == Conflict("over")
    assert raise_hold(store, "unknown", 20) is None
    assert books(store, his) == (5, 0)


def test_raising_finds_the_room_of_what_has_expired(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    assert isinstance(decide(store, ask("short", 60), NOON, SECOND), Granted)
    assert hold(store, "k", 40)
    assert raise_hold(store, "k", 100, NOON + MINUTE) == Granted(found(store, "k"))
    assert books(store, his) == (0, 100)


def test_every_account_that_was_tampered_with_is_found_and_none_is_corrected(store: Store, database_url: str) -> None:
    add(store, quota(ZHANG, 100, hour=90), quota(SALES, 1000), quota(COMPANY, 1000))
    spend(store, "a", 30)
    assert hold(store, "b", 20)
    assert drift(store) == ()
    tamper(database_url, "UPDATE accounts SET used = 7 WHERE span = 'hour'")
    tamper(database_url, "UPDATE accounts SET held = -5 WHERE rank = 3")
    first, second = drift(store)
    assert (first.account.span, first.account.used, first.used, first.held) == (Span.HOUR, 7, 30, 20)
    assert (second.account.scope, second.account.held, second.used, second.held) == (COMPANY, -5, 30, 20)
    assert drift(store) == (first, second)
    assert settle(store, "b", 1).fate is Fate.NEW
    tamper(database_url, "UPDATE holds SET actual = 31 WHERE key = 'a'")
    assert {each.used for each in drift(store)} == {32}
    tamper(database_url, "DELETE FROM holds WHERE key = 'a'")
    assert {each.used for each in drift(store)} == {1}
