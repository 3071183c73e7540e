"""What a call takes longer through the gateway than through a proxy that only forwards it.

Both stand before the same provider, under the same gunicorn with as many processes, and get the same calls from a
process of its own. The gateway knows who calls, holds the worst case against four quotas, counts what goes by, and
writes down what it came to; on PostgreSQL it waits for the disk twice, as its packagers have it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench.commits import commit_seconds
from bench.figures import Figure, Target
from bench.forwarding import AT_ONCE, KEY, LATER, PATH
from bench.load import Report, arrivals, at_once, drive
from bench.processes import PYTHON, SUANLI, apart, free_port, running
from bench.proof import WrongError
from bench.spenders import PRODUCTS, furnish, payers
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.access import Role
from suanli.domain.cost.records import RecordId
from suanli.domain.tokens import ApiToken, Permission, TokenId, digest_of
from suanli.settings import Settings, load
from tests.postgres import running_postgres

SECRET = "sk-suanli-" + "b" * 43
MANY = 16

_WARM_UP = 40
_ANSWERED_WITHIN = 120.0
_DONE_WITHIN = 600.0
_CONFIG = """\
[gateway]
listen = "127.0.0.1:{port}"

[gateway.providers.bench]
base_url = "{url}/v1"
key_env = "BENCH_KEY"
priced_as = "{provider}"
"""
_MODEL = """
[[gateway.models]]
name = "{name}"
max_output = 1000
routes = [{{ provider = "bench", model = "{name}" }}]
"""
_PROMPT = "Say in three sentences what a cost model is, and give an example with figures in a table. " * 15


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call: by so many callers, of a model, whole or as a stream; so many a second, or all one can."""

    callers: int
    model: str
    is_stream: bool
    per_second: float | None = None

    @property
    def name(self) -> str:
        """What it is called in the table."""
        callers = "1 caller" if self.callers == 1 else f"{self.callers} callers"
        return f"{callers}, {'stream, first byte' if self.is_stream else 'whole answer'}"

    @property
    def request(self) -> bytes:
        """The call, as it goes over the line."""
        said = {"model": self.model, "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": 500}
        body = json.dumps({**said, "stream": True} if self.is_stream else said).encode()
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def due(self, count: int) -> Sequence[float]:
        """When each is to be sent."""
        return at_once(count) if self.per_second is None else arrivals(count, self.per_second, seed=count)


PER_SECOND = 60.0
"""At random moments, so that 16 callers whose calls take 0.2 s are at it most of the time, and not all in step."""

