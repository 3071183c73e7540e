"""No last version of an issue is lost, whatever happens while a hub is read (releases.md §2.3); simpler ways lose some.

40 hubs are read 200 times each: their issues change all the time, many in the same second, and between two pages of
a reading; each page comes from another replica, up to 20 s behind; readings end without an answer, or are thrown away
before they are written down. Pages are a fifth as long as GitHub's, so that most readings take several.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Hub, Item, Part, Place, Reading, ResourceId, Tracked, Validator
from suanli.domain.releases.resources import OVERLAP, after_reading
from suanli.sources.github import GitHub
from suanli.sources.github.lists import items_of, newest, oldest
from tests.fakes import NOON
from tests.moving_hub import LAG, MovingHub

RUNS, POLLS = 40, 200
SOME = range(4)
PLACE = Place(Hub.GITHUB, "o/r")
INTERVAL = timedelta(minutes=5)

PAUSES = [(20, 0), (60, 0), (300, 0), (5, 3), (20, 5), (60, 5), (20, 20), (300, 40)]
"""Seconds between two readings, and changes in them."""

OUTAGE = (3600, 500)
"""After this there is more than one reading takes in."""

Reader = Callable[["MovingHub", "Memory"], Reading]


@dataclass(slots=True)
class Memory:
    """What is written down: where the resource stands, the validators and the newest of each item."""

    tracked: Tracked = field(default_factory=lambda: Tracked(ResourceId(1), PLACE, Part.ISSUES, NOON))
    validators: dict[str, Validator] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    def commit(self, reading: Reading, now: datetime) -> None:
        self.tracked = after_reading(self.tracked, reading, INTERVAL, now)
        self.validators |= {validator.url: validator for validator in reading.validators}
        for item in reading.items:
            before = self.items.get(item.native_id)
            if before is None or not before.updated_at or not item.updated_at or before.updated_at <= item.updated_at:
                self.items[item.native_id] = item


def ours(hub: MovingHub, memory: Memory) -> Reading:
    return GitHub(hub).read(memory.tracked, dict(memory.validators), lambda _: dict(memory.items))


def downwards(stops: Callable[[datetime, datetime], bool]) -> Reader:
    """Newest first, page by page, until something is old enough; nothing asked conditionally."""

    def read(hub: MovingHub, memory: Memory) -> Reading:
        tracked = memory.tracked
        url = hub.address_of("/repos/o/r/issues?state=all&sort=updated&direction=desc&per_page=100")
        found: list[Item] = []
        while url:
            page = hub.get(url)
            items = items_of(page)
            found += items
            last = oldest(items)
            done = tracked.baselined_at is None or (tracked.cursor and last and stops(last, tracked.cursor))
            url = "" if done else page.next_url
        if tracked.cursor:
            cursor = tracked.cursor
            found = [item for item in found if item.updated_at and not stops(item.updated_at, cursor)]
        return Reading(tuple(found), cursor=newest(found))

    return read


@dataclass(slots=True)
class Run:
    """A hub that is read time and again, and what is remembered of it. `begun` is when it was first read.

    `missed` are versions of issues that every replica knew before a reading began, that were still the last ones when
    it ended, and that are not remembered after it.
    """

    hub: MovingHub
    reader: Reader
    memory: Memory = field(default_factory=Memory)
    begun: float | None = None
    missed: set[tuple[str, str]] = field(default_factory=set)
    resumed: int = 0

    def look(self, *, crash: bool = False) -> None:
        """Read once; with `crash`, what was read is not written down."""
        moment = self.hub.now
        try:
            reading = self.reader(self.hub, self.memory)
        except RemoteError:
            return
        if crash:
            return
        self.begun = self.begun or moment
        self.memory.commit(reading, NOON)
        if self.memory.tracked.sweep:
            self.resumed += 1
        else:
            self._compare(moment - self.hub.lag)

    def _compare(self, moment: float) -> None:
        titles = {key: item.title for key, item in self.memory.items.items()}
        self.missed |= self.hub.settled(self.begun or 0, moment).items() - titles.items()


def run_of(reader: Reader, seed: int, *, lag: float = LAG) -> Run:
    random = Random(seed)  # noqa: S311 the same in every run
    run = Run(MovingHub(random, lag=lag, trouble=0.05), reader)
    run.hub.pass_time(100_000, random.choice([0, 3, 80, 300]))
    for _ in range(POLLS):
        run.hub.quiet = random.random() < 0.4
        run.look(crash=random.random() < 0.1)
        if run.memory.tracked.sweep is None:
            run.hub.pass_time(*(OUTAGE if random.random() < 0.02 else random.choice(PAUSES)))
    run.hub.quiet, run.hub.trouble = True, 0
    run.hub.pass_time(lag + 1, 0)
    run.look()
    while run.memory.tracked.sweep:
        run.look()
    return run


@pytest.mark.parametrize("seed", range(RUNS))
def test_no_last_version_is_lost(seed: int) -> None:
    run = run_of(ours, seed)
    assert run.missed == set()
    assert run.hub.unchanged
    assert len(run.hub.settled(run.begun or 0, run.hub.now)) > 50


def test_readings_that_are_too_long_go_on_where_they_stopped() -> None:
    assert sum(run_of(ours, seed).resumed for seed in SOME) > 2


def test_stopping_at_the_cursor_loses_what_happens_in_the_same_second() -> None:
    """How the original did it; so the check can fail."""
    assert sum(len(run_of(downwards(lambda moment, cursor: moment <= cursor), seed, lag=0).missed) for seed in SOME) > 5


def test_without_an_overlap_what_a_replica_did_not_know_is_lost() -> None:
    assert not any(run_of(downwards(lambda moment, cursor: moment < cursor), seed, lag=0).missed for seed in SOME)
    assert sum(len(run_of(downwards(lambda moment, cursor: moment < cursor), seed).missed) for seed in SOME) > 10


def test_counting_pages_by_number_leaves_gaps_between_replicas_in_spite_of_the_overlap() -> None:
    with_overlap = downwards(lambda moment, cursor: moment < cursor - OVERLAP)
    assert not any(run_of(with_overlap, seed, lag=0).missed for seed in SOME)
    assert sum(len(run_of(with_overlap, seed).missed) for seed in SOME) > 10
