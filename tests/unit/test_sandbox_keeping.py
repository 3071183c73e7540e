"""A stand-in that keeps its connections open, as the real services do, and what that asks of who talks to it."""

import http.client
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from suanli.clock import SystemClock
from suanli.sandbox.hubs import Fault, GithubStandIn
from suanli.sandbox.hubs.github_gate import TOKEN
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http

ASK = {"User-Agent": "tests", "Authorization": f"Bearer {TOKEN}"}


class Counter:
    """Answers every path with the status that it names, and remembers who came."""

    def __init__(self) -> None:
        self.came: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.came.append(f"{environ['REMOTE_PORT']}")
        status = str(environ["PATH_INFO"]).strip("/")
        if status == "304":
            start("304 NOT MODIFIED", [("ETag", '"x"')])
            return [b""]
        start(f"{status} X", [("Content-Type", "application/json"), ("Content-Length", "2"), ("Location", "/200")])
        return [b"{}"]


@pytest.fixture
def github() -> Iterator[GithubStandIn]:
    with GithubStandIn(SystemClock(), keeps=True) as stand_in:
        stand_in.world.add("o/r")
        yield stand_in


def connection_to(github: GithubStandIn) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(github.url.removeprefix("http://"), timeout=5)


def ask(connection: http.client.HTTPConnection) -> tuple[int, bytes, bool]:
    """Status and body of an answer, and whether its connection ends with it."""
    connection.request("GET", "/repos/o/r/issues", headers=ASK)
    response = connection.getresponse()
    return response.status, response.read(), response.will_close


def test_two_requests_go_over_one_connection(github: GithubStandIn) -> None:
    connection = connection_to(github)
    assert [ask(connection), ask(connection)] == [(200, b"[]", False)] * 2
    connection.close()
    assert github.record.total == 2


def test_an_answer_that_breaks_off_ends_its_connection(github: GithubStandIn) -> None:
    github.faults.lay(Fault.TRUNCATED)
    connection = connection_to(github)
    with pytest.raises(http.client.IncompleteRead):
        ask(connection)
    connection.close()


def test_a_connection_that_is_kept_does_not_keep_the_server_from_stopping(github: GithubStandIn) -> None:
    connection = connection_to(github)
    ask(connection)
    github.front.stop()
    with pytest.raises(ConnectionError):
        ask(connection)
    connection.close()


@pytest.mark.parametrize("status", [200, 301, 304, 404])
def test_whatever_is_answered_the_next_question_goes_over_the_same_connection(status: int) -> None:
    app = Counter()
    with LoopbackServer(app, keeps=True) as server:
        http = Http(Endpoint("Hub", server.url, "HUB_URL"), clock=SystemClock())
        for _ in range(3):
            assert http.reply("GET", f"{server.url}/{status}").status == status
    assert len(app.came) == 3
    assert len(set(app.came)) == 1