KINDS = (
    Kind(1, AT_ONCE, is_stream=False),
    Kind(1, AT_ONCE, is_stream=True),
    Kind(MANY, LATER, is_stream=False, per_second=PER_SECOND),
    Kind(MANY, LATER, is_stream=True, per_second=PER_SECOND),
)
RUSH = Kind(MANY, AT_ONCE, is_stream=False)
"""As many as it can: what the processors can carry, rather than how long one waits."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The gateway on a database, and the proxy that is served as it is; the gateway first."""

    name: str
    ports: tuple[int, int]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds at p50 through the gateway and through the proxy, and calls a second of both."""

    ours: float
    bare: float
    our_rate: float
    bare_rate: float


def measure(folder: Path, *, calls: int, rounds: int) -> tuple[Figure, ...]:
    """So many calls of each kind through both, in turns, in so many rounds; on each database."""
    folder = folder / "gateway"
    folder.mkdir()
    figures: list[Figure] = []
    with ExitStack() as stack:
        durable = stack.enter_context(running_postgres(durable=True))
        url = stack.enter_context(_other("provider", folder, "", 2))
        databases = {
            "SQLite": f"sqlite:///{folder / 'suanli.db'}",
            "PostgreSQL, durable": durable,
        }
        for name, database in databases.items():
            with _pair(name, database, url, folder) as pair:
                taken = apart(_DONE_WITHIN, take, pair.ports, calls, rounds)
                _check(pair, _WARM_UP * len(KINDS) + rounds * sum(_count(kind, calls) for kind in taken))
            figures += _of(name, taken)
        figures.append(_commits(durable, rounds))
    return tuple(figures)


def take(ports: tuple[int, int], calls: int, rounds: int) -> Mapping[Kind, Sequence[Took]]:
    """All kinds in each round, when the caches are warm. Runs in a process of its own, with both as (ours, bare)."""
    for port in ports:
        for kind in KINDS:
            _drive(port, kind, _WARM_UP)
    taken: dict[Kind, list[Took]] = {kind: [] for kind in (*KINDS, RUSH)}
    for number in range(rounds):
        for kind, some in taken.items():
            some.append(_turn(ports, kind, _count(kind, calls), number))
    return taken


def _count(kind: Kind, calls: int) -> int:
    return calls * 2 if kind == RUSH else calls


def _turn(ports: tuple[int, int], kind: Kind, count: int, number: int) -> Took:
    """The same calls through both; who is first changes."""
    order = (0, 1) if number % 2 else (1, 0)
    reports = {which: _drive(ports[which], kind, count) for which in order}
    ours, bare = (median(_waits(reports[which], kind)) * 1000 for which in (0, 1))
    return Took(ours, bare, *(count / reports[which].seconds for which in (0, 1)))


def _waits(report: Report, kind: Kind) -> Sequence[float]:
    return report.began if kind.is_stream else report.took


def _drive(port: int, kind: Kind, count: int) -> Report:
    report = drive(port, [kind.request] * count, kind.due(count), connections=kind.callers, limit=_ANSWERED_WITHIN)
    if set(report.statuses) != {200}:
        raise WrongError(f"calls were answered with {sorted(set(report.statuses))}")
    return report


@contextmanager
def _pair(name: str, database: str, url: str, folder: Path) -> Iterator[Pair]:
    own = folder / name.replace(" ", "-").replace(",", "")
    own.mkdir()
    port = free_port()
    provider = PRODUCTS[0].provider
    models = "".join(_MODEL.format(name=model) for model in (AT_ONCE, LATER))
    (own / "suanli.toml").write_text(_CONFIG.format(port=port, url=url, provider=provider) + models, "utf-8")
    environment = {"SUANLI_DATABASE_URL": database, "BENCH_KEY": KEY}
    settings = load(environment, own)
    _prepare(settings)
    workers = 1 if wiring.is_embedded(settings) else 2
    with (
        running((SUANLI, "gateway"), environment, own, "gateway") as program,
        _other("bare", own, url, workers) as bare,
    ):
        program.answers(port, "/healthz")
        yield Pair(name, (port, int(bare.rpartition(":")[2])), settings)


@contextmanager
def _other(which: str, folder: Path, url: str, workers: int) -> Iterator[str]:
    """The provider, or the proxy before it: its address."""
    port = free_port()
    command = (PYTHON, "-m", "bench.forwarding", which, f"127.0.0.1:{port}", url, str(workers))
    with running(command, {}, folder, which, stop_within=0.5) as program:
        program.answers(port, "/healthz")
        yield f"http://127.0.0.1:{port}"


def _prepare(settings: Settings) -> None:
    """Prices, quotas of everybody above the caller, and a token."""
    wiring.upgrade(settings)
    now = SystemClock().now()
    (payer,) = payers(1)
    with closing(wiring.open_store(settings)) as store:
        furnish(store, settings.timezone, settings.cost.currency, (payer,), now, more=(AT_ONCE, LATER))
        with store.begin() as tx:
            granted = frozenset({Permission.GATEWAY})
            tx.tokens.add(ApiToken(TokenId(0), "bench", digest_of(SECRET), payer, granted, Role.MEMBER, "bench", now))


def _check(pair: Pair, calls: int) -> None:
    """Each call was written down once, at its price, and accounts say the same."""
    now = SystemClock().now()
    with closing(wiring.open_store(pair.settings)) as store, store.begin() as tx:
        records = tx.records.behind(RecordId(0), calls + 1)
        drift = tx.holds.drift(now)
    unpriced = sum(not record.is_priced for record in records)
    if len(records) != calls or unpriced or drift:
        raise WrongError(f"{len(records)} records of {calls} calls, {unpriced} unpriced; {len(drift)} drift")


def _commits(database: str, rounds: int) -> Figure:
    """What one commit that waits for the disk takes: the gateway makes two of each call."""
    taken = tuple(seconds * 1000 for seconds in commit_seconds(database, rounds))
    return Figure("the disk: a commit of one row alone (durable PostgreSQL), p50", median(taken), "ms", rounds=taken)


def _of(name: str, taken: Mapping[Kind, Sequence[Took]]) -> Iterator[Figure]:
    for kind, some in taken.items():
        figure = partial(_figure, f"gateway, {name}, {kind.name}")
        if kind == RUSH:
            title = f"gateway, {name}, {MANY} callers of a model that answers at once"
            yield _figure(title, "calls a second", [took.our_rate for took in some], "calls/s")
            yield _figure(title, "the bare proxy's", [took.bare_rate for took in some], "calls/s")
            continue
        yield figure("over the bare proxy, p50", [took.ours - took.bare for took in some], "ms", Target("<", 5))
        yield figure("gateway, p50", [took.ours for took in some], "ms")
        yield figure("bare proxy, p50", [took.bare for took in some], "ms")


def _figure(name: str, what: str, rounds: Sequence[float], unit: str, target: Target | None = None) -> Figure:
    return Figure(f"{name}: {what}", median(rounds), unit, target, tuple(rounds))
