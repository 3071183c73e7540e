"""Group commit: what many threads ask for at the same time is done together, and each waits for its own answer."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Generic, TypeVar, cast

import structlog

from suanli.clock import Clock

log = structlog.get_logger()

MOST = 256
"""How many are done together at the most."""

GATHER = 0.002
"""Seconds to wait, at the most, for those who came the last time: the answer lets them come again."""

FEW = 8
"""So few are not waited for: what a larger share saves is less than the wait, and they may well not come again."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Fate(Enum):
    """What becomes of somebody who waits."""

    WAITS = auto()
    LEADS = auto()
    ALONE = auto()
    ANSWERED = auto()


class _Place(Generic[Item, Answer]):
    """A place in the queue; `turn` is released once, when its fate is decided."""

    __slots__ = ("answer", "fate", "item", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.fate = _Fate.WAITS
        self.answer: Answer | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class GroupCommit(Generic[Item, Answer]):
    """Does items together by `run`, which gives an answer to each, in the order in which they came.

    There is no thread of its own. Whoever finds nobody at work does what is waiting, up to `most` items, and then the
    first of those who came meanwhile goes on: so nobody waits who is alone, and the more there is to do the more is
    done at once. Who goes on right after many waits for as many as there were just now, up to `GATHER`: without it, two
    halves of the callers would take turns, and every item would cost more.

    When `run` raises for several, each of them does its own item alone, in its own thread, so that an error harms
    nobody else; `run` must therefore be such that an item may be done twice. Nobody may call this from within `run`.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Answer]], clock: Clock, most: int = MOST) -> None:
        self._run = run
        self._clock = clock
        self._most = most
        self._gate = threading.Lock()  # of all that follows
        self._queue: deque[_Place[Item, Answer]] = deque()
        self._is_led = False
        self._passed_on = 0.0
        self._expected = 1
        self._enough = threading.Event()
        self._inside = 0
        self._is_closed = False
        self._empty = threading.Event()

    def do(self, item: Item) -> Answer:
        """The answer to this item. What `run` raises for it is raised; RuntimeError after `close`."""
        place: _Place[Item, Answer] = _Place(item)
        with self._gate:
            if self._is_closed:
                raise RuntimeError("it was stopped; nothing more is taken")
            self._inside += 1
            self._queue.append(place)
            if len(self._queue) == self._expected:
                self._enough.set()
            if not self._is_led:
                self._is_led = True
                place.fate = _Fate.LEADS
        try:
            if place.fate is not _Fate.LEADS:
                place.turn.acquire()
            if place.fate is _Fate.LEADS:
                self._lead()
            if place.fate is not _Fate.ANSWERED:
                (place.answer,) = self._run([item])
            return cast("Answer", place.answer)
        finally:
            self._leave(place)

    @property
    def waiting(self) -> int:
        """How many have not been taken yet."""
        return len(self._queue)

    def close(self) -> threading.Event:
        """Take nothing more; what is returned is set when all that was taken is done."""
        with self._gate:
            self._is_closed = True
            if not self._inside:
                self._empty.set()
        return self._empty

    def _lead(self) -> None:
        """Do what is waiting, one's own place first; an error of one's own alone is raised."""
        batch: list[_Place[Item, Answer]] = []
        try:
            self._gather()
            with self._gate:
                batch.extend(self._queue.popleft() for _ in range(min(len(self._queue), self._most)))
            answers = self._run([place.item for place in batch])
            for place, answer in zip(batch, answers, strict=True):
                place.answer = answer
                place.fate = _Fate.ANSWERED
        except Exception as error:
            if len(batch) == 1:
                raise
            log.warning("batch_broke", items=len(batch), error=type(error).__name__)
        finally:
            if batch:
                self._pass_on(len(batch))
            for place in batch:
                if place.fate is not _Fate.ANSWERED:
                    place.fate = _Fate.ALONE
                place.turn.release()

    def _gather(self) -> None:
        """Wait for those who were here just now."""
        with self._gate:
            is_late = self._clock.elapsed() - self._passed_on >= GATHER
            if is_late or self._expected < FEW or len(self._queue) >= self._expected:
                return
            self._enough.clear()
        self._clock.wait(self._enough, GATHER)

    def _pass_on(self, done: int) -> None:
        """Let the first who waits go on, or nobody."""
        with self._gate:
            self._passed_on = self._clock.elapsed()
            self._expected = min(max(1, done + len(self._queue)), self._most)
            if self._queue:
                self._queue[0].fate = _Fate.LEADS
                self._queue[0].turn.release()
            else:
                self._is_led = False

    def _leave(self, place: _Place[Item, Answer]) -> None:
        with self._gate:
            was_interrupted = place.fate in {_Fate.WAITS, _Fate.LEADS}
            if was_interrupted and place in self._queue:
                self._queue.remove(place)
            self._inside -= 1
            if self._is_closed and not self._inside:
                self._empty.set()
        if was_interrupted and place.fate is _Fate.LEADS:
            self._pass_on(0)
