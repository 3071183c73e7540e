"""What stands in the stand-in's events: messages with their mentions, posts, oddities, and the bot's comings."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from suanli.sandbox.feishu import EVERYONE, App, Chat, FeishuStandIn, Human
from suanli.sandbox.feishu.events import Event, bot_membership, private_chat_entered
from suanli.sandbox.feishu.tenant import USER_ID_SCOPE
from tests.fakes import NOON, FakeClock

Json = dict[str, Any]


@pytest.fixture
def feishu() -> FeishuStandIn:
    return FeishuStandIn(FakeClock())


@pytest.fixture
def bob(feishu: FeishuStandIn) -> Human:
    return feishu.tenant.add_human("Bob")


@pytest.fixture
def group(feishu: FeishuStandIn, alice: Human, bob: Human) -> Chat:
    return feishu.tenant.add_group("ops", alice, bob)


def message_of(event: Event) -> Json:
    return dict(event.body["message"])


def text_of(event: Event) -> str:
    return str(json.loads(message_of(event)["content"])["text"])


def test_a_private_message_has_no_mentions_and_no_parents(feishu: FeishuStandIn, alice: Human) -> None:
    event = feishu.message(alice, "/stock h100")

    assert event.type == "im.message.receive_v1"
    assert event.body["sender"] == {
        "sender_id": {"union_id": alice.union_id, "user_id": alice.user_id, "open_id": alice.open_id},
        "sender_type": "user",
        "tenant_key": feishu.tenant.tenant_key,
    }
    assert message_of(event) == {
        "message_id": message_of(event)["message_id"],
        "create_time": str(int(NOON.timestamp() * 1000)),
        "update_time": str(int(NOON.timestamp() * 1000)),
        "chat_id": feishu.tenant.private_chat(alice).chat_id,
        "chat_type": "p2p",
        "message_type": "text",
        "content": '{"text":"/stock h100"}',
    }


def test_the_bot_is_mentioned_with_an_empty_user_id(feishu: FeishuStandIn, alice: Human, group: Chat) -> None:
    bot = feishu.tenant.bot
    event = feishu.message(alice, "@算力 /stock", chat=group, mentions=[bot])

    assert text_of(event) == "@_user_1 /stock"
    assert message_of(event)["chat_type"] == "group"
    assert message_of(event)["mentions"] == [
        {
            "key": "@_user_1",
            "id": {"union_id": bot.union_id, "user_id": "", "open_id": bot.open_id},
            "mentioned_type": "bot",
            "name": "算力",
            "tenant_key": feishu.tenant.tenant_key,
        }
    ]


def test_mentions_are_numbered_as_they_appear(feishu: FeishuStandIn, alice: Human, bob: Human, group: Chat) -> None:
    event = feishu.message(alice, "@Bob meet @算力 and @Bob", chat=group, mentions=[feishu.tenant.bot, bob])

    assert text_of(event) == "@_user_1 meet @_user_2 and @_user_1"
    assert [mention["name"] for mention in message_of(event)["mentions"]] == ["Bob", "算力"]


def test_ten_people_can_be_mentioned(feishu: FeishuStandIn, alice: Human, group: Chat) -> None:
    people = [feishu.tenant.add_human(f"P{n}") for n in range(1, 11)]
    event = feishu.message(alice, " ".join(f"@P{n}" for n in range(1, 11)), chat=group, mentions=people)

    assert text_of(event) == " ".join(f"@_user_{n}" for n in range(1, 11))
    assert message_of(event)["mentions"][9]["id"]["open_id"] == people[9].open_id


def test_everyone_is_mentioned_under_a_key_of_their_own(
    feishu: FeishuStandIn, alice: Human, bob: Human, group: Chat
) -> None:
    event = feishu.message(alice, "@所有人 ask @Bob", chat=group, mentions=[EVERYONE, bob])

    assert text_of(event) == "@_all ask @_user_1"
    assert message_of(event)["mentions"][0]["id"] == {"union_id": "", "user_id": "", "open_id": ""}


def test_a_mention_that_is_not_in_the_text_is_a_mistake_of_the_caller(
    feishu: FeishuStandIn, alice: Human, bob: Human
) -> None:
    with pytest.raises(ValueError, match="Bob"):
        feishu.message(alice, "/stock", mentions=[bob])


def test_formatted_text_arrives_as_a_post_without_a_locale(feishu: FeishuStandIn, alice: Human, group: Chat) -> None:
    event = feishu.message(alice, "@算力 /stock\nh100", chat=group, mentions=[feishu.tenant.bot], as_post=True)

    assert message_of(event)["message_type"] == "post"
    assert json.loads(message_of(event)["content"]) == {
        "title": "",
        "content": [
            [
                {"tag": "at", "user_id": "@_user_1", "user_name": "算力"},
                {"tag": "text", "text": " /stock", "style": []},
            ],
            [{"tag": "text", "text": "h100", "style": []}],
        ],
    }


def test_an_answer_names_its_parent_and_its_root(feishu: FeishuStandIn, alice: Human) -> None:
    root = message_of(feishu.message(alice, "one"))["message_id"]
    parent = message_of(feishu.message(alice, "two", reply_to=root))
    child = message_of(feishu.message(alice, "three", reply_to=parent["message_id"]))

    assert (parent["root_id"], parent["parent_id"]) == (root, root)
    assert (child["root_id"], child["parent_id"]) == (root, parent["message_id"])


def test_a_message_can_be_old(feishu: FeishuStandIn, alice: Human) -> None:
    event = feishu.message(alice, "/stock", at=NOON - timedelta(minutes=11))

    assert message_of(event)["create_time"] == str(int(NOON.timestamp() * 1000) - 660_000)
    assert event.at == NOON - timedelta(minutes=11)


def test_without_the_scope_people_have_no_user_id_and_the_bot_an_empty_one(
    feishu: FeishuStandIn, alice: Human, bob: Human, group: Chat
) -> None:
    feishu.tenant.withheld.add(USER_ID_SCOPE)
    event = feishu.message(alice, "@算力 @Bob", chat=group, mentions=[feishu.tenant.bot, bob])

    assert "user_id" not in event.body["sender"]["sender_id"]
    assert [mention["id"].get("user_id") for mention in message_of(event)["mentions"]] == ["", None]


def test_optional_fields_can_be_left_out_wherever_they_stand(feishu: FeishuStandIn, alice: Human, group: Chat) -> None:
    event = feishu.message(alice, "@算力 hi", chat=group, mentions=[feishu.tenant.bot])

    bare = json.dumps(event.without("user_id", "mentioned_type", "update_time").body)

    assert not re.search("user_id|mentioned_type|update_time", bare)
    assert "mentioned_type" in json.dumps(event.body)
    assert "mentions" not in message_of(event.without("mentions"))


def test_a_header_can_count_in_microseconds(feishu: FeishuStandIn, alice: Human) -> None:
    header = feishu.message(alice, "hi").in_microseconds().envelope(App(), "tenant")["header"]

    assert header["create_time"] == str(int(NOON.timestamp() * 1_000_000))


def test_a_message_may_come_from_another_bot(feishu: FeishuStandIn, alice: Human) -> None:
    assert feishu.message(alice, "hi").from_bot().body["sender"]["sender_type"] == "bot"


def test_nothing_is_left_of_the_content_of_a_recalled_message(feishu: FeishuStandIn, alice: Human) -> None:
    assert message_of(feishu.message(alice, "hi").recalled())["content"] == ""


def test_the_bots_comings_and_goings_name_the_group_and_the_operator(
    feishu: FeishuStandIn, alice: Human, group: Chat
) -> None:
    added = bot_membership(feishu.tenant, group, alice, NOON)
    group.bot_inside = False
    removed = bot_membership(feishu.tenant, group, alice, NOON)

    assert added.type == "im.chat.member.bot.added_v1"
    assert removed.type == "im.chat.member.bot.deleted_v1"
    assert added.body["chat_id"] == group.chat_id
    assert added.body["operator_id"]["open_id"] == alice.open_id
    assert added.body["name"] == "ops"


def test_opening_the_private_chat_tells_of_the_last_message_if_there_is_one(
    feishu: FeishuStandIn, alice: Human
) -> None:
    silent = private_chat_entered(feishu.tenant, alice, NOON).body
    last = message_of(feishu.message(alice, "hi"))
    talkative = private_chat_entered(feishu.tenant, alice, NOON).body

    assert silent == {"chat_id": last["chat_id"], "operator_id": feishu.tenant.ids_of(alice)}
    assert talkative["last_message_id"] == last["message_id"]
