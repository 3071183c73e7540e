"""What was asked of a hub, and how often."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from werkzeug.wrappers import Request

from suanli.sandbox.hubs.reply import Reply

KEPT = 10_000
_SECRET = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and the status it was answered with, 0 where it got no answer.

    Of a token only its kind is here: `Bearer ***`.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    charged: bool
    at: datetime


class Record:
    """The last KEPT requests, and figures over all of them since the start or the last `clear`.

    `charged` were counted against a quota; `unchanged` were answered 304; `by_name` counts what a repository or model
    was asked, by its present name. `present` requests are being answered now; there were `most_present` at most.
    """

    def __init__(self) -> None:
        self.present = 0
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin anew; requests that are being answered will be counted."""
        with self._lock:
            self.asked: deque[Asked] = deque(maxlen=KEPT)
            self.total = self.charged = self.unchanged = self.most_present = 0
            self.by_name: Counter[str] = Counter()
            self.by_status: Counter[int] = Counter()

    @contextmanager
    def presence(self) -> Iterator[None]:
        """Count a request as present."""
        with self._lock:
            self.present += 1
            self.most_present = max(self.most_present, self.present)
        try:
            yield
        finally:
            with self._lock:
                self.present -= 1

    def add(self, request: Request, reply: Reply, at: datetime) -> None:
        """Write down a request and what became of it."""
        asked = Asked(
            request.method,
            request.path,
            request.query_string.decode("latin-1"),
            {name: _masked(name, value) for name, value in request.headers},
            request.get_data(),
            reply.status,
            reply.charged,
            at,
        )
        with self._lock:
            self.asked.append(asked)
            self.total += 1
            self.charged += reply.charged
            self.unchanged += reply.status == 304
            self.by_status[reply.status] += 1
            if reply.about:
                self.by_name[reply.about] += 1


def _masked(name: str, value: str) -> str:
    if name.lower() not in _SECRET:
        return value
    return f"{value.split(' ', 1)[0]} ***" if " " in value else "***"
