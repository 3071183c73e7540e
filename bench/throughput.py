"""How many events a second the webhook takes, beside a bare route and lark-oapi's dispatcher."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.company import Company, Question
from bench.figures import Figure, Target
from bench.load import at_once
from bench.processes import PYTHON, Program, free_port, running
from bench.proof import check_stored, check_written
from bench.traffic import send

CONNECTIONS = 16
"""As many as gunicorn has threads: 2 × 8."""


@dataclass(frozen=True, slots=True)
class _Entrant:
    """A served application, and what it did in each round: events a second, and processor milliseconds an event."""

    port: int
    program: Program
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def run(self, questions: Sequence[Question]) -> None:
        """Serve these as fast as it can."""
        before = self.program.cpu_seconds()
        report = send(self.port, questions, at_once(len(questions)), connections=CONNECTIONS)
        self.rates.append(len(questions) / report.seconds)
        self.costs.append((self.program.cpu_seconds() - before) / len(questions) * 1000)

    @property
    def rate(self) -> float:
        """The median of the rounds; the first one only warms up."""
        return median(self.rates[1:])

    @property
    def cost(self) -> float:
        """The median of the rounds after the first."""
        return median(self.costs[1:])


def measure(company: Company, folder: Path, *, rounds: int, events: int) -> tuple[Figure, ...]:
    """Rounds in which each application gets the same requests, one application after the other."""
    seen = folder / "seen.db"
    asked: list[Question] = []
    with ExitStack() as stack:
        lark = stack.enter_context(_peer("lark", folder, seen))
        bare = stack.enter_context(_peer("bare", folder, seen))
        installation = company.install(folder / "throughput", free_port())
        suanli = _Entrant(installation.port, stack.enter_context(installation.running("web")))
        entrants = (suanli, bare, lark)
        for entrant in entrants:
            entrant.program.answers(entrant.port, "/")
        for number in range(rounds + 1):
            questions = company.ask(events)
            asked += questions
            first = number % len(entrants)
            for entrant in entrants[first:] + entrants[:first]:
                entrant.run(questions)
    check_written(installation, asked)
    check_stored(seen, "SELECT message_id FROM seen ORDER BY message_id", [q.message_id for q in asked])
    return _figures(suanli, bare, lark)


@contextmanager
def _peer(name: str, folder: Path, seen: Path) -> Iterator[_Entrant]:
    port = free_port()
    command = (PYTHON, "-m", "bench.peers", name, f"127.0.0.1:{port}", f"sqlite:///{seen}")
    # It has nothing to finish, and lark-oapi takes seconds to go.
    with running(command, {}, folder, name, stop_within=0.5) as program:
        yield _Entrant(port, program)


def _figures(suanli: _Entrant, bare: _Entrant, lark: _Entrant) -> tuple[Figure, ...]:
    return (
        Figure("webhook: suanli web", suanli.rate, "events/s"),
        Figure("webhook: bare Flask route", bare.rate, "events/s"),
        Figure("webhook: lark-oapi + one insert", lark.rate, "events/s"),
        Figure("webhook: suanli ÷ bare", suanli.rate / bare.rate, "×", Target("≥", 0.25)),
        Figure("webhook: suanli ÷ lark-oapi", suanli.rate / lark.rate, "×", Target(">", 1)),
        Figure("server CPU an event: suanli web", suanli.cost, "ms"),
        Figure("server CPU an event: bare Flask route", bare.cost, "ms"),
        Figure("server CPU an event: lark-oapi + one insert", lark.cost, "ms"),
    )
