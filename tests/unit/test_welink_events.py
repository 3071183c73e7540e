"""What a connection lets in becomes a message: from whom, where, when, and where its answer goes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.welink.connection import Connection
from suanli.domain.chat import ChatKind, Platform, Target, TargetKind
from tests.fakes import NOON
from tests.welink_caller import LI, NOW, PRIVATE, said
from tests.welink_reader import CORP, MINUTE, got, message, robot

# Our bridge's shape


def test_a_message_of_a_bridge_says_who_wrote_what_where_and_when() -> None:
    it = message(said("/stock 4090", sender={"id": LI, "name": "李雷"}, timestamp=NOW * 1000 - 1500))
    assert (it.text, it.message_id, it.sender.open_id, it.sender.name) == ("/stock 4090", "m-1", LI, "李雷")
    assert (it.origin.platform, it.origin.tenant) == (Platform.WELINK, "corp")
    assert (it.origin.chat_id, it.origin.chat_kind) == ("corp:g-9", ChatKind.GROUP)
    assert it.origin.sent_at == NOON - timedelta(seconds=1.5)


def test_a_group_is_answered_by_its_own_robot_else_by_the_connections() -> None:
    several = replace(CORP, robots={"g-7": "stock"})
    assert message(said(), several).origin.answers_to == robot("ops")
    assert message(said(chat={"type": "group", "id": "g-7"}), several).origin.answers_to == robot("stock")


def test_a_private_chat_is_answered_to_the_sender_and_to_no_robot() -> None:
    origin = message(said(chat=PRIVATE)).origin
    assert (origin.chat_kind, origin.answers_to) == (
        ChatKind.PRIVATE,
        Target(Platform.WELINK, TargetKind.USER_ID, LI),
    )


def test_nothing_in_the_body_says_where_the_answer_goes() -> None:
    lured = said(callbackUrl="http://10.0.0.1/", reply_url="http://10.0.0.1/", robot="other", answers_to="x")
    assert message(lured).origin.answers_to == robot("ops")


@pytest.mark.parametrize(
    ("connection", "body"),
    [
        (replace(CORP, robot=""), said()),
        (replace(CORP, robot="", robots={"g-1": "one"}), said()),
        (CORP, said(chat=PRIVATE, sender=None)),
        (replace(CORP, realms=frozenset({"abc"})), said(chat=PRIVATE)),
    ],
)
def test_what_nobody_could_be_answered_is_not_a_message(connection: Connection, body: dict[str, Any]) -> None:
    assert got(body, connection) is None


@pytest.mark.parametrize("kind", ["group", "GROUP", "Group"])
def test_the_kind_of_chat_is_known_by_its_word(kind: str) -> None:
    assert message(said(chat={"type": kind, "id": "g-9"})).origin.chat_kind is ChatKind.GROUP


@pytest.mark.parametrize("kind", ["channel", "", None, 1, True, ["group"]])
def test_a_chat_of_an_unknown_kind_is_not_guessed_at(kind: object) -> None:
    with capture_logs() as logs:
        assert got(said(chat={"type": kind, "id": "g-9"})) is None
    assert [(entry["event"], entry["field"]) for entry in logs] == [("welink_unreadable", "chat_kind")]


@pytest.mark.parametrize("text", [None, 7, True, [], {"text": "/stock"}])
def test_a_body_without_words_is_not_a_message(text: object) -> None:
    assert got(said() | {"text": text}) is None


@pytest.mark.parametrize("body", [{}, {"text": "/stock"}, {"chat": "g-9", "text": "/stock"}, {"eventType": "corpAuth"}])
def test_a_body_of_another_shape_is_not_a_message(body: dict[str, Any]) -> None:
    assert got(body) is None


def test_what_is_logged_of_an_unreadable_body_is_not_its_content() -> None:
    with capture_logs() as logs:
        got({"chat": {"type": "sesame"}, "text": "sesame"})
    assert "sesame" not in str(logs)


# Who


@pytest.mark.parametrize(
    "sender",
    [
        None,
        {},
        {"id": ""},
        {"id": None},
        {"id": True},
        {"id": ["x@y"]},
        {"id": 42},
        {"id": "ou_boss"},
        {"id": "boss"},
        {"id": "@corp"},
        {"id": "boss@"},
        {"id": "a@b@c"},
        {"id": "a b@c"},
        {"id": "<at>@c"},
        {"id": "李雷@c"},
        {"id": "a@b\n"},
        {"id": "a\u0000@b"},
        {"id": "a" * 101 + "@b"},
        "li.lei@0123456789",
    ],
)
def test_whoever_has_no_id_of_welinks_is_nobody_known(sender: object) -> None:
    """Above all no one bears the id of somebody on another platform."""
    assert not message(said(sender=sender)).sender.is_known


def test_a_connection_speaks_only_for_the_people_of_its_realms() -> None:
    own = replace(CORP, realms=frozenset({"0123456789"}))
    assert message(said(), own).sender.open_id == LI
    assert not message(said(sender={"id": "li.lei@9999999999"}), own).sender.is_known


def test_people_are_colleagues_only_where_the_connection_says_so() -> None:
    assert message(said()).sender.tenant is None
    both = message(said(), replace(CORP, colleagues=True))
    assert both.sender.tenant == both.origin.tenant == "corp"


def test_a_name_is_cut_and_whole() -> None:
    shown = message(said(sender={"id": LI, "name": "x" * 500})).sender.name
    assert shown == "x" * 100
    assert message(said(sender={"id": LI, "name": "\ud800\0 "})).sender.name == "?"
    assert message(said(sender={"id": LI, "name": 7})).sender.name is None


# What


@pytest.mark.parametrize(
    ("text", "words", "addressed"),
    [
        ("/stock", "/stock", True),
        ("／stock", "／stock", True),
        ("  \u200b/stock", "/stock", True),
        ("@suanli /stock", "/stock", True),
        ("@SUANLI\u00a0/stock", "/stock", True),
        ("@算力/stock", "/stock", True),
        ("@算力 还有4090吗", "还有4090吗", True),
        ("@suanli", "", True),
        ("@suanli2 hello", "@suanli2 hello", False),
        ("@Ops.Bot@0123 /stock", "/stock", True),
        ("@li.lei@0123 hello", "@li.lei@0123 hello", False),
        ("还有4090吗", "还有4090吗", False),
        ("see /stock", "see /stock", False),
        ("", "", False),
    ],
)
def test_in_a_group_a_command_or_the_bots_name_speaks_to_it(text: str, words: str, *, addressed: bool) -> None:
    it = message(said(text))
    assert (it.text, it.addressed) == (words, addressed)


def test_in_private_all_is_said_to_the_bot() -> None:
    assert message(said("早上好", chat=PRIVATE)).addressed


def test_words_hold_nothing_that_a_database_cannot() -> None:
    assert message(said("/stock \ud800\0x")).text == "/stock ?x"


# When


@pytest.mark.parametrize(
    ("stamp", "at", "expected"),
    [
        (NOW - 60, None, NOON - MINUTE),
        (str(NOW * 1000 - 60_000), None, NOON - MINUTE),
        (NOW - 60, NOON, NOON - MINUTE),
        (None, NOON - MINUTE, NOON - MINUTE),
        ("soon", NOON - MINUTE, NOON - MINUTE),
        (None, None, NOON),
        (NOW + 3600, None, NOON),
    ],
)
def test_a_message_is_as_old_as_it_says_else_as_its_proof_and_never_of_the_future(
    stamp: object, at: datetime | None, expected: datetime
) -> None:
    assert message(said(timestamp=stamp), at=at).origin.sent_at == expected
