"""What nobody sends who means well: to the API of costs, to the gateway, to the terminal and into the logs."""

import json
from typing import Any

import pytest
import requests

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer
from suanli.domain.tokens import Permission
from suanli.sandbox.model_provider import KEY, Behaviour
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk
from tests.gateway_kit import SECRET, gateway
from tests.logged import logged_meanwhile
from tests.reservation_desk import COST, RESERVATIONS, desk, quota, reserve

__all__ = ["desk"]

OTHERS = (
    "records?user_id=han", "records/export?user_id=han", "records/export?format=xlsx&user_id=han",
    "analytics?user=han", "analytics?user=", "reservations/a?user_id=han",
)  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "end_date=0001-01-05", "start_date=0001-01-01&end_date=0001-01-03&period=week", "start_date=9999-12-31",
        "start_date=9999-12-01&end_date=9999-12-31&period=month",
    ],
)  # fmt: skip
def test_days_without_days_around_them_are_refused(desk: CostDesk, query: str) -> None:
    assert desk.call("GET", f"{COST}/analytics?{query}", token=desk.token()).status == 422


@pytest.mark.parametrize("path", OTHERS)
def test_a_member_asks_for_nobody_elses(desk: CostDesk, path: str) -> None:
    reserve(desk, desk.token(user="han"), "a", amount="1")
    assert desk.call("GET", f"{COST}/{path}", token=desk.token(Role.MEMBER)).status == 403


def test_of_a_name_that_stands_twice_in_an_address_the_one_that_is_judged_is_the_one_that_counts(
    desk: CostDesk,
) -> None:
    desk.spend("han", "qwen", "1")
    member = desk.token(Role.MEMBER)
    assert desk.get(f"{COST}/records?user_id=li&user_id=han", member)["items"] == []
    assert desk.call("GET", f"{COST}/records?user_id=han&user_id=li", token=member).status == 403


def test_a_token_of_nobody_sees_nothing_rather_than_everything(desk: CostDesk) -> None:
    desk.spend("han", "qwen", "1")
    nobody = desk.token(Role.MEMBER, payer=Payer("", department="sales"))
    for path in ("records", "records/export", "records/export?format=xlsx"):
        assert desk.call("GET", f"{COST}/{path}", token=nobody).status == 403
    assert desk.get(f"{COST}/dashboard", nobody)["total_cost_today"] == "0.000000"


@pytest.mark.parametrize("missing", Permission)
def test_what_a_token_may_not_do_no_role_makes_up_for(desk: CostDesk, missing: Permission) -> None:
    number = quota(desk, "user", "li", "5")["id"]
    token = desk.token(Role.ADMIN, [each for each in Permission if each is not missing])
    refused = {
        endpoint.name
        for endpoint in ENDPOINTS
        if desk.call(endpoint.method, _address(endpoint.path, number), None, token).status == 403
    }
    assert refused == {endpoint.name for endpoint in ENDPOINTS if endpoint.permission is missing}


def _address(path: str, number: int) -> str:
    return path.replace("<int:id>", str(number)).replace("<key>", "none")


def test_an_endpoint_asks_for_a_token_before_it_reads_anything(desk: CostDesk) -> None:
    for endpoint in ENDPOINTS:
        for headers in ({}, {"Authorization": "Bearer " + "x" * 53}, {"Authorization": "Basic eDp4"}):
            path = _address(endpoint.path, 1) + "?nonsense=1"
            assert desk.call(endpoint.method, path, b"\xff" * 100, headers=headers).status == 401


def test_a_body_of_more_fields_than_any_has_is_answered_shortly(desk: CostDesk) -> None:
    token = desk.token(Role.MEMBER)
    many = json.dumps({str(number): 1 for number in range(50_000)}).encode()
    one = desk.call("POST", f"{COST}/records", many, token, {"Content-Type": "application/json"})
    batch = desk.call("POST", f"{COST}/records/batch", many, token, {"Content-Type": "application/x-ndjson"})
    assert (one.status, batch.status, batch.json["invalid"]) == (422, 200, 1)
    assert max(len(one.content), len(batch.content)) < 2_000


