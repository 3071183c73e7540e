"""What is stored of releases with several processes at it at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TypeVar

from storage.store import SqlStore
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Part, Place
from tests.contract.release_kit import (
    DAY,
    HOUR,
    MINUTE,
    VLLM,
    event,
    follow,
    issue,
    items,
    name,
    need,
    notice,
    remember,
    resource,
    resources,
    tell,
    waiting,
    watch,
)
from tests.fakes import NOON
from tests.parcels import claim, draft

PLACES = [Place(Hub.GITHUB, f"o/r{n}") for n in range(200)]
ROUNDS = 8

Result = TypeVar("Result")


def together(url: str, work: Callable[[Store, int], Result], processes: int = 4) -> list[Result]:
    """What `work` gives in each of several stores at once; each is told its number."""
    start = threading.Barrier(processes)

    def run(number: int, store: Store) -> Result:
        start.wait(30)
        return work(store, number)

    with ExitStack() as stack, ThreadPoolExecutor(processes) as pool:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in range(processes)]
        return list(pool.map(run, range(processes), stores))


def test_all_that_need_the_same_places_at_once_have_each_of_them_once(database_url: str, store: Store) -> None:
    def work(store: Store, number: int) -> None:
        # They need not agree on the order, nor on all of the places.
        order = PLACES[number:] if number % 2 else PLACES[::-1]
        for _ in range(ROUNDS):
            need(store, dict.fromkeys(order, (Part.TAGS, Part.ISSUES)))

    together(database_url, work)
    need(store, dict.fromkeys(PLACES, (Part.TAGS, Part.ISSUES)))
    assert [(each.place, each.part) for each in resources(store)] == [
        (place, part) for place in sorted(PLACES) for part in (Part.ISSUES, Part.TAGS)
    ]


def test_those_that_disagree_on_what_is_needed_wait_for_each_other_and_never_lock_up(
    database_url: str, store: Store
) -> None:
    def work(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            mine = PLACES[(number + round_) % 2 :: 2]
            need(store, dict.fromkeys(mine, (Part.ISSUES,)), NOON + round_ * MINUTE)

    together(database_url, work)
    need(store, dict.fromkeys(PLACES, (Part.ISSUES,)))
    assert [each.place for each in resources(store)] == sorted(PLACES)


def test_the_same_items_are_remembered_at_once_in_any_order(database_url: str, store: Store) -> None:
    of = resource(store).id

    def work(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            some = [issue(n, f"{number}.{round_}") for n in range(100)]
            remember(store, of, *(some if number % 2 else reversed(some)))

    together(database_url, work)
    found = items(store, of)
    assert len(found) == 100
    assert {known.item.title.partition(".")[2] for known in found.values()} == {str(ROUNDS - 1)}
    assert len({known.item.title for known in found.values()}) == 1


def test_a_change_is_new_to_one_of_those_that_add_it_at_once(database_url: str, store: Store) -> None:
    changes = [event(issue(n)) for n in range(200)]

    def work(store: Store, number: int) -> list[str]:
        won: list[str] = []
        for start in range(0, 200, 50):
            with store.begin() as tx:
                some = changes[start : start + 50]
                won += (each.fingerprint for each in tx.happenings.add(some if number % 2 else some[::-1]))
        return won

    won = [each for some in together(database_url, work) for each in some]
    assert sorted(won) == sorted(each.fingerprint for each in changes)
    with store.begin() as tx:
        assert len(tx.happenings.since(VLLM, NOON - DAY, 1_000)) == 200


def test_notices_and_messages_are_written_once_by_those_that_write_them_at_once(
    database_url: str, store: Store
) -> None:
    (follower,) = follow(store, watch())
    notices = [notice(follower, f"{n:04x}f") for n in range(100)]

    def work(store: Store, number: int) -> None:
        for _ in range(ROUNDS):
            tell(store, *(notices if number % 2 else reversed(notices)))
            with store.begin() as tx:
                tx.outbox.post_all([draft(f"k{n}", f"ou_{n}") for n in range(50)], NOON)

    together(database_url, work)
    assert len(waiting(store)) == 100
    assert len(claim(store, NOON, limit=100)) == 50

    def post(store: Store, number: int) -> None:
        for _ in range(ROUNDS):
            posted = [replace(each, message_key=f"m{number}") for each in notices]
            with store.begin() as tx:
                tx.watches.posted(posted if number % 2 else posted[::-1])

    together(database_url, post)
    with store.begin() as tx:
        told = [each for n in range(100) for each in tx.watches.told(name(f"{n:04x}f"))]
    assert len(told) == 100
    assert len({each.message_key for each in told}) == 1


def test_resources_are_saved_and_hurried_beside_those_that_need_others(database_url: str, store: Store) -> None:
    need(store, dict.fromkeys(PLACES, (Part.ISSUES,)))
    known = resources(store)

    def work(store: Store, number: int) -> None:
        for round_ in range(ROUNDS):
            if number == 0:
                need(store, dict.fromkeys(PLACES[round_ % 2 :], (Part.ISSUES,)))
            for each in known[number::4]:
                with store.begin() as tx:
                    tx.resources.save(replace(each, failures=round_, next_at=NOON + HOUR))
                    tx.resources.hurry(each.id, NOON)

    together(database_url, work)
    need(store, dict.fromkeys(PLACES, (Part.ISSUES,)))
    assert {(each.failures, each.next_at) for each in resources(store)} == {(ROUNDS - 1, NOON)}
