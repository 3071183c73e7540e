"""Providers of models, asked as OpenAI has it: `POST <address>/chat/completions` and `/embeddings`, with our key."""

from collections.abc import Iterator, Mapping
from contextlib import closing

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.gateway import Deadlines, Late, ProviderReply, ProviderRequest
from suanli.sources.endpoint import Endpoint
from suanli.sources.flow import FellSilent, Flow
from suanli.sources.http import Http, Silent

CONNECTIONS = 64
"""As many as the gateway has threads."""

_ERROR = 1024 * 1024
"""Bytes of an error's body, of which the rest is left out."""

# What else they send tells of our account: limits, organisation, cookies.
_PASSED = frozenset({"content-type", "content-language", "retry-after", "openai-processing-ms", "openai-version"})
_ERRORS = 400


class HttpModelProvider:
    """A provider. A request goes out once: whoever asks decides whether and where it is asked again."""

    def __init__(self, endpoint: Endpoint, deadlines: Deadlines, clock: Clock) -> None:
        self._deadlines = deadlines
        self._clock = clock
        connecting = deadlines.connect.total_seconds()
        self._http = Http(endpoint, clock=clock, timeout=(connecting, connecting), connections=CONNECTIONS)

    def send(self, request: ProviderRequest) -> ProviderReply:
        """Ask once; what it answers, error statuses too. Raises RemoteError, Late when nothing came in time."""
        within = request.within.total_seconds()
        until = self._clock.elapsed() + within
        silence = min(within, self._deadlines.first_byte.total_seconds()) if request.is_stream else within
        try:
            flow = self._http.opened(request.path, request.body, silence=max(silence, 0.001))
        except Silent as error:
            raise Late(str(error)) from None
        headers = _passed(flow.headers)
        pieces = self._pieces(flow, until, silence)
        if flow.status < _ERRORS:
            return ProviderReply(flow.status, headers, pieces, flow.close)
        with closing(flow):
            body = self._masked(_beginning(pieces))
        return ProviderReply(flow.status, headers, iter((body,)), flow.close)

    def _pieces(self, flow: Flow, until: float, silence: float) -> Iterator[bytes]:
        between = min(silence, self._deadlines.between.total_seconds())
        try:
            yield from flow.pieces(between, lambda: self._clock.elapsed() > until)
        except FellSilent as error:
            raise Late(str(error)) from None

    def _masked(self, body: bytes) -> bytes:
        """What a provider says of an error quotes our key now and then."""
        endpoint = self._http.endpoint
        text = body.decode("utf-8", "surrogateescape")
        return endpoint.masked(text).encode("utf-8", "surrogateescape")


def _passed(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name in _PASSED}


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """The body of an error, as far as it came and is kept."""
    body = bytearray()
    try:
        for piece in pieces:
            body += piece
            if len(body) >= _ERROR:
                break
    except RemoteError:
        pass  # the status says enough
    return bytes(body[:_ERROR])