def test_of_many_mistakes_the_first_ones_are_told(desk: CostDesk) -> None:
    token = desk.token(Role.OPERATOR)
    tiers = [{"above": 0, str(number): 1} for number in range(20)]
    said = {"name": "m", "provider": "p", "input_price": "1", "output_price": "1", "tiers": tiers}
    replied = desk.call("POST", f"{COST}/models", said, token)
    assert (replied.status, len(replied.json["errors"])) == (422, 20)


def test_words_of_litellm_that_are_no_letters_are_not_told_one_by_one(desk: CostDesk) -> None:
    usage = {f"\ud800{number}": 1 for number in range(10_000)}
    payload = {
        "id": "a", "model": "qwen", "status": "success", "startTime": 1763600000, "endTime": 1763600001,
        "metadata": {"usage_object": {**usage, "prompt_tokens": 3, "completion_tokens": 1}},
    }  # fmt: skip
    replied = desk.call("POST", f"{COST}/callbacks/litellm", [payload], desk.token(Role.MEMBER))
    assert (replied.status, replied.json["new"]) == (200, 1)


def test_a_call_of_more_than_sums_have_room_for_is_refused_whoever_tells_of_it(desk: CostDesk) -> None:
    """Two of them would be more than can be added up, and no report could be made any more."""
    member, operator = desk.token(Role.MEMBER), desk.token()
    reserve(desk, member, "a", amount="1")
    most = "9000000000"
    assert desk.call("POST", f"{RESERVATIONS}/a/settle", {"total_cost": most}, member).status == 422
    told = {"request_id": "b", "model_name": "qwen", "input_units": 1, "total_cost": most}
    assert desk.call("POST", f"{COST}/records", told, operator).status == 422
    assert desk.get(f"{COST}/dashboard", operator)["total_cost_today"] == "0.000000"


def test_no_secret_is_in_a_log_at_its_finest(desk: CostDesk, sqlite_store: SqlStore) -> None:
    said = json.dumps({"error": {"code": KEY, "message": f"no such key {KEY}"}}).encode()
    bad = Behaviour(raw=(said,), media="application/json")
    stranger, member = "sk-suanli-" + "q" * 40, desk.token(Role.MEMBER)
    scripts = {"first": (Behaviour(401, raw=(said,), media="application/json"), bad)}
    with logged_meanwhile() as written:
        with gateway(sqlite_store, scripts=scripts) as world:
            assert {world.chat().status_code for _ in range(2)} == {502}
            assert world.ask(key=stranger, model="chat").status_code == 401
        assert desk.call("GET", f"{COST}/dashboard", token=stranger).status == 401
        assert desk.call("GET", f"{COST}/dashboard?money={member}", token=member).status == 422
    assert not [each for each in (KEY, SECRET, stranger, member) if each in written.getvalue()]
    assert "gateway_route_failed" in written.getvalue()


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000", "\\u202e", "a\\r\\nSet-Cookie: a=b"])
def test_a_model_of_letters_that_are_none_is_not_there(sqlite_store: SqlStore, name: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    with gateway(sqlite_store) as world:
        raw = f'{{"model": "{name}", "messages": []}}'.encode()
        answer = requests.post(f"{world.url}/chat/completions", data=raw, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
        assert "Set-Cookie" not in answer.headers
        assert world.books() == (0, 0)


@pytest.mark.parametrize("more", [{"models": ["dearer"]}, {"plugins": [{"id": "web"}]}])
def test_a_caller_does_not_choose_what_the_gateway_has_no_price_for(
    sqlite_store: SqlStore, more: dict[str, Any]
) -> None:
    with gateway(sqlite_store) as world:
        assert world.chat(**more).json()["error"]["code"] == "unsupported_parameter"
        assert world.first.asked == []
