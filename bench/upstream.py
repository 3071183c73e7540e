"""What it takes to follow 1,000 repositories of which few have changed: requests that count, and time.

The stand-in of GitHub runs in this process and takes 50 ms for every request. Beside the product, in the same run,
nvchecker asks it for the same pages of the same repositories, and a poller as simple as it gets asks for what the
original program asked for.
"""

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench import pollers
from bench.figures import Figure, Target
from bench.processes import apart
from bench.proof import Told, WrongError, check_news
from jobs.read_releases import ReadReleases
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain.ports import Store
from suanli.sandbox.hubs import GithubStandIn
from suanli.sandbox.hubs.github_gate import TOKEN
from suanli.sandbox.hubs.github_world import fill
from suanli.settings import Settings, load

LATENCY = timedelta(milliseconds=50)
PARTS = 20
"""Of so many repositories one has changed between two looks."""

WORKERS, FEW_WORKERS = 20, 2
"""As many requests at once as nvchecker makes if nobody says otherwise, and as many as we make then."""

_ISSUES = 30
_WITHOUT_LIMIT = 10**9
_DONE_WITHIN = 300.0
_GROUP = "oc_bench"
_CONFIG = """\
[github]
workers = {workers}

[[releases.watches]]
places = [{places}]
tell = ["{group}"]
filter = "deepseek|qwen|深度求索 -revert"
changes = ["issue", "pr"]
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look of the product: how long it took, and how many requests counted against the quota."""

    seconds: float
    charged: int


@dataclass(frozen=True, slots=True)
class Round:
    """The same changes found by the product and by nvchecker, whose start and end alone take `start` seconds."""

    ours: Looked
    theirs: Looked
    start: float

    @property
    def at_work(self) -> float:
        """Seconds of nvchecker without its start and end."""
        return self.theirs.seconds - self.start


def measure(folder: Path, *, repositories: int, rounds: int) -> tuple[Figure, ...]:
    """So many rounds, before each of which other repositories change; who looks first changes, too."""
    folder = folder / "upstream"
    folder.mkdir()
    names = [f"vllm-project/engine-{number}" for number in range(repositories)]
    with GithubStandIn(SystemClock(), keeps=True) as github:
        # Without a token, too: what is compared is how often somebody asks, not who may.
        github.gate.limit = github.gate.anonymous_limit = _WITHOUT_LIMIT
        bench = _Bench(github, folder, names)
        bench.begin()
        taken = [bench.round(number) for number in range(rounds)]
        few = bench.look(bench.change(rounds), FEW_WORKERS)
        github.record.clear()
        pollers.ask_for_everything(github.url, names, TOKEN)
        simple = github.record.charged
    return figures_of(repositories, taken, few, simple)


class _Bench:
    """The repositories on the stand-in, and who looks at them."""

    def __init__(self, github: GithubStandIn, folder: Path, names: Sequence[str]) -> None:
        self._github, self._folder, self._names = github, folder, names
        self._settings = _settings(github.url, folder, names)
        self._peer = pollers.NvChecker(folder, {name: pollers.page_of(github.url, name) for name in names})
        self._known: Mapping[str, str] = {}

    def begin(self) -> None:
        """Let there be something to read, and everybody have read it once."""
        for name in self._names:
            fill(self._github.world.add(name), _ISSUES, 0, SystemClock())
        apart(_DONE_WITHIN, begin, self._settings, len(self._names))
        _, self._known = self._peer.look()
        self._github.front.latency = LATENCY

    def round(self, number: int) -> Round:
        """Let some repositories change, and everybody look."""
        told = self.change(number)
        if number % 2:
            ours, theirs = self.look(told, WORKERS), self._theirs(told)
        else:
            theirs, ours = self._theirs(told), self.look(told, WORKERS)
        return Round(ours, theirs, self._peer.start())

    def change(self, number: int) -> Sequence[Told]:
        """One of PARTS repositories gets a new issue or pull request, and a word about an old one: what is to be told.

        The old one is of no concern to anybody.
        """
        told = list[Told]()
        for name in self._names[number % PARTS :: PARTS]:
            repository = self._github.world.named(name)
            assert repository is not None
            repository.comment(1)
            opened = repository.open_pull if len(told) % 2 else repository.open_issue
            told.append(Told(name, f"#{opened('DeepSeek-V4 fails on eight cards', '复现步骤如下。' * 50)}", _GROUP))
        return told

    def look(self, told: Sequence[Told], workers: int) -> Looked:
        """Let the product look, and see whether it told of just this."""
        own = self._settings.github.model_copy(update={"workers": workers})
        since = SystemClock().now()
        self._github.record.clear()
        said, seconds = apart(_DONE_WITHIN, look, self._settings.model_copy(update={"github": own}))
        looked = Looked(seconds, self._github.record.charged)
        count = len(self._names)
        if said != f"{count} read, 0 failed, {len(told)} changes of {count} due":
            raise WrongError(f"the product says: {said}")
        check_news(self._folder / "suanli.db", since, told)
        return looked

    def _theirs(self, told: Sequence[Told]) -> Looked:
        self._github.record.clear()
        seconds, known = self._peer.look()
        looked = Looked(seconds, self._github.record.charged)
        found = {name for name, newest in known.items() if newest != self._known[name]}
        if found != {each.repository for each in told}:
            raise WrongError(f"nvchecker found {len(found)} changes, not these {len(told)}")
        self._known = known
        return looked


