"""Bodies of other shapes than our bridge's: where a connection's map finds the fields of a message."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.welink.connection import ASSISTANT, BRIDGE, Connection, FieldMap
from suanli.domain.chat import ChatKind
from tests.fakes import NOON
from tests.welink_caller import GROUP, LI, NOW, said
from tests.welink_reader import CORP, MINUTE, got, message, robot

ASSISTED = replace(CORP, fields=ASSISTANT)
FROM_ASSISTANT = {
    "businessDomain": "im",
    "sessionType": "group",
    "sessionId": "s-1",
    "assistantAccount": "assistant@0123",
    "content": "/stock",
    "msgType": "text",
    "chatHistory": [{"senderAccount": LI, "content": "hi", "timestamp": NOW * 1000}],
}


def test_a_message_of_the_assistants_shape_has_words_and_a_group_and_no_sender() -> None:
    it = message(FROM_ASSISTANT, ASSISTED)
    assert (it.text, it.origin.chat_id, it.sender.is_known) == ("/stock", "corp:s-1", False)
    assert it.origin.answers_to == robot("ops")


@pytest.mark.parametrize(
    "change", [{"msgType": "image"}, {"msgType": None}, {"businessDomain": "meeting"}, {"sessionType": "direct"}]
)
def test_what_the_map_does_not_take_for_a_message_is_none(change: dict[str, Any]) -> None:
    assert got(FROM_ASSISTANT | change, ASSISTED) is None


def test_a_map_may_lead_anywhere_into_a_body() -> None:
    fields = FieldMap(text="/data/0/a~1b/~0t", sent_at="/data/1", only={"/data/2": frozenset({"7"})})
    body = {"data": [{"a/b": {"~t": "/help"}}, NOW - 60, 7]}
    it = message(body, replace(CORP, fields=fields))
    assert (it.text, it.origin.sent_at, it.origin.chat_kind) == ("/help", NOON - MINUTE, ChatKind.GROUP)
    others: list[dict[str, Any]] = [{"data": []}, {"data": {"0": 1}}, {"data": None}, {}, {"data": [[], NOW, 7]}]
    for other in others:
        assert got(other, replace(CORP, fields=fields)) is None


def test_without_a_map_nothing_is_a_message() -> None:
    assert got(said(), replace(CORP, fields=None)) is None


@pytest.mark.parametrize("text", ["", "text", "/a~2", "/a~"])
def test_a_map_must_lead_to_the_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"pointer|where the text is"):
        FieldMap(text=text)
    with pytest.raises(ValueError, match="pointer"):
        replace(BRIDGE, only={text or "x": frozenset()})


@pytest.mark.parametrize("name", ["", "Corp", "a b", "a/b", "-a", "a" * 41, "算力"])
def test_a_connection_has_a_name_that_can_stand_in_an_address(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Connection(name, None)


def test_the_bridges_shape_is_the_documented_one() -> None:
    documented = {
        "message_id": "m-1",
        "chat": {"type": "group", "id": "g-9"},
        "sender": {"id": "li.lei@0123456789"},
        "text": "/ack 42",
        "timestamp": 1717400000123,
    }
    it = message(documented, now=datetime.fromtimestamp(1717400001, UTC))
    assert (it.message_id, it.sender.open_id, it.text) == ("m-1", "li.lei@0123456789", "/ack 42")
    assert it.origin.chat_id == f"corp:{GROUP['id']}"
