"""Doubles of the ports, written by hand: they remember what they were given and do what they are told."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from suanli.clock import SystemClock
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel
from suanli.domain.ports import Store, Transaction
from suanli.domain.stock import Row

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, on a Friday."""


class FakeClock:
    """A clock that stands still until it is told, or until somebody waits on it."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def elapsed(self) -> float:
        return self._elapsed

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let the time pass at once, unless the event is set."""
        if event.is_set():
            return True
        self.advance(timedelta(seconds=seconds))
        return False

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        with self._lock:
            self._now += by
            self._elapsed += by.total_seconds()

    def step_to(self, moment: datetime) -> None:
        """Set the clock, as an administrator or NTP does: no time passes."""
        self._now = moment


class PatientClock(SystemClock):
    """Real time on which nobody polls: what happens was woken. Counts how often somebody waited."""

    def __init__(self) -> None:
        self.waits = 0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits += 1
        return event.wait(10 if seconds else 0)


class BriskClock(SystemClock):
    """Real time on which nobody waits long."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(min(seconds, 0.01))


def eventually(happened: Callable[[], bool]) -> bool:
    """Whether something that other threads do happens within ten real seconds."""
    never = threading.Event()
    return any(happened() or never.wait(0.005) for _ in range(2000))


class FakeCourier:
    """Remembers what it was given to send and to redraw; each of these takes the next of `script`, and None or its end
    is success.

    While `gate` is cleared, they hang; `gate_reached` is how many came to it so far.
    """

    def __init__(self, *script: Exception | None) -> None:
        self.tried: list[Parcel] = []
        self.sent: list[Parcel] = []
        self.redrawn: list[tuple[MessageId, Answer]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.gate_reached = 0
        self._script = deque(script)

    def send(self, parcel: Parcel) -> MessageId | None:
        self.tried.append(parcel)
        self._follow_script()
        self.sent.append(parcel)
        return MessageId(f"om_{len(self.sent)}")

    def redraw(self, message_id: MessageId, answer: Answer) -> None:
        self._follow_script()
        self.redrawn.append((message_id, answer))

    def _follow_script(self) -> None:
        self.gate_reached += 1
        assert self.gate.wait(10), "nobody opened the gate"
        error = self._script.popleft() if self._script else None
        if error:
            raise error


class FakeSource:
    """A stock source whose fetches take the next of `script`, rows or an error; the last of it stays."""

    def __init__(self, *script: Sequence[Row] | Exception, name: str = "fake") -> None:
        self._script = deque(script)
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def fetch(self) -> Sequence[Row]:
        answer = self._script.popleft() if len(self._script) > 1 else self._script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def probe(self) -> Sequence[str]:
        return (f"{self._name}: ok",)


class FaultyStore:
    """A store that can be made to fail: while `broken`, no transaction begins."""

    def __init__(self, store: Store) -> None:
        self.broken = False
        self._store = store

    def begin(self) -> AbstractContextManager[Transaction]:
        if self.broken:
            raise OSError("database is locked")
        return self._store.begin()

    def read(self) -> AbstractContextManager[Transaction]:
        if self.broken:
            raise OSError("database is locked")
        return self._store.read()
