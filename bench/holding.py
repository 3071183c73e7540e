"""How many holds and whole calls a second one hot organisation bears, beside what the database can do at most.

Every hold is against four quotas: of the caller, a project, a department and the one organisation, whose row all of
them change. Callers are threads of one process. The limits run in turns with ours on the same database and the same
rows: pgbench with the statements of a hold, and of a whole call, by as many clients and by one; and `sqlite3` alone.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.figures import Figure, Target
from bench.floors import pgbench, raw_sqlite
from bench.past import look_over
from bench.processes import apart
from bench.proof import WrongError
from bench.spenders import PRODUCTS, furnish, payers
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Ask, Granted
from suanli.domain.cost.records import Call, Fate
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.settings import Settings, load
from suanli.web.gateway.purse import Purse
from tests.postgres import running_postgres

CALLERS = 64
HELD = Nano(10_000_000)
LASTS = timedelta(minutes=10)

_DONE_WITHIN = 600.0
_GRACE = timedelta(seconds=30)
_HOLDS, _CALLS = "holds", "whole calls"
_POSTGRES, _SQLITE = "PostgreSQL, durable", "SQLite"

Rates = Mapping[str, float]
"""What was done a second in a round, by what it is called."""


def measure(folder: Path, *, rounds: int, seconds: float) -> tuple[Figure, ...]:
    """So many rounds, each load so many seconds; on each database."""
    folder = folder / "holding"
    folder.mkdir()
    with ExitStack() as stack:
        durable = stack.enter_context(running_postgres(durable=True))
        on_sqlite = apart(_DONE_WITHIN, take, folder, f"sqlite:///{folder / 'suanli.db'}", rounds, seconds)
        on_postgres = apart(_DONE_WITHIN, take, folder, durable, rounds, seconds)
    return (*_of_postgres(on_postgres), *_of_sqlite(on_sqlite))


def take(folder: Path, url: str, rounds: int, seconds: float) -> Sequence[Rates]:
    """Runs in a process of its own."""
    settings = load({"SUANLI_DATABASE_URL": url}, folder)
    with (folder / "holding.log").open("a") as log:
        logs.configure(log)
        wiring.upgrade(settings)
        clock, people = SystemClock(), payers(CALLERS)
        with closing(wiring.open_store(settings)) as store:
            furnish(store, settings.timezone, settings.cost.currency, people, clock.now())
            site = wiring.build_site(settings)
            scene = Scene(store, site, clock, people)
            scene.load(CALLERS, scene.call, 0.5)  # accounts are open, and everything is read once
            loads = _loads(scene, settings, folder, url, seconds)
            taken = [_round(loads, url) for _ in range(rounds)]
            scene.check()
    return taken


def _round(loads: Mapping[str, Callable[[], float]], url: str) -> Rates:
    """Each load, on tables that PostgreSQL has looked over, as it does by itself every minute or so."""
    found = {}
    for name, run in loads.items():
        look_over(url)
        found[name] = run()
    return found


def _loads(
    scene: "Scene", settings: Settings, folder: Path, url: str, seconds: float
) -> Mapping[str, Callable[[], float]]:
    """Each load, and each limit, by its name."""

    def ours(callers: int, one: Callable[[Purse, Payer], object]) -> Callable[[], float]:
        return lambda: scene.load(callers, one, seconds)

    def limit(callers: int, *, calls: bool) -> Callable[[], float]:
        if wiring.is_embedded(settings):
            return lambda: raw_sqlite(Path(url.partition("///")[2]), seconds, calls=calls)
        return lambda: pgbench(url, folder, callers, seconds, calls=calls)

    found = dict[str, Callable[[], float]]()
    for what, one in ((_HOLDS, scene.hold), (_CALLS, scene.call)):
        for callers in (CALLERS, 1):
            found[f"{what}, {callers}"] = ours(callers, one)
            if callers == CALLERS or not wiring.is_embedded(settings):
                found[f"{what}, limit, {callers}"] = limit(callers, calls=what == _CALLS)
    return found


class Scene:
    """People of one organisation who make calls, through the gateway's own purse."""

    def __init__(self, store: Store, site: Site, clock: SystemClock, people: Sequence[Payer]) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._people = people
        self._calls = 0

    def hold(self, purse: Purse, payer: Payer) -> str:
        """Put money aside."""
        key = f"req-{uuid4().hex}"
        decision = purse.hold(Ask(key, key, payer.scopes, HELD, self._site.money.currency), LASTS)
        if not isinstance(decision, Granted):
            raise WrongError(f"a hold was not granted: {decision}")
        return key

    def call(self, purse: Purse, payer: Payer) -> None:
        """Put money aside, and write down what the call came to."""
        key, product = self.hold(purse, payer), PRODUCTS[0]
        call = Call(
            request_id=key,
            payer=payer,
            model_name=product.model,
            usage=Usage(400, 120),
            happened_at=self._clock.now(),
            provider_name=product.provider,
            request_type=product.kind,
            hold=key,
            took=5,
        )
        written = purse.settle(call)
        if written is None or written.fate is not Fate.NEW:
            raise WrongError(f"a call was not written down: {written}")

    def load(self, callers: int, one: Callable[[Purse, Payer], object], seconds: float) -> float:
        """Let so many callers do the same for so long; how often a second."""
        purse = Purse(self._store, self._site, self._clock, threading.Event())
        together = threading.Barrier(callers + 1)
        end = threading.Event()

        def caller(number: int) -> int:
            payer = self._people[number]
            together.wait(_DONE_WITHIN)
            for done in count():
                if end.is_set():
                    return done
                one(purse, payer)
            raise AssertionError("it counts on and on")

        with ThreadPoolExecutor(callers) as pool:
            working = [pool.submit(caller, number) for number in range(callers)]
            together.wait(_DONE_WITHIN)
            started = self._clock.elapsed()
            self._clock.wait(end, seconds)
            end.set()
            rate = sum(each.result() for each in working) / (self._clock.elapsed() - started)
        if not purse.stop(_GRACE):
            raise WrongError("something hangs")
        return rate

    def check(self) -> None:
        """Accounts are the sums of their holds, records and sums agree, whoever wrote them."""
        with self._store.begin() as tx:
            drift = tx.holds.drift(self._clock.now())
        if drift:
            raise WrongError(f"{len(drift)} accounts are not the sums of their holds: {drift[0]}")


