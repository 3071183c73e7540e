"""The mail courier's TLS and logins against a real SMTP server: nothing in clear, and no secret told."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.mail.courier import MailCourier, MailServer, Tls, tls_on
from bot.mail.refusals import PAUSE
from suanli.domain.delivery import ChannelBroken, PlatformBusy
from suanli.domain.errors import RemoteError
from tests.contract.courier_kit import SHANGHAI
from tests.contract.mail_kit import (
    PASSWORD,
    USER,
    Box,
    Certificate,
    courier_of,
    mail_to,
    make_certificate,
    refusal,
    rude_server,
    smtp_server,
)
from tests.fakes import FakeClock

EHLO = b"250-mx.test\r\n250 SIZE 1000000\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls") / "good")


@pytest.fixture
def private(certificate: Certificate) -> Iterator[Box]:
    with smtp_server(starttls=certificate, auth=True) as box:
        yield box


def private_courier(box: Box, certificate: Certificate, *, password: str = PASSWORD) -> MailCourier:
    return courier_of(box.port, tls=Tls.START, trusts=certificate, user=USER, password=password)


def test_by_starttls_the_letter_and_the_login_are_private(private: Box, certificate: Certificate) -> None:
    private_courier(private, certificate).send(mail_to())
    assert (private.encrypted, private.logins) == ([True], [(USER, PASSWORD)])


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it knows of no TLS but STARTTLS
def test_implicit_tls_is_private_from_the_first_byte_on(certificate: Certificate) -> None:
    with smtp_server(implicit=certificate, auth=True) as box:
        courier_of(box.port, tls=Tls.IMPLICIT, trusts=certificate, user=USER).send(mail_to())
    assert (box.encrypted, box.logins) == ([True], [(USER, PASSWORD)])


@pytest.mark.parametrize(
    ("port", "use_tls", "tls"),
    [
        (587, True, Tls.START),
        (25, True, Tls.START),
        (2525, True, Tls.START),
        (465, True, Tls.IMPLICIT),
        (465, False, Tls.NONE),
        (25, False, Tls.NONE),
    ],
)
def test_the_port_says_which_tls(port: int, use_tls: bool, tls: Tls) -> None:  # noqa: FBT001 a row of the table
    assert tls_on(port, use_tls=use_tls) is tls


def test_a_server_without_starttls_gets_nothing_in_clear() -> None:
    with rude_server(b"220 hi\r\n", EHLO, b"221 bye\r\n") as (port, heard):
        error = refusal(courier_of(port, tls=Tls.START, user=USER))
    assert error.permanent
    assert "STARTTLS" in str(error)
    assert [words.strip() for words in heard] == [b"ehlo [127.0.0.1]", b"quit", b""]


def test_a_server_that_cannot_do_its_starttls_right_now_gets_nothing_in_clear_and_is_tried_again() -> None:
    ehlo = b"250-mx.test\r\n250 STARTTLS\r\n"
    with rude_server(b"220 hi\r\n", ehlo, b"454 TLS not available\r\n", b"221 bye\r\n") as (port, heard):
        error = refusal(courier_of(port, tls=Tls.START, user=USER))
    assert (error.permanent, error.code) == (False, 454)
    assert b"quit" in heard[2]


@pytest.mark.parametrize("tls", [Tls.START, Tls.IMPLICIT])
@pytest.mark.parametrize(
    ("name", "years", "trusted", "why"),
    [
        ("IP:127.0.0.1", "2020-2021", True, "expired"),
        ("DNS:other.example.com", "2020-2049", True, "not valid for '127.0.0.1'"),
        ("IP:127.0.0.1", "2020-2049", False, "self-signed"),
    ],
)
def test_a_certificate_that_is_not_right_is_not_accepted(
    tmp_path: Path,
    tls: Tls,
    name: str,
    years: str,
    trusted: bool,  # noqa: FBT001 a row of the table
    why: str,
) -> None:
    bad = make_certificate(tmp_path / "bad", name=name, years=years)
    start, implicit = (bad, None) if tls is Tls.START else (None, bad)
    with smtp_server(starttls=start, implicit=implicit) as box:
        error = refusal(courier_of(box.port, tls=tls, trusts=bad if trusted else None, user=USER))
    assert error.permanent
    assert why in str(error)
    assert (box.taken, box.logins) == ([], [])


def test_a_refused_login_rests_the_channel_and_tells_no_secret(private: Box, certificate: Certificate) -> None:
    courier = private_courier(private, certificate, password="wrong but secret")
    with pytest.raises(ChannelBroken) as caught:
        courier.send(mail_to())
    error = caught.value
    assert isinstance(error, PlatformBusy)
    assert (error.permanent, error.retry_after, error.code) == (False, PAUSE, 535)
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert "but secret" not in told
    assert USER not in str(error)
    assert private.taken == []


def test_a_server_that_wants_a_login_which_nobody_gave_it_rests_the_channel(
    private: Box, certificate: Certificate
) -> None:
    error = refusal(courier_of(private.port, tls=Tls.START, trusts=certificate))
    assert (type(error), error.code) == (ChannelBroken, 530)


def test_a_server_that_offers_no_login_rests_the_channel() -> None:
    with rude_server(b"220 hi\r\n", EHLO, b"221 bye\r\n") as (port, heard):
        assert type(refusal(courier_of(port, user=USER))) is ChannelBroken
    assert PASSWORD.encode() not in b"".join(heard)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"454 4.7.0 Temporary authentication failure\r\n", RemoteError),
        (b"534 5.7.9 mechanism too weak\r\n", ChannelBroken),
        (b"550 5.2.1 user suspended\r\n", ChannelBroken),
    ],
)
def test_a_login_that_fails_for_now_is_tried_again_and_any_other_rests_the_channel(
    answer: bytes, kind: type[RemoteError]
) -> None:
    with rude_server(b"220 hi\r\n", b"250-mx\r\n250 AUTH PLAIN\r\n", answer, b"221 bye\r\n") as (port, _):
        error = refusal(courier_of(port, user=USER))
    assert type(error) is kind
    assert not error.permanent


def test_what_a_server_says_of_a_login_is_not_repeated() -> None:
    said = b"535 5.7.8 wrong password 'correct horse'\r\n"
    with rude_server(b"220 hi\r\n", b"250-mx\r\n250 AUTH PLAIN\r\n", said, b"221 bye\r\n") as (port, _):
        error = refusal(courier_of(port, user=USER))
    assert "535 5.7.8" in str(error)
    assert "horse" not in str(error)


def test_a_server_that_quotes_the_password_is_not_quoted_with_it(private: Box, certificate: Certificate) -> None:
    private.rcpt.append(f"550 you are {PASSWORD} and not wanted")
    error = refusal(private_courier(private, certificate))
    assert str(error).endswith("the recipient was refused: 550 you are *** and not wanted")


def test_who_is_not_named_sends_as_the_user() -> None:
    assert MailServer("mail.example.com", user=USER, password=PASSWORD).sent_by.addr_spec == USER


def test_a_file_of_certificates_that_is_not_there_is_noticed_at_the_start() -> None:
    server = MailServer("mail.example.com", sender=USER, ca_bundle="/no/such.pem")
    with pytest.raises(OSError, match="No such file"):
        MailCourier(server, clock=FakeClock(), zone=SHANGHAI)


def test_a_server_does_not_show_its_password() -> None:
    assert PASSWORD not in repr(MailServer("mail.example.com", user=USER, password=PASSWORD))
