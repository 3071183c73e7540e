"""What does not belong to a WeLink connection is refused, all alike, and does nothing."""

import json
from io import BytesIO
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.router import Router
from bot.welink.connection import Connection
from bot.welink.signature import Bearer, Gate, Official, Signed
from bot.welink.webhook import MAX_BODY, welink_blueprint
from storage.store import SqlStore
from tests import welink_desk
from tests.dialogue import SITE
from tests.welink_caller import NOW, SECRET, Sent, borne, said, sealed, signed
from tests.welink_desk import SIGNED, Desk

desk = welink_desk.desk


def status(desk: Desk, request: Sent, name: str = "corp") -> tuple[int, Any]:
    answer = desk.post(request, name)
    return answer.status_code, answer.json


REFUSED: dict[str, tuple[str, Sent]] = {
    "unsigned": ("corp", Sent({}, b"{}")),
    "forged": ("corp", signed(said(), "another")),
    "stale": ("corp", signed(said(), at=NOW - 301)),
    "not JSON": ("corp", signed(b"/stock")),
    "of another mode": ("corp", borne(said())),
    "a forged envelope": ("app", sealed({"eventType": "test", "timestamp": NOW}, "another")),
    "a stale envelope": ("app", sealed({"eventType": "test", "timestamp": NOW - 31 * 60})),
    "no envelope": ("app", Sent({}, b"[]")),
    "a wrong token": ("desk", borne(said(), "another")),
}


@pytest.mark.parametrize(("name", "request_"), REFUSED.values(), ids=REFUSED.keys())
def test_whatever_is_wrong_with_a_request_the_refusal_is_the_same(desk: Desk, name: str, request_: Sent) -> None:
    with capture_logs() as logs:
        assert status(desk, request_, name) == (401, {"error": "unauthorized"})
    assert (desk.audits(), desk.woken) == ([], 0)
    (entry,) = logs
    assert (entry["event"], entry["connection"]) == ("webhook_refused", name)
    assert SECRET not in str(logs)


def test_a_proof_for_one_connection_is_none_for_another(desk: Desk) -> None:
    assert status(desk, borne(said()), "corp")[0] == 401
    assert status(desk, signed(said()), "desk")[0] == 401
    assert status(desk, signed(said()), "app")[0] == 401


@pytest.mark.parametrize("name", ["nobody", "closed", "CORP", "corp%20", "算力", "..", "corp/more", "a" * 1000])
def test_a_connection_that_is_not_there_or_has_no_secret_looks_like_any_wrong_address(desk: Desk, name: str) -> None:
    for request in (signed(said()), signed(said(), ""), borne(said(), "")):
        assert status(desk, request, name) == status(desk, request, "no/such/address") == (404, {"error": "not found"})
    assert desk.audits() == []


def test_a_closed_connection_is_told_of_once(desk: Desk, sqlite_store: SqlStore) -> None:
    with capture_logs() as logs:
        client = desk.another(sqlite_store)
        desk.post(signed(said()), "closed", client)
    assert [entry for entry in logs if entry["event"] == "welink_closed"] == [
        {"event": "welink_closed", "connection": "closed", "log_level": "warning"}
    ]


def test_two_connections_of_one_name_cannot_be(desk: Desk) -> None:
    router = Router(desk.store, SITE, desk.clock, lambda: None)
    with pytest.raises(ValueError, match="two connections are called corp"):
        welink_blueprint((SIGNED, SIGNED), router, desk.clock)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_a_post_is_looked_at(desk: Desk, method: str) -> None:
    assert desk.client.open("/webhooks/welink/corp?challenge=1", method=method).status_code == 405


def test_a_body_that_announces_more_than_64_kibibytes_is_not_read(desk: Desk) -> None:
    stream = BytesIO(b"x" * (MAX_BODY + 1))
    answer = desk.client.post(
        "/webhooks/welink/corp", input_stream=stream, headers={"Content-Length": str(MAX_BODY + 1)}
    )
    assert (answer.status_code, stream.tell()) == (413, 0)


def test_a_body_of_unknown_length_is_read_no_further_than_64_kibibytes(desk: Desk) -> None:
    stream = BytesIO(b"x" * (1024 * 1024))
    answer = desk.client.post(
        "/webhooks/welink/corp", input_stream=stream, environ_overrides={"wsgi.input_terminated": True}
    )
    assert answer.status_code in {401, 413}
    assert stream.tell() <= MAX_BODY


def test_a_body_of_64_kibibytes_is_heard(desk: Desk) -> None:
    body = json.dumps(said("/help")).encode()
    assert desk.post(signed(body[:-1] + b" " * (MAX_BODY - len(body)) + b"}")).status_code == 200
    assert len(desk.parcels()) == 1


@pytest.mark.parametrize("gate", [Official((SECRET,)), Signed((SECRET,)), Bearer((SECRET,))])
def test_a_connection_does_not_show_its_secret(gate: Gate) -> None:
    assert SECRET not in repr(Connection("corp", gate))
