"""The stand-in's rules about the same message twice, about too many, and about answers, over real HTTP."""

import json
import threading
from datetime import timedelta

import pytest

from suanli.sandbox.feishu import FeishuStandIn, Human
from tests.fakes import FakeClock
from tests.feishu_client import Client

MESSAGES = "/im/v1/messages"
HI = {"text": "hi"}
ANSWER = {"msg_type": "text", "content": json.dumps(HI)}


@pytest.fixture
def question(feishu: FeishuStandIn, alice: Human) -> str:
    return str(feishu.message(alice, "/stock").body["message"]["message_id"])


# The same message twice


def test_the_same_uuid_within_an_hour_is_one_message(
    client: Client, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    first = client.send(alice, HI, uuid="u1").json()
    clock.advance(timedelta(minutes=59))
    again = client.send(alice, {"text": "something else"}, uuid="u1").json()

    assert again["code"] == 0
    assert again["data"] == first["data"]
    assert [sent.text for sent in feishu.tenant.sent] == ["hi"]


def test_the_same_uuid_after_an_hour_is_another_message(
    client: Client, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    client.send(alice, HI, uuid="u1")
    clock.advance(timedelta(minutes=61))
    client.send(alice, HI, uuid="u1")

    assert len(feishu.tenant.sent) == 2


def test_the_same_uuid_at_the_same_time_is_one_message(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    threads = [threading.Thread(target=client.send, args=(alice, HI), kwargs={"uuid": "u1"}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(feishu.tenant.sent) == 1


def test_without_a_uuid_the_same_words_are_two_messages(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    client.send(alice, HI)
    client.send(alice, HI)

    assert len(feishu.tenant.sent) == 2


def test_a_uuid_of_more_than_fifty_characters_is_refused(client: Client, alice: Human) -> None:
    assert client.send(alice, HI, uuid="u" * 50).json()["code"] == 0
    assert client.send(alice, HI, uuid="u" * 51).json()["code"] == 99992402


# How often


def test_one_person_gets_five_messages_a_second_by_whatever_id(
    client: Client, feishu: FeishuStandIn, clock: FakeClock, alice: Human
) -> None:
    by_chat = {"receive_id": feishu.tenant.private_chat(alice).chat_id} | ANSWER
    codes = [client.send(alice, HI).json()["code"] for _ in range(5)]

    assert codes == [0] * 5
    assert client.code("POST", MESSAGES, by_chat, receive_id_type="chat_id") == 230020
    clock.advance(timedelta(seconds=1))
    assert client.code("POST", MESSAGES, by_chat, receive_id_type="chat_id") == 0


def test_a_busy_chat_leaves_other_chats_alone(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    bob = feishu.tenant.add_human("Bob")
    for _ in range(6):
        client.send(alice, HI)

    assert client.send(bob, HI).json()["code"] == 0


# Answering


def test_a_reply_hangs_under_its_parent_and_its_root(client: Client, feishu: FeishuStandIn, question: str) -> None:
    first = client.call("POST", f"{MESSAGES}/{question}/reply", ANSWER).json()
    second = client.call(
        "POST",
        f"{MESSAGES}/{first['data']['message_id']}/reply",
        ANSWER | {"reply_in_thread": True},
    ).json()["data"]

    assert feishu.tenant.sent[0].reply_to == question
    assert first["data"]["root_id"] == first["data"]["parent_id"] == question
    assert (second["root_id"], second["parent_id"]) == (question, first["data"]["message_id"])
    assert second["thread_id"].startswith("omt_")


def test_a_reply_to_nothing_is_refused(client: Client) -> None:
    assert client.code("POST", f"{MESSAGES}/om_0/reply", ANSWER) == 230001


def test_a_reply_to_a_recalled_message_is_refused(client: Client, feishu: FeishuStandIn, question: str) -> None:
    feishu.tenant.messages[question].recalled = True

    assert client.code("POST", f"{MESSAGES}/{question}/reply", ANSWER) == 230011


def test_a_reply_into_a_group_that_the_bot_left_is_refused(client: Client, feishu: FeishuStandIn, alice: Human) -> None:
    group = feishu.tenant.add_group("ops", alice)
    question = feishu.message(alice, "/stock", chat=group).body["message"]["message_id"]
    group.bot_inside = False

    assert client.code("POST", f"{MESSAGES}/{question}/reply", ANSWER) == 230002


def test_replies_and_messages_share_the_uuids_and_the_rate_of_a_chat(
    client: Client, alice: Human, question: str
) -> None:
    first = client.send(alice, HI, uuid="u1").json()["data"]

    again = client.call("POST", f"{MESSAGES}/{question}/reply", ANSWER | {"uuid": "u1"}).json()["data"]
    codes = [client.code("POST", f"{MESSAGES}/{question}/reply", ANSWER) for _ in range(5)]

    assert again == first
    assert codes == [0, 0, 0, 0, 230020]
