"""What one event costs inside of one process: the webhook's processor time, and how fast the outbox drains."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask

from bench import peers
from bench.company import Company
from bench.figures import Figure
from bench.load import PATH
from bench.processes import apart, free_port
from bench.proof import WrongError, check_replied, check_written
from bench.unlimited import unlimited
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.sandbox.feishu.push import Sealed
from suanli.settings import Settings

_WARM_UP = 50
_DRAINED_WITHIN = timedelta(seconds=60)
_DONE_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class _Costs:
    """Processor seconds of an event in the product and in a bare route, and rows drained a second."""

    webhook: float
    bare: float
    drained: float


def measure(company: Company, folder: Path, *, events: int) -> tuple[Figure, ...]:
    """One process takes the events through Flask's test client, and then sends what waits, without rate limits."""
    installation = company.install(folder / "within", free_port())
    questions = company.ask(_WARM_UP + events)
    before = len(company.feishu.tenant.sent)
    sealed = [question.sealed for question in questions]
    costs = apart(_DONE_WITHIN, take_and_drain, unlimited(installation.settings), installation.folder, sealed)
    check_replied(company.feishu.tenant.sent[before:], questions)
    check_written(installation, questions)
    return (
        Figure("webhook in process: CPU an event", costs.webhook * 1000, "ms"),
        Figure("bare route in process: CPU a request", costs.bare * 1000, "ms"),
        Figure(f"outbox: drained from {len(questions)} rows", costs.drained, "messages/s"),
    )


def take_and_drain(settings: Settings, folder: Path, sealed: Sequence[Sealed]) -> _Costs:
    """Runs in a process of its own. The test client's own time is in both costs."""
    with (folder / "within.log").open("w") as log:
        logs.configure(log)
        clock, store = SystemClock(), wiring.open_store(settings)
        app = wiring.build_web(settings, store, clock, lambda: None)
        _cpu_of(app, sealed[:_WARM_UP])
        webhook, bare = _cpu_of(app, sealed[_WARM_UP:]), _cpu_of(peers.bare(), sealed[_WARM_UP:])
        courier = wiring.build_courier(settings, clock)
        courier.warm()
        delivery = wiring.build_delivery(settings, store, clock, courier)
        started = clock.elapsed()
        if not delivery.drain(_DRAINED_WITHIN):
            raise WrongError(f"the outbox was not empty after {_DRAINED_WITHIN}")
        drained = len(sealed) / (clock.elapsed() - started)
        delivery.stop(timedelta(seconds=5))
        store.close()
    return _Costs(webhook, bare, drained)


def _cpu_of(app: Flask, sealed: Sequence[Sealed]) -> float:
    """Processor seconds that each of these requests costs."""
    client = app.test_client()
    before = time.process_time()
    statuses = {client.post(PATH, data=each.body, headers=dict(each.headers)).status_code for each in sealed}
    spent = time.process_time() - before
    if statuses != {200}:
        raise WrongError(f"answered with {statuses}")
    return spent / len(sealed)
