"""The loopback server under every stand-in: what it serves, and that it leaves nothing open."""

import http.client
import socket
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from suanli.sandbox.server import LoopbackServer, reset_connection


def hello(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


def fall_over(environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
    reset_connection(environ)
    return []


def get(url: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def test_an_app_is_served_on_loopback_only() -> None:
    with LoopbackServer(hello) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert get(server.url, "/there") == (200, b"/there")


def test_two_servers_have_two_ports() -> None:
    with LoopbackServer(hello) as one, LoopbackServer(hello) as two:
        assert one.url != two.url


def test_a_stopped_server_no_longer_listens_and_may_start_again() -> None:
    server = LoopbackServer(hello).start()
    url = server.url
    server.stop()
    server.stop()

    with pytest.raises(ConnectionRefusedError):
        get(url, "/")
    with server:
        assert get(server.url, "/again") == (200, b"/again")


def test_a_server_that_is_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = LoopbackServer(hello).url


def test_a_server_is_started_once() -> None:
    with LoopbackServer(hello) as server, pytest.raises(RuntimeError, match="already"):
        server.start()


def test_requests_are_served_at_the_same_time() -> None:
    both_are_in = threading.Barrier(2, timeout=5)

    def meet(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        both_are_in.wait()
        return hello(environ, start)

    with LoopbackServer(meet) as server:
        other = threading.Thread(target=get, args=(server.url, "/one"))
        other.start()
        answer = get(server.url, "/two")
        other.join()

    assert answer == (200, b"/two")


def test_stopping_does_not_wait_for_a_client_that_never_asks() -> None:
    with LoopbackServer(hello) as server, socket.create_connection(address(server.url)) as idle:
        assert get(server.url, "/") == (200, b"/")  # the idle one was taken before this
        server.stop()
        idle.settimeout(5)
        assert idle.recv(1) == b""


def test_a_request_under_way_is_answered_before_the_server_stops() -> None:
    begun, answers = threading.Event(), []

    def slow(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        begun.set()
        stopping.wait(5)
        return hello(environ, start)

    stopping = threading.Event()
    server = LoopbackServer(slow).start()
    client = threading.Thread(target=lambda: answers.append(get(server.url, "/slow")))
    client.start()
    begun.wait(5)
    threading.Timer(0.05, stopping.set).start()
    server.stop()
    client.join()

    assert answers == [(200, b"/slow")]


def test_a_reset_is_seen_as_a_reset() -> None:
    with LoopbackServer(fall_over) as server, pytest.raises(ConnectionResetError):
        get(server.url, "/")
