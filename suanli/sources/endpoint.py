"""A web service as the settings name it, and the words for what it does in place of answering."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, unquote_plus, urljoin, urlsplit, urlunsplit

from suanli.domain.errors import RemoteError

_LONGEST = 300  # characters quoted of what a service says
_LONGEST_WAIT = 3600  # seconds of Retry-After that are believed
_SHORTEST_SECRET = 8  # a header such as an organisation's number is none
_TRY_AGAIN = frozenset({408, 425, 429})

_ADVICE = {
    400: "it does not accept the request",
    401: "it does not accept the token: check {token}, which may be expired or revoked",
    403: "it forbids this: check what the token of {token} may do",
    404: "nothing is there: check {url}, and the ids in the settings",
    429: "it asks for patience",
}


class Refused(RemoteError):  # noqa: N818 an answer rather than a failure of ours
    """An HTTP error status, in `code`. `body` is the JSON that came with it, or None."""

    def __init__(self, message: str, *, status: int, body: Any, retry_after: timedelta | None) -> None:
        super().__init__(message, permanent=is_permanent(status), retry_after=retry_after, code=status)
        self.body = body


def is_permanent(status: int) -> bool:
    """Whether an HTTP status says that the same request will fail again."""
    return 400 <= status < 500 and status not in _TRY_AGAIN  # noqa: PLR2004 the class of client errors


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A web service: what people call it, its address, and the settings that hold address and token.

    `url` may carry `user:password@`, which is sent as basic authentication unless `headers` bring their own.
    `ca_bundle` is a file of certificates to trust in place of the public ones. With `secret_path`, who knows the
    address is let in: the parts of its path are secrets like those of `headers`. With `secret_query`, the name of a
    parameter, the address is asked with its query, and the values of that parameter are secrets. `secrets` are more
    of them, such as what bodies hold.
    """

    name: str
    url: str = field(repr=False)
    url_setting: str
    token_setting: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_bundle: str = ""
    secret_path: bool = False
    secret_query: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def address(self) -> str:
        """The address without credentials, query and last slash."""
        parts = self._parts()
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))

    def address_of(self, path: str) -> str:
        """Where a request for `path` goes: below the address, with the query if there is a secret in it."""
        query = self._parts().query if self.secret_query else ""
        return f"{self.address}{path}?{query}" if query else f"{self.address}{path}"

    @property
    def basic_auth(self) -> tuple[bytes, bytes] | None:
        """User and password of the address, unless a header authorises already."""
        parts = self._parts()
        if parts.username is None or any(name.lower() == "authorization" for name in self.headers):
            return None
        return unquote(parts.username).encode(), unquote(parts.password or "").encode()

    def malformed(self) -> RemoteError:
        """The error for an address or a token that no request can be made of."""
        token = f" or {self.token_setting}" if self.token_setting else ""
        return RemoteError(f"{self.name}: {self.url_setting}{token} is malformed", permanent=True)

    def redirected(self, status: int, location: str) -> RemoteError:
        """The error for a redirect: following one would turn a POST into a GET without a body (gpu.md §1.3)."""
        return RemoteError(
            f"{self.name} redirects to {self._goal(location)} (HTTP {status}), which is not followed: put the address "
            f"that answers itself into {self.url_setting}; a sign-in page in front of it must let the token through",
            permanent=True,
        )

    def refused(self, status: int, body: Any, retry_after: timedelta | None) -> Refused:
        """The error for an HTTP error status, with the service's own words where it gives some."""
        advice = _ADVICE.get(status, "it does not accept the request" if is_permanent(status) else "it has trouble")
        advice = advice.format(token=self.token_setting or "its settings", url=self.url_setting)
        said = self.quoted(_words_of(body))
        message = f"{self.name}: HTTP {status}: {advice}" + (f"; it says: {said}" if said else "")
        return Refused(message, status=status, body=body, retry_after=retry_after)

    def not_json(self, kind: str, status: int | None = None) -> RemoteError:
        """The error for a good status with something else than JSON; `code` is that status."""
        found = "a web page" if kind == "text/html" else self.quoted(kind) or "something without a type"
        return RemoteError(
            f"{self.name} answered with {found} where JSON was expected: is there a sign-in page or a proxy in front "
            f"of it? check {self.url_setting}",
            permanent=True,
            code=status,
        )

    def quoted(self, text: str) -> str:
        """What a service said, fit for an error: one line, not long, and none of our secrets in it."""
        line = self.masked(" ".join(text.split()))
        return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"

    def masked(self, text: str) -> str:
        """Text without our secrets."""
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return text

    def _goal(self, location: str) -> str:
        # Without query and user: a sign-in redirect carries its state there.
        try:
            goal = urlsplit(urljoin(f"{self.address}/", location))
        except ValueError:
            return "a malformed address"
        return self.quoted(f"{goal.scheme}://{goal.netloc.rpartition('@')[2]}{goal.path}")

    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.url)
        except ValueError:
            raise self.malformed() from None

    def _secrets(self) -> list[str]:
        words = [word for value in self.headers.values() for word in value.split()]
        parts = self._parts()
        words += [unquote(parts.password or ""), *self.secrets]
        if self.secret_path:
            words += [form for part in parts.path.split("/") for form in (part, unquote(part))]
        if self.secret_query:
            pairs = (pair.partition("=")[::2] for pair in parts.query.split("&"))
            values = [value for name, value in pairs if unquote(name) == self.secret_query]
            words += [form for value in values for form in (value, unquote(value), unquote_plus(value))]
        # The longest first: what is left of one after a part of it is masked would not be found any more.
        return sorted((word for word in words if len(word) >= _SHORTEST_SECRET), key=len, reverse=True)


def retry_after_of(text: str, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for (seconds, or a date), from none up to an hour; None if unreadable."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=min(int(text), _LONGEST_WAIT))
    try:
        wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta()), timedelta(seconds=_LONGEST_WAIT))


def _words_of(body: Any) -> str:
    """The words of an error body of Grafana (`message`) or Prometheus (`error`)."""
    said = body.get("message") or body.get("error") if isinstance(body, dict) else None
    return said if isinstance(said, str) else ""
