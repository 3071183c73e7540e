"""Turns: one thread at a time, in the order in which they came."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy.exc import TimeoutError as NoTurnError


class Turns:
    """Hands over to who has waited longest.

    Python's locks and queues let pass whoever happens to run, and that is who has just finished: a thread that begins
    again and again would keep all others waiting for as long as it goes on.
    """

    __slots__ = ("_gate", "_is_taken", "_patience", "_queue")

    def __init__(self, patience: float) -> None:
        """`patience` is how many seconds one waits at the most."""
        self._patience = patience
        self._gate = Lock()  # of all that follows
        self._queue: deque[Lock] = deque()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only one. Raises SQLAlchemy's TimeoutError, as its pools do, for who has waited too long."""
        self._take()
        try:
            yield
        finally:
            self._hand_over()

    def _take(self) -> None:
        with self._gate:
            if not self._is_taken:
                self._is_taken = True
                return
            place = Lock()
            place.acquire()
            self._queue.append(place)
        is_ours = False
        try:
            is_ours = place.acquire(timeout=self._patience)
        finally:
            if not is_ours:
                self._step_back(place)
        if not is_ours:
            raise NoTurnError(f"no turn in {self._patience:g} s")

    def _step_back(self, place: Lock) -> None:
        with self._gate:
            if place in self._queue:
                self._queue.remove(place)
                return
        self._hand_over()  # it was our turn at the very moment when we gave up

    def _hand_over(self) -> None:
        with self._gate:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._is_taken = False
