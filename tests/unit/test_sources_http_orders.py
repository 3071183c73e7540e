"""Orders given over HTTP: once, and with the address kept to ourselves."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIEnvironment

import pytest

from suanli.sandbox.server import reset_connection
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from tests.fakes import FakeClock
from tests.web_service import Client, Reply, page, refusal, said, serving


@pytest.fixture
def client(clock: FakeClock) -> Iterator[Client]:
    with serving(clock) as client:
        yield client


def test_an_order_goes_to_the_address_itself_as_utf_8_and_its_answer_comes_back(client: Client) -> None:
    http, service = client(said(200, {"code": 0}))
    assert http.tell({"text": "二"}) == {"code": 0}
    [asked] = service.asked
    assert (asked["REQUEST_METHOD"], asked["CONTENT_TYPE"]) == ("POST", "application/json; charset=utf-8")
    assert asked["test.body"] == '{"text":"二"}'.encode()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_order_is_never_given_twice(client: Client, clock: FakeClock, status: int) -> None:
    http, service = client(page(status), Reply())
    error = refusal(lambda: http.tell({}))
    assert (error.code, error.permanent) == (status, False)
    assert (len(service.asked), clock.elapsed()) == (1, 0)


def test_an_order_whose_connection_breaks_is_not_given_again(client: Client) -> None:
    def fall_over(environ: WSGIEnvironment) -> Reply:
        reset_connection(environ)
        return Reply()

    http, service = client(fall_over, Reply())
    assert not refusal(lambda: http.tell({})).permanent
    assert len(service.asked) == 1


def test_an_order_to_a_silent_service_is_given_up(client: Client) -> None:
    released = threading.Event()

    def hang(_: WSGIEnvironment) -> Reply:
        released.wait(10)
        return Reply()

    http, service = client(hang)
    error = refusal(lambda: http.tell({}))
    released.set()
    assert "did not answer within 0.3 s" in str(error)
    assert (error.permanent, len(service.asked)) == (False, 1)


def test_a_code_in_the_body_of_an_error_status_says_more_than_the_status(client: Client) -> None:
    http, _ = client(said(400, {"code": 19021, "msg": "sign match fail"}), said(400, {"message": "no"}), said(400, []))
    assert http.tell({}) == {"code": 19021, "msg": "sign match fail"}
    for _ in range(2):
        error = refusal(lambda: http.tell({}))
        assert (error.code, error.permanent) == (400, True)


@pytest.mark.parametrize("reply", [said(200, []), said(200, "ok"), said(200, None)])
def test_an_answer_to_an_order_is_an_object(client: Client, reply: Reply) -> None:
    http, _ = client(reply)
    assert str(refusal(lambda: http.tell({}))) == "Grafana answered with JSON that is not an object"


def test_an_order_follows_no_redirect(client: Client) -> None:
    http, service = client(Reply(307, b"", {"Location": "/elsewhere"}))
    assert refusal(lambda: http.tell({})).permanent
    assert len(service.asked) == 1


def test_a_secret_path_is_in_no_error_and_in_no_answer(client: Client, clock: FakeClock) -> None:
    path = "/hook/4f3c-secret-2b1a"
    plain, service = client(
        said(200, {"code": 1, "msg": f"no bot at {path}", "more": ["4f3c-secret-2b1a"]}),
        said(403, {"message": f"you may not POST {path}"}),
        Reply(301, b"", {"Location": f"{path}/"}),
        page(404),
        Reply(body=b"{"),
    )
    there = Endpoint("hook", plain.endpoint.url + path, "HOOK_URL", secret_path=True)
    http = Http(there, clock=clock)
    assert "secret-2b1a" not in str(http.tell({}))
    for _ in range(4):
        assert "secret-2b1a" not in str(refusal(lambda: http.tell({})))
    assert [asked["PATH_INFO"] for asked in service.asked] == [path] * 5


@contextmanager
def answering_in_bytes(reply: bytes) -> Iterator[str]:
    """A service that answers one request with exactly this; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                heard = b""
                # To the end of the body: closing with something unread would reset the connection.
                while not heard.endswith(b"{}") and (piece := connection.recv(65536)):
                    heard += piece
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def test_a_secret_path_is_in_no_log_of_the_libraries(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    reply = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nno header\r\n\r\n{"code":0}'
    with caplog.at_level(logging.WARNING), answering_in_bytes(reply) as url:
        there = Endpoint("hook", f"{url}/hook/4f3c-secret-2b1a", "HOOK_URL", secret_path=True)
        assert Http(there, clock=clock).tell({}) == {"code": 0}
    assert "secret-2b1a" not in caplog.text


def test_a_secret_in_the_query_is_sent_and_is_in_no_error_answer_or_log(
    client: Client, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "4f3c-secret-2b1a"
    plain, service = client(
        said(200, {"code": 1, "message": f"no robot {secret}"}),
        said(403, {"message": f"bad token {secret}"}),
        Reply(301, b"", {"Location": f"/send?token={secret}"}),
        page(200),
        Reply(body=b"{"),
    )
    url = f"{plain.endpoint.url}/send?token={secret}&channel=standard"
    http = Http(Endpoint("robot", url, "ROBOT_URL", secret_query="token"), clock=clock)
    with caplog.at_level(logging.WARNING):
        assert secret not in str(http.tell({}))
        for _ in range(4):
            assert secret not in str(refusal(lambda: http.tell({})))
    assert [asked["QUERY_STRING"] for asked in service.asked] == [f"token={secret}&channel=standard"] * 5
    assert secret not in caplog.text


def test_a_secret_in_the_query_is_in_no_log_of_the_libraries(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    reply = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nno header\r\n\r\n{"code":0}'
    with caplog.at_level(logging.WARNING), answering_in_bytes(reply) as url:
        there = Endpoint("robot", f"{url}/send?token=4f3c-secret-2b1a", "ROBOT_URL", secret_query="token")
        assert Http(there, clock=clock).tell({}) == {"code": 0}
    assert "secret-2b1a" not in caplog.text


def test_an_order_may_go_below_the_address_with_headers_of_its_own_that_are_secrets(client: Client) -> None:
    token = "5e25-token-of-the-app"
    http, service = client(said(200, {"code": 1, "message": token}), said(403, {"message": token}), Reply())
    assert http.tell({}, path="/card", headers={"x-wlk-Authorization": token}) == {"code": 1, "message": "***"}
    assert token not in str(refusal(lambda: http.tell({}, path="/card", headers={"x-wlk-Authorization": token})))
    http.tell({})
    first, _, last = service.asked
    assert (first["PATH_INFO"], first["HTTP_X_WLK_AUTHORIZATION"]) == ("/card", token)
    assert (last["PATH_INFO"], "HTTP_X_WLK_AUTHORIZATION" in last) == ("/", False)
    assert first["HTTP_AUTHORIZATION"] == last["HTTP_AUTHORIZATION"]


def test_a_page_with_a_good_status_is_told_by_it(client: Client) -> None:
    http, _ = client(page(200))
    error = refusal(lambda: http.tell({}))
    assert (error.code, error.permanent) == (200, True)
