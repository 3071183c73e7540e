"""Many holds in one transaction: each is answered as if they came one after the other."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.quotas import Ask, Conflict, Decision, Granted, HoldState, Refused, Scope, ScopeKind, Span
from suanli.domain.cost.records import Fate
from suanli.domain.ports import Store
from tests.contract.cost_kit import (
    BOT,
    CNY,
    COMPANY,
    DAY,
    HERS,
    HOSTILE,
    HOUR,
    LASTS,
    LI,
    SALES,
    SECOND,
    ZHANG,
    accounts,
    add,
    ask,
    bill,
    books,
    change,
    decide,
    drift,
    found,
    grant,
    hold,
    quota,
    refund,
    settle,
)
from tests.contract.record_kit import fates, write
from tests.fakes import NOON

MIDNIGHT = NOON + 12 * HOUR
"""The beginning of the next day in Shanghai."""


def decide_all(
    store: Store, *asks: Ask, now: datetime = NOON, lasts: timedelta = LASTS
) -> Sequence[Decision | MoneyError]:
    with store.begin() as tx:
        return tx.holds.hold_all([(each, now + lasts) for each in asks], now)


def kinds(answers: Sequence[object]) -> list[str]:
    return [type(answer).__name__ for answer in answers]


def test_nobody_asks_and_nobody_is_answered(store: Store) -> None:
    assert list(decide_all(store)) == []


def test_those_who_come_first_get_what_there_is(store: Store) -> None:
    his, company = add(store, quota(ZHANG, 1000, hour=900), quota(COMPANY, 100))
    answers = decide_all(store, ask("a", 60), ask("b", 50), ask("c", 40), ask("d", 0), ask("e", 1))
    assert kinds(answers) == ["Granted", "Refused", "Granted", "Granted", "Refused"]
    assert answers[0] == Granted(found(store, "a"))
    held = [answer.account.held for answer in answers if isinstance(answer, Refused)]
    assert held == [60, 100]
    assert books(store, his) == books(store, company) == (0, 100)
    with store.begin() as tx:
        assert tx.holds.find("b") is None
        assert [each.held for each in tx.holds.accounts("c", NOON)] == [100, 100, 100]
    assert drift(store) == ()


def test_a_small_one_still_fits_where_a_large_one_did_not(store: Store) -> None:
    add(store, quota(ZHANG, 10))
    assert kinds(decide_all(store, ask("a", 11), ask("b", 10), ask("c", 0))) == ["Refused", "Granted", "Granted"]


def test_256_at_once_take_exactly_what_there_is(store: Store) -> None:
    people = [Scope(ScopeKind.USER, f"ou_{n}") for n in range(64)]
    add(store, *(quota(one, 10**6, day=10**6, hour=10**6) for one in people), quota(BOT, 10**6), quota(SALES, 10**6))
    (company,) = add(store, quota(COMPANY, 2000, hour=10**6))
    asks = [ask(f"k{n:03}", 10, (people[n % 64], BOT, SALES, COMPANY)) for n in range(256)]
    answers = decide_all(store, *asks)
    assert kinds(answers) == ["Granted"] * 200 + ["Refused"] * 56
    assert books(store, company) == (0, 2000)
    assert drift(store) == ()
    assert kinds(decide_all(store, *asks)) == ["Granted"] * 200 + ["Refused"] * 56
    assert books(store, company) == (0, 2000)


def test_the_same_key_twice_is_one_hold_and_for_something_else_a_conflict(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10))
    answers = decide_all(store, ask("k", 4), ask("k", 4), ask("k", 5), ask("k", 4, HERS))
    once = found(store, "k")
    assert answers == [Granted(once), Granted(once, replayed=True), Conflict("k"), Conflict("k")]
    assert books(store, his) == (0, 4)


def test_a_key_that_was_refused_is_free_for_the_next_who_comes_with_it(store: Store) -> None:
    his, hers = add(store, quota(ZHANG, 10), quota(LI, 10))
    answers = decide_all(store, ask("a", 8), ask("k", 5), ask("k", 7, HERS), ask("k", 5), ask("z", 3), ask("z", 2))
    assert kinds(answers) == ["Granted", "Refused", "Granted", "Conflict", "Refused", "Granted"]
    assert (found(store, "k").amount, found(store, "z").amount) == (7, 2)
    assert (books(store, his), books(store, hers)) == ((0, 10), (0, 7))
    assert drift(store) == ()


def test_what_stands_is_answered_as_before_beside_new_ones(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    for key in ("held", "settled", "refunded"):
        assert hold(store, key, 10)
    settle(store, "settled", 10)
    refund(store, "refunded")
    asks = [ask(key, 10) for key in ("settled", "held", "new", "refunded")]
    answers = decide_all(store, *asks, ask("held", 11), ask("much", 71), ask("held", 10**6))
    assert kinds(answers) == ["Granted"] * 4 + ["Conflict", "Refused", "Conflict"]
    assert [answer.replayed for answer in answers if isinstance(answer, Granted)] == [True, True, False, True]
    assert books(store, his) == (10, 20)


def test_what_has_expired_weighs_no_more_and_its_key_is_remembered(store: Store) -> None:
    his, sales = add(store, quota(ZHANG, 30, hour=30), quota(SALES, 40))
    assert hold(store, "old", 30)
    assert hold(store, "other", 10, (SALES,))
    answers = decide_all(store, ask("new", 30), ask("old", 30), ask("more", 1, (SALES,)), now=NOON + LASTS)
    assert kinds(answers) == ["Granted"] * 3
    assert answers[1] == Granted(found(store, "old"), replayed=True)
    assert found(store, "old").state is found(store, "other").state is HoldState.EXPIRED
    assert (books(store, his), books(store, sales)) == ((0, 30), (0, 31))
    assert drift(store, NOON + LASTS) == ()
    asked = ask("none", 1)
    assert kinds(decide_all(store, asked, asked, now=NOON + LASTS)) == ["Refused"] * 2


def test_each_pays_in_its_own_currency_by_its_own_scopes(store: Store) -> None:
    his, dollars, hers = add(store, quota(ZHANG, 10), quota(ZHANG, 10, currency="USD"), quota(LI, 10))
    nobody = (Scope(ScopeKind.USER, "ou_none"),)
    answers = decide_all(
        store,
        *(ask("a", 8), ask("b", 8, currency="USD"), ask("c", 8, HERS), ask("d", LARGEST, nobody), ask("e", 5, ())),
        *(ask("f", 8), ask("g", 8, currency="USD"), ask("h", 8, HERS), ask("i", 8, (ZHANG, ZHANG, LI))),
    )
    assert kinds(answers) == ["Granted"] * 5 + ["Refused"] * 4
    assert [books(store, each) for each in (his, dollars, hers)] == [(0, 8)] * 3


def test_a_soft_quota_refuses_nobody(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True))
    assert kinds(decide_all(store, ask("a", 8), ask("b", 8))) == ["Granted"] * 2
    assert books(store, his) == (0, 16)


def test_what_cannot_be_counted_harms_nobody_else(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 10, soft=True), quota(LI, 10))[:1]
    answers = decide_all(store, ask("a", 5), ask("b", LARGEST), ask("b", 2), ask("c", LARGEST - 6), ask("d", 1, HERS))
    assert kinds(answers) == ["Granted", "MoneyError", "Granted", "MoneyError", "Granted"]
    assert books(store, his) == (0, 7)
    with pytest.raises(MoneyError, match="cannot be counted"):
        decide(store, ask("b2", LARGEST))
    assert drift(store) == ()


def test_the_key_of_a_hold_is_told_from_what_cannot_be_counted(store: Store) -> None:
    add(store, quota(ZHANG, 10, soft=True))
    assert hold(store, "k", LARGEST)
    again = Granted(found(store, "k"), replayed=True)
    assert decide(store, ask("k", LARGEST)) == again
    assert decide_all(store, ask("k", LARGEST), ask("k", LARGEST)) == [again, again]


def test_windows_end_for_all_at_once(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000, day=10))
    before = decide_all(store, ask("a", 10), ask("b", 1), now=MIDNIGHT - SECOND)
    after = decide_all(store, ask("c", 10), ask("d", 1), now=MIDNIGHT)
    assert kinds(before) == kinds(after) == ["Granted", "Refused"]
    assert [each.held for each in accounts(store, his, MIDNIGHT)] == [20, 10]
    refused = after[1]
    assert isinstance(refused, Refused)
    assert (refused.account.span, refused.account.window.start) == (Span.DAY, MIDNIGHT)


def test_a_new_limit_or_grant_counts_at_once(store: Store) -> None:
    his, _ = add(store, quota(ZHANG, 10), quota(COMPANY, 1000))
    assert kinds(decide_all(store, ask("a", 10), ask("b", 10))) == ["Granted", "Refused"]
    change(store, his, total=20)
    assert kinds(decide_all(store, ask("b", 10), ask("c", 10))) == ["Granted", "Refused"]
    grant(store, his, 5, HOUR)
    refused = decide_all(store, ask("d", 5), ask("e", 5))[1]
    assert isinstance(refused, Refused)
    assert (refused.account.limit, refused.account.left) == (25, 0)
    add(store, quota(SALES, 0))
    assert kinds(decide_all(store, ask("f", 1, (SALES,)), ask("g", 0, (SALES,)))) == ["Refused", "Granted"]


def test_hostile_words_are_kept_as_words(store: Store) -> None:
    scope = Scope(ScopeKind.USER, HOSTILE)
    (theirs,) = add(store, quota(scope, 10, name=HOSTILE))
    answers = decide_all(store, ask(HOSTILE, 4, (scope,)), ask(HOSTILE, 4, (scope,)), ask("'; --", 6, (scope,)))
    assert kinds(answers) == ["Granted"] * 3
    assert answers[1] == Granted(found(store, HOSTILE), replayed=True)
    assert books(store, theirs) == (0, 10)
    written = write(store, *(bill(key, amount, (scope,)) for key, amount in ((HOSTILE, 3), (HOSTILE, 3), ("'; --", 6))))
    assert fates(written) == [Fate.NEW, Fate.KNOWN, Fate.NEW]
    assert books(store, theirs) == (9, 0)


def test_a_batch_is_one_change_of_accounts_and_never_was_when_it_is_rolled_back(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100, hour=50))
    with suppress(KeyboardInterrupt), store.begin() as tx:
        tx.holds.hold_all([(ask("a", 1), NOON + DAY), (ask("b", 2), NOON + DAY)], NOON)
        with pytest.raises(RuntimeError):
            tx.holds.hold(ask("c", 1), NOON, NOON + DAY)
        with pytest.raises(RuntimeError):
            tx.records.write([], CNY, NOON)
        raise KeyboardInterrupt
    assert books(store, his) == (0, 0)
    assert kinds(decide_all(store, ask("a", 30), ask("b", 20), ask("c", 1))) == ["Granted", "Granted", "Refused"]
    assert drift(store) == ()
