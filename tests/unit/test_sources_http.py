"""The one door to `requests`, against a real server on loopback."""

import base64
import gzip
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from wsgiref.types import WSGIEnvironment

import pytest

from suanli.sandbox.server import reset_connection
from suanli.sources.http import MAX_BODY, Http
from tests.fakes import NOON, FakeClock
from tests.web_service import TOKEN, Client, Reply, endpoint, page, refusal, said, serving


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def client(clock: FakeClock, stop: threading.Event) -> Iterator[Client]:
    with serving(clock, stop) as client:
        yield client


def test_json_comes_back_as_it_was_said(client: Client) -> None:
    http, service = client(said(200, {"a": [1, None, "二"]}))
    assert http.get("/x") == {"a": [1, None, "二"]}
    assert service.asked[0]["REQUEST_METHOD"] == "GET"


def test_a_vendor_json_type_is_json_too(client: Client) -> None:
    http, _ = client(Reply(headers={"Content-Type": "application/problem+json"}))
    assert http.get("/x") == {"ok": True}


def test_a_body_is_posted_as_json_or_as_a_form(client: Client) -> None:
    http, service = client(Reply())
    http.post_json("/x", {"sql": "二"})
    http.post_form("/x", {"query": "a + b"})
    first, second = service.asked
    assert (first["CONTENT_TYPE"], json.loads(first["test.body"])) == ("application/json", {"sql": "二"})
    assert (second["CONTENT_TYPE"], second["test.body"]) == ("application/x-www-form-urlencoded", b"query=a+%2B+b")


def test_a_path_is_added_to_an_address_that_has_one(client: Client, clock: FakeClock) -> None:
    http, service = client(Reply())
    Http(endpoint(http.endpoint.url + "/grafana/"), clock=clock).get("/api/health")
    assert service.asked[0]["PATH_INFO"] == "/grafana/api/health"


def test_netrc_and_proxy_variables_change_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    http, service = client(Reply())
    http.get("/x")
    assert service.asked[0]["HTTP_AUTHORIZATION"] == f"Bearer {TOKEN}"


def test_a_user_in_the_address_is_sent_as_basic_authentication(client: Client) -> None:
    http, service = client(Reply(), headers={}, user="admin:p%40ss%E4%BA%8C")
    http.get("/x")
    kind, _, encoded = service.asked[0]["HTTP_AUTHORIZATION"].partition(" ")
    assert (kind, base64.b64decode(encoded).decode()) == ("Basic", "admin:p@ss二")


