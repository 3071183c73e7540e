"""Turns at the one connection to SQLite."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import TimeoutError as NoTurnError

from storage.store import SqlStore
from storage.turns import Turns

_SOON = 5.0


def _until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, which it is in an instant."""
    never = threading.Event()
    for _ in range(int(_SOON * 1_000)):
        if is_so():
            return
        never.wait(0.001)
    raise AssertionError("it never came to that")


def test_who_waits_is_next_however_quickly_another_one_comes_again() -> None:
    turns, order = Turns(_SOON), list[str]()

    def wait(name: str) -> None:
        with turns.turn():
            order.append(name)

    waiting = [threading.Thread(target=wait, args=(name,)) for name in ("first", "second")]
    with turns.turn():
        for number, thread in enumerate(waiting, 1):
            thread.start()
            _until(lambda number=number: turns.waiting == number)  # type: ignore[misc]  # bound at once
    with turns.turn():
        order.append("again")
    for thread in waiting:
        thread.join()
    assert order == ["first", "second", "again"]


def test_who_has_waited_too_long_is_told_so_and_holds_up_nobody() -> None:
    turns, failed = Turns(0.01), list[str]()

    def wait() -> None:
        try:
            with turns.turn():
                failed.append("it had a turn")
        except NoTurnError as error:
            failed.append(str(error))

    with turns.turn():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert failed == ["no turn in 0.01 s"]
    assert turns.waiting == 0
    with turns.turn():
        pass


def test_a_turn_in_which_something_was_raised_is_over() -> None:
    turns = Turns(0.01)
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    with turns.turn():
        pass


def test_no_transaction_waits_for_all_that_another_thread_has_to_do(sqlite_store: SqlStore) -> None:
    begun, is_over = threading.Event(), threading.Event()
    done = 0

    def work() -> None:
        nonlocal done
        for _ in range(150):
            with sqlite_store.begin():
                begun.set()
                is_over.wait(0.001)
            done += 1

    busy = threading.Thread(target=work)
    busy.start()
    begun.wait(_SOON)
    for _ in range(5):
        with sqlite_store.begin():
            before = done
    is_over.set()
    busy.join()
    assert before < 75
