"""Custom bots of the stand-in's groups, over real HTTP."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from suanli.sandbox.feishu import FeishuStandIn
from suanli.sandbox.feishu.record import Hook
from tests.fakes import NOON, FakeClock

Json = dict[str, Any]
HI: Json = {"msg_type": "text", "content": {"text": "hi"}}
SUCCESS = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}
SIGNED_AT = 1599360473
SIGN = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


@pytest.fixture
def hook(feishu: FeishuStandIn) -> Hook:
    return feishu.tenant.add_hook(feishu.tenant.add_group("ops"))


def post(feishu: FeishuStandIn, hook: Hook, body: Any) -> Json:
    answer = requests.post(feishu.url + hook.path, json=body, timeout=5)
    assert answer.status_code == 200
    return dict(answer.json())


def test_whoever_has_the_url_speaks_in_the_group(feishu: FeishuStandIn, hook: Hook) -> None:
    assert post(feishu, hook, HI) == SUCCESS
    [message] = hook.messages
    assert (message.text, message.chat_id, message.message_id) == ("hi", hook.chat.chat_id, "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {
                "msg_type": "post",
                "content": {"post": {"zh_cn": {"title": "t", "content": [[{"tag": "text", "text": "x"}]]}}},
            },
            "t\nx",
        ),
        (
            {
                "msg_type": "interactive",
                "card": {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "H100"}]}},
            },
            "H100",
        ),
    ],
)
def test_posts_and_cards_are_said_too(feishu: FeishuStandIn, hook: Hook, body: Json, words: str) -> None:
    assert post(feishu, hook, body) == SUCCESS
    assert hook.messages[0].text == words


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 9499),
        ({"msg_type": "text"}, 9499),
        ({"msg_type": "text", "content": '{"text":"hi"}'}, 9499),
        ({"msg_type": "text", "content": {"text": "x" * 20 * 1024}}, 9499),
        ({"msg_type": "dance", "content": {"text": "hi"}}, 9499),
        ({"msg_type": "interactive", "card": {"schema": "2.0"}}, 230099),
    ],
)
def test_what_cannot_be_said_is_refused_with_status_200(
    feishu: FeishuStandIn, hook: Hook, body: Json, code: int
) -> None:
    assert post(feishu, hook, body)["code"] == code
    assert hook.messages == []


def test_a_url_that_nobody_gave_out_is_refused(feishu: FeishuStandIn, hook: Hook) -> None:
    assert post(feishu, Hook("nobody", hook.chat), HI)["code"] == 19001


def test_a_secret_asks_for_a_signature(feishu: FeishuStandIn, clock: FakeClock) -> None:
    hook = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), secret="demo")
    clock.advance(timedelta(seconds=SIGNED_AT - NOON.timestamp()))
    signed = HI | {"timestamp": str(SIGNED_AT), "sign": SIGN}

    assert post(feishu, hook, signed) == SUCCESS
    assert post(feishu, hook, HI)["code"] == 19021
    assert post(feishu, hook, signed | {"sign": SIGN.lower()})["code"] == 19021
    assert post(feishu, hook, signed | {"timestamp": "soon"})["code"] == 19021


@pytest.mark.parametrize(("off", "code"), [(3600, 0), (3601, 19021), (-3600, 0), (-3601, 19021)])
def test_a_signature_is_good_for_an_hour_either_way(
    feishu: FeishuStandIn, clock: FakeClock, off: int, code: int
) -> None:
    hook = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), secret="demo")
    clock.advance(timedelta(seconds=SIGNED_AT + off - NOON.timestamp()))

    assert post(feishu, hook, HI | {"timestamp": str(SIGNED_AT), "sign": SIGN})["code"] == code


def test_a_keyword_must_be_said(feishu: FeishuStandIn) -> None:
    hook = feishu.tenant.add_hook(feishu.tenant.add_group("ops"), keywords=("库存", "stock"))

    assert post(feishu, hook, HI)["code"] == 19024
    assert post(feishu, hook, {"msg_type": "text", "content": {"text": "low stock"}}) == SUCCESS


def test_five_messages_a_second_and_a_hundred_a_minute_are_let_through(
    feishu: FeishuStandIn, clock: FakeClock, hook: Hook
) -> None:
    codes: list[int] = []
    for _ in range(21):
        codes += [post(feishu, hook, HI)["code"] for _ in range(5)]
        clock.advance(timedelta(seconds=1))

    assert codes == [0] * 100 + [11232] * 5


def test_the_sixth_message_of_a_second_is_refused(feishu: FeishuStandIn, hook: Hook) -> None:
    assert [post(feishu, hook, HI)["code"] for _ in range(6)] == [0] * 5 + [11232]