def _of_postgres(taken: Sequence[Rates]) -> Iterator[Figure]:
    def figure(what: str, callers: int, target: Target | None = None) -> Iterator[Figure]:
        ours = [each[f"{what}, {callers}"] for each in taken]
        limit = [each[f"{what}, limit, {callers}"] for each in taken]
        yield from _beside(f"{what}, {_POSTGRES}, {_by(callers)}", ours, "pgbench", limit, target)

    yield from figure(_HOLDS, CALLERS, Target("≥", 2000))
    yield from figure(_CALLS, CALLERS, Target("≥", 1000))
    yield from figure(_HOLDS, 1)
    yield from figure(_CALLS, 1)


def _of_sqlite(taken: Sequence[Rates]) -> Iterator[Figure]:
    for what, target in ((_HOLDS, Target("≥", 4000)), (_CALLS, None)):
        limit = [each[f"{what}, limit, {CALLERS}"] for each in taken]
        for callers in (CALLERS, 1):
            ours = [each[f"{what}, {callers}"] for each in taken]
            yield from _beside(f"{what}, {_SQLITE}, {_by(callers)}", ours, "sqlite3 alone", limit, target)


def _by(callers: int) -> str:
    return "1 caller" if callers == 1 else f"{callers} callers"


def _beside(
    name: str, ours: Sequence[float], other: str, limit: Sequence[float], target: Target | None
) -> Iterator[Figure]:
    """Ours, the limit, and how much of it ours is, each round for itself."""
    ratios = tuple(one / most for one, most in zip(ours, limit, strict=True))
    yield Figure(name, median(ours), "a second", target, tuple(ours))
    yield Figure(f"{name}: {other}", median(limit), "a second", rounds=tuple(limit))
    yield Figure(f"{name}: ours ÷ {other}", median(ratios), "×", rounds=ratios)
