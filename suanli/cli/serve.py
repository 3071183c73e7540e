"""Running the product: in one process, or the webhook and the work apart."""

import argparse
import signal
import sys
import threading
from functools import partial
from types import FrameType

import structlog
from flask import Flask

from suanli import collector, logs, wiring
from suanli.cli.demands import require
from suanli.cli.gateway import Beside
from suanli.clock import SystemClock
from suanli.settings import Process, Settings

log = structlog.get_logger()

THREADS = 8
"""Requests served at a time in one process: most are a millisecond of work, and a few who export take their time."""

WORKERS = 2
"""Processes of `suanli web` on PostgreSQL. On SQLite there is one: two take turns to write, and do less in all."""


def up(_: argparse.Namespace) -> int:
    """Everything in one process: webhook, jobs and delivery. Migrates the database first."""
    logs.configure(sys.stdout)
    run_all(require(Process.ALL, migrates=True))
    return 0


def run_all(settings: Settings) -> None:
    """Webhook, jobs and delivery in this process, and the gateway if it is on, until SIGTERM."""
    from waitress.server import create_server  # noqa: PLC0415 only this role serves by it

    clock = SystemClock()
    store = wiring.open_store(settings)
    wiring.take_over(settings, store, clock)
    wiring.declare_releases(settings, store, clock)
    wiring.keep_zone(store)
    work = wiring.build_work(settings, store, clock)
    app = wiring.build_web(settings, store, clock, work.delivery.wake)
    server = create_server(
        app,
        host=settings.listen.host,
        port=settings.listen.port,
        threads=THREADS,
        # The application has its own limits, and the largest is that of LiteLLM's callback.
        max_request_body_size=33 * 1024 * 1024,
    )
    # Waitress ends its loop, and the requests it has begun, on SystemExit.
    signal.signal(signal.SIGTERM, _exit)
    beside = Beside(settings, store, clock) if settings.gateway.listen else None
    collector.settle_down()
    work.start()
    log.info("serving", address=str(settings.listen))
    try:
        if beside:
            beside.start()
        server.run()
    finally:
        if beside:
            beside.stop()
        work.stop()
        store.close()


def web(_: argparse.Namespace) -> int:
    """The webhook alone, under gunicorn. The work process finds what it wrote within a fraction of a second."""
    from suanli.cli import webserver  # noqa: PLC0415 only this role runs under gunicorn

    logs.configure(sys.stdout)
    settings = require(Process.WEB)
    # Built after the fork, so that no process shares another's connections.
    webserver.serve(
        lambda: _built(settings),
        str(settings.listen),
        threads=THREADS,
        workers=1 if wiring.is_embedded(settings) else WORKERS,
    )
    return 0


def _built(settings: Settings) -> Flask:
    """The webhook of one process."""
    app = wiring.build_web(settings, wiring.open_store(settings), SystemClock(), lambda: None)
    collector.settle_down()
    return app


def work(_: argparse.Namespace) -> int:
    """Jobs and delivery alone, until told to stop."""
    logs.configure(sys.stdout)
    settings, clock = require(Process.WORK), SystemClock()
    store = wiring.open_store(settings)
    wiring.take_over(settings, store, clock)
    wiring.declare_releases(settings, store, clock)
    wiring.keep_zone(store)
    background = wiring.build_work(settings, store, clock)
    collector.settle_down()
    background.start()
    log.info("working")
    wait_for_signal()
    stopped = background.stop()
    store.close()
    return 0 if stopped else 1


def wait_for_signal() -> None:
    """Wait for SIGTERM or SIGINT; a second one ends the process at once."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_stop, stopping))
    stopping.wait()


def _stop(stopping: threading.Event, number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    stopping.set()


def _exit(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise SystemExit(0)
