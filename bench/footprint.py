"""How soon `suanli up` answers, and how much memory it holds."""

from pathlib import Path

from bench.company import Company, Installation
from bench.figures import Figure, Target
from bench.load import at_once
from bench.processes import Program, free_port
from bench.proof import WrongError, check_replied, check_written
from bench.traffic import send

_STARTS = 3
"""Starts after the first: of these, the slowest counts."""

_CONNECTIONS = 8
_REPLIES_WITHIN = 100.0


def measure(company: Company, folder: Path, *, events: int) -> tuple[Figure, ...]:
    """Starts, then events as fast as they are taken; the replies leave at the rate that Feishu allows."""
    installation = company.install(folder / "footprint", free_port())
    questions = company.ask(events)
    before = len(company.feishu.tenant.sent)
    starts = []
    for _ in range(_STARTS):
        with installation.running("up") as program:
            starts.append(_well(program, installation))
    with installation.running("up") as program:
        starts.append(_well(program, installation))
        send(installation.port, questions, at_once(events), connections=_CONNECTIONS)
        company.feishu.wait_for(before + events, _REPLIES_WITHIN)
        resident, peak = program.memory("VmRSS"), program.memory("VmHWM")
    check_written(installation, questions)
    check_replied(company.feishu.tenant.sent[before:], questions)
    return (
        Figure("suanli up: first start → /healthz", starts[0], "s"),
        Figure(f"suanli up: slowest of {_STARTS} starts more → /healthz", max(starts[1:]), "s", Target("<", 2)),
        Figure(f"suanli up: resident after {events} events", resident, "MB", Target("<", 160)),
        Figure("suanli up: most resident up to then", peak, "MB"),
    )


def _well(program: Program, installation: Installation) -> float:
    """Seconds from the program's start until it says that it is well."""
    status, seconds = program.answers(installation.port, "/healthz")
    if status != 200:
        raise WrongError(f"/healthz is answered with {status}")
    return seconds
