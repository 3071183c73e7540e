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
from bench.proof import check_seen, check_written
from bench.traffic import send
from suanli.cli.serve import THREADS

CONNECTIONS = 2 * THREADS
"""More than gunicorn serves at a time, so that it never waits for the load."""

BARE_REPEATS = 4
"""How often the bare route gets the same requests in a round: it is done so soon that less would be a glimpse."""


@dataclass(frozen=True, slots=True)
class _Round:
    """Events a second, and processor milliseconds of the server's processes an event."""

    rate: float
    cost: float


@dataclass(frozen=True, slots=True)
class _Entrant:
    """A served application, and the rounds of it that count."""

    port: int
    program: Program
    repeats: int = 1
    rounds: list[_Round] = field(default_factory=list)

    def run(self, questions: Sequence[Question]) -> _Round:
        """Serve these as fast as it can."""
        events = [*questions] * self.repeats
        before = self.program.cpu_seconds()
        report = send(self.port, events, at_once(len(events)), connections=CONNECTIONS)
        cost = self.program.cpu_seconds() - before
        return _Round(len(events) / report.seconds, cost / len(events) * 1000)


def measure(company: Company, folder: Path, *, rounds: int, events: int) -> tuple[Figure, ...]:
    """Rounds in which each application gets the same requests, one after the other; one more before, to warm up.

    Every figure is the median of the rounds. A ratio is taken within each round, where others on the machine disturb
    both sides alike.
    """
    asked: list[Question] = []
    with ExitStack() as stack:
        bare, plain, tuned = (stack.enter_context(_peer(name, folder)) for name in ("bare", "plain", "tuned"))
        installation = company.install(folder / "throughput", free_port())
        suanli = _Entrant(installation.port, stack.enter_context(installation.running("web")))
        entrants = (suanli, bare, plain, tuned)
        for entrant in entrants:
            entrant.program.answers(entrant.port, "/")
        for number in range(rounds + 1):
            questions = company.ask(events)
            asked += questions
            first = number % len(entrants)
            for entrant in entrants[first:] + entrants[:first]:
                done = entrant.run(questions)
                if number > 0:
                    entrant.rounds.append(done)
    check_written(installation, asked)
    for name in ("plain", "tuned"):
        check_seen(folder / f"{name}.db", asked)
    return _figures(suanli, bare, plain, tuned)


@contextmanager
def _peer(name: str, folder: Path) -> Iterator[_Entrant]:
    port = free_port()
    command = (PYTHON, "-m", "bench.peers", name, f"127.0.0.1:{port}", f"sqlite:///{folder / name}.db")
    # It has nothing to finish, and lark-oapi takes seconds to go.
    with running(command, {}, folder, name, stop_within=0.5) as program:
        yield _Entrant(port, program, BARE_REPEATS if name == "bare" else 1)


def _figures(suanli: _Entrant, bare: _Entrant, plain: _Entrant, tuned: _Entrant) -> tuple[Figure, ...]:
    named = {
        "suanli web": suanli,
        "bare Flask route": bare,
        "lark-oapi + insert": plain,
        "lark-oapi + insert, our SQLite": tuned,
    }
    return (
        *(_figure(f"webhook: {name}", _rates(entrant), "events/s") for name, entrant in named.items()),
        _figure("webhook: suanli ÷ bare", _ratios(suanli, bare), "×", Target("≥", 0.25)),
        _figure("webhook: suanli ÷ lark-oapi", _ratios(suanli, plain), "×", Target(">", 1)),
        _figure("webhook: suanli ÷ lark-oapi, our SQLite", _ratios(suanli, tuned), "×"),
        *(
            _figure(f"server CPU an event: {name}", [done.cost for done in entrant.rounds], "ms")
            for name, entrant in named.items()
        ),
    )


def _rates(entrant: _Entrant) -> Sequence[float]:
    return [done.rate for done in entrant.rounds]


def _ratios(one: _Entrant, other: _Entrant) -> Sequence[float]:
    return [rate / peer for rate, peer in zip(_rates(one), _rates(other), strict=True)]


def _figure(name: str, rounds: Sequence[float], unit: str, target: Target | None = None) -> Figure:
    return Figure(name, median(rounds), unit, target, tuple(rounds))
