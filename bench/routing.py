"""How fast new issues become messages: from the readings of many repositories to the rows of the outbox."""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median

from bench.figures import Figure, Target
from bench.processes import apart
from bench.proof import Told, check_routed
from handlers.releases.news import absorb, lock_of
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain import chat
from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Item, Kind, Part, Place, Reading, State, Tracked, Validator, Watch, WatchNumber
from suanli.domain.releases.resources import Identity, after_reading
from suanli.domain.releases.watches import MOST_AT_ONCE
from suanli.domain.site import Site
from suanli.settings import load

_DONE_WITHIN = 300.0
_WHEN = ("", ", as many again")
_TIMES = len(_WHEN)
_INTERVAL = timedelta(minutes=5)
_KNOWN = 30
"""Issues of each repository that were there before anybody watched."""

_NAMES = (
    "DeepSeek", "Qwen", "GLM", "Kimi", "Llama", "Mistral", "Gemma", "Phi", "Baichuan", "InternLM",
    "MiniCPM", "Hunyuan", "ERNIE", "Pangu", "Falcon", "Mamba", "Granite", "Nemotron", "StepFun", "Yi",
)  # fmt: skip
"""What issues are about, one each; a watch looks for one of these."""

_BODY = """\
### What happens
Loading {name}-V4 with tensor parallel size {cards} ends in an illegal memory access inside the attention kernel, but
only when the prompt is longer than 32768 tokens. It does not happen with eager mode, and not with one card.

### 复现步骤
1. 在 {cards} 张卡上启动服务，打开前缀缓存和分块预填充；
2. 并发 64 路请求，每路 3.2 万字的输入，等大约 10 分钟；
3. 日志里出现 `CUDA error: an illegal memory access was encountered`，随后所有请求超时。

### Environment
- driver 570.86, toolkit 12.8, torch 2.9.1, Python 3.11; kernel 6.8, 2 TiB of memory, four network cards
- started as `serve /models/{name}-V4 --tensor-parallel-size {cards} --enable-prefix-caching --max-num-seqs 256`

Going back to the last release helps. The trace is attached, and I can test a patch on the same machine ({number}).
"""


@dataclass(frozen=True, slots=True)
class Size:
    """So many repositories with so many watches each, each of which five issues of a reading match."""

    repositories: int
    watches: int

    @property
    def events(self) -> int:
        """New issues that one reading of each repository brings."""
        return self.repositories * self.watches * MOST_AT_ONCE


