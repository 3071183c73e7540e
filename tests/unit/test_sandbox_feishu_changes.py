"""The stand-in's rules about messages already sent: cards updated, words edited, recalled, reacted to."""

import json
from datetime import timedelta
from typing import Any

import pytest

from suanli.sandbox.feishu import FeishuStandIn, Human
from tests.fakes import FakeClock
from tests.feishu_client import Client

Json = dict[str, Any]
HI = {"text": "hi"}


def card(words: str) -> Json:
    return {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": words}]}}


@pytest.fixture
def sent_card(client: Client, alice: Human) -> str:
    return f"/im/v1/messages/{client.send(alice, card('starting'), 'interactive').json()['data']['message_id']}"


@pytest.fixture
def sent_text(client: Client, alice: Human) -> str:
    return f"/im/v1/messages/{client.send(alice, HI).json()['data']['message_id']}"


@pytest.fixture
def their_text(feishu: FeishuStandIn, alice: Human) -> str:
    return f"/im/v1/messages/{feishu.message(alice, 'hello').body['message']['message_id']}"


def patch(client: Client, path: str, new: Json) -> Json:
    return dict(client.call("PATCH", path, {"content": json.dumps(new)}).json())


def edit(client: Client, path: str, words: str, msg_type: str = "text") -> int:
    return client.code("PUT", path, {"msg_type": msg_type, "content": json.dumps({"text": words})})


# A card


def test_an_updated_card_shows_the_new_and_the_old_stays_on_record(
    client: Client, feishu: FeishuStandIn, sent_card: str
) -> None:
    assert patch(client, sent_card, card("ready"))["code"] == 0

    [change] = feishu.tenant.changes
    assert (change.message_id, change.text) == (sent_card.rpartition("/")[2], "ready")
    assert feishu.tenant.content_of(change.message_id) == card("ready")
    assert feishu.tenant.sent[0].text == "starting"


@pytest.mark.parametrize(("days", "code"), [(14, 0), (15, 230031)])
def test_a_card_is_updated_for_fourteen_days(
    client: Client, clock: FakeClock, sent_card: str, days: int, code: int
) -> None:
    clock.advance(timedelta(days=days))
    client.token = client.fetch_token()["tenant_access_token"]

    assert patch(client, sent_card, card("ready"))["code"] == code


def test_a_card_is_updated_five_times_a_second(client: Client, clock: FakeClock, sent_card: str) -> None:
    codes = [patch(client, sent_card, card(str(n)))["code"] for n in range(6)]

    assert codes == [0, 0, 0, 0, 0, 230020]
    clock.advance(timedelta(seconds=1))
    assert patch(client, sent_card, card("7"))["code"] == 0


def test_a_flawed_card_does_not_take_the_place_of_a_good_one(
    client: Client, feishu: FeishuStandIn, sent_card: str
) -> None:
    assert patch(client, sent_card, {"schema": "2.0", "body": {}})["code"] == 230099
    assert feishu.tenant.content_of(sent_card.rpartition("/")[2]) == card("starting")


def test_a_card_of_schema_2_is_not_updated_to_one_of_1(client: Client, sent_card: str) -> None:
    answer = patch(client, sent_card, {"elements": []})

    assert answer["code"] == 230099
    assert "ErrCode: 200830" in answer["msg"]


def test_a_card_over_30_kb_is_refused(client: Client, sent_card: str) -> None:
    assert patch(client, sent_card, card("x" * 31 * 1024))["code"] == 230025


def test_a_card_is_not_an_object_but_a_string(client: Client, sent_card: str) -> None:
    assert client.code("PATCH", sent_card, {"content": card("ready")}) == 99992402


def test_a_text_is_not_updated_as_a_card(client: Client, sent_text: str) -> None:
    assert patch(client, sent_text, card("ready"))["code"] == 230054


def test_somebody_elses_message_is_not_updated(client: Client, their_text: str) -> None:
    assert patch(client, their_text, card("ready"))["code"] == 230012


def test_a_recalled_card_is_not_updated(client: Client, sent_card: str) -> None:
    assert client.code("DELETE", sent_card) == 0
    assert patch(client, sent_card, card("ready"))["code"] == 230011


# A text


def test_a_text_is_edited_twenty_times(client: Client, feishu: FeishuStandIn, sent_text: str) -> None:
    codes = [edit(client, sent_text, str(n)) for n in range(21)]

    assert codes == [0] * 20 + [230072]
    assert feishu.tenant.changes[-1].text == "19"


def test_an_edited_text_says_so(client: Client, clock: FakeClock, sent_text: str) -> None:
    clock.advance(timedelta(seconds=1))

    data = client.call("PUT", sent_text, {"msg_type": "text", "content": json.dumps({"text": "new"})}).json()["data"]

    assert data["updated"] is True
    assert int(data["update_time"]) - int(data["create_time"]) == 1000
    assert json.loads(data["body"]["content"]) == {"text": "new"}


def test_a_card_is_not_edited_as_a_text(client: Client, sent_card: str) -> None:
    assert edit(client, sent_card, "ready") == 230054
    assert edit(client, sent_card, "ready", "interactive") == 230054


def test_somebody_elses_text_is_not_edited(client: Client, their_text: str) -> None:
    assert edit(client, their_text, "ready") == 230071


# Taken back, and reacted to


def test_a_message_is_recalled_once(client: Client, feishu: FeishuStandIn, sent_text: str) -> None:
    assert client.code("DELETE", sent_text) == 0
    assert client.code("DELETE", sent_text) == 230011
    assert feishu.tenant.messages[sent_text.rpartition("/")[2]].recalled


def test_somebody_elses_message_is_not_recalled(client: Client, their_text: str) -> None:
    assert client.code("DELETE", their_text) == 230012


def test_a_reaction_comes_and_goes(client: Client, feishu: FeishuStandIn, their_text: str) -> None:
    data = client.call("POST", f"{their_text}/reactions", {"reaction_type": {"emoji_type": "OnIt"}}).json()["data"]

    assert list(feishu.tenant.reactions.values()) == [(their_text.rpartition("/")[2], "OnIt")]
    assert data["reaction_type"] == {"emoji_type": "OnIt"}
    assert client.code("DELETE", f"{their_text}/reactions/{data['reaction_id']}") == 0
    assert feishu.tenant.reactions == {}
    assert client.code("DELETE", f"{their_text}/reactions/{data['reaction_id']}") == 231010


def test_a_reaction_needs_an_emoji_and_a_message(client: Client, their_text: str) -> None:
    assert client.code("POST", f"{their_text}/reactions", {"reaction_type": {"emoji_type": ""}}) == 99992402
    on_it = {"reaction_type": {"emoji_type": "OnIt"}}
    assert client.code("POST", "/im/v1/messages/om_0/reactions", on_it) == 231003