def test_a_token_wins_over_a_user_in_the_address(client: Client) -> None:
    http, service = client(Reply(), user="admin:password")
    http.get("/x")
    assert service.asked[0]["HTTP_AUTHORIZATION"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_that_says_where_to_and_which_setting(client: Client, status: int) -> None:
    http, service = client(Reply(status, b"", {"Location": "https://u:pw@sso.example.com/login?state=xyz"}))
    error = refusal(lambda: http.post_json("/x", {}))
    assert "https://sso.example.com/login (" in str(error)
    assert "GRAFANA_URL" in str(error)
    assert error.permanent
    assert len(service.asked) == 1


def test_a_web_page_in_place_of_json_is_an_error_in_words(client: Client) -> None:
    http, _ = client(page(200))
    error = refusal(lambda: http.get("/x"))
    assert "a web page where JSON was expected" in str(error)
    assert "GRAFANA_URL" in str(error)
    assert error.permanent


def test_a_reply_without_a_type_is_not_read(client: Client) -> None:
    http, _ = client(Reply(204, b"", {}))
    assert "something without a type" in str(refusal(lambda: http.get("/x")))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_trouble_that_passes_is_asked_once_more(client: Client, clock: FakeClock, status: int) -> None:
    http, service = client(page(status), Reply())
    assert http.get("/x") == {"ok": True}
    assert len(service.asked) == 2
    assert 0.25 <= clock.elapsed() < 0.5


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_trouble_that_stays_is_told_after_two_tries(client: Client, status: int) -> None:
    http, service = client(page(status))
    error = refusal(lambda: http.get("/x"))
    assert (error.code, error.permanent) == (status, False)
    assert len(service.asked) == 2


def test_a_short_wait_that_is_asked_for_is_waited(client: Client, clock: FakeClock) -> None:
    http, _ = client(page(429, **{"Retry-After": "3"}), Reply())
    assert http.get("/x") == {"ok": True}
    assert 3.25 <= clock.elapsed() < 3.5


def test_a_long_wait_is_left_to_the_caller(client: Client, clock: FakeClock) -> None:
    http, service = client(page(503, **{"Retry-After": "Fri, 20 Nov 2026 04:02:00 GMT"}))
    assert clock.now() == NOON
    assert refusal(lambda: http.get("/x")).retry_after == timedelta(minutes=2)
    assert (len(service.asked), clock.elapsed()) == (1, 0)


def test_a_refusal_is_asked_once_and_told_in_the_services_words(client: Client) -> None:
    http, service = client(said(401, {"message": "Invalid API key"}))
    error = refusal(lambda: http.get("/x"))
    assert (error.code, error.permanent) == (401, True)
    assert "GRAFANA_API_KEY" in str(error)
    assert str(error).endswith("it says: Invalid API key")
    assert len(service.asked) == 1


@pytest.mark.parametrize("reply", [page(404), Reply(404, b"{")], ids=["page", "broken JSON"])
def test_a_refusal_that_cannot_be_read_keeps_its_status(client: Client, reply: Reply) -> None:
    http, _ = client(reply)
    assert refusal(lambda: http.get("/x")).code == 404


def test_nothing_is_asked_again_once_we_are_to_stop(client: Client, stop: threading.Event) -> None:
    http, service = client(page(502), Reply())
    stop.set()
    assert refusal(lambda: http.get("/x")).code == 502
    assert len(service.asked) == 1


def test_a_reset_connection_is_tried_once_more(client: Client) -> None:
    def fall_over(environ: WSGIEnvironment) -> Reply:
        reset_connection(environ)
        return Reply()

    http, service = client(fall_over, Reply())
    assert http.get("/x") == {"ok": True}
    assert len(service.asked) == 2


def test_where_nothing_listens_the_error_names_the_setting_and_not_the_password(clock: FakeClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        http = Http(endpoint(f"http://admin:hunter2hunter2@127.0.0.1:{taken.getsockname()[1]}"), clock=clock)
        error = refusal(lambda: http.get("/x"))
    assert str(error) == "Grafana: nothing answers at the address in GRAFANA_URL, or it breaks off"
    assert not error.permanent
    assert clock.elapsed() > 0


def test_a_silent_service_is_given_up_and_not_asked_again(client: Client) -> None:
    released = threading.Event()

    def hang(_: WSGIEnvironment) -> Reply:
        released.wait(10)
        return Reply()

    http, service = client(hang)
    error = refusal(lambda: http.get("/x"))
    released.set()
    assert "did not answer within 0.3 s" in str(error)
    assert not error.permanent
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"[" + b" " * MAX_BODY + b"]"),
        Reply(
            body=gzip.compress(b"[" + b" " * MAX_BODY + b"]"),
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ),
    ],
    ids=["as it is", "packed"],
)
def test_a_reply_larger_than_the_limit_is_refused(client: Client, reply: Reply) -> None:
    http, _ = client(reply)
    error = refusal(lambda: http.get("/x"))
    assert "more than 8 MiB" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[-Infinity]", b"[" * 200_000, b"9" * 5000], ids=lambda body: body[:9]
)
def test_broken_json_is_an_error(client: Client, body: bytes) -> None:
    http, _ = client(Reply(body=body))
    assert str(refusal(lambda: http.get("/x"))) == "Grafana answered with broken JSON"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json", "Content-Length": "1000"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=["too short", "not packed"],
)
def test_a_reply_that_breaks_off_is_an_error(client: Client, headers: Mapping[str, str]) -> None:
    http, _ = client(Reply(headers=headers))
    error = refusal(lambda: http.get("/x"))
    assert str(error) == "Grafana: the reply broke off in the middle"
    assert not error.permanent
