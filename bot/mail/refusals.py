"""What the troubles of an SMTP session mean for a letter, for the others, and for the operators.

Codes that begin with 4 pass, those that begin with 5 do not. A login that fails is everybody's: the channel rests.
Nothing that a server says about a login is repeated, as it may quote from it.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.plain import clean
from suanli.domain.delivery import ChannelBroken
from suanli.domain.errors import RemoteError

PAUSE = timedelta(minutes=15)
"""How long the channel rests after a failed login: many of them in a row lock an account."""

LONGEST_WORDS = 200

_LOGIN = frozenset({530, 534, 535, 538})
"""Codes that are about the login wherever they come (RFC 4954 §6)."""

_FINAL = 500
_DONE = range(200, 300)
_DETAILED = re.compile(r"5\.\d{1,3}\.\d{1,3}")


class Refusals:
    """The refusals of one server, as `where` names it. Within `with`, what smtplib raises becomes a RemoteError."""

    def __init__(self, where: str, password: str) -> None:
        self._where = where
        self._password = password

    def __enter__(self) -> None:
        """Nothing is to be done first."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Say it in words of ours; the original may hold what nobody is to see."""
        if isinstance(error, OSError):  # SMTPException is one
            raise self._trouble(error) from None

    def judge(self, what: str, reply: tuple[int, bytes]) -> None:
        """Raise what a reply means for `what` it was about, unless it says yes."""
        code, words = reply
        if code not in _DONE:
            raise self._refused(code, words, f"{what} was refused")

    def without_tls(self) -> RemoteError:
        """There is no TLS though there is to be."""
        return RemoteError(f"{self._where}: it offers no STARTTLS, so nothing was sent to it", permanent=True)

    @contextmanager
    def at_login(self) -> Iterator[None]:
        """While logging in: a refusal is the login's, whatever its code."""
        try:
            yield
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPResponseException as error:
            if error.smtp_code < _FINAL:
                raise RemoteError(f"{self._where}: the login failed for now", code=error.smtp_code) from None
            raise self._locked_out(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, ValueError):
            raise ChannelBroken(
                f"{self._where}: it offers no way to log in that is known here; many offer one only with TLS",
                retry_after=PAUSE,
            ) from None

    def _trouble(self, error: OSError) -> RemoteError:
        match error:
            case smtplib.SMTPResponseException():
                return self._refused(error.smtp_code, error.smtp_error, "it refuses")
            case ssl.SSLCertVerificationError():
                why = f"its certificate is not trusted ({error.verify_message}); an own authority is named by ca_bundle"
                return RemoteError(f"{self._where}: {why}", permanent=True)
            case smtplib.SMTPServerDisconnected() | TimeoutError():
                return RemoteError(f"{self._where}: the connection was lost, or it took too long")
            case _:
                return RemoteError(f"{self._where}: {error.strerror or type(error).__name__}")

    def _refused(self, code: int, words: bytes | str, what: str) -> RemoteError:
        if code in _LOGIN:
            return self._locked_out(code, words)
        return RemoteError(f"{self._where}: {what}: {code} {self._line(words)}", permanent=code >= _FINAL, code=code)

    def _locked_out(self, code: int, words: bytes | str) -> ChannelBroken:
        detailed = _DETAILED.match(_text(words))
        number = f"{code} {detailed[0]}" if detailed else str(code)
        return ChannelBroken(
            f"{self._where}: {number}: the login was refused; set its user and password anew",
            retry_after=PAUSE,
            code=code,
        )

    def _line(self, words: bytes | str) -> str:
        said = _text(words)
        said = said.replace(self._password, "***") if self._password else said
        return " ".join(clean(said).split())[:LONGEST_WORDS]


def _text(words: bytes | str) -> str:
    return words if isinstance(words, str) else words.decode(errors="replace")
