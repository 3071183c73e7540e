"""How long after an event comes in its reply goes out, at 50 events a second."""

from collections.abc import Sequence
from pathlib import Path

from bench.company import Company
from bench.figures import Figure, Target, percentile
from bench.load import arrivals, at_once
from bench.processes import PYTHON, free_port, running
from bench.proof import check_replied, check_written
from bench.traffic import send

PER_SECOND = 50.0

_CONNECTIONS = 32
_WARM_UP = 50
_REPLIES_WITHIN = 30.0


def measure(company: Company, folder: Path, *, events: int) -> tuple[Figure, ...]:
    """From the moment an event was due to the moment its reply's request is at the stand-in, in milliseconds."""
    installation = company.install(folder / "latency", free_port())
    first, questions = company.ask(_WARM_UP), company.ask(events)
    due = arrivals(events, PER_SECOND, seed=1)
    before = len(company.feishu.tenant.sent)
    with running((PYTHON, "-m", "bench.unlimited"), installation.environment, installation.folder, "up") as program:
        program.answers(installation.port, "/healthz")
        send(installation.port, first, at_once(_WARM_UP), connections=_CONNECTIONS)
        company.feishu.wait_for(before + _WARM_UP, _REPLIES_WITHIN)
        report = send(installation.port, questions, due, connections=_CONNECTIONS)
        company.feishu.wait_for(before + _WARM_UP + events, _REPLIES_WITHIN)
    asked = [*first, *questions]
    check_written(installation, asked)
    replies = check_replied(company.feishu.tenant.sent[before:], asked)
    replied = [
        (replies[question.message_id].at - report.started_at).total_seconds() - at
        for question, at in zip(questions, due, strict=True)
    ]
    return (
        *_of("event → reply at Feishu", replied, Target("<", 60), Target("<", 250)),
        *_of("event → 200", report.waits, None, None),
    )


def _of(what: str, seconds: Sequence[float], half: Target | None, most: Target | None) -> tuple[Figure, ...]:
    return (
        Figure(f"{what}, p50", percentile(seconds, 0.50) * 1000, "ms", half),
        Figure(f"{what}, p99", percentile(seconds, 0.99) * 1000, "ms", most),
    )
