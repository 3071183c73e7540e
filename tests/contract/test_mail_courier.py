"""The mail courier against a real SMTP server: what arrives there, and what each trouble becomes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.mail.courier import MailServer
from suanli.clock import SystemClock
from suanli.domain.answer import Answer, line
from suanli.domain.chat import MessageId, Platform, Target, TargetKind
from suanli.domain.delivery import uuid_of
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from tests.contract.courier_kit import parcel_to
from tests.contract.mail_kit import (
    SHORTAGE,
    USER,
    Box,
    courier_of,
    mail_to,
    refusal,
    rude_server,
    smtp_server,
    text_of,
)
from tests.fakes import NOON

EHLO = b"250-mx.test\r\n250 SIZE 1000000\r\n"
OK = b"250 OK\r\n"


@pytest.fixture
def plain() -> Iterator[Box]:
    with smtp_server() as box:
        yield box


def test_a_letter_arrives_whole_and_its_message_id_comes_back(plain: Box) -> None:
    message_id = courier_of(plain.port, sender="算力 <bot@example.com>").send(mail_to())
    (letter,) = plain.letters()
    assert (plain.taken[0].mail_from, plain.taken[0].rcpt_tos) == ("bot@example.com", ["ops@example.com"])
    assert letter["Message-ID"] == message_id == f"<{uuid_of('k')}@example.com>"
    assert (letter["From"], letter["To"]) == ("算力 <bot@example.com>", "ops@example.com")
    assert (letter["Subject"], letter["Date"].datetime) == ("库存不足", NOON)
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "zh-CN")
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert "RTX 4090 剩 3 张" in text_of(letter)


def test_this_machine_names_itself_by_its_address(plain: Box) -> None:
    courier_of(plain.port).send(mail_to())
    assert plain.spoken == ["[127.0.0.1]"]


def test_a_refused_recipient_is_given_up_and_the_next_one_still_gets_theirs(plain: Box) -> None:
    plain.rcpt.append("550 5.1.1 no such user")
    courier = courier_of(plain.port)
    error = refusal(courier, mail_to("gone@example.com"))
    courier.send(mail_to("here@example.com", key="other"))
    assert (error.permanent, error.code, type(error)) == (True, 550, RemoteError)
    assert "no such user" in str(error)
    assert [envelope.rcpt_tos for envelope in plain.taken] == [["here@example.com"]]


@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_greylisting_passes(plain: Box, code: int) -> None:
    plain.rcpt.append(f"{code} 4.7.1 try again later")
    courier = courier_of(plain.port)
    error = refusal(courier)
    assert (error.permanent, error.code) == (False, code)
    courier.send(mail_to())
    assert len(plain.taken) == 1


@pytest.mark.parametrize(("code", "permanent"), [(554, True), (552, True), (451, False), (452, False)])
def test_a_refused_letter_is_given_up_or_tried_again_by_its_code(
    plain: Box,
    code: int,
    permanent: bool,  # noqa: FBT001 a row of the table
) -> None:
    plain.data.append(f"{code} not like this")
    error = refusal(courier_of(plain.port))
    assert (error.permanent, error.code) == (permanent, code)


def test_a_letter_whose_answer_was_lost_is_sent_again_under_the_same_message_id(plain: Box) -> None:
    plain.data.append("drop")
    courier = courier_of(plain.port)
    assert not refusal(courier).permanent
    courier.send(mail_to())
    first, second = plain.letters()
    assert first["Message-ID"] == second["Message-ID"]


def test_a_connection_that_ends_before_the_letter_is_a_passing_failure() -> None:
    with rude_server(b"220 hi\r\n", EHLO, OK, OK) as (port, heard):
        assert not refusal(courier_of(port)).permanent
    assert heard[-1] == b"data\r\n"


@pytest.mark.parametrize("goodbye", [(), (b"500 what?\r\n",), (b"...." * 4,)])
def test_a_letter_that_was_taken_is_sent_whatever_the_goodbye_is_like(goodbye: tuple[bytes, ...]) -> None:
    with rude_server(b"220 hi\r\n", EHLO, OK, OK, b"354 go\r\n", OK, *goodbye) as (port, heard):
        assert courier_of(port).send(mail_to())
    assert heard[3] == b"data\r\n"


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"\xff\xfe\r\n", b"421 too busy\r\n"])
def test_a_greeting_that_is_none_is_a_passing_failure(greeting: bytes) -> None:
    with rude_server(greeting) as (port, _):
        assert not refusal(courier_of(port)).permanent


def test_nobody_listening_is_a_passing_failure_that_names_the_server(plain: Box) -> None:
    port = plain.port
    with smtp_server() as gone:
        port = gone.port
    error = refusal(courier_of(port))
    assert not error.permanent
    assert f"127.0.0.1:{port}: Connection refused" in str(error)


@pytest.mark.parametrize(
    "script",
    [
        (b"...".join([b"2"] * 20),),
        (b"220 hi\r\n", b"...".join([b"250-x\r\n"] * 20)),
        (b"220 hi\r\n", EHLO, OK, OK, b"354 go\r\n", b"...".join([b""] * 20)),
    ],
    ids=["a slow greeting", "an endless reply", "silence after the letter"],
)
def test_however_slowly_a_server_answers_a_session_ends_in_time(script: tuple[bytes, ...]) -> None:
    clock = SystemClock()
    with rude_server(*script) as (port, _):
        begun = clock.elapsed()
        error = refusal(courier_of(port, clock=clock, timeout=timedelta(seconds=0.8)))
        took = clock.elapsed() - begun
    assert not error.permanent
    assert 0.7 < took < 2


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ops",
        "a@b@c",
        "a b@example.com",
        "x@example.com>\r\nRCPT TO:<y@example.com",
        "x@example.com\r\nBcc: y@z.com",
    ],
)
def test_what_is_no_address_is_given_up_before_anything_is_sent(plain: Box, to: str) -> None:
    error = refusal(courier_of(plain.port), mail_to(to))
    assert error.permanent
    assert plain.taken == []


def test_a_target_that_is_no_address_is_given_up(plain: Box) -> None:
    error = refusal(courier_of(plain.port), parcel_to(Target(Platform.MAIL, TargetKind.CHAT, "oc_1")))
    assert error.permanent


def test_a_line_of_one_dot_does_not_end_a_letter(plain: Box) -> None:
    answer = Answer(Lang.EN, (line("first\n.\n..\nQUIT\nlast"),))
    courier_of(plain.port).send(mail_to(answer=answer))
    (letter,) = plain.letters()
    assert text_of(letter).startswith("first\n.\n..\nQUIT\nlast\n")


def test_a_huge_answer_still_makes_a_letter_that_arrives(plain: Box) -> None:
    answer = Answer(Lang.EN, (line("\n".join(["word " * 400] * 2000)),), "T" * 5000)
    courier_of(plain.port).send(mail_to(answer=answer))
    assert len(plain.letters()[0].as_bytes()) < 400_000


def test_a_letter_cannot_be_redrawn(plain: Box) -> None:
    with pytest.raises(RemoteError) as caught:
        courier_of(plain.port).redraw(MessageId("<k@example.com>"), SHORTAGE)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"sender": "nobody"}, "not an e-mail address"),
        ({"sender": "", "user": "api-key"}, "not an e-mail address"),
        ({"sender": "bot@example.com\r\nBcc: x@example.com"}, "not an e-mail address"),
        ({"password": "пароль"}, "ASCII"),
        ({"timeout": timedelta(seconds=59)}, "time limit"),
        ({"timeout": timedelta(0)}, "time limit"),
        ({"host": ""}, "name"),
        ({"host": "mail..example.com"}, "label"),
    ],
)
def test_a_server_that_can_never_work_is_refused_where_it_is_set(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        MailServer(**{"host": "mail.example.com", "sender": USER, **wrong})  # type: ignore[arg-type]
