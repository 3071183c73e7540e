"""How events reach the app: encrypted, signed, posted within a deadline, and posted again (feishu.md §1.2-1.6)."""

import http.client
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from suanli.clock import Clock
from suanli.sandbox.feishu.crypto import encrypt, event_signature
from suanli.sandbox.feishu.events import Event
from suanli.sandbox.feishu.people import App, Json

CONNECT_WITHIN = timedelta(seconds=2)
ANSWER_WITHIN = timedelta(seconds=3)
CHALLENGE_WITHIN = timedelta(seconds=1)
LADDER = (timedelta(seconds=15), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""How long after each failed try the next one comes; after the last there is none."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A request as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Try:
    """One post and what came back. `status` is None when nothing did, and `error` says why: timeout or connection."""

    sealed: Sealed = field(repr=False)
    status: int | None
    body: bytes
    content_type: str
    took: timedelta
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the platform is content."""
        return self.status == http.HTTPStatus.OK

    def json(self) -> Any:
        """The answer's body, parsed; None when it is not JSON or does not say that it is."""
        if self.content_type.partition(";")[0].strip() != "application/json":
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def seal(payload: Json, app: App, now: datetime, *, signed: bool = True) -> Sealed:
    """Encrypt with a random IV, and sign, if the app has a key; plain JSON otherwise."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    body = json.dumps(payload, ensure_ascii=False).encode()
    if app.encrypt_key:
        body = json.dumps({"encrypt": encrypt(app.encrypt_key, body)}).encode()
    if app.encrypt_key and signed:
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
        headers["X-Lark-Request-Timestamp"] = timestamp
        headers["X-Lark-Request-Nonce"] = nonce
        headers["X-Lark-Signature"] = event_signature(timestamp, nonce, app.encrypt_key, body)
    return Sealed(headers, body)


def post(url: str, sealed: Sealed, clock: Clock, within: timedelta = ANSWER_WITHIN) -> Try:
    """Post once, following no redirect. An answer after the deadline is none."""
    started = clock.elapsed()
    status, body, kind, error = None, b"", "", ""
    try:
        status, body, kind = _exchange(url, sealed, within)
    except TimeoutError:
        error = "timeout"
    except (OSError, http.client.HTTPException):
        error = "connection"
    took = timedelta(seconds=clock.elapsed() - started)
    if took > within:
        status, error = None, "timeout"
    return Try(sealed, status, body, kind, took, error)


def _exchange(url: str, sealed: Sealed, within: timedelta) -> tuple[int, bytes, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=CONNECT_WITHIN.total_seconds())
    try:
        connection.connect()
        connection.sock.settimeout(within.total_seconds())
        connection.request("POST", parts.path or "/", sealed.body, dict(sealed.headers))
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("Content-Type", "")
    finally:
        connection.close()


class Pusher:
    """Posts to one URL in the name of one tenant. `stopping` ends the waits between tries."""

    def __init__(self, app: App, tenant_key: str, clock: Clock, stopping: threading.Event) -> None:
        self.app = app
        self.tenant_key = tenant_key
        self.url = ""
        self._clock = clock
        self._stopping = stopping

    def seal(self, event: Event, app: App | None = None) -> Sealed:
        """The request for an event; with another `app`, as somebody with wrong keys would make it."""
        posing = app or self.app
        return seal(event.envelope(posing, self.tenant_key), posing, self._clock.now())

    def post(self, sealed: Sealed, within: timedelta = ANSWER_WITHIN) -> Try:
        """Post a request that is sealed already: replayed, or tampered with."""
        if not self.url:
            raise RuntimeError("connect() says where the app's webhook is")
        return post(self.url, sealed, self._clock, within)

    def push(self, event: Event, app: App | None = None) -> "Delivery":
        """Tell the app of an event, once."""
        delivery = Delivery(event, self)
        delivery.tries.append(self.post(self.seal(event, app)))
        return delivery

    def challenge(self, *, encrypted: bool) -> bool:
        """The check of a URL as an administrator enters it: the challenge comes back as it is, within a second."""
        challenge = secrets.token_hex(8)
        payload = {"challenge": challenge, "token": self.app.verification_token, "type": "url_verification"}
        app = self.app if encrypted else replace(self.app, encrypt_key="")
        answer = self.post(seal(payload, app, self._clock.now(), signed=False), CHALLENGE_WITHIN)
        return answer.ok and answer.json() == {"challenge": challenge}

    def wait(self, pause: timedelta) -> bool:
        """Wait between two tries; True when the platform is being stopped."""
        return self._clock.wait(self._stopping, pause.total_seconds())


class Delivery:
    """An event on its way: every try of it so far."""

    def __init__(self, event: Event, pusher: Pusher) -> None:
        self.event = event
        self.tries: list[Try] = []
        self._pusher = pusher

    @property
    def last(self) -> Try:
        """The latest try."""
        return self.tries[-1]

    @property
    def ok(self) -> bool:
        """Whether the latest try was answered with 200 in time."""
        return self.last.ok

    def again(self, *, new_event_id: bool = False) -> Try:
        """Deliver it once more, even after a 200, freshly encrypted and signed."""
        event = self.event.renewed() if new_event_id else self.event
        return self._try(self._pusher.seal(event))

    def replay(self) -> Try:
        """Deliver the very same bytes once more."""
        return self._try(self.last.sealed)

    def retry(self, scale: float = 1.0) -> "Delivery":
        """Walk the platform's ladder of retries, its pauses times `scale`, until the first 200 or its end."""
        for pause in LADDER:
            if self.ok or self._pusher.wait(pause * scale):
                break
            self.again()
        return self

    def _try(self, sealed: Sealed) -> Try:
        self.tries.append(self._pusher.post(sealed))
        return self.last
