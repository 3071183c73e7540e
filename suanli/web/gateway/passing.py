"""An answer on its way to the caller in a stream: passed on event by event, counted, and settled however it ends."""

from collections.abc import Callable, Generator, Iterator
from typing import Self

import structlog

from suanli.domain.cost.records import Ending
from suanli.domain.errors import RemoteError
from suanli.domain.gateway import ProviderReply, Route
from suanli.i18n import Texts
from suanli.web.gateway.answers import error_of
from suanli.web.gateway.counting import DONE, Produced, is_usage_alone, parsed
from suanli.web.gateway.refusals import QUOTA, SERVER, Refusal
from suanli.web.gateway.sse import data_of
from suanli.web.gateway.tab import Tab

log = structlog.get_logger()


class Passing:
    """The body of a streamed answer, for the web server, which calls `close` when the caller has gone.

    Events go on as they came. With `hides_usage` the one that only tells the usage does not: the caller did not ask
    for it. `is_over` says that this process is to end.
    """

    def __init__(
        self,
        events: Iterator[bytes],
        reply: ProviderReply,
        route: Route,
        tab: Tab,
        texts: Texts,
        is_over: Callable[[], bool],
        *,
        hides_usage: bool,
    ) -> None:
        self._reply = reply
        self._route = route
        self._tab = tab
        self._texts = texts
        self._is_over = is_over
        self._hides_usage = hides_usage
        self._produced = Produced()
        self._ending = Ending.ABORTED
        self._body = self._passed(events)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._body)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """Let the provider stop, and settle what was produced; the second time it is nothing."""
        self._body.close()
        self._reply.close()
        self._tab.close(self._route, self._produced, self._ending)

    def _passed(self, events: Iterator[bytes]) -> Generator[bytes]:
        try:
            for event in events:
                if not self._is_hidden(event):
                    yield event
                refusal = self._stops()
                if refusal is not None:
                    yield _event(refusal)
                    return
            if self._ending is Ending.ABORTED:  # it ended well, and did not say so
                self._ending = Ending.OK if self._produced.has_usage else Ending.FAILED
        except RemoteError as error:
            log.warning("gateway_stream_broke", request=self._tab.id, provider=self._route.provider, error=str(error))
            self._ending = Ending.FAILED
            yield _event(Refusal(502, "provider_error", self._texts("gateway.broke_off"), SERVER))

    def _is_hidden(self, event: bytes) -> bool:
        """Count an event; whether the caller is not to see it."""
        data = data_of(event)
        if data is None:
            return False
        if data.strip() == DONE:
            if self._ending is Ending.ABORTED:  # after an error it makes nothing well
                self._ending = Ending.OK
            return False
        said = parsed(data)
        if said is None:
            self._produced.see_unread(len(data))
            return False
        self._produced.see(said)
        if error_of(said) is not None:
            self._ending = Ending.FAILED
        return self._hides_usage and is_usage_alone(said)

    def _stops(self) -> Refusal | None:
        """Why it is not to go on, if so."""
        if self._ending is not Ending.ABORTED:
            return None
        if self._is_over():
            return Refusal(503, "shutting_down", self._texts("gateway.stopping"), SERVER)
        refused = self._tab.keep(self._produced)
        return None if refused is None else Refusal(429, QUOTA, self._texts("gateway.stopped"), QUOTA)


def _event(refusal: Refusal) -> bytes:
    return b"data: " + refusal.body() + b"\n\n"
