"""One SMTP session that ends in time: all waits in it count against one limit, however slowly a server answers."""

import smtplib
import socket
import ssl
from contextlib import suppress
from typing import Any

from suanli.clock import Clock

CONNECT = 10.0
"""Seconds for connecting to one of a server's addresses."""

FAREWELL = 2.0
"""Seconds for the server to say goodbye: by then it has the letter, or has refused it."""

_CHUNK = 4096


class Limit:
    """How long something may take in all."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends_at = clock.elapsed() + seconds

    def left(self) -> float:
        """The seconds that are left. Raises TimeoutError when there are none."""
        left = self._ends_at - self._clock.elapsed()
        if left <= 0:
            raise TimeoutError("it took too long")
        return left

    def lower(self, seconds: float) -> None:
        """Let it take no longer than this from now on."""
        self._ends_at = min(self._ends_at, self._clock.elapsed() + seconds)


def connect(host: str, port: int, limit: Limit, implicit: ssl.SSLContext | None) -> "Session":
    """A session with a server that has greeted us; with `implicit` there is TLS from the first byte on.

    Raises smtplib.SMTPException and OSError, as everything does that is done in it.
    """
    return _TlsSession(host, port, limit, context=implicit) if implicit else Session(host, port, limit)


class Session(smtplib.SMTP):
    """A session; whoever has it ends it."""

    def __init__(self, host: str, port: int, limit: Limit, **kinds: Any) -> None:
        self._limit = limit
        # A name of our own is given, lest smtplib ask the name servers for one, without any limit.
        super().__init__(host, port, "localhost", timeout=min(CONNECT, limit.left()), **kinds)
        if self.sock:
            self.local_hostname = _literal(self.sock)

    def send(self, s: Any) -> None:
        """Send within the limit."""
        if self.sock:
            self.sock.settimeout(self._limit.left())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """A whole reply, within the limit."""
        if self.file is None and self.sock:
            self.file = _Lines(self.sock, self._limit)
        return super().getreply()

    def end(self) -> None:
        """Say goodbye and leave. That this does not work out changes nothing any more."""
        self._limit.lower(FAREWELL)
        with suppress(smtplib.SMTPException, OSError):
            self.docmd("quit")
        self.close()


class _TlsSession(Session, smtplib.SMTP_SSL):
    """A session that is TLS from the beginning."""


class _Lines:
    """The lines that a server sends, in place of a file, whose time limit would begin anew with every byte."""

    def __init__(self, sock: socket.socket, limit: Limit) -> None:
        self._sock = sock
        self._limit = limit
        self._rest = b""

    def readline(self, size: int) -> bytes:
        """The next line, at most `size` bytes of it; nothing at the end."""
        while b"\n" not in self._rest and len(self._rest) < size:
            self._sock.settimeout(self._limit.left())
            more = self._sock.recv(_CHUNK)
            if not more:
                break
            self._rest += more
        end = min(size, self._rest.find(b"\n") + 1 or size)
        line, self._rest = self._rest[:end], self._rest[end:]
        return line

    def close(self) -> None:
        """Nothing is open here but the socket, and that is not ours."""


def _literal(sock: socket.socket) -> str:
    """How this machine names itself to the server: by its address (RFC 5321 §4.1.3)."""
    host = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"
