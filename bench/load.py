"""The load generator: requests made beforehand, sent over keep-alive connections on plain sockets when they are due.

It runs in a process of its own, so that it shares no interpreter lock with what is measured.
"""

import re
import selectors
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Self

from suanli.clock import SystemClock

PATH = "/webhooks/feishu"

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_CONNECT_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a load. `statuses`, `waits`, `took` and `began` are in the order of the requests.

    A wait is the seconds from when the request was due, not from when it could be sent, until its answer was here: a
    server that holds up the requests behind cannot hide them. `took` are those from when it was sent until all of the
    answer was here, and `began` until the first byte of its body was. `seconds` is from the start to the last answer.
    """

    started_at: datetime
    seconds: float
    statuses: tuple[int, ...]
    waits: tuple[float, ...]
    took: tuple[float, ...]
    began: tuple[float, ...]


def at_once(count: int) -> tuple[float, ...]:
    """All due from the start: each connection sends its next as soon as it has an answer, a closed loop."""
    return (0.0,) * count


def arrivals(count: int, per_second: float, seed: int) -> tuple[float, ...]:
    """Independent moments at this rate, an open loop: whoever writes to a bot does not wait for others' answers."""
    random = Random(seed)  # noqa: S311 the same arrivals in every run
    return tuple(sorted(random.uniform(0, count / per_second) for _ in range(count)))


def drive(port: int, requests: Sequence[bytes], due: Sequence[float], *, connections: int, limit: float) -> Report:
    """Send each request to 127.0.0.1 once it is due (seconds after the start, ascending) and a connection is free.

    Raises TimeoutError when not all is answered within `limit` seconds, and ConnectionError when the server ends a
    connection without having said so.
    """
    clock = SystemClock()
    with _Lines(port, connections) as lines:
        started_at, start = clock.now(), clock.elapsed()
        waits, took, began = ([0.0] * len(requests) for _ in range(3))
        statuses = [0] * len(requests)
        sent = answered = 0
        while answered < len(requests):
            now = clock.elapsed() - start
            while lines.idle and sent < len(requests) and due[sent] <= now:
                lines.idle.popleft().send(sent, requests[sent])
                sent += 1
            if now > limit:
                raise TimeoutError(f"{answered} of {len(requests)} requests were answered within {limit:.0f} s")
            until = due[sent] if lines.idle and sent < len(requests) else limit
            for number, status, sent_at, began_at in lines.answers(max(0.0, until - now)):
                at = clock.elapsed()
                statuses[number], waits[number] = status, at - start - due[number]
                took[number], began[number] = at - sent_at, began_at - sent_at
                answered += 1
        return Report(started_at, clock.elapsed() - start, tuple(statuses), tuple(waits), tuple(took), tuple(began))


class _Lines:
    """All connections: `idle` are those without a request on them, the one that waited longest first."""

    def __init__(self, port: int, connections: int) -> None:
        self._lines = [_Line(port) for _ in range(connections)]
        self._selector = selectors.DefaultSelector()
        self.idle = deque(self._lines)

    def __enter__(self) -> Self:
        for line in self._lines:
            self._open(line)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._selector.close()
        for line in self._lines:
            line.close()

    def answers(self, seconds: float) -> Sequence[tuple[int, int, float, float]]:
        """The requests answered next, each with its status, when it was sent, and when the answer's body began.

        None when nothing comes within these seconds.
        """
        found = []
        for key, _ in self._selector.select(seconds):
            line: _Line = key.data
            status = line.receive()
            if status is not None:
                found.append((line.number, status, line.sent_at, line.began_at))
                self.idle.append(line)
                if line.ends:
                    self._selector.unregister(key.fileobj)
                    self._open(line)
        return found

    def _open(self, line: "_Line") -> None:
        self._selector.register(line.open(), selectors.EVENT_READ, line)


@dataclass(slots=True, eq=False)
class _Line:
    """A connection with at most one request on it: that of `number`. `ends`: the server closes it after the answer."""

    port: int
    number: int = -1
    ends: bool = False
    sent_at: float = 0.0
    began_at: float = 0.0
    _clock: SystemClock = field(default_factory=SystemClock)
    _socket: socket.socket | None = None
    _buffer: bytearray = field(default_factory=bytearray)

    def open(self) -> socket.socket:
        self.close()
        self._socket = socket.create_connection(("127.0.0.1", self.port), _CONNECT_WITHIN)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def send(self, number: int, request: bytes) -> None:
        self.number = number
        self.sent_at, self.began_at = self._clock.elapsed(), 0.0
        self._connected().sendall(request)

    def receive(self) -> int | None:
        """Take what has arrived; the status once the answer is whole."""
        piece = self._connected().recv(65536)
        if not piece:
            raise ConnectionError("the server ended a connection that the load was to use")
        self._buffer += piece
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if end and not self.began_at and (body or _LENGTH.search(head)):
            self.began_at = self._clock.elapsed()
        if not end or not _is_whole(head, body):
            return None
        self.ends = head.startswith(b"HTTP/1.0") or _CLOSES.search(head) is not None
        self._buffer.clear()
        return int(head[9:12])

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("the line is closed")
        return self._socket


def _is_whole(head: bytearray, body: bytearray) -> bool:
    """Whether this is all of an answer's body: as long as it says, or in chunks, of which the last one is empty."""
    length = _LENGTH.search(head)
    if length is not None:
        return len(body) >= int(length[1])
    return _CHUNKED.search(head) is not None and (b"\r\n" + body).endswith(_LAST_CHUNK)
