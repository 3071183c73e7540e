"""What the tests of the mail courier share: a real SMTP server on loopback, certificates, and one that misbehaves."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.mail.courier import MailCourier, MailServer, Tls
from suanli.clock import Clock
from suanli.domain.answer import Answer, line
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError
from suanli.i18n import Lang
from tests.contract.courier_kit import SHANGHAI, parcel_to
from tests.fakes import FakeClock
from tests.services import missing

USER, PASSWORD = "bot@example.com", "correct horse"
SHORTAGE = Answer(Lang.ZH, (line("RTX 4090 剩 3 张"),), "库存不足")


@dataclass(slots=True)
class Certificate:
    """A certificate that nobody signed but itself, and its key."""

    file: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """How a server shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def make_certificate(folder: Path, *, name: str = "IP:127.0.0.1", years: str = "2020-2049") -> Certificate:
    """A certificate for `name` that is good in these years."""
    openssl = which("openssl") or missing("openssl", "apt-get install openssl")
    folder.mkdir()
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    (folder / "index.txt").touch()
    (folder / "openssl.cnf").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\nnew_certs_dir={folder}\nrand_serial=yes\n"
        f"default_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n"
        f"[names]\nsubjectAltName={name}\nbasicConstraints=CA:TRUE\n"
    )
    start, end = years.split("-")
    ask = f"req -new -newkey rsa:2048 -nodes -subj /CN=mail -keyout {made.key} -out {folder}/request.pem"
    sign = f"ca -batch -selfsign -notext -config {folder}/openssl.cnf -keyfile {made.key} -in {folder}/request.pem"
    days = f"-out {made.file} -startdate {start}0101000000Z -enddate {end}0101000000Z"
    for command in (ask, f"{sign} {days}"):
        subprocess.run((openssl, *command.split()), check=True, capture_output=True)  # noqa: S603 found on the PATH
    return made


@dataclass(slots=True)
class Box:
    """What a server took, and how it answers: each `rcpt` and `data` takes the next of its script, or says yes.

    Data answered with `drop` was taken, and the connection ends before the answer.
    """

    port: int = 0
    rcpt: deque[str] = field(default_factory=deque)
    data: deque[str] = field(default_factory=deque)
    taken: list[Envelope] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        answer = self.rcpt.popleft() if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 as above
        answer = self.data.popleft() if self.data else "250 OK"
        if answer.startswith(("250", "drop")):
            self.taken.append(envelope)
            self.encrypted.append(session.ssl is not None or _is_tls(server))
            self.spoken.append(str(session.host_name))
        if answer == "drop" and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD), handled=False)

    def letters(self) -> list[EmailMessage]:
        """What was taken, as a mail program reads it."""
        return [message_from_bytes(_bytes(envelope), policy=default) for envelope in self.taken]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """The text or the HTML of a letter."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def _bytes(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


def _is_tls(server: SMTP) -> bool:
    return bool(server.transport and server.transport.get_extra_info("ssl_object"))


@contextmanager
def smtp_server(
    *, starttls: Certificate | None = None, implicit: Certificate | None = None, auth: bool = False
) -> Iterator[Box]:
    """A real server, in a thread of its own."""
    box = Box()
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="mx.test",
            tls_context=starttls.context if starttls else None,
            auth_required=auth,
            auth_require_tls=implicit is None,
            authenticator=box.authenticate,
            loop=loop,
        )

    context = implicit.context if implicit else None
    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=context))
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    await server.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def rude_server(*script: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that greets and answers by a script, whatever it is told, and then hangs up; its port, what it heard.

    `...` in a line is a wait of half a second; after the answer 354 it hears the whole letter before it goes on.
    """
    heard: list[bytes] = []
    leaving = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_talk, args=(listener, script, heard, leaving))
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        leaving.set()
        thread.join()
        listener.close()


def _talk(listener: socket.socket, script: Sequence[bytes], heard: list[bytes], leaving: threading.Event) -> None:
    peer, _ = listener.accept()
    with peer, peer.makefile("rb") as lines:
        try:
            for answer in script:
                for at, part in enumerate(answer.split(b"...")):
                    if at and leaving.wait(0.5):
                        return
                    peer.sendall(part)
                heard += _letter(lines) if answer.startswith(b"354") else [lines.readline()]
        except OSError:
            heard.append(b"(gone)")


def _letter(lines: Any) -> list[bytes]:
    return list(iter(lines.readline, b".\r\n"))


def courier_of(
    port: int,
    *,
    tls: Tls = Tls.NONE,
    trusts: Certificate | None = None,
    user: str = "",
    password: str = PASSWORD,
    clock: Clock | None = None,
    **more: Any,
) -> MailCourier:
    """A courier to this port."""
    ca_bundle = str(trusts.file) if trusts else ""
    own = {"sender": USER, "ca_bundle": ca_bundle, **more}
    server = MailServer("127.0.0.1", port, tls=tls, user=user, password=password if user else "", **own)
    return MailCourier(server, clock=clock or FakeClock(), zone=SHANGHAI)


def mail_to(address: str = "ops@example.com", *, answer: Answer = SHORTAGE, key: str = "k") -> Parcel:
    """A claimed row of the outbox, to this address."""
    return parcel_to(Target(Platform.MAIL, TargetKind.EMAIL, address), answer=answer, key=key)


def refusal(courier: MailCourier, parcel: Parcel | None = None) -> RemoteError:
    """What sending this raises."""
    with pytest.raises(RemoteError) as caught:
        courier.send(parcel or mail_to())
    return caught.value
