"""`suanli gateway`, and the gateway within `suanli up`: threads of its own, so that no stream is in a webhook's way."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import structlog

from suanli import collector, logs, wiring
from suanli.cli.demands import require
from suanli.clock import Clock, SystemClock
from suanli.domain.ports import Store
from suanli.settings import Process, Settings
from suanli.wiring.gateway import GRACE, Gateway, build_gateway

log = structlog.get_logger()

THREADS = 64
"""Calls at a time in one process: each waits for a provider nearly all of the time."""

_ENDED_WITHIN = int(GRACE.total_seconds()) + 10
_LARGEST = 33 * 1024 * 1024
"""Bytes of a request; the application has its own, smaller limit."""


def run(_: argparse.Namespace) -> int:
    """The gateway alone, under gunicorn."""
    from suanli.cli import webserver  # noqa: PLC0415 only this role and the webhook's run under gunicorn

    logs.configure(sys.stdout)
    settings = require(Process.GATEWAY)
    webserver.serve(
        lambda: _built(settings).app,
        str(settings.gateway.listen),
        threads=THREADS,
        workers=1 if wiring.is_embedded(settings) else 2,
        ends_within=_ENDED_WITHIN,
        is_recycled=False,
    )
    return 0


def _built(settings: Settings) -> Gateway:
    """The gateway of a worker, built after the fork, which learns from SIGTERM that it is to end."""
    gateway = build_gateway(settings, wiring.open_store(settings), wiring.build_site(settings), SystemClock())
    collector.settle_down()
    before = signal.getsignal(signal.SIGTERM)
    if callable(before):
        signal.signal(signal.SIGTERM, partial(_end, gateway.begin_stop, before))
    return gateway


def _end(
    begin_stop: Callable[[], None],
    then: Callable[[int, FrameType | None], object],
    number: int,
    frame: FrameType | None,
) -> None:
    begin_stop()
    then(number, frame)


class Beside:
    """The gateway in this process, by a server of its own in a thread of its own."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        from waitress.server import BaseWSGIServer, create_server  # noqa: PLC0415 only `suanli up` serves by it

        listen = settings.gateway.listen
        assert listen is not None, "it is off"  # noqa: S101 who builds it has asked
        self.address = str(listen)
        self._gateway = build_gateway(settings, store, wiring.build_site(settings), clock)
        sockets: dict[int, Any] = {}
        self._server = create_server(
            self._gateway.app,
            map=sockets,
            host=listen.host,
            port=listen.port,
            threads=THREADS,
            max_request_body_size=_LARGEST,
            # It goes on reading meanwhile: of a caller who has gone, the next piece knows, and not the one after it.
            channel_request_lookahead=1,
        )
        self._listening = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]
        self._thread = threading.Thread(target=self._server.run, name="gateway", daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()
        log.info("gateway_serving", address=self.address)

    def stop(self) -> None:
        """Take no new calls, let the present ones end for a while, and wait until what they cost is written."""
        self._gateway.begin_stop()
        # Its threads end with the requests that they are at; the loop goes on, for it carries their answers out.
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=_ENDED_WITHIN)
        self._gateway.stop()
        # In the loop's own thread, which may be waiting for these very sockets.
        self._listening[0].trigger.pull_trigger(self._close)  # type: ignore[attr-defined]  # its stubs call it a number

    def _close(self) -> None:
        for each in self._listening:
            each.close()
