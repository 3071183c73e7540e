from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import timedelta

from storage.store import SqlStore
from suanli.domain.chat import ChatId, ChatKind, Origin, Platform
from suanli.domain.ports import Store
from tests.fakes import NOON


def origin(key: str, platform: Platform = Platform.FEISHU) -> Origin:
    return Origin(platform, key, f"ev_{key}", "t_1", ChatId("oc_1"), ChatKind.GROUP, NOON)


def admit(store: Store, *origins: Origin) -> list[bool]:
    with store.begin() as tx:
        return [tx.inbox.admit(each, "message", NOON) for each in origins]


def test_the_second_delivery_of_a_thing_is_turned_away(store: Store) -> None:
    assert admit(store, origin("a")) == [True]
    assert admit(store, origin("a"), origin("b"), origin("b")) == [False, True, False]


def test_the_same_key_on_another_platform_is_another_thing(store: Store) -> None:
    assert admit(store, origin("a"), origin("a", Platform.WELINK)) == [True, True]


def test_what_was_admitted_in_a_transaction_that_failed_may_come_again(store: Store) -> None:
    with suppress(LookupError), store.begin() as tx:
        assert tx.inbox.admit(origin("a"), "message", NOON)
        raise LookupError
    assert admit(store, origin("a")) == [True]


def test_old_things_are_forgotten_and_younger_ones_kept(store: Store) -> None:
    with store.begin() as tx:
        for hour, key in enumerate("abc"):
            tx.inbox.admit(origin(key), "message", NOON + timedelta(hours=hour))
    with store.begin() as tx:
        assert tx.inbox.forget_before(NOON + timedelta(hours=1)) == 1
    assert admit(store, origin("a"), origin("b"), origin("c")) == [True, False, False]


def test_of_eight_threads_that_admit_the_same_two_hundred_things_each_thing_is_won_once(database_url: str) -> None:
    things = [origin(f"k{number}") for number in range(200)]

    def wins(store: Store) -> list[str]:
        return [thing.key for thing in things if admit(store, thing) == [True]]

    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(8)]
        won = [key for each in threads.map(wins, stores) for key in each]
    assert sorted(won) == sorted(thing.key for thing in things)
