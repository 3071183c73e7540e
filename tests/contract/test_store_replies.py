"""What was answered under an Idempotency-Key: the same question gets the same answer, asked at once or later."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from storage.store import SqlStore
from suanli.domain.ports import Store
from suanli.domain.tokens import KeptReply, TokenId
from tests.contract.cost_kit import DAY, SECOND
from tests.contract.together import in_threads
from tests.fakes import NOON

ONE, TWO = TokenId(1), TokenId(2)
ANSWER = KeptReply("print", 201, '{"id": 7, "name": "预算"}', {"ETag": '"a\n预"'})


def keep(store: Store, token: TokenId = ONE, key: str = "k", body: str = ANSWER.body) -> bool:
    with store.begin() as tx:
        return tx.replies.keep(token, key, replace(ANSWER, body=body), NOON)


def find(store: Store, token: TokenId = ONE, key: str = "k") -> KeptReply | None:
    with store.begin() as tx:
        return tx.replies.find(token, key)


def test_nothing_was_answered_at_first(store: Store) -> None:
    assert find(store) is None


def test_the_first_answer_stands_under_its_key_and_others_do_not_replace_it(store: Store) -> None:
    assert keep(store)
    assert not keep(store, body="another")
    assert find(store) == ANSWER


def test_the_same_key_of_another_token_is_another_one(store: Store) -> None:
    assert keep(store)
    assert keep(store, TWO, body="his")
    assert keep(store, key="K", body="in capitals")
    assert keep(store, body="", key="")
    assert (find(store), find(store, TWO)) == (ANSWER, replace(ANSWER, body="his"))
    assert find(store, TWO, "K") is None
    assert find(store, key="") == replace(ANSWER, body="")


def test_a_long_answer_comes_back_whole(store: Store) -> None:
    body = "长\n" * 1_000_000
    assert keep(store, body=body)
    found = find(store)
    assert found is not None
    assert found.body == body


def test_of_those_who_ask_the_same_at_once_one_is_answered_and_the_others_read_that(
    store: Store, database_url: str
) -> None:
    kept = in_threads(database_url, lambda store, number: keep(store, body=str(number)))
    found = find(store)
    assert sum(kept) == 1
    assert found is not None
    assert found.body == str(kept.index(True))


@pytest.mark.parametrize("fails", [False, True])
def test_who_asks_the_same_meanwhile_waits_for_the_first_ones_end(
    store: Store, database_url: str, *, fails: bool
) -> None:
    kept, go_on = threading.Event(), threading.Event()

    def first() -> bool:
        with store.begin() as tx:
            assert tx.replies.keep(ONE, "k", ANSWER, NOON)
            kept.set()
            assert go_on.wait(30)
            if fails:
                raise InterruptedError
        return True

    with closing(SqlStore(database_url)) as elsewhere, ThreadPoolExecutor(2) as pool:
        asked = pool.submit(first)
        assert kept.wait(30)
        again = pool.submit(keep, elsewhere, body="the second")
        with pytest.raises(TimeoutError):
            again.result(0.1)
        go_on.set()
        assert again.result(30) is fails
        assert isinstance(asked.exception(30), InterruptedError) is fails
    assert find(store) == (replace(ANSWER, body="the second") if fails else ANSWER)


def test_old_ones_are_forgotten_and_may_be_answered_anew(store: Store) -> None:
    assert keep(store)
    with store.begin() as tx:
        assert tx.replies.keep(ONE, "later", ANSWER, NOON + SECOND)
        assert tx.replies.forget_before(NOON) == 0
        assert tx.replies.forget_before(NOON + SECOND) == 1
    assert find(store) is None
    assert find(store, key="later") == ANSWER
    with store.begin() as tx:
        assert tx.replies.keep(ONE, "k", KeptReply("other", 200, ""), NOON + DAY)
