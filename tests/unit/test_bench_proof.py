import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.company import Question
from bench.proof import WrongError, check_replied, check_seen
from suanli.sandbox.feishu.push import Sealed
from suanli.sandbox.feishu.record import Sent
from tests.fakes import NOON

ASKED = tuple(Question(message_id, Sealed({}, b""), b"") for message_id in ("om_1", "om_2"))


def card(reply_to: str, text: str = "4090") -> Sent:
    content = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": text}]}}
    return Sent(
        message_id="om_reply",
        chat_id="oc_1",
        receiver="",
        msg_type="interactive",
        content=content,
        uuid="",
        reply_to=reply_to,
        at=NOON,
    )


def test_one_card_of_stock_under_each_question_is_right() -> None:
    assert set(check_replied([card("om_2"), card("om_1")], ASKED)) == {"om_1", "om_2"}


@pytest.mark.parametrize(
    "sent",
    [
        [card("om_1")],
        [card("om_1"), card("om_2"), card("om_2")],
        [card("om_1"), card("om_3")],
        [card("om_1"), card("om_2", "unknown command")],
    ],
    ids=["missing", "twice", "to another", "without stock"],
)
def test_a_reply_that_is_not_once_under_its_question_is_wrong(sent: list[Sent]) -> None:
    with pytest.raises(WrongError):
        check_replied(sent, ASKED)


@pytest.mark.parametrize("stored", [["om_1"], ["om_1", "om_2", "om_2"], ["om_1", "om_3"]])
def test_a_peer_that_did_not_store_each_message_once_is_wrong(tmp_path: Path, stored: list[str]) -> None:
    database = tmp_path / "seen.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE seen (message_id TEXT)")
        connection.executemany("INSERT INTO seen VALUES (?)", [(message_id,) for message_id in stored])
    with pytest.raises(WrongError, match="seen"):
        check_seen(database, ASKED)
