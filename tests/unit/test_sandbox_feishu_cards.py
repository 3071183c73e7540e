"""Clicks on the stand-in's cards, the update that follows, and cards that one person sees."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Response

from suanli.sandbox.feishu import Chat, FeishuStandIn, Human
from suanli.sandbox.server import LoopbackServer
from tests.fakes import FakeClock
from tests.feishu_client import Client
from tests.unit.test_sandbox_feishu_wire import Answer, Webhook, says

Json = dict[str, Any]
UPDATE = "/interactive/v1/card/update"


def card(words: str) -> Json:
    start = {
        "tag": "button",
        "text": {"tag": "plain_text", "content": "Start"},
        "name": "go",
        "behaviors": [{"type": "callback", "value": {"a": "gpu.start"}}],
    }
    return {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": words}, start]}}


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
def feishu(clock: FakeClock, webhook: Webhook) -> Iterator[FeishuStandIn]:
    with FeishuStandIn(clock) as feishu, LoopbackServer(webhook.app) as server:
        feishu.connect(f"{server.url}/feishu")
        yield feishu


@pytest.fixture
def group(feishu: FeishuStandIn, alice: Human) -> Chat:
    return feishu.tenant.add_group("ops", alice)


@pytest.fixture
def card_id(client: Client, alice: Human) -> str:
    return str(client.send(alice, card("off"), "interactive").json()["data"]["message_id"])


@pytest.fixture
def token(feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str) -> str:
    feishu.press(alice, card_id, "Start")
    return str(webhook.got[-1].payload["event"]["token"])


# Clicking


def test_a_click_tells_who_pressed_what_on_which_card(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    feishu.press(alice, card_id, "Start", form={"hours": "4"})

    payload = webhook.got[0].payload
    assert webhook.got[0].signed_well
    assert payload["header"]["event_type"] == "card.action.trigger"
    assert len(payload["header"]["create_time"]) == 16
    event = payload["event"]
    assert event["operator"] == feishu.tenant.ids_of(alice) | {"tenant_key": feishu.tenant.tenant_key}
    assert event["action"] == {
        "value": {"a": "gpu.start"},
        "tag": "button",
        "timezone": "Asia/Shanghai",
        "name": "go",
        "form_value": {"hours": "4"},
    }
    assert event["token"].startswith("c-")
    assert event["context"] == {
        "open_message_id": card_id,
        "open_chat_id": feishu.tenant.private_chat(alice).chat_id,
    }


def test_the_answers_card_takes_the_place_of_the_clicked_one(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    toast = {"type": "success", "content": "Started", "i18n": {"zh_cn": "已启动"}}
    webhook.script = [says({"toast": toast, "card": {"type": "raw", "data": card("on")}})]

    clicked = feishu.press(alice, card_id, "Start")

    assert (clicked.toast, clicked.shown) == (toast, 0)
    assert feishu.tenant.content_of(card_id) == card("on")
    assert feishu.tenant.changes[0].text == "on\nStart"


def test_an_empty_answer_leaves_the_card_as_it_is(feishu: FeishuStandIn, alice: Human, card_id: str) -> None:
    clicked = feishu.press(alice, card_id, "Start")

    assert (clicked.toast, clicked.card, clicked.shown) == (None, None, 0)
    assert feishu.tenant.content_of(card_id) == card("off")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (says({}, 500), 200671),
        (says({}, 302), 200671),
        (says(""), 200672),
        (says("ok"), 200672),
        (says([]), 200672),
        (says({"message": "hi"}), 200672),
        (says({"toast": {"type": "shout", "content": "hi"}}), 200672),
        (says(card("a bare card, as in the old callback")), 200672),
        (says({"card": {"type": "raw", "data": {"schema": "2.0", "body": {}}}}), 200673),
        (says({"card": {"type": "raw", "data": card("x" * 31 * 1024)}}), 200673),
        (says({"card": {"type": "raw", "data": {"elements": []}}}), 200830),
    ],
)
def test_a_wrong_answer_is_shown_to_the_person_and_never_asked_for_again(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str, answer: Answer, shown: int
) -> None:
    webhook.script = [answer, says({})]

    assert feishu.press(alice, card_id, "Start").shown == shown
    assert len(webhook.got) == 1
    assert feishu.tenant.content_of(card_id) == card("off")


def test_no_answer_in_three_seconds_is_shown_to_the_person(
    feishu: FeishuStandIn, webhook: Webhook, clock: FakeClock, alice: Human, card_id: str
) -> None:
    def late(payload: Json) -> Response:
        clock.advance(timedelta(seconds=3.1))
        return says({})(payload)

    webhook.script = [late]

    assert feishu.press(alice, card_id, "Start").shown == 200341
    assert len(webhook.got) == 1


def test_a_webhook_that_is_gone_is_shown_to_the_person(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    with LoopbackServer(webhook.app) as gone:
        feishu.connect(gone.url)

    assert feishu.press(alice, card_id, "Start").shown == 200342


def test_a_click_may_carry_what_no_card_of_ours_has(
    feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    feishu.click(alice, card_id, "a string")

    assert webhook.got[0].payload["event"]["action"]["value"] == "a string"


def test_only_a_button_that_is_on_the_card_can_be_pressed(feishu: FeishuStandIn, alice: Human, card_id: str) -> None:
    with pytest.raises(ValueError, match="Stop"):
        feishu.press(alice, card_id, "Stop")


# The delayed update


def test_a_clicked_card_is_updated_twice(client: Client, feishu: FeishuStandIn, card_id: str, token: str) -> None:
    codes = [client.code("POST", UPDATE, {"token": token, "card": card(str(n))}) for n in range(3)]

    assert codes == [0, 0, 300040]
    assert feishu.tenant.content_of(card_id) == card("1")


@pytest.mark.parametrize(("minutes", "code"), [(30, 0), (31, 300030)])
def test_a_clicked_card_is_updated_for_thirty_minutes(
    client: Client, clock: FakeClock, token: str, minutes: int, code: int
) -> None:
    clock.advance(timedelta(minutes=minutes))

    assert client.code("POST", UPDATE, {"token": token, "card": card("on")}) == code


def test_a_card_is_not_updated_before_the_click_was_answered(
    client: Client, feishu: FeishuStandIn, webhook: Webhook, alice: Human, card_id: str
) -> None:
    codes: list[int] = []

    def hasty(payload: Json) -> Response:
        codes.append(client.code("POST", UPDATE, {"token": payload["event"]["token"], "card": card("on")}))
        return says({})(payload)

    webhook.script = [hasty]
    feishu.press(alice, card_id, "Start")

    assert codes == [300000]
    assert feishu.tenant.content_of(card_id) == card("off")


def test_a_token_that_was_never_given_out_is_refused(client: Client) -> None:
    assert client.code("POST", UPDATE, {"token": "c-1", "card": card("on")}) == 300020


def test_a_flawed_update_is_refused_and_not_counted(client: Client, token: str) -> None:
    flawed = {"token": token, "card": {"schema": "2.0"}}

    codes = [client.code("POST", UPDATE, flawed) for _ in range(3)]

    assert codes == [11310] * 3
    assert client.code("POST", UPDATE, {"token": token, "card": card("on")}) == 0


def test_the_updates_card_is_an_object_and_not_a_string(client: Client, token: str) -> None:
    assert client.code("POST", UPDATE, {"token": token, "card": json.dumps(card("on"))}) == 99992402


# For one person


def test_a_card_for_one_person_is_no_message_of_the_group(
    client: Client, feishu: FeishuStandIn, alice: Human, group: Chat
) -> None:
    asked = {"chat_id": group.chat_id, "open_id": alice.open_id, "msg_type": "interactive", "card": card("psst")}
    message_id = client.call("POST", "/ephemeral/v1/send", asked).json()["data"]["message_id"]

    assert feishu.tenant.ephemeral[message_id].text == "psst\nStart"
    assert feishu.tenant.ephemeral[message_id].receiver == alice.open_id
    assert feishu.tenant.sent == []
    assert client.code("PATCH", f"/im/v1/messages/{message_id}", {"content": json.dumps(card("x"))}) == 230001


def test_a_card_for_one_person_is_taken_away_once(client: Client, alice: Human, group: Chat) -> None:
    asked = {"chat_id": group.chat_id, "user_id": alice.user_id, "msg_type": "interactive", "card": card("psst")}
    gone = client.call("POST", "/ephemeral/v1/send", asked).json()["data"]

    assert client.code("POST", "/ephemeral/v1/delete", gone) == 0
    assert client.code("POST", "/ephemeral/v1/delete", gone) == 18051
    assert client.code("POST", "/ephemeral/v1/delete", {"message_id": "om_0"}) == 10002


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"open_id": "ou_of_a_stranger"}, 10002),
        ({"chat_id": "oc_nowhere"}, 10002),
        ({"msg_type": "text"}, 10002),
        ({"card": {"schema": "2.0"}}, 11310),
    ],
)
def test_a_card_for_one_person_needs_a_group_a_member_and_a_good_card(
    client: Client, alice: Human, group: Chat, change: Json, code: int
) -> None:
    asked = {"chat_id": group.chat_id, "open_id": alice.open_id, "msg_type": "interactive", "card": card("psst")}

    assert client.code("POST", "/ephemeral/v1/send", asked | change) == code


def test_a_card_for_one_person_is_for_groups_with_the_bot_in_them(
    client: Client, feishu: FeishuStandIn, alice: Human, group: Chat
) -> None:
    asked = {"chat_id": group.chat_id, "open_id": alice.open_id, "msg_type": "interactive", "card": card("psst")}
    private = feishu.tenant.private_chat(alice).chat_id
    group.bot_inside = False

    assert client.code("POST", "/ephemeral/v1/send", asked) == 230002
    assert client.code("POST", "/ephemeral/v1/send", asked | {"chat_id": private}) == 10002