def measure(folder: Path, *, events: int, rounds: int) -> tuple[Figure, ...]:
    """So many new issues, and as many again, each round with an empty database in a process of its own.

    Twice: with 20 watches of each repository, of which one matches each issue, so that a reading brings 100 of them;
    and with 10 and half as many, to see what more transactions cost.
    """
    figures: list[Figure] = []
    for watches in (len(_NAMES), len(_NAMES) // 2):
        size = Size(events // (watches * MOST_AT_ONCE), watches)
        taken = [apart(_DONE_WITHIN, take_in, folder / f"routing-{watches}-{n}", size, _TIMES) for n in range(rounds)]
        name = f"{size.events} events, {size.repositories} repositories × {watches} watches"
        for what, seconds in zip(_WHEN, zip(*taken, strict=True), strict=True):
            rates = tuple(size.events / each for each in seconds)
            target = None if what else Target("≥", 3000)
            figures.append(Figure(f"{name}{what}", median(rates), "events/s", target, rates))
    return tuple(figures)


def take_in(folder: Path, size: Size, times: int) -> tuple[float, ...]:
    """Seconds of each time, from the first reading to the last commit. Runs in a process of its own."""
    folder.mkdir()
    database = folder / "suanli.db"
    settings = load({"SUANLI_DATABASE_URL": f"sqlite:///{database}"}, folder)
    with (folder / "routing.log").open("w") as log:
        logs.configure(log)
        wiring.upgrade(settings)
        store, site, clock = wiring.open_store(settings), wiring.build_site(settings), SystemClock()
        begin(store, site, size, clock.now() - timedelta(days=1))
        seconds = tuple(_timed(store, site, clock, size, number) for number in range(times))
        store.close()
    check(database, size, times)
    return seconds


def check(database: Path, size: Size, times: int) -> None:
    """See whether everybody was told of their own issues, and of nothing else, after so many times."""
    told = [each for number in range(times) for each in expected(size, number)]
    check_routed(database, len(told) + size.repositories * _KNOWN, told)


def places(size: Size) -> Sequence[Place]:
    """The repositories."""
    return [Place(Hub.GITHUB, f"vllm-project/engine-{number}") for number in range(size.repositories)]


def begin(store: Store, site: Site, size: Size, now: datetime) -> None:
    """Let every repository be followed in each group for another name, and have been read once."""
    with store.begin() as tx:
        for place in places(size):
            for number, name in enumerate(_NAMES[: size.watches]):
                target = chat.Target(chat.Platform.FEISHU, chat.TargetKind.CHAT, f"oc_{number}")
                text = f'{name}-V4|{name}-MoE|"{name} 4 Turbo" +attention|kernel|昇腾 -revert -label:wontfix'
                declared = f"{place.word} {name}"
                words = ("issue", "pr")
                tx.watches.add(Watch(WatchNumber(0), target, place, words, text, now, declared=declared))
        tx.resources.need(dict.fromkeys(places(size), (Part.ISSUES,)), now)
    take(store, site, [_first(place, now) for place in places(size)], now)


def expected(size: Size, number: int) -> Iterator[Told]:
    """Which issue of a round is to be told to whom."""
    for place, issue in product(places(size), _numbers(size, number)):
        yield Told(place.name, f"#{issue}", f"oc_{issue % size.watches}")


def _timed(store: Store, site: Site, clock: SystemClock, size: Size, number: int) -> float:
    readings = new(size, number, clock.now())
    gc.collect()
    gc.freeze()  # what waits to be taken in would come one reading after the other, and is not to be looked through
    started = clock.elapsed()
    take(store, site, readings, clock.now())
    seconds = clock.elapsed() - started
    gc.unfreeze()
    return seconds


def new(size: Size, number: int, now: datetime) -> Sequence[tuple[Place, Reading]]:
    """A reading of each repository with new issues, others each time."""
    return [(place, _reading(_issues(place, size, number, now), now)) for place in places(size)]


def take(store: Store, site: Site, readings: Sequence[tuple[Place, Reading]], now: datetime) -> None:
    """What the job does with readings, each in a transaction."""
    for place, reading in readings:
        with store.begin() as tx:
            tracked = tx.resources.find(place, Part.ISSUES)
            assert tracked is not None
            tx.lock(lock_of(tracked))
            absorb(tx, site, tracked, reading, now, _standing(reading, now))


def _standing(reading: Reading, now: datetime) -> Callable[[Tracked], Tracked]:
    return lambda tracked: after_reading(tracked, reading, _INTERVAL, now)


def _first(place: Place, now: datetime) -> tuple[Place, Reading]:
    """What there was before anybody watched."""
    old = [_issue(place, number + 1, "octocat", now - timedelta(hours=_KNOWN - number)) for number in range(_KNOWN)]
    number = place.name.rpartition("-")[2]
    return place, _reading(old, now, Identity(f"90{number}", place.name))


def _reading(items: Sequence[Item], now: datetime, identity: Identity | None = None) -> Reading:
    probe = Validator("https://api.github.com/probe", f'W/"{now:%H%M%S%f}"', "", "", "token")
    cursor = max(item.updated_at for item in items if item.updated_at)
    return Reading(tuple(items), cursor=cursor, validators=(probe,), identity=identity, via="issues")


def _numbers(size: Size, number: int) -> range:
    """The numbers of the issues that are new in a round, in each repository."""
    count = size.watches * MOST_AT_ONCE
    first = _KNOWN + number * count + 1
    return range(first, first + count)


def _issues(place: Place, size: Size, number: int, now: datetime) -> list[Item]:
    """The new issues of a repository in a round, a second apart, each about the next name."""
    numbers = _numbers(size, number)
    return [
        _issue(place, issue, _NAMES[issue % size.watches], now - timedelta(seconds=numbers.stop - issue))
        for issue in numbers
    ]


def _issue(place: Place, number: int, name: str, at: datetime) -> Item:
    cards = 2 ** (number % 4)
    return Item(
        kind=Kind.ISSUE,
        native_id=f"#{number}",
        name=f"#{number}",
        title=f"[Bug] {name}-V4 fails in the attention kernel on {cards} cards",
        url=f"https://github.com/{place.name}/issues/{number}",
        state=State.OPEN,
        body=_BODY.format(name=name, cards=cards, number=number),
        author="octocat",
        labels=("bug", "new-model"),
        created_at=at,
        updated_at=at,
    )
