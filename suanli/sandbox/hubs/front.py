"""What stands before a hub: it writes requests down, lets them wait, and lets faults happen."""

import socket
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Self
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request

from suanli.clock import Clock
from suanli.sandbox.hubs.faults import Fault, Faults
from suanli.sandbox.hubs.record import Record
from suanli.sandbox.hubs.reply import WEB_PAGE, Reply
from suanli.sandbox.server import LoopbackServer

LONGEST = 30
"""Seconds after which a hanging request is let go."""

Answer = Callable[[Request, Fault | None], Reply]


class Front:
    """A hub on a loopback port; `answer` says what it answers, given the fault that it is to show, if any.

    Every request waits for `latency` first. It holds no lock while it waits, so any number can wait at once.
    With `keeps` a connection stays open for the next request, as it does at the real hubs.
    """

    def __init__(self, clock: Clock, answer: Answer, *, keeps: bool = False) -> None:
        self.faults = Faults()
        self.record = Record()
        self.latency = timedelta()
        self._clock = clock
        self._answer = answer
        self._stopping = threading.Event()
        self._server = LoopbackServer(self._serve, keeps=keeps)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end."""
        return self._server.url

    def start(self) -> None:
        """Listen."""
        self._stopping.clear()
        self._server.start()

    def stop(self) -> None:
        """Let go of whoever waits, and close."""
        self._stopping.set()
        self._server.stop()

    def _serve(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()  # a connection that is closed before its body was read ends in a reset
        with self.record.presence():
            fault = self.faults.meet(request.path)
            if self.latency:
                self._clock.wait(self._stopping, self.latency.total_seconds())
            if fault is Fault.HANGING:
                self._stopping.wait(LONGEST)
            reply = self._reply(request, fault)
            self.record.add(request, reply, self._clock.now())
        if not reply.status:
            _hang_up(environ)
        length = () if reply.status == HTTPStatus.NOT_MODIFIED else (("Content-Length", str(len(reply.body))),)
        # The moment by this hub's clock: the server would name that of the machine, and limits are counted from it.
        date = ("Date", format_datetime(self._clock.now(), usegmt=True))
        start(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*reply.headers, date, *length])
        return [reply.body[: len(reply.body) // 2] if fault is Fault.TRUNCATED else reply.body]

    def _reply(self, request: Request, fault: Fault | None) -> Reply:
        if fault in (Fault.DROPPED, Fault.HANGING):
            return Reply(0, charged=False)
        if fault is Fault.WEB_PAGE:
            return WEB_PAGE
        return self._answer(request, None if fault is Fault.TRUNCATED else fault)


def _hang_up(environ: WSGIEnvironment) -> None:
    """End a connection without an answer; raises what ends the handling of its request."""
    connection: socket.socket = environ["werkzeug.socket"]
    # The server goes on to read from it, as from one that is kept alive, and has to find its end rather than no socket.
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


class Served:
    """What stands behind a front, opened and closed with it."""

    front: Front

    def __enter__(self) -> Self:
        self.front.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.front.stop()

    @property
    def url(self) -> str:
        """The base URL, in place of the hub's own."""
        return self.front.url

    @property
    def faults(self) -> Faults:
        """What goes wrong at present."""
        return self.front.faults

    @property
    def record(self) -> Record:
        """What was asked."""
        return self.front.record
