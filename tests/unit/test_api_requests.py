"""What every endpoint does with a request, whatever it is about: over real HTTP, on endpoints made up for it."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.errors import UserError
from suanli.domain.tokens import Permission
from suanli.sandbox.server import LoopbackServer
from suanli.web.api.blueprint import api_blueprint
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, Name
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.app import build_app
from suanli.web.cost import ENDPOINTS as COST_ENDPOINTS
from tests.cost_desk import CostDesk
from tests.dialogue import SITE
from tests.fakes import FakeClock

PATH = "/api/v1/cost/things"


class Thing(Body):
    name: Name
    price: GivenAmount


class Asked(Body):
    word: str = ""


class Known(Answer):
    name: str
    price: Amount


def make(visit: Visit) -> Reply:
    said: Thing = visit.body
    if said.name == "bad":
        raise UserError("not this one")
    return Reply(Known(name=said.name, price=said.price), 201)


def read(visit: Visit) -> Reply:
    if visit.path.get("id") == 500:
        raise RuntimeError("sk-secret")
    return Reply(Known(name=visit.query.word or "it", price=Decimal(12_500_000_000)))


ENDPOINTS = (
    Endpoint("POST", PATH, "make", Permission.WRITE, make, body=Thing, reply=Known, status=201, limit=2000),
    Endpoint("GET", PATH, "read", Permission.READ, read, query=Asked, reply=Known),
    Endpoint("GET", f"{PATH}/<int:id>", "read_one", Permission.READ, read, query=Asked, reply=Known),
    Endpoint("DELETE", PATH, "drop", Permission.MANAGE, lambda _: Reply(status=204), role=Role.OPERATOR, status=204),
)
GOOD = {"name": "four", "price": "4.5"}


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        yield desk


def test_without_a_token_nothing_of_the_body_is_looked_at(desk: CostDesk) -> None:
    for body in (b"no json", b"{}", b"[" * 100_000):
        status, headers, said, _ = desk.call("POST", PATH, body, headers={"Content-Type": "text/plain"})
        assert (status, said["type"]) == (401, "/problems/unauthorized")
        assert headers["WWW-Authenticate"].startswith("Bearer ")
        assert headers["Content-Type"] == "application/problem+json"
    assert desk.woken == 0


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer short", "Basic {}", "{}", "Bearer {}x", "Bearer " + "x" * 5000, "Bearer {} {}"],
)
def test_what_is_no_token_of_ours_opens_nothing(desk: CostDesk, header: str) -> None:
    said = header.replace("{}", desk.token())
    assert desk.call("GET", PATH, headers={"Authorization": said}).status == 401


def test_a_token_is_named_bearer_in_any_case(desk: CostDesk) -> None:
    assert desk.call("GET", PATH, headers={"Authorization": f"bearer  {desk.token()}"}).status == 200


def test_a_token_that_has_ended_opens_nothing(desk: CostDesk) -> None:
    late = desk.token(expires_at=desk.clock.now() + timedelta(seconds=1))
    revoked = desk.token()
    assert desk.call("GET", PATH, token=late).status == desk.call("GET", PATH, token=revoked).status == 200
    with desk.store.begin() as tx:
        tx.tokens.revoke(tx.tokens.all()[-1].id, desk.clock.now())
    desk.clock.advance(timedelta(seconds=1))
    assert desk.call("GET", PATH, token=late).status == desk.call("GET", PATH, token=revoked).status == 401


def test_what_a_token_is_not_good_for_is_forbidden_before_the_body_is_read(desk: CostDesk) -> None:
    reader, viewer = desk.token(permissions=[Permission.READ]), desk.token(role=Role.VIEWER)
    refused = desk.call("POST", PATH, b"no json", reader)
    assert (refused.status, "cost:write" in refused.json["detail"]) == (403, True)
    assert desk.call("DELETE", PATH, token=viewer).status == 403
    assert desk.call("DELETE", PATH, token=desk.token()).status == 204


def test_a_change_wakes_the_delivery_and_a_question_or_a_refusal_does_not(desk: CostDesk) -> None:
    token = desk.token()
    desk.call("GET", PATH, token=token)
    desk.call("POST", PATH, {"name": "bad", "price": 1}, token)
    assert desk.woken == 0
    assert desk.call("POST", PATH, GOOD, token).status == 201
    assert desk.woken == 1


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b'{"name": NaN}', 400, "malformed"),
        (b"[" * 1900, 400, "malformed"),
        (b"[]", 422, "invalid"),
        (b'{"name": "four"}', 422, "invalid"),
        (b'{"name": "four", "price": "4.5", "pirce": 1}', 422, "invalid"),
        (b'{"name": "four", "price": -1}', 422, "invalid"),
        (b'{"name": "four", "price": "0.0000000001"}', 422, "invalid"),
        (b'{"name": "four", "price": 1e999999999}', 422, "invalid"),
        (b'{"name": "four", "price": true}', 422, "invalid"),
        (b'{"name": "\\ud800", "price": 1}', 422, "invalid"),
        (b'{"name": "four", "price": 1, "\\udfff": 1}', 422, "invalid"),
        (b'{"name": "bad", "price": 1}', 422, "invalid"),
    ],
)
def test_a_body_that_is_not_right_is_a_problem_that_says_so(
    desk: CostDesk, body: bytes, status: int, kind: str
) -> None:
    replied = desk.call("POST", PATH, body, desk.token(), {"Content-Type": "application/json"})
    assert (replied.status, replied.json["type"], replied.json["status"]) == (status, f"/problems/{kind}", status)
    assert replied.json["instance"] == PATH


def test_each_mistake_is_named_by_its_field_and_what_was_sent_is_not_repeated(desk: CostDesk) -> None:
    replied = desk.call("POST", PATH, {"name": "", "price": "sk-secret", "more": 1}, desk.token())
    assert [each["field"] for each in replied.json["errors"]] == ["name", "price", "more"]
    assert b"sk-secret" not in replied.content


def test_a_body_of_another_kind_is_not_read(desk: CostDesk) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        replied = desk.call("POST", PATH, json.dumps(GOOD).encode(), desk.token(), {"Content-Type": kind})
        assert (replied.status, "application/json" in replied.json["detail"]) == (415, True)
    kind = "application/json; charset=utf-8"
    assert desk.call("POST", PATH, json.dumps(GOOD).encode(), desk.token(), {"Content-Type": kind}).status == 201


def test_a_body_that_is_too_large_is_refused_by_its_length(desk: CostDesk) -> None:
    replied = desk.call("POST", PATH, b" " * 2001, desk.token(), {"Content-Type": "application/json"})
    assert (replied.status, "2000" in replied.json["detail"]) == (413, True)


def test_who_sends_slowly_keeps_nobody_waiting(desk: CostDesk) -> None:
    """SQLite has one connection: a transaction that waited for a body would stop everybody."""
    token = desk.token()
    host, port = desk.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as slow:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        slow.sendall(f"{head}Content-Length: 32\r\n\r\n{{".encode())
        assert desk.call("GET", PATH, token=token).status == 200
        slow.sendall(b'"name": "four", "price": "4.5"}')
        assert slow.recv(100).startswith(b"HTTP/1.1 201 ")


def test_money_is_text_unless_numbers_are_asked_for(desk: CostDesk) -> None:
    token = desk.token()
    assert desk.get(PATH, token)["price"] == "12.500000"
    assert desk.get(f"{PATH}?money=number", token)["price"] == 12.5
    assert desk.get(f"{PATH}?money=number&word=chat", token)["name"] == "chat"
    assert desk.call("GET", f"{PATH}?money=gold", token=token).status == 422


def test_a_filter_that_nobody_knows_is_refused_and_not_passed_over(desk: CostDesk) -> None:
    replied = desk.call("GET", f"{PATH}?wrod=x", token=desk.token())
    assert (replied.status, replied.json["errors"][0]["field"]) == (422, "wrod")


@pytest.fixture
def company(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, COST_ENDPOINTS) as desk:
        yield desk


@pytest.mark.parametrize("endpoint", COST_ENDPOINTS, ids=lambda each: each.name)
def test_no_endpoint_passes_over_what_it_does_not_know(company: CostDesk, endpoint: Endpoint) -> None:
    """Who asks for a department's figures and mistypes that is not to get the whole company's."""
    path = endpoint.path.replace("<int:id>", "1").replace("<key>", "k")
    replied = company.call(endpoint.method, f"{path}?deprtment=sales", token=company.token(Role.ADMIN))
    assert (replied.status, replied.json["errors"][0]["field"]) == (422, "deprtment")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("", "令牌无效"),
        ("en", "No valid token"),
        ("en-GB,zh;q=0.5", "No valid token"),
        ("zh-CN", "令牌无效"),
        ("zh-TW;q=0.9,en;q=0.1", "令牌无效"),
        ("zh;q=0,en;q=0.1", "No valid token"),
        ("fr", "令牌无效"),
        ("q=;;", "令牌无效"),
    ],
)
def test_a_problem_is_in_the_language_that_is_asked_for_and_otherwise_in_the_sites(
    desk: CostDesk, asked: str, title: str
) -> None:
    assert desk.call("GET", PATH, headers={"Accept-Language": asked}).json["title"] == title


def test_an_answer_is_not_kept_on_the_way(desk: CostDesk) -> None:
    assert desk.call("GET", PATH, token=desk.token()).headers["Cache-Control"] == "no-store"


@pytest.fixture
def url(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[str]:
    """The whole application."""
    blueprint = api_blueprint(ENDPOINTS, sqlite_store, SITE, clock, lambda: None)
    with LoopbackServer(build_app(sqlite_store, clock, [blueprint], SITE)) as server:
        yield server.url


def test_an_address_or_method_that_is_not_there_is_a_problem_below_api_only(url: str) -> None:
    unknown, wrong = requests.get(f"{url}/api/v2/x", timeout=5), requests.patch(url + PATH, timeout=5)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-found")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method")
    assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))
    elsewhere = requests.get(f"{url}/nowhere", timeout=5)
    assert (elsewhere.status_code, elsewhere.headers["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize("number", ["-1", "x", "1.5", str(2**63), "9" * 4000])
def test_a_number_that_no_thing_can_have_is_not_found(
    url: str, sqlite_store: SqlStore, clock: FakeClock, number: str
) -> None:
    token = CostDesk(sqlite_store, clock).token()
    answer = requests.get(f"{url}{PATH}/{number}", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_a_bug_is_told_as_one_and_says_nothing_of_itself(url: str, sqlite_store: SqlStore, clock: FakeClock) -> None:
    token = CostDesk(sqlite_store, clock).token()
    answer = requests.get(f"{url}{PATH}/500", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "sk-secret" not in answer.text
