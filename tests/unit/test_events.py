"""Feishu's payloads become messages, clicks and arrivals; whatever else comes is nothing to do."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.feishu.events import BotUnknownError, read
from suanli.domain.chat import Arrival, ChatKind, Click, Message

BOT = "ou_bot"


def envelope(kind: str, event: object, created: str = "1608725989000") -> dict[str, Any]:
    header = {"event_id": "e1", "event_type": kind, "create_time": created, "token": "t", "app_id": "cli_a",
              "tenant_key": "ten"}  # fmt: skip
    return {"schema": "2.0", "header": header, "event": event}


def received(text: object = "hi", **changes: Any) -> dict[str, Any]:
    message = {
        "message_id": "om_1",
        "create_time": "1609073151345",
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": text}),
        **changes,
    }
    sender = {"sender_id": {"open_id": "ou_li"}, "sender_type": "user", "tenant_key": "ten"}
    return envelope("im.message.receive_v1", {"sender": sender, "message": message})


def mention(key: str, open_id: str, name: str = "") -> dict[str, Any]:
    # A mention of a bot carries an empty user_id on the live platform.
    return {"key": key, "id": {"open_id": open_id, "user_id": "", "union_id": "on_x"}, "name": name}


def message(event: dict[str, Any], bot: str | None = BOT) -> Message:
    read_ = read(event, bot)
    assert isinstance(read_, Message)
    return read_


def test_a_private_message_speaks_to_the_bot_without_a_mention() -> None:
    got = message(received("/stock", chat_type="p2p"))
    assert (got.addressed, got.origin.chat_kind, got.text) == (True, ChatKind.PRIVATE, "/stock")


def test_the_bots_own_mention_is_cut_out_and_others_stay_as_arguments() -> None:
    mentions = [mention("@_user_1", BOT, "Ops"), mention("@_user_2", "ou_wang", "王五")]
    got = message(received("@_user_1 /role grant @_user_2 admin", mentions=mentions))
    assert got.text.split() == ["/role", "grant", "@_user_2", "admin"]
    assert [(m.key, m.person.open_id, m.person.name) for m in got.mentions] == [("@_user_2", "ou_wang", "王五")]


def test_the_tenth_mention_is_not_the_first_with_a_zero() -> None:
    mentions = [mention("@_user_1", BOT), mention("@_user_10", "ou_ten")]
    assert message(received("@_user_10 @_user_1/userid", mentions=mentions)).text.split() == ["@_user_10", "/userid"]


def test_a_person_with_the_bots_name_is_not_the_bot() -> None:
    got = message(received("@_user_1 /stock", mentions=[mention("@_user_1", "ou_impostor", "Ops")]))
    assert not got.addressed


def test_mentioning_everybody_is_not_mentioning_the_bot() -> None:
    assert not message(received("@_all /stock", mentions=[mention("@_all", "all")])).addressed


def test_a_group_message_without_mentions_is_not_for_the_bot_even_while_it_does_not_know_itself() -> None:
    assert not message(received("/stock"), bot=None).addressed


def test_a_mention_cannot_be_judged_while_the_bot_does_not_know_itself() -> None:
    with pytest.raises(BotUnknownError):
        read(received("@_user_1 hi", mentions=[mention("@_user_1", BOT)]), None)


def test_messages_of_bots_are_dropped() -> None:
    event = received("/stock")
    event["event"]["sender"]["sender_type"] = "bot"
    assert read(event, BOT) is None


def test_ids_that_the_app_may_not_see_are_absent_rather_than_empty() -> None:
    event = received()
    event["event"]["sender"]["sender_id"] = {"open_id": "ou_li", "user_id": "", "union_id": None}
    got = message(event)
    assert (got.sender.user_id, got.sender.union_id) == (None, None)


def test_a_post_reads_as_its_title_and_lines_with_mentions_in_place() -> None:
    content = {
        "title": "标题",
        "content": [
            [{"tag": "at", "user_id": "@_user_1", "user_name": "Ops"}, {"tag": "text", "text": " /stock"}],
            [{"tag": "img", "image_key": "img_1"}, {"tag": "a", "text": "4090", "href": "https://x"}],
            "not a row",
        ],
    }
    event = received(message_type="post", content=json.dumps(content), mentions=[mention("@_user_1", BOT)])
    got = message(event)
    assert got.text.split() == ["标题", "/stock", "4090"]
    assert got.addressed


@pytest.mark.parametrize(
    ("kind", "content"),
    [("text", ""), ("text", "{"), ("text", "[]"), ("text", '{"text":7}'), ("image", '{"image_key":"i"}')],
)
def test_a_message_without_words_is_nothing_to_do(kind: str, content: str) -> None:
    assert read(received(message_type=kind, content=content), BOT) is None


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("1609073151", datetime(2020, 12, 27, 12, 45, 51, tzinfo=UTC)),
        ("1609073151345", datetime(2020, 12, 27, 12, 45, 51, 345000, tzinfo=UTC)),
        ("1609073151345678", datetime(2020, 12, 27, 12, 45, 51, 345678, tzinfo=UTC)),
    ],
)
def test_times_are_read_by_their_length(stamp: str, moment: datetime) -> None:
    assert message(received(create_time=stamp)).origin.sent_at == moment


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "١٢٣"])
def test_a_time_that_is_none_is_long_ago_so_that_nothing_runs(stamp: str) -> None:
    assert message(received(create_time=stamp)).origin.sent_at.year == 1970


def test_deliveries_of_one_message_share_a_key_whatever_their_event_id() -> None:
    again = received()
    again["header"]["event_id"] = "e2"
    assert message(received()).origin.key == message(again).origin.key == "cli_a:om_1"


def test_half_a_character_becomes_a_question_mark() -> None:
    """JSON can carry it, no database and no request can: it would fail each time it is delivered again."""
    mentions = [mention("@_user_2", "ou_wang", "\ud83d")]
    got = message(received("/stock \udc00 @_user_2", chat_type="p2p", mentions=mentions))
    assert got.text.split() == ["/stock", "?", "@_user_2"]
    assert got.mentions[0].person.name == "?"


def click(value: object, **more: object) -> Click:
    action = {
        "operator": {"open_id": "ou_li", "tenant_key": "ten"},
        "action": {"value": value, "tag": "button", **more},
        "context": {"open_message_id": "om_9", "open_chat_id": "oc_1"},
    }
    read_ = read(envelope("card.action.trigger", action, "1603977298000000"), BOT)
    assert isinstance(read_, Click)
    return read_


def test_a_click_names_who_pressed_and_what() -> None:
    got = click({"run": "/stock"})
    assert (got.sender.open_id, got.value, got.card_message_id) == ("ou_li", {"run": "/stock"}, "om_9")


@pytest.mark.parametrize("value", ["a string", None, ["run"], {"run": {"a": 1}}])
def test_a_card_value_of_another_shape_means_nothing(value: object) -> None:
    assert click(value).value == {}


def test_a_form_tells_what_was_filled_in_and_a_day_without_its_time_zone() -> None:
    filled = {"quantity": " 50 ", "eta": "2024-04-01 +0800", "note": "急，2024-04-01 +0800 前"}
    assert click({"run": "/x"}, form_value=filled, name="go", timezone="Asia/Shanghai").form == {
        "quantity": "50",
        "eta": "2024-04-01",
        "note": "急，2024-04-01 +0800 前",
    }


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (["50"], "50"),
        ("2024-04-01 -0330", "2024-04-01"),
        ("2024-04-01 07:07 +0800", "2024-04-01 07:07 +0800"),
        ("\ud83d", "?"),
        ("x" * 1000, "x" * 1000),
    ],
)
def test_a_field_is_read_as_what_a_person_meant(sent: object, read: str) -> None:
    assert click({}, form_value={"f": sent}).form == {"f": read}


@pytest.mark.parametrize(
    "sent", [None, "", "  ", 50, True, 1.5, {"a": "b"}, [], ["a", "b"], [50], [["a"]], "x" * 1001, ["x" * 1001]]
)
def test_a_field_that_is_empty_or_of_another_shape_was_not_filled_in(sent: object) -> None:
    assert click({}, form_value={"f": sent, "g": "1"}).form == {"g": "1"}


@pytest.mark.parametrize("form", [None, "f=1", ["f"], 7, {}])
def test_a_form_of_another_shape_is_nothing_filled_in(form: object) -> None:
    assert click({"run": "/x"}, form_value=form).form == {}


def test_a_form_may_be_as_large_as_it_likes_and_is_read_as_far_as_ours_go() -> None:
    assert len(click({}, form_value={f"f{n}": "x" for n in range(5000)}).form) == 100
    assert click({}, form_value={"n" * 101: "x", "\ud800": "y"}).form == {"?": "y"}


def test_a_click_outside_of_forms_has_none() -> None:
    assert click({"run": "/stock"}).form == {}


def test_the_bot_in_a_new_group_has_arrived() -> None:
    got = read(envelope("im.chat.member.bot.added_v1", {"chat_id": "oc_2", "operator_id": {"open_id": "ou_li"}}), BOT)
    assert isinstance(got, Arrival)
    assert (got.origin.chat_id, got.origin.chat_kind) == ("oc_2", ChatKind.GROUP)


def test_the_first_private_contact_in_the_old_envelope_is_an_arrival() -> None:
    inner = {"type": "p2p_chat_create", "app_id": "cli_a", "open_chat_id": "oc_3", "user": {"open_id": "ou_li"}}
    got = read({"ts": "1502199207.7171419", "uuid": "u7", "type": "event_callback", "event": inner}, BOT)
    assert isinstance(got, Arrival)
    assert (got.origin.key, got.origin.chat_kind, got.origin.sent_at.year) == ("cli_a:u7", ChatKind.PRIVATE, 2017)


@pytest.mark.parametrize(
    "event",
    [
        envelope("im.message.message_read_v1", {}),
        envelope("im.message.receive_v1", {"sender": {}}),
        envelope("im.message.receive_v1", None),
        {"schema": "2.0", "header": {"event_type": "im.message.receive_v1"}},
        {"type": "event_callback", "uuid": "u", "event": {"type": "approval"}},
        {"type": "event_callback", "event": "text"},
    ],
)
def test_what_we_do_not_know_is_nothing_to_do(event: dict[str, Any]) -> None:
    assert read(event, BOT) is None
