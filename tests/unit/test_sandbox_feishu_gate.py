"""What every request to the stand-in has to pass, over real HTTP: tokens, scopes, rates, fields; and how it answers."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from suanli.sandbox.feishu import App, FeishuStandIn, Human
from tests.fakes import FakeClock
from tests.feishu_client import INFO, TOKEN_PATH, Client


def test_a_token_stands_at_the_top_of_its_answer_and_lives_two_hours(client: Client) -> None:
    given = client.fetch_token()

    assert given["code"] == 0
    assert given["expire"] == 7200
    assert given["tenant_access_token"].startswith("t-")


def test_the_same_token_is_given_while_more_than_thirty_minutes_are_left(client: Client, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=89))

    assert client.fetch_token() == {"code": 0, "msg": "ok", "tenant_access_token": client.token, "expire": 31 * 60}


def test_below_thirty_minutes_a_new_token_is_given_and_both_work(client: Client, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=90))
    old, client.token = client.token, client.fetch_token()["tenant_access_token"]

    assert client.token != old
    assert client.code("GET", INFO) == 0
    assert client.raw("GET", INFO, {"Authorization": f"Bearer {old}"}).json()["code"] == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"app_id": "cli_unknown", "app_secret": "sandbox-app-secret"}, 10014),
        ({"app_id": App().app_id, "app_secret": "wrong"}, 10015),
        ({"app_id": "", "app_secret": ""}, 10003),
        ({"app_id": App().app_id}, 10003),
        ([], 10003),
    ],
)
def test_a_refused_token_comes_with_status_200_and_without_expire(client: Client, asked: Any, code: int) -> None:
    answer = client.raw("POST", TOKEN_PATH, {}, asked)

    assert (answer.status_code, answer.json()["code"]) == (200, code)
    assert "expire" not in answer.json()
    assert "tenant_access_token" not in answer.json()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 99991661),
        ({"Authorization": "t-1234"}, 99991671),
        ({"Authorization": "Basic t-1234"}, 99991671),
        ({"Authorization": "Bearer u-1234"}, 99991671),
        ({"Authorization": "Bearer t-1234"}, 99991663),
    ],
)
def test_a_request_without_a_good_token_is_refused_by_what_is_wrong_with_it(
    client: Client, headers: dict[str, str], code: int
) -> None:
    answer = client.raw("GET", INFO, headers)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_token_ends_after_two_hours(client: Client, clock: FakeClock) -> None:
    clock.advance(timedelta(hours=2))

    assert client.code("GET", INFO) == 99991663


def test_revoked_tokens_are_invalid_and_a_new_one_is_given(client: Client, feishu: FeishuStandIn) -> None:
    feishu.tenant.revoke_tokens()

    assert client.code("GET", INFO) == 99991663
    assert client.fetch_token()["tenant_access_token"] != client.token


def test_the_bot_is_told_under_bot_and_not_under_data(client: Client, feishu: FeishuStandIn) -> None:
    answer = client.call("GET", INFO).json()

    assert "data" not in answer
    assert answer["bot"]["open_id"] == feishu.tenant.bot.open_id
    assert answer["bot"]["activate_status"] == 2


def test_every_answer_has_a_log_id_and_an_error_repeats_it(client: Client) -> None:
    good, bad = client.call("GET", INFO), client.raw("GET", INFO, {})
    missing = client.call("GET", "/nothing/here")

    assert bad.json()["error"]["log_id"] == bad.headers["X-Tt-Logid"]
    assert missing.status_code == 404
    assert len({answer.headers["X-Tt-Logid"] for answer in (good, bad, missing)}) == 3


def test_a_call_whose_every_scope_is_withheld_names_those_that_would_do(
    client: Client, feishu: FeishuStandIn, alice: Human
) -> None:
    feishu.tenant.withheld |= {"im:message", "im:message:send_as_bot", "im:message:send"}

    answer = client.send(alice, {"text": "hi"}).json()

    assert answer["code"] == 99991672
    assert {"type": "action_scope_required", "subject": "im:message:send_as_bot"} in answer["error"][
        "permission_violations"
    ]


def test_one_scope_of_several_is_enough(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    feishu.tenant.withheld |= {"im:message", "im:message:send"}

    assert client.send(alice, {"text": "hi"}).json()["code"] == 0


def test_fields_of_a_wrong_type_are_named(client: Client, alice: Human) -> None:
    body = {"receive_id": alice.open_id, "msg_type": "text", "content": {"text": "hi"}}

    answer = client.call("POST", "/im/v1/messages", body, receive_id_type="open_id").json()

    assert answer["code"] == 99992402
    assert [violation["field"] for violation in answer["error"]["field_violations"]] == ["content"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b""])
def test_a_body_that_is_not_json_is_refused(client: Client, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    url = f"{client.feishu.url}/open-apis/im/v1/messages?receive_id_type=open_id"

    assert requests.post(url, data=body, headers=headers, timeout=5).json()["code"] == 99992402


def test_a_form_is_refused(client: Client, alice: Human) -> None:
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/x-www-form-urlencoded"}
    body = json.dumps({"receive_id": alice.open_id, "msg_type": "text", "content": '{"text":"hi"}'})
    url = f"{client.feishu.url}/open-apis/im/v1/messages?receive_id_type=open_id"

    answer = requests.post(url, data=body, headers=headers, timeout=5).json()

    assert answer["code"] == 99992402
    assert answer["error"]["field_violations"][0]["field"] == "Content-Type"


def test_the_fifty_first_call_of_a_second_is_told_when_to_come_back(client: Client, clock: FakeClock) -> None:
    codes = [client.code("GET", INFO) for _ in range(50)]
    answer = client.call("GET", INFO)

    assert set(codes) == {0}
    assert (answer.status_code, answer.json()["code"]) == (429, 99991400)
    assert answer.headers["x-ogw-ratelimit-limit"] == "50"
    assert answer.headers["x-ogw-ratelimit-reset"] == "1"
    clock.advance(timedelta(seconds=1))
    assert client.code("GET", INFO) == 0


def test_one_api_being_busy_leaves_the_others_alone(client: Client, alice: Human) -> None:
    for _ in range(51):
        client.call("GET", INFO)

    assert client.send(alice, {"text": "hi"}).json()["code"] == 0


def test_with_the_limits_off_nothing_is_too_much(clock: FakeClock) -> None:
    with FeishuStandIn(clock, rate=None) as feishu:
        alice, client = feishu.tenant.add_human("Alice"), Client(feishu)

        codes = [client.send(alice, {"text": "hi"}).json()["code"] for _ in range(60)]

    assert codes == [0] * 60


def test_the_limits_can_be_scaled(clock: FakeClock) -> None:
    with FeishuStandIn(clock, rate=0.4) as feishu:
        alice, client = feishu.tenant.add_human("Alice"), Client(feishu)

        codes = [client.send(alice, {"text": "hi"}).json()["code"] for _ in range(3)]

    assert codes == [0, 0, 230020]


def test_the_platform_remembers_what_it_was_asked_and_what_it_answered(client: Client, feishu: FeishuStandIn) -> None:
    client.raw("GET", INFO, {})

    called = [(call.method, call.path, call.status, call.code) for call in feishu.tenant.calls]

    assert called == [
        ("POST", f"/open-apis{TOKEN_PATH}", 200, 0),
        ("GET", f"/open-apis{INFO}", 400, 99991661),
    ]


def test_the_addresses_of_the_platform_can_be_asked(client: Client) -> None:
    assert client.call("GET", "/event/v1/outbound_ip").json()["data"] == {
        "ip_list": ["127.0.0.1"],
        "has_more": False,
        "page_token": "",
    }
