"""The courier of e-mail: one letter to one person in one SMTP session.

Letters are few, so a session is not kept: that would have to be watched, and shared by threads. Mail knows no uuid that
it dedupes by. When the answer to a letter is lost it is sent again, under the same Message-ID, by which mailboxes that
care can see that it is one letter.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from email.headerregistry import Address
from enum import StrEnum
from typing import NoReturn

from bot.mail.letters import address, letter
from bot.mail.refusals import Refusals
from bot.mail.session import Limit, Session, connect
from suanli.clock import Clock
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError

SMTPS = 465
"""The port on which there is TLS from the first byte on."""

LONGEST = timedelta(seconds=45)
"""A session is to be over before the delivery's lease is."""


class Tls(StrEnum):
    """How a connection becomes private."""

    START = "start"
    """By STARTTLS; a server that does not offer it gets nothing."""
    IMPLICIT = "implicit"
    NONE = "none"
    """Not at all: whoever is on the way can read the password and the letters."""


def tls_on(port: int, *, use_tls: bool) -> Tls:
    """What `use_tls` means on this port."""
    if not use_tls:
        return Tls.NONE
    return Tls.IMPLICIT if port == SMTPS else Tls.START


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our letters, and who we are to it.

    `sender` is like `bot@example.com` or `算力 <bot@example.com>`, and the user when it is empty. There is no login
    without a user. `ca_bundle` is a file of certificates to trust in place of the public ones. `timeout` is for a
    whole session. Raises ValueError for what can never work.
    """

    host: str
    port: int = 587
    tls: Tls = Tls.START
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    ca_bundle: str = ""
    timeout: timedelta = timedelta(seconds=30)

    def __post_init__(self) -> None:
        """Refuse what can never work where it is set, not where a letter fails."""
        if not timedelta(0) < self.timeout <= LONGEST:
            raise ValueError(f"a mail session has a time limit, of at most {LONGEST.seconds} seconds")
        if not (self.user + self.password).isascii():
            raise ValueError("the user and the password of a mail server are ASCII")
        if not self.host.encode("idna"):
            raise ValueError("a mail server has a name")
        _ = self.sent_by

    @property
    def sent_by(self) -> Address:
        """Who the letters are from."""
        name, bracket, plain = (self.sender or self.user).rpartition("<")
        return address(plain.removesuffix(">") if bracket else plain, name.strip().strip('"'))


class MailCourier:
    """A `Courier` for `TargetKind.EMAIL`. Making one reads `ca_bundle`, and raises OSError if it cannot.

    It may be used by several threads at once. `zone` is the one in which clock times are written.
    """

    def __init__(self, server: MailServer, *, clock: Clock, zone: tzinfo) -> None:
        self._server = server
        self._sender = server.sent_by
        self._refusals = Refusals(f"mail server {server.host}:{server.port}", server.password)
        self._clock = clock
        self._zone = zone
        trusting = server.tls is not Tls.NONE
        self._context = ssl.create_default_context(cafile=server.ca_bundle or None) if trusting else None

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send a letter; its Message-ID. Raises RemoteError (ChannelBroken)."""
        to = _recipient(parcel)
        written = letter(parcel, self._sender, self._clock.now(), self._zone)
        with self._session() as session, self._refusals:
            self._refusals.judge("the sender's address", session.mail(self._sender.addr_spec))
            self._refusals.judge("the recipient", session.rcpt(to))
            self._refusals.judge("the letter", session.data(written.as_bytes()))
        return MessageId(written["Message-ID"])

    def redraw(self, message_id: MessageId, answer: Answer) -> NoReturn:  # noqa: ARG002 the port names them
        """Refuse: a letter that was sent stays as it is."""
        raise RemoteError("a letter that was sent cannot be changed", permanent=True)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """A session that is as private as it was asked to be, and logged in."""
        server = self._server
        limit = Limit(self._clock, server.timeout.total_seconds())
        with self._refusals:
            session = connect(server.host, server.port, limit, self._context if server.tls is Tls.IMPLICIT else None)
        try:
            with self._refusals:
                self._enter(session)
            yield session
        finally:
            session.end()

    def _enter(self, session: Session) -> None:
        session.ehlo_or_helo_if_needed()
        if self._server.tls is Tls.START:
            if not session.has_extn("starttls"):
                raise self._refusals.without_tls()
            session.starttls(context=self._context)
            session.ehlo_or_helo_if_needed()
        if self._server.user:
            with self._refusals.at_login():
                session.login(self._server.user, self._server.password)


def _recipient(parcel: Parcel) -> str:
    try:
        return address(parcel.target.id).addr_spec
    except ValueError as error:
        raise RemoteError(f"mail: {error}", permanent=True) from None
