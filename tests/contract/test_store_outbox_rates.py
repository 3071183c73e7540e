"""Platforms that keep rates of their own, and clocks that are set back or differ."""

from datetime import datetime, timedelta

import pytest

from suanli.domain.chat import Platform
from suanli.domain.delivery import Draft, Parcel, Rate, Rates
from suanli.domain.ports import Store
from tests.fakes import NOON
from tests.parcels import FREE, SECOND, claim, draft, keys, post, target


def sent(store: Store, parcel: Parcel) -> bool:
    with store.begin() as tx:
        return tx.outbox.sent(parcel, None, NOON)


def hook(key: str) -> Draft:
    return draft(key, "group", platform=Platform.FEISHU_HOOK)


def test_only_platforms_that_are_named_are_claimed(store: Store) -> None:
    post(store, NOON, draft("a"), hook("b"))
    free = Rates(FREE, (FREE,))
    assert claim(store, NOON, rates={}) == ()
    assert keys(claim(store, NOON, rates={Platform.FEISHU_HOOK: free})) == ["b"]
    assert keys(claim(store, NOON, rates={Platform.FEISHU: free})) == ["a"]


def test_every_platform_keeps_its_own_rates(store: Store) -> None:
    minute = 60 * SECOND
    rates = {
        Platform.FEISHU: Rates(Rate(1, minute), (FREE,)),
        Platform.FEISHU_HOOK: Rates(Rate(100, SECOND, burst=9), (Rate(5, SECOND, burst=3), Rate(4, minute, burst=4))),
    }
    post(store, NOON, *(draft(f"a{n}") for n in range(9)), *(hook(f"b{n}") for n in range(9)))
    gone: list[str] = []
    for tenth in range(100):
        parcels = claim(store, NOON + tenth * SECOND / 10, rates=rates)
        gone += keys(parcels)
        assert all(sent(store, parcel) for parcel in parcels)
    assert sorted(gone) == ["a0", "b0", "b1", "b2", "b3"]


def test_a_platform_at_its_limit_does_not_hide_the_other_behind_its_many_messages(store: Store) -> None:
    one = Rates(FREE, (Rate(1, 60 * SECOND),))
    rates = {Platform.FEISHU: one, Platform.FEISHU_HOOK: Rates(FREE, (FREE,))}
    post(store, NOON, *(draft(f"a{number}", f"ou_{number}") for number in range(30)), hook("b"))
    assert keys(claim(store, NOON, limit=3, rates=rates)) == ["a0"]
    assert keys(claim(store, NOON, limit=3, rates=rates)) == ["b"]


BACK = 3 * timedelta(days=1)


def test_after_the_clock_was_set_back_messages_leave_as_before(store: Store) -> None:
    slow = {Platform.FEISHU: Rates(Rate(1, 60 * SECOND), (Rate(2, 60 * SECOND),))}
    post(store, NOON, draft("a"))
    assert all(sent(store, parcel) for parcel in claim(store, NOON, rates=slow))
    post(store, NOON, draft("of the future"), draft("b", "ou_2"))
    now = NOON - BACK
    (parcel,) = claim(store, now, limit=1, rates=slow)
    assert parcel.key == "of the future"
    assert sent(store, parcel)
    assert claim(store, now, rates=slow) == ()
    assert keys(claim(store, now + 60 * SECOND, rates=slow)) == ["b"]


def test_a_message_whose_process_died_before_the_clock_was_set_back_is_not_held_for_ever(store: Store) -> None:
    post(store, NOON, draft("k"))
    (lost,) = claim(store, NOON)
    (parcel,) = claim(store, NOON - BACK)
    assert (parcel.uuid, parcel.attempts) == (lost.uuid, 2)


@pytest.mark.parametrize("lane", [None, target("ou_1").lane])
def test_a_rest_of_the_future_is_over_when_the_clock_is_set_back_and_a_new_one_holds(
    store: Store, lane: str | None
) -> None:
    def rest(now: datetime) -> None:
        with store.begin() as tx:
            tx.outbox.pause(Platform.FEISHU, lane, now + 30 * SECOND)

    rest(NOON)
    post(store, NOON, draft("a"), draft("b"))
    now = NOON - BACK
    (parcel,) = claim(store, now)
    assert sent(store, parcel)
    rest(now)
    assert claim(store, now + 29 * SECOND) == ()
    assert keys(claim(store, now + 30 * SECOND)) == ["b"]


def test_clocks_that_differ_by_seconds_keep_the_rates_together(store: Store) -> None:
    slow = {Platform.FEISHU: Rates(Rate(1, 5 * SECOND), (Rate(1, 5 * SECOND),))}
    post(store, NOON - 9 * SECOND, draft("a"), draft("b"), draft("c", "ou_2"))
    (parcel,) = claim(store, NOON, rates=slow)
    assert sent(store, parcel)
    assert claim(store, NOON - 9 * SECOND, rates=slow) == ()
    assert keys(claim(store, NOON + 5 * SECOND, rates=slow)) == ["b"]
