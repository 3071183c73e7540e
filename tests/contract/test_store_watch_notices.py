"""What watches tell, and have yet to tell."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.ports import Store
from suanli.domain.releases import Change, Notice, Watch, WatchNumber
from tests.contract.release_kit import DAY, HOSTILE, HOUR, MINUTE, SGLANG, follow, name, notice, tell, waiting, watch
from tests.fakes import NOON


def told(store: Store, short: str) -> Sequence[Notice]:
    with store.begin() as tx:
        return tx.watches.told(name(short))


def post(store: Store, *notices: Notice) -> None:
    with store.begin() as tx:
        tx.watches.posted(notices)


@pytest.fixture
def pair(store: Store) -> tuple[Watch, Watch]:
    """Two watches."""
    first, second = follow(store, watch(), watch(SGLANG))
    return first, second


def test_nothing_is_told_at_first(store: Store) -> None:
    tell(store)
    post(store)
    assert waiting(store) == []
    assert told(store, "a") == ()


def test_a_notice_comes_back_as_it_was_told(store: Store, pair: tuple[Watch, Watch]) -> None:
    whole = Notice(pair[0].number, name("a"), Change.MATCHED, ("deepseek", "标签:新模型", ""), NOON, NOON + HOUR, "k")
    bare = replace(notice(pair[1], "a"), why=())
    tell(store, bare, whole)
    assert told(store, "a") == (whole, bare)


def test_why_is_kept_but_for_what_a_database_refuses(store: Store, pair: tuple[Watch, Watch]) -> None:
    tell(store, replace(notice(pair[0], "a"), why=(HOSTILE, '"]')))
    (found,) = told(store, "a")
    assert found.why == (HOSTILE.replace("\ud800", "?"), '"]')


def test_a_notice_that_is_there_already_is_left_alone(store: Store, pair: tuple[Watch, Watch]) -> None:
    first, _ = pair
    tell(store, notice(first, "a"))
    tell(store, notice(first, "a", key="other"), notice(first, "b"), notice(first, "b", key="other"))
    assert (told(store, "a"), told(store, "b")) == ((notice(first, "a"),), (notice(first, "b"),))


def test_what_is_due_and_not_told_waits_by_watch_and_age(store: Store, pair: tuple[Watch, Watch]) -> None:
    first, second = pair
    tell(
        store,
        notice(second, "a", queued=-HOUR, due=-HOUR),
        notice(first, "d"),
        notice(first, "c", queued=-MINUTE),
        notice(first, "e", due=MINUTE),
        notice(first, "f", key="k"),
    )
    assert waiting(store) == [(first.number, "c"), (first.number, "d"), (second.number, "a")]
    assert waiting(store, MINUTE)[2] == (first.number, "e")
    assert waiting(store, -DAY) == []


def test_whole_watches_wait_as_many_as_the_limit_takes_those_that_wait_longest_and_at_least_one(
    store: Store, pair: tuple[Watch, Watch]
) -> None:
    first, second = pair
    (third,) = follow(store, watch())
    tell(store, *(notice(first, f"a{n}") for n in range(3)), *(notice(second, f"b{n}", due=-HOUR) for n in range(2)))
    tell(store, notice(third, "c", due=-MINUTE))
    assert [each for each, _ in waiting(store, limit=1)] == [second.number] * 2
    assert [each for each, _ in waiting(store, limit=3)] == [second.number] * 2 + [third.number]
    assert [each for each, _ in waiting(store, limit=5)] == [second.number] * 2 + [third.number]
    assert len(waiting(store, limit=6)) == 6


def test_what_was_posted_waits_no_more_and_tells_its_message(store: Store, pair: tuple[Watch, Watch]) -> None:
    first, second = pair
    tell(store, notice(first, "a"), notice(first, "b"), notice(second, "a"))
    post(store, notice(second, "a", key="k2"), notice(first, "a", key="k1"), notice(first, "c", key="k3"))
    assert waiting(store) == [(first.number, "b")]
    assert told(store, "a") == (notice(first, "a", key="k1"), notice(second, "a", key="k2"))
    assert (told(store, "b"), told(store, "c")) == ((notice(first, "b"),), ())


def test_what_a_watch_has_not_told_is_put_off(store: Store, pair: tuple[Watch, Watch]) -> None:
    first, second = pair
    tell(store, notice(first, "a"), notice(first, "b", due=DAY), notice(first, "c", key="k"), notice(second, "a"))
    with store.begin() as tx:
        assert tx.watches.put_off(first.number, NOON + HOUR) == 2
        assert tx.watches.put_off(WatchNumber(99), NOON) == 0
    assert waiting(store) == [(second.number, "a")]
    assert waiting(store, HOUR)[:2] == [(first.number, "a"), (first.number, "b")]
    assert told(store, "c")[0].due_at == NOON


def test_a_dropped_watch_tells_nothing_more_and_what_it_told_stays_known(
    store: Store, pair: tuple[Watch, Watch]
) -> None:
    first, second = pair
    tell(store, notice(first, "a"), notice(first, "b", key="k"), notice(second, "a"))
    with store.begin() as tx:
        assert tx.watches.drop(first.number)
    assert told(store, "a") == (notice(second, "a"),)
    assert told(store, "b") == (notice(first, "b", key="k"),)
    tell(store, notice(first, "c"))  # by somebody who read the watch before
    assert waiting(store) == [(second.number, "a")]


def test_thousands_of_notices_are_told_and_posted_at_once(store: Store, pair: tuple[Watch, Watch]) -> None:
    many = [notice(pair[n % 2], f"{n:08x}f", queued=timedelta(seconds=n)) for n in range(6_000)]
    tell(store, *many)
    tell(store, *many)
    assert len(waiting(store, limit=1)) == 3_000
    post(store, *(replace(each, message_key="k") for each in many))
    assert waiting(store) == []
