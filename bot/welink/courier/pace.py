"""How much a robot may still say: 30 messages in any minute, or it is silent for the next (welink.md §1.3).

The outbox counts a message as one whatever its parts, so they are counted here. A message waits until all of it fits
rather than stopping half-way. The count is this process's own: two processes that deliver could say too much between
them, and then the robot's silence is waited for.
"""

from collections import deque
from datetime import timedelta
from threading import Lock

from suanli.clock import Clock

MOST = 30
WINDOW = timedelta(minutes=1)


class Pace:
    """A sliding window over what one robot said.

    A message counts from its answer on, so that delays of the network cannot bring two windows together.
    """

    def __init__(self, clock: Clock, most: int = MOST, window: timedelta = WINDOW) -> None:
        self._clock = clock
        self._most = most
        self._window = window.total_seconds()
        self._said: deque[float] = deque()
        self._lock = Lock()

    def wait_for(self, messages: int) -> timedelta:
        """How long until there is room for so many (or for all that a window holds, if that is less)."""
        with self._lock:
            now = self._clock.elapsed()
            while self._said and self._said[0] + self._window <= now:
                self._said.popleft()
            too_many = len(self._said) + min(messages, self._most) - self._most
            return timedelta(seconds=self._said[too_many - 1] + self._window - now) if too_many > 0 else timedelta()

    def count(self) -> None:
        """One message was answered, or will not be any more."""
        with self._lock:
            self._said.append(self._clock.elapsed())
