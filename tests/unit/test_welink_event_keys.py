"""Which message of a WeLink connection it is: the same one again, or another."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.welink.connection import Connection
from tests.fakes import NOON
from tests.welink_caller import NOW, said
from tests.welink_reader import CORP, MINUTE, got, message


def key(body: Mapping[str, Any], connection: Connection = CORP, **when: Any) -> str:
    return message(body, connection, **when).origin.key


def test_a_message_is_known_by_its_id_whatever_else_a_second_delivery_says() -> None:
    assert key(said("/stock")) == key(said("/help", timestamp=None), now=NOON + MINUTE)
    assert key(said(message_id="m-1")) != key(said(message_id="m-2"))


def test_an_id_means_another_message_in_another_connection() -> None:
    assert key(said()) != key(said(), replace(CORP, name="lab"))


def test_an_id_may_be_a_number() -> None:
    assert key(said() | {"message_id": 7}) == key(said() | {"message_id": "7"})


@pytest.mark.parametrize("name", ["", "two words", "x" * 201, "é", None, True, ["m-1"]])
def test_without_an_id_a_message_is_known_by_all_that_it_says(name: object) -> None:
    body = said() | {"message_id": name}
    assert key(body) == key(dict(reversed(body.items())))
    for other in ({"text": "/help"}, {"timestamp": NOW * 1000 + 1}, {"sender": {"id": "han@0123"}}, {"extra": 1}):
        assert key(body) != key(body | other)


def test_a_message_that_tells_its_own_time_is_the_same_in_a_later_envelope() -> None:
    body, later = said(message_id=""), NOON + MINUTE
    assert key(body, at=NOON) == key(body, at=later, now=later) == key(body, now=later)


def test_where_only_the_proof_tells_the_time_the_same_words_later_are_another_message() -> None:
    body = said(message_id="", timestamp=None)
    first = key(body, at=NOON)
    assert first == key(body, at=NOON, now=NOON + MINUTE)
    assert first != key(body, at=NOON + timedelta(seconds=1))


def test_where_nothing_tells_the_time_the_minute_does() -> None:
    body = said(message_id="", timestamp=None)
    late = NOON + timedelta(seconds=59)
    assert key(body) == key(body, now=late)
    assert key(body) != key(body, now=late + timedelta(seconds=1))


def test_no_id_can_be_made_to_look_like_another_messages_content() -> None:
    assert len({key(said(message_id="body")), key(said(message_id="")), key(said(message_id="id"))}) == 3


def test_a_body_nested_too_deep_to_be_compared_is_not_a_message() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert got(said(message_id="", extra=deep)) is None
    assert got(said(extra=deep)) is not None
