"""A web service that answers as it is told, over real HTTP, and a client of it."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http

TOKEN = "glsa_very_secret_token"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


def page(status: int, **headers: str) -> Reply:
    return Reply(status, b"<html>hello</html>", {"Content-Type": "text/html; charset=utf-8"} | headers)


def said(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=UTF-8"} | headers)


Behaviour = Reply | Callable[[WSGIEnvironment], Reply]


class Service:
    """Answers each request with the next of its script; the last of it stays. `asked` is what came in."""

    def __init__(self, *script: Behaviour) -> None:
        self.asked: list[WSGIEnvironment] = []
        self._script = list(script)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["test.body"] = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append(environ)
        behaviour = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        reply = behaviour if isinstance(behaviour, Reply) else behaviour(environ)
        start(f"{reply.status} X", list(reply.headers.items()))
        return [reply.body]


Client = Callable[..., tuple[Http, Service]]


@contextmanager
def serving(clock: Clock, stop: threading.Event | None = None) -> Iterator[Client]:
    """Something to call with a script: a client of a service that follows it, and the service."""
    with ExitStack() as servers:

        def serve(*script: Behaviour, headers: Mapping[str, str] | None = None, user: str = "") -> tuple[Http, Service]:
            service = Service(*script)
            server = servers.enter_context(LoopbackServer(service))
            url = server.url.replace("://", f"://{user}@") if user else server.url
            sent = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
            return Http(endpoint(url, sent), clock=clock, stop=stop, timeout=(3, 0.3)), service

        yield serve


def endpoint(url: str, headers: Mapping[str, str] = {}) -> Endpoint:
    return Endpoint("Grafana", url, "GRAFANA_URL", "GRAFANA_API_KEY", headers)


def refusal(ask: Callable[[], Any]) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        ask()
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value
