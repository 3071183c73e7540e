"""The one door to `requests`: asks a web service for JSON, and says in words what went wrong."""

import contextlib
import copy
import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NoReturn, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError, NameResolutionError

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.sources.endpoint import Endpoint, Refused, retry_after_of
from suanli.sources.flow import Flow
from suanli.sources.reply import Reply
from suanli.version import VERSION

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a reply, unpacked; a larger one is refused unread."""

PATIENCE = timedelta(seconds=5)
"""The longest Retry-After that is waited for here; a longer one is left to the caller, in `retry_after`."""

_CONNECTIONS = 32
"""Kept open to a host: as many as threads may ask it at once (`github.workers`), or each would dial anew."""

_PAUSE_MS = 250
_PASSING = frozenset({429, 502, 503, 504})
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_NONE: Mapping[str, str] = MappingProxyType({})


class Unreachable(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """No connection came about, or it broke before an answer: asking again may help at once."""


class Silent(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """The request went out, and no answer began in time."""


class TooLarge(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """The reply is larger than MAX_BODY: a smaller page of the same may pass."""


class Http:
    """Asks one web service. Every call returns the parsed JSON of a 2xx reply or raises RemoteError.

    A request goes out twice at most: again only when it stayed without an answer, or after 429, 502, 503 or 504
    (gpu.md §1.3); a slow answer is not asked for again. So everything asked through it must be a question, never
    an order; `tell` is for those.

    The environment is left alone (`trust_env` off): a forgotten ~/.netrc would replace the token, and a proxy
    variable would carry it elsewhere. A private certificate authority is named by `Endpoint.ca_bundle`.

    `timeout` is (connecting, silence) in seconds; the latter bounds each silence and not the whole reply.
    `stop`, once set, ends a wait between two tries. `connections` are kept open to it at the most.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        stop: threading.Event | None = None,
        timeout: tuple[float, float] = (3, 20),
        connections: int = _CONNECTIONS,
    ) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._stop = stop or threading.Event()
        self._timeout = timeout
        self._session = _session(endpoint, connections)
        self._posts: dict[str, requests.PreparedRequest] = {}

    def get(self, path: str) -> Any:
        """GET `path`, which starts with a slash and is added to the endpoint's address."""
        return self._ask("GET", path)

    def post_json(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST `body` as JSON."""
        return self._ask("POST", path, json=body)

    def post_form(self, path: str, form: Mapping[str, str]) -> Any:
        """POST `form` as application/x-www-form-urlencoded."""
        return self._ask("POST", path, data=form)

    def tell(self, body: Mapping[str, Any], *, path: str = "", headers: Mapping[str, str] = _NONE) -> Mapping[str, Any]:
        """POST `body` as JSON to the address itself, or to `path` below it, once.

        An order is not given again for want of an answer. `headers` are this one's own, secrets like the endpoint's.
        The JSON object of the reply; of an error status too, when there is a `code` in it, which says more.
        """
        if headers:
            return self._with(headers).tell(body, path=path)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            reply = self._once("POST", path, {"data": content, "headers": {**self.endpoint.headers, **_JSON}})
        except Refused as refused:
            if not isinstance(refused.body, dict) or "code" not in refused.body:
                raise
            reply = refused.body
        if not isinstance(reply, dict):
            raise RemoteError(f"{self.endpoint.name} answered with JSON that is not an object")
        # Its words come to be quoted in errors.
        return dict(json.loads(self.endpoint.masked(json.dumps(reply, ensure_ascii=False))))

    def reply(
        self, method: str, address: str, *, headers: Mapping[str, str] = _NONE, body: Mapping[str, Any] | None = None
    ) -> Reply:
        """Ask `address` once and hand back what it answers, error statuses and redirects too.

        It is a whole address, and the token goes there: the caller sees to it that it is one of this service.
        Raises RemoteError where no answer came or a good one cannot be read.
        """
        content: dict[str, Any] = {"headers": dict(headers)} | ({} if body is None else {"json": body})
        with self._sent(method, address, content) as response:
            return Reply(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                self._parsed(response),
                response.links.get("next", {}).get("url", ""),
            )

    def opened(self, path: str, content: bytes, *, silence: float) -> Flow:
        """POST JSON once and hand back the answer as it comes, error statuses and redirects too; it is to be closed.

        `silence` is for how many seconds nothing may come before the answer begins, else it raises Silent.
        """
        patient = copy.copy(self)
        patient._timeout = (self._timeout[0], silence)  # noqa: SLF001 our own, over the same connections
        response = patient._tried(lambda: patient._posted(path, content))  # noqa: SLF001 the same
        named = {name.lower(): value for name, value in response.headers.items()}
        return Flow(self.endpoint.name, response.status_code, named, response.raw)

    def again(self, error: RemoteError) -> bool:
        """Whether to ask once more after this error; waits for the short while that is wise before."""
        pause = _pause(error)
        return pause is not None and not self._clock.wait(self._stop, pause.total_seconds())

    def _with(self, headers: Mapping[str, str]) -> Self:
        """The same over the same connections, with these headers as well."""
        other = copy.copy(self)
        other.endpoint = replace(self.endpoint, headers={**self.endpoint.headers, **headers})
        return other

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        try:
            return self._once(method, path, content)
        except RemoteError as error:
            if not self.again(error):
                raise
        return self._once(method, path, content)

    def _once(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        with self._sent(method, self.endpoint.address_of(path), content) as response:
            return self._value(response)

    def _sent(self, method: str, address: str, content: Mapping[str, Any]) -> requests.Response:
        return self._tried(
            lambda: self._session.request(
                method, address, stream=True, allow_redirects=False, timeout=self._timeout, **content
            )
        )

    def _posted(self, path: str, content: bytes) -> requests.Response:
        """POST JSON as a session would, which takes a third of the time to make the same request of it each time."""
        session = self._session
        request = self._posts.get(path)
        if request is None:
            asked = requests.Request("POST", self.endpoint.address_of(path), {**_JSON, "Accept-Encoding": "identity"})
            request = self._posts[path] = session.prepare_request(asked)
        request = request.copy()
        request.headers["Content-Length"] = str(len(content))
        request.body = content
        adapter = session.get_adapter(request.url or "")
        return adapter.send(request, stream=True, timeout=self._timeout, verify=self.endpoint.ca_bundle or True)

    def _tried(self, send: Callable[[], requests.Response]) -> requests.Response:
        try:
            return send()
        except ValueError:  # requests' own for a bad address or header; its text would show the token
            raise self.endpoint.malformed() from None
        except (requests.RequestException, HTTPError) as error:  # requests lets some of urllib3's through
            self._give_up(error)

    def _give_up(self, error: requests.RequestException | HTTPError) -> NoReturn:
        # `from None`: texts of requests and urllib3 quote the address, and nothing of them is needed any more.
        name, setting = self.endpoint.name, self.endpoint.url_setting
        connecting, silence = self._timeout
        if isinstance(error, requests.ReadTimeout):
            raise Silent(f"{name} did not answer within {silence:g} s: is too much asked of it?") from None
        if isinstance(error, requests.exceptions.SSLError):
            raise RemoteError(
                f"{name}: no TLS connection: its certificate is not trusted here, or {setting} names a port that "
                "does not speak TLS",
                permanent=True,
            ) from None
        if isinstance(error, requests.ConnectTimeout):
            raise Unreachable(f"{name}: no connection within {connecting:g} s: check {setting}") from None
        if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NameResolutionError):
            raise Unreachable(f"{name}: the host name in {setting} is not known here") from None
        raise Unreachable(f"{name}: nothing answers at the address in {setting}, or it breaks off") from None

    def _value(self, response: requests.Response) -> Any:
        status = response.status_code
        if 300 <= status < 400:  # noqa: PLR2004 the class of redirects
            raise self.endpoint.redirected(status, response.headers.get("Location", ""))
        if status >= 400:  # noqa: PLR2004 the classes of errors
            raise self._refused(response)
        return self._json(response)

    def _parsed(self, response: requests.Response) -> Any:
        if response.status_code >= 400:  # noqa: PLR2004 the classes of errors
            return self._words(response)
        if response.status_code < 300:  # noqa: PLR2004 the good ones
            return self._json(response)
        # A reply that is not read to its end costs its connection; urllib3 knows that "unchanged" has no body.
        if response.status_code == 304:  # noqa: PLR2004 "not modified"
            response.raw.drain_conn()
        else:
            self._body(response)
        return None

    def _refused(self, response: requests.Response) -> Refused:
        wait = retry_after_of(response.headers.get("Retry-After", ""), self._clock.now())
        return self.endpoint.refused(response.status_code, self._words(response), wait)

    def _words(self, response: requests.Response) -> Any:
        with contextlib.suppress(RemoteError):  # the status says more than an error page that cannot be read
            return self._json(response)
        return None

    def _json(self, response: requests.Response) -> Any:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise self.endpoint.not_json(kind, response.status_code)
        try:
            return json.loads(self._body(response), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise RemoteError(f"{self.endpoint.name} answered with broken JSON") from None

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        try:
            for piece in response.iter_content(64 * 1024):
                body += piece
                if len(body) > MAX_BODY:
                    raise TooLarge(
                        f"{self.endpoint.name} answered with more than {MAX_BODY >> 20} MiB: ask for less",
                        permanent=True,
                    )
        except (requests.RequestException, HTTPError):
            raise RemoteError(f"{self.endpoint.name}: the reply broke off in the middle") from None
        return bytes(body)


def _session(endpoint: Endpoint, connections: int) -> requests.Session:
    logging.getLogger("urllib3.connection").addFilter(_shows_no_address)
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
    session.headers["User-Agent"] = f"suanli/{VERSION}"
    session.headers["Accept"] = "application/json"
    session.headers.update(endpoint.headers)
    if endpoint.basic_auth:
        session.auth = HTTPBasicAuth(*endpoint.basic_auth)
    session.verify = endpoint.ca_bundle or True
    return session


def _shows_no_address(record: logging.LogRecord) -> bool:
    """Keep back what urllib3 says of broken headers: it quotes the whole address, which may be a secret."""
    return "(url=" not in str(record.msg)


def _pause(error: RemoteError) -> timedelta | None:
    """How long to wait before asking again; None when asking again is not worth it."""
    if not isinstance(error, Unreachable) and error.code not in _PASSING:
        return None
    wait = error.retry_after or timedelta()
    jitter = timedelta(milliseconds=_PAUSE_MS + secrets.randbelow(_PAUSE_MS))
    return wait + jitter if wait <= PATIENCE else None


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are not JSON, though Python reads them."""
    raise ValueError(name)
