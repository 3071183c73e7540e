"""Asks a hub whether a page changed, within what the hub allows, and never leaves the hub (releases.md §2.3, §2.5)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from suanli.domain.errors import RemoteError
from suanli.domain.releases.failures import Blocked, Drift, Missing, Resting
from suanli.domain.releases.resources import Validator
from suanli.sources.allowance import Gate
from suanli.sources.endpoint import Refused
from suanli.sources.http import Http, Unreachable
from suanli.sources.reply import Reply

MOST_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 307, 308})
_KEEPING_THE_METHOD = frozenset({307, 308})
_RESTFUL = frozenset({403, 429, 503})
_PASSING = frozenset({502, 503, 504})
_NONE: Mapping[str, str] = MappingProxyType({})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a hub. `body` is None if it has not changed since the validator was given; then nothing is known of it.

    `url` is where it finally came from, `moved` whether that is elsewhere than where it was asked for. `next_url` is
    the page after it, empty for the last one. `headers` have names in small letters. `validator`, whose address is
    the one that was asked for, is to be remembered and shown the next time.
    """

    body: Any
    url: str
    moved: bool
    next_url: str
    headers: Mapping[str, str]
    validator: Validator


class Conditional:
    """Asks one hub. Every call raises RemoteError, and Resting when the hub is not to be asked now.

    `token_id` names the token that the endpoint's headers carry, for a validator holds for that one only; `headers`
    go with every request. A request goes out twice at most, like those of Http, and each time counts. A thread is
    held up for moments only: who is to come again later is told when.
    """

    def __init__(self, http: Http, gate: Gate, *, token_id: str, headers: Mapping[str, str] = _NONE) -> None:
        self._http = http
        self._gate = gate
        self._token_id = token_id
        self._headers = headers

    def address_of(self, path: str) -> str:
        """The whole address of a path on this hub; validators kept under it end with a change of hubs."""
        return self._http.endpoint.address_of(path)

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        """GET a page, or learn that it is as it was when the validator came with it."""
        shown = validator if validator and self._is_usable(validator) else None
        reply, url, moved = self._follow("GET", self._address(url_or_path), _condition(shown))
        if reply.status != HTTPStatus.NOT_MODIFIED:
            return self._page(reply, url, url_or_path, moved=moved)
        if shown is None:
            raise RemoteError(f"{self._http.endpoint.name} says that nothing changed, and was not asked that")
        return Page(None, url, moved, shown.next_url, reply.headers, shown)

    def put_json(self, url_or_path: str, body: Mapping[str, Any]) -> Page:
        """PUT a body that is a question, as ModelScope wants some asked."""
        reply, url, moved = self._follow("PUT", self._address(url_or_path), _NONE, body)
        return self._page(reply, url, url_or_path, moved=moved)

    def _page(self, reply: Reply, url: str, asked: str, *, moved: bool) -> Page:
        if reply.body is None:  # it would read as "unchanged"
            raise Drift(f"{self._http.endpoint.name} answered with null", permanent=True)
        next_url = self._at_home(_joined(url, reply.next_link)) if reply.next_link else ""
        etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
        validator = Validator(asked, etag, modified, next_url, self._token_id)
        return Page(reply.body, url, moved, next_url, reply.headers, validator)

    def _follow(
        self, method: str, url: str, condition: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> tuple[Reply, str, bool]:
        """The answer behind all redirects, its address, and whether there were any."""
        for hop in range(MOST_REDIRECTS + 1):
            reply = self._answer(method, url, condition, body)
            if reply.status == HTTPStatus.NOT_MODIFIED or reply.status < HTTPStatus.MULTIPLE_CHOICES:
                return reply, url, hop > 0
            location = reply.headers.get("location", "")
            followed = _REDIRECTS if method == "GET" else _KEEPING_THE_METHOD
            if reply.status not in followed or not location:
                raise self._http.endpoint.redirected(reply.status, location)
            url = self._address(_joined(url, location))
        raise RemoteError(f"{self._http.endpoint.name} redirects in circles", permanent=True)

    def _answer(self, method: str, url: str, condition: Mapping[str, str], body: Mapping[str, Any] | None) -> Reply:
        """The answer of a hub that has no passing trouble; asked once more if it has."""
        try:
            return self._asked(method, url, condition, body)
        except RemoteError as error:
            passing = isinstance(error, Unreachable) or (isinstance(error, Refused) and error.code in _PASSING)
            if not passing or error.retry_after or not self._http.again(error):
                raise
        return self._asked(method, url, condition, body)

    def _asked(self, method: str, url: str, condition: Mapping[str, str], body: Mapping[str, Any] | None) -> Reply:
        self._gate.enter()
        reply = self._http.reply(method, url, headers={**self._headers, **condition}, body=body)
        self._gate.learn(reply.status, reply.headers, _said(reply.body))
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(reply)
        return reply

    def _refusal(self, reply: Reply) -> RemoteError:
        status, rest = reply.status, self._gate.rest()
        error = self._http.endpoint.refused(status, reply.body, rest or None)
        if status in _RESTFUL and rest:
            return Resting(str(error), retry_after=rest, code=status)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} or reply.headers.get("x-error-code") == "RepoNotFound":
            return Missing(str(error), permanent=True, code=status)
        if status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return Blocked(str(error), permanent=True, code=status)
        return error

    def _is_usable(self, validator: Validator) -> bool:
        if validator.token != self._token_id or not (validator.etag or validator.last_modified):
            return False
        # One that came from another hub would answer "unchanged" and lead there.
        return not validator.next_url or self._is_here(validator.next_url)

    def _is_here(self, url: str) -> bool:
        own = urlsplit(self._http.endpoint.address)
        try:
            there = urlsplit(url)
            return _origin(there) == _origin(own) and "@" not in there.netloc
        except ValueError:
            return False

    def _at_home(self, url: str) -> str:
        """The same page on this hub: a mirror passes on the addresses of what it mirrors.

        So wherever a link leads, what is asked, with the token, is the hub itself. Raises RemoteError for no address.
        """
        try:
            there = urlsplit(url)
            plain = there.scheme in _PORTS and bool(there.hostname) and not {"@", "\\"} & set(there.netloc)
        except ValueError:
            plain = False
        if not plain:
            return self._address(url)
        own = urlsplit(self._http.endpoint.address)
        return urlunsplit((own.scheme, own.netloc, there.path, there.query, ""))

    def _address(self, url_or_path: str) -> str:
        """The whole address of a page. Raises RemoteError for one elsewhere, where the token must not go.

        It is put together anew below our own host, so that nobody's other reading of an address leads away.
        """
        if url_or_path.startswith("/"):
            return self._http.endpoint.address_of(url_or_path)
        endpoint = self._http.endpoint
        if not self._is_here(url_or_path):
            raise RemoteError(
                f"{endpoint.name} leads to another host, which is not asked, for the token would go there too: "
                f"check {endpoint.url_setting}",
                permanent=True,
            )
        own, there = urlsplit(endpoint.address), urlsplit(url_or_path)
        return urlunsplit((own.scheme, own.netloc, there.path, there.query, ""))


def token_id_of(token: str) -> str:
    """A short name of a token that says nothing of it; empty without one."""
    return hashlib.sha256(b"suanli token|" + token.encode(errors="replace")).hexdigest()[:12] if token else ""


def _joined(url: str, link: str) -> str:
    try:
        return urljoin(url, link)
    except ValueError:
        return ""  # it is malformed, and so nowhere on the hub


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _condition(validator: Validator | None) -> Mapping[str, str]:
    if validator is None:
        return _NONE
    if validator.etag:
        return {"If-None-Match": validator.etag}
    return {"If-Modified-Since": validator.last_modified}


def _said(body: Any) -> str:
    """What a refusal says, for telling a limit from a prohibition."""
    words = (
        (body.get(name) for name in ("code", "Code", "message", "Message", "error")) if isinstance(body, dict) else ()
    )
    return " ".join(word[:300] for word in words if isinstance(word, str))