def begin(settings: Settings, repositories: int) -> None:
    """Read everything once. Runs in a process of its own."""
    wiring.upgrade(settings)
    store, clock = wiring.open_store(settings), SystemClock()
    wiring.declare_releases(settings, store, clock)
    said = _reading(settings, store, clock).run(clock.now())
    store.close()
    if said != f"{repositories} read, 0 failed, 0 changes of {repositories} due":
        raise WrongError(f"the first reading says: {said}")


def look(settings: Settings) -> tuple[str, float]:
    """Read everything again: what came of it, and the seconds that it took. Runs in a process of its own."""
    store, clock = wiring.open_store(settings), SystemClock()
    reading = _reading(settings, store, clock)
    reading.hurry()
    gc.collect()  # what setting up left behind is not the look's
    started = clock.elapsed()
    said = reading.run(clock.now())
    seconds = clock.elapsed() - started
    store.close()
    return said, seconds


def _reading(settings: Settings, store: Store, clock: SystemClock) -> ReadReleases:
    logs.configure(sys.stderr)
    return wiring.build_reading(settings, store, wiring.build_site(settings), clock)


def _settings(url: str, folder: Path, names: Sequence[str]) -> Settings:
    places = ", ".join(f'"{name}"' for name in names)
    (folder / "suanli.toml").write_text(_CONFIG.format(workers=WORKERS, places=places, group=_GROUP), "utf-8")
    database = f"sqlite:///{folder / 'suanli.db'}"
    return load({"SUANLI_DATABASE_URL": database, "GITHUB_API_URL": url, "GITHUB_TOKEN": TOKEN}, folder)


def figures_of(repositories: int, taken: Sequence[Round], few: Looked, simple: int) -> tuple[Figure, ...]:
    """The table. Of the simple poller's requests `simple` counted, in one look."""

    def figure(what: str, value: Callable[[Round], float], unit: str, target: Target | None = None) -> Figure:
        values = tuple(map(value, taken))
        return Figure(f"{repositories} repositories: {what}", median(values), unit, target, values)

    return (
        figure("requests that count", lambda one: one.ours.charged, "requests"),
        figure("nvchecker's", lambda one: one.theirs.charged, "requests"),
        figure(f"requests ÷ simple poller's {simple}", lambda one: one.ours.charged / simple, "×", Target("≤", 0.06)),
        figure("seconds", lambda one: one.ours.seconds, "s"),
        figure("nvchecker's", lambda one: one.theirs.seconds, "s"),
        figure("seconds ÷ nvchecker's", lambda one: one.ours.seconds / one.theirs.seconds, "×", Target("≤", 1)),
        figure("seconds ÷ nvchecker's but for its start", lambda one: one.ours.seconds / one.at_work, "×"),
        Figure(f"{repositories} repositories: seconds with {FEW_WORKERS} workers", few.seconds, "s"),
    )
