"""Where a request goes: along its model's routes, until a provider answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any

import structlog

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.gateway import Deadlines, Late, ProviderReply, ProviderRequest, Route
from suanli.domain.ports import ModelProvider
from suanli.i18n import Texts
from suanli.web.gateway.answers import NoAnswerError, error_of, is_answer
from suanli.web.gateway.asked import PATHS, Asked
from suanli.web.gateway.beginnings import begun
from suanli.web.gateway.counting import parsed
from suanli.web.gateway.refusals import SERVER, Refusal
from suanli.web.gateway.sse import are_events, events, opening
from suanli.web.gateway.tab import Tab

log = structlog.get_logger()

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that is no stream."""

_GOOD, _BAD, _SERVERS = 200, 400, 500
_OURS = frozenset({401, 402, 403, 404})
"""The provider does not take our key, our account is empty, or it does not have the model: no fault of the caller."""
_BUSY = 429
_PASSING = frozenset({408, 425, _BUSY})
_LATE = frozenset({408, 504, 524})


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of a request: the first route that answered, and its answer, whole or as events still to come.

    An error status is one that is the caller's to read. `said` is what a good answer that is whole says.
    """

    route: Route
    reply: ProviderReply
    body: bytes = b""
    said: Mapping[str, Any] = field(default_factory=dict)
    events: Iterator[bytes] | None = None

    @property
    def is_good(self) -> bool:
        """Whether a model answered."""
        return self.reply.status < _BAD


class _FailedError(Exception):
    """A route did not answer; `status` is what it is like."""

    def __init__(self, status: int, words: str, retry_after: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Asks providers, by their names."""

    providers: Mapping[str, ModelProvider]
    deadlines: Deadlines
    clock: Clock

    def forward(self, asked: Asked, tab: Tab, texts: Texts) -> Arrived:
        """The first good answer, or the first that is the caller's fault. Raises Refusal when no route answers.

        A route that fails costs nothing here: of what it may have produced, nothing was told.
        """
        until = tab.began + self.deadlines.whole.total_seconds()
        failures: dict[Route, _FailedError] = {}
        for route in asked.model.routes:
            within = timedelta(seconds=until - self.clock.elapsed())
            if within <= timedelta():
                break
            tab.keep()
            try:
                return self._ask(route, asked, tab, within)
            except _FailedError as failed:
                log.warning("gateway_route_failed", request=tab.id, provider=route.provider, error=str(failed))
                failures[route] = failed
        raise _nobody(asked, failures, texts)

    def _ask(self, route: Route, asked: Asked, tab: Tab, within: timedelta) -> Arrived:
        request = ProviderRequest(PATHS[asked.model.kind], asked.content_for(route), asked.is_stream, within)
        enough = self.clock.elapsed() + self.deadlines.first_byte.total_seconds()

        def is_enough() -> bool:
            tab.keep()
            return self.clock.elapsed() >= enough

        try:
            reply = self.providers[route.provider].send(request)
            return _closing(reply, lambda: _arrived(route, reply, asked, is_enough))
        except Late as error:
            raise _FailedError(504, str(error)) from None
        except (RemoteError, NoAnswerError) as error:
            raise _FailedError(502, str(error)) from None


def _closing(reply: ProviderReply, read: Callable[[], Arrived]) -> Arrived:
    """What `read` makes of a reply, which is closed when that fails."""
    try:
        return read()
    except BaseException:
        reply.close()
        raise


def _arrived(route: Route, reply: ProviderReply, asked: Asked, is_enough: Callable[[], bool]) -> Arrived:
    status = reply.status
    if status in _OURS | _PASSING or status >= _SERVERS or not (status == _GOOD or status >= _BAD):
        raise _FailedError(status, f"HTTP {status} {_code(reply)}".strip(), reply.headers.get("retry-after", ""))
    if status >= _BAD:
        return Arrived(route, reply, _whole(reply.chunks, reply))
    label = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    head = opening(reply.chunks) if asked.is_stream else b""
    pieces = chain((head,), reply.chunks)
    if asked.is_stream and are_events(label, head):
        return Arrived(route, reply, events=begun(events(pieces), is_enough))
    body = _whole(pieces, reply)
    said = parsed(body) or {}
    if not is_answer(asked.model.kind, said):
        raise NoAnswerError(f"a good status without an answer: {error_of(said) or ''}")
    return Arrived(route, reply, body, said)


def _whole(pieces: Iterable[bytes], reply: ProviderReply) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > LARGEST:
            raise RemoteError("the answer is too large")
    reply.close()
    return bytes(body)


def _code(reply: ProviderReply) -> str:
    """What a provider calls its error; its words may quote the request, which is in no log."""
    try:
        return error_of(parsed(b"".join(reply.chunks)) or {}) or ""
    except RemoteError:
        return ""


def _nobody(asked: Asked, failures: Mapping[Route, _FailedError], texts: Texts) -> Refusal:
    """The answer when no route does: 429 when all are busy, 504 when the last one was late, else 502."""
    named = {"model": asked.model.name, "providers": ", ".join(route.provider for route in failures)}
    found = list(failures.values())
    if found and all(failed.status == _BUSY for failed in found):
        waits = [int(failed.retry_after) for failed in found if failed.retry_after.isdecimal()]
        headers = {"Retry-After": str(min(waits))} if waits else {}
        return Refusal(429, "rate_limit_exceeded", texts("gateway.busy", **named), "requests", headers=headers)
    if not found or found[-1].status in _LATE:
        return Refusal(504, "provider_timeout", texts("gateway.late", **named), SERVER)
    return Refusal(502, "provider_error", texts("gateway.failed", **named), SERVER)
