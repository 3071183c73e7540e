"""Group commit: together, in order, and each with its own answer or error."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest

from suanli.clock import Clock, SystemClock
from suanli.group_commit import FEW, GATHER, GroupCommit
from tests.fakes import FakeClock, eventually


class Torn(BaseException):
    """What ends a thread wherever it is."""


class Work:
    """Doubles numbers and remembers which came together; it waits until it may go on."""

    def __init__(self, *, clock: Clock | None = None, most: int = 256, may_go_on: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.bad: set[int] = set()
        self.tearing: set[int] = set()
        self.may_go_on = threading.Event()
        if may_go_on:
            self.may_go_on.set()
        self.group = GroupCommit(self._run, clock or FakeClock(), most)

    def is_waited_for_by(self, many: int) -> bool:
        return bool(self.batches) and self.group.waiting == many

    def _run(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        assert self.may_go_on.wait(10)
        if items[0] in self.tearing:
            raise Torn
        if self.bad & set(items):
            raise ValueError(f"bad: {sorted(self.bad & set(items))}")
        return [2 * item for item in items]


@contextmanager
def many(work: Work, items: Sequence[int]) -> Iterator[list[Future[int]]]:
    """Threads that ask for these items, one after the other behind the first, which is held up."""
    with ThreadPoolExecutor(len(items)) as pool:
        asked = []
        for n, item in enumerate(items):
            asked.append(pool.submit(work.group.do, item))
            assert eventually(partial(work.is_waited_for_by, n))
        yield asked


def test_who_is_alone_is_done_at_once_and_alone() -> None:
    work = Work(may_go_on=True)
    assert [work.group.do(n) for n in range(3)] == [0, 2, 4]
    assert work.batches == [[0], [1], [2]]


def test_nobody_waits_for_others_but_right_after_there_were_many() -> None:
    clock = FakeClock()
    work = Work(clock=clock)
    with many(work, range(FEW)) as asked:
        assert clock.elapsed() == 0
        work.may_go_on.set()
        assert [each.result(10) for each in asked] == [2 * n for n in range(FEW)]
    assert clock.elapsed() == GATHER
    clock.advance(timedelta(seconds=1))
    before = clock.elapsed()
    assert [work.group.do(n) for n in range(3)] == [0, 2, 4]
    assert clock.elapsed() == before


def test_a_few_who_came_just_now_are_not_waited_for() -> None:
    clock = FakeClock()
    work = Work(clock=clock)
    with many(work, range(FEW - 1)) as asked:
        work.may_go_on.set()
        assert [each.result(10) for each in asked] == [2 * n for n in range(FEW - 1)]
    assert clock.elapsed() == 0


def test_those_who_come_while_another_is_busy_are_done_together_in_the_order_in_which_they_came() -> None:
    work = Work()
    with many(work, range(10)) as asked:
        work.may_go_on.set()
        assert [each.result(10) for each in asked] == [2 * n for n in range(10)]
    assert work.batches == [[0], list(range(1, 10))]


def test_no_more_are_done_together_than_may_be() -> None:
    work = Work(most=4)
    with many(work, range(10)) as asked:
        work.may_go_on.set()
        assert [each.result(10) for each in asked] == [2 * n for n in range(10)]
    assert work.batches == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]]


def test_an_error_harms_only_the_one_whose_it_is() -> None:
    work = Work()
    work.bad = {3}
    with many(work, range(6)) as asked:
        work.may_go_on.set()
        assert [each.result(10) for each in asked if each is not asked[3]] == [0, 2, 4, 8, 10]
        with pytest.raises(ValueError, match=r"bad: \[3\]"):
            asked[3].result(10)
    assert work.batches[:2] == [[0], [1, 2, 3, 4, 5]]
    assert sorted(work.batches[2:]) == [[1], [2], [3], [4], [5]]


def test_an_error_of_who_is_alone_is_his_and_is_not_tried_again() -> None:
    work = Work(may_go_on=True)
    work.bad = {1}
    with pytest.raises(ValueError, match="bad"):
        work.group.do(1)
    assert work.group.do(2) == 4
    assert work.batches == [[1], [2]]


def test_a_wrong_number_of_answers_is_nobodys_answer() -> None:
    short: GroupCommit[int, int] = GroupCommit(lambda _items: [], FakeClock())
    with pytest.raises(ValueError, match="shorter"):
        short.do(1)


def test_whoever_is_torn_away_leaves_the_others_to_go_on() -> None:
    work = Work()
    work.tearing = {0, 1}
    with many(work, range(5)) as asked:
        work.may_go_on.set()
        for each in asked[:2]:
            with pytest.raises(Torn):
                each.result(10)
        assert [each.result(10) for each in asked[2:]] == [4, 6, 8]
    assert work.group.do(7) == 14
    assert work.group.close().is_set()


def test_whoever_is_interrupted_while_he_waits_gives_up_his_place() -> None:
    work, main = Work(), threading.get_ident()

    def interrupt() -> None:
        assert eventually(partial(work.is_waited_for_by, 1))
        signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, tear)
    try:
        with many(work, [0]) as asked, ThreadPoolExecutor(1) as pool:
            interrupted = pool.submit(interrupt)
            with pytest.raises(Torn):
                work.group.do(1)
            work.may_go_on.set()
            assert asked[0].result(10) == 0
            interrupted.result(10)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert work.group.do(2) == 4
    assert work.batches == [[0], [2]]
    assert work.group.close().is_set()


def tear(_signal: int, _frame: object) -> None:
    raise Torn


def test_what_was_taken_is_done_before_it_is_closed_and_nothing_is_taken_after() -> None:
    work = Work()
    with many(work, range(4)) as asked:
        done = work.group.close()
        assert not done.is_set()
        with pytest.raises(RuntimeError):
            work.group.do(9)
        work.may_go_on.set()
        assert [each.result(10) for each in asked] == [0, 2, 4, 6]
        assert done.wait(10)
    assert work.group.close().is_set()


def test_an_idle_one_is_closed_at_once() -> None:
    assert Work().group.close().is_set()


@pytest.mark.parametrize("most", [1, 7, 256])
def test_many_threads_get_each_its_own_answer(most: int) -> None:
    work = Work(clock=SystemClock(), most=most, may_go_on=True)
    answers: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        answers[number] = [work.group.do(1000 * number + n) for n in range(50)]

    in_threads(32, ask)
    assert answers == {number: [2 * (1000 * number + n) for n in range(50)] for number in range(32)}
    assert sum(map(len, work.batches)) == 32 * 50
    assert max(map(len, work.batches)) <= most


def in_threads(many: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(many) as pool:
        list(pool.map(work, range(many)))
