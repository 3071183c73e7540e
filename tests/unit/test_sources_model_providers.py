"""Providers of models over real HTTP: what passes, what is kept from callers, and how long is waited."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.clock import SystemClock
from suanli.domain.errors import RemoteError
from suanli.domain.gateway import Deadlines, Late, ProviderRequest
from suanli.sandbox.model_provider import KEY, Behaviour, ModelProvider
from suanli.sources.model_providers import HttpModelProvider
from tests.gateway_kit import FAST, endpoint_of

REQUEST = ProviderRequest("/chat/completions", b'{"model": "m", "stream": true}', True, timedelta(seconds=10))  # noqa: FBT003
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b"5\r\nhello\r\n"
END = b"0\r\n\r\n"


def _heard(connection: socket.socket) -> bool:
    """Whether a request came, read to its end: head and body may come one after the other."""
    heard = b""
    while not heard.endswith(REQUEST.body):
        piece = connection.recv(65536)
        heard += piece
        if not piece:
            return False
    return True


def provider(url: str, deadlines: Deadlines = FAST) -> HttpModelProvider:
    return HttpModelProvider(endpoint_of("first", url), deadlines, SystemClock())


class Wire:
    """A server that keeps connections and answers each request by a script, in which a number is a wait."""

    def __init__(self, *scripts: Sequence[bytes | float]) -> None:
        self.connections = 0
        self._scripts = scripts
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen)]
        self.port = self._server.getsockname()[1]

    def __enter__(self) -> str:
        self._threads[0].start()
        return f"http://127.0.0.1:{self.port}/v1"

    def __exit__(self, *_: object) -> None:
        self._over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(5)
        self._server.close()

    def _listen(self) -> None:
        while True:
            connection, _ = self._server.accept()
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._talk, args=(connection,)))
            self._threads[-1].start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            for script in self._scripts:
                if not _heard(connection):
                    return
                for step in script:
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    else:
                        self._over.wait(step)


def test_pieces_come_as_they_are_sent_and_the_connection_is_used_again() -> None:
    script = (HEAD, PIECE, 0.05, PIECE, END)
    server = Wire(script, script)
    with server as url:
        asked = provider(url)
        for _ in range(2):
            reply = asked.send(REQUEST)
            assert list(reply.chunks) == [b"hello", b"hello"]
            reply.close()
        assert server.connections == 1
        asked._http._session.close()  # noqa: SLF001 so that the server's thread ends


def test_between_two_pieces_less_patience_is_had_than_before_the_first() -> None:
    short = replace(FAST, first_byte=timedelta(seconds=5), between=timedelta(seconds=0.2))
    with Wire((0.4, HEAD, PIECE, 4.0)) as url:
        reply = provider(url, short).send(REQUEST)
        assert next(reply.chunks) == b"hello"
        with pytest.raises(Late, match=r"0\.2 s"):
            next(reply.chunks)
        reply.close()


def test_an_answer_that_goes_on_for_too_long_is_late() -> None:
    with Wire((HEAD, *((PIECE, 0.1) * 20), END)) as url:
        reply = provider(url).send(replace(REQUEST, within=timedelta(seconds=0.35)))
        with pytest.raises(Late):
            assert len(list(reply.chunks)) > 20
        reply.close()


def test_nothing_in_time_is_late() -> None:
    quick = replace(FAST, first_byte=timedelta(seconds=0.2))
    with Wire((4.0,)) as url, pytest.raises(Late):
        provider(url, quick).send(REQUEST)


def test_a_body_that_ends_before_its_end_broke_off() -> None:
    def cut(connection: Sequence[bytes | float]) -> None:
        with Wire(connection) as url:
            reply = provider(url).send(REQUEST)
            with pytest.raises(RemoteError, match="broke off"):
                list(reply.chunks)
            reply.close()

    cut((HEAD, PIECE, b"5\r\nhel"))
    cut((b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"hello"))


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_an_error_comes_with_its_status_and_without_our_key(status: int) -> None:
    with ModelProvider(Behaviour(status=status, headers={"Retry-After": "3", "Set-Cookie": "a=b"})) as stand_in:
        reply = provider(stand_in.url).send(REQUEST)
        body = b"".join(reply.chunks)
        assert reply.status == status
        assert KEY.encode() not in body
        assert b"***" in body
        assert reply.headers == {"content-type": "application/json", "retry-after": "3"}


def test_a_redirect_is_not_followed() -> None:
    with Wire((b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",)) as url:
        reply = provider(url).send(REQUEST)
        assert reply.status == 302
        reply.close()


def test_nobody_there_is_an_error_without_the_key() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RemoteError) as caught:
        provider(f"http://127.0.0.1:{port}/v1").send(REQUEST)
    assert KEY not in str(caught.value)
    assert not isinstance(caught.value, Late)
