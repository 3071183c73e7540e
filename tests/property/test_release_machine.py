"""The whole release tracker over HTTP and a real store: whatever happens, all of it is known and told once.

Things happen on the hubs, many in one second and some between two pages of a reading; every page comes from another
replica, up to 20 s behind; readings die before they are written down, hubs fall over, two processes read the same at
once, and webhooks come in between, late and twice.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from shutil import copyfile
from typing import Any

import pytest

from jobs.read_releases import ReadReleases
from jobs.tell_releases import TellReleases
from storage.store import SqlStore
from suanli import wiring
from suanli.domain.delivery import Parcel
from suanli.domain.ports import Store
from suanli.domain.releases import Event, Hub, Part, Place, State
from suanli.domain.releases.resources import Status
from suanli.sandbox.hubs import Fault
from tests.dying_store import Died, DyingStore
from tests.hub_listener import Listener
from tests.release_machine_world import LAG, ORG, REPO, AtOnce, Breathless, Company, Overtaken, Replicas
from tests.releasedesk import INTERVAL, ReleaseDesk, open_desk

SEEDS, EPOCHS = 6, 10
HUBS = {Hub.GITHUB, Hub.HUGGINGFACE}


@dataclass
class Machine:
    """A desk that everything goes wrong at, and all that was ever sent."""

    desk: ReleaseDesk
    company: Company
    listener: Listener
    random: Random
    sent: list[Parcel] = field(default_factory=list)
    deaths: int = 0

    def epoch(self) -> None:
        """Let things happen, each thing once, with all kinds of readings between; then read until all is known."""
        self.company.touched.clear()
        deeds = ["act"] * self.random.choice([0, 1, 6, 12])
        steps = [*deeds, "look", "look", "look", "die", "die", "race", "race", "fall", "hook", "tell"]
        self.random.shuffle(steps)
        for step in steps:
            self.desk.clock.advance(timedelta(seconds=self.random.choice([0, 0, 0.4, 7, 15, 61])))
            self._step(step)
            self.sent += self.desk.talk.parcels()
        self.settle()

    def _step(self, step: str) -> None:
        match step:
            case "act":
                self.company.act()
            case "look":
                self._reading(self.desk.store).run(self.desk.clock.now())
            case "die":
                self._die()
            case "race":
                self._race()
            case "fall":
                faults = self.random.choice([self.desk.github.faults, self.desk.huggingface.faults])
                faults.lay(*[self.random.choice([Fault.BAD_GATEWAY, Fault.WEB_PAGE, Fault.DROPPED])] * 2)
            case "hook":
                self._hook()
            case _:
                self._tell(self.desk.store)

    def _reading(self, store: Store, **more: Any) -> ReadReleases:
        """What reads the hubs in another process."""
        desk = self.desk
        desk.reading.hurry()
        sources = wiring.build_reading(desk.settings, desk.store, desk.reading.site, desk.clock).sources
        if more:
            sources = {hub: replace(each, upstream=Overtaken(each.upstream, **more)) for hub, each in sources.items()}
        return ReadReleases(store, sources, desk.reading.site, desk.clock, INTERVAL, AtOnce)

    def _die(self) -> None:
        for each in (self._read_and_die, self._tell_and_die):
            try:
                each()
            except Died:
                self.deaths += 1

    def _read_and_die(self) -> None:
        dying = DyingStore(self.desk.store, self.random.randint(1, 12))
        self._reading(dying).run(self.desk.clock.now())

    def _tell_and_die(self) -> None:
        self._tell(DyingStore(self.desk.store, 1))

    def _tell(self, store: Store) -> None:
        TellReleases(store, self.desk.reading.site, self.desk.clock).run(self.desk.clock.now())

    def _race(self) -> None:
        """Two processes read the same; the one that asked first writes it down last, after more has happened."""
        readings, overtaken = itertools.count(), self.random.randrange(3)

        def meanwhile() -> None:
            if next(readings) == overtaken:
                for _ in range(self.random.choice([0, 1, 4])):
                    self.company.act()
                # Two processes write nothing down in the same microsecond.
                self.desk.clock.advance(timedelta(seconds=self.random.choice([0.001, 5, 45])))
                self._reading(self.desk.store).run(self.desk.clock.now())

        self._reading(self.desk.store, meanwhile=meanwhile).run(self.desk.clock.now())

    def _hook(self) -> None:
        """A webhook brings an issue as it is now, once or twice; or one that nobody touched, late."""
        issues = [thread.number for thread in self.company.threads if not thread.is_pull]
        if issues:
            body = self.listener.issue(self.random.choice(issues))
            for _ in range(self.random.choice([1, 2])):
                self.listener.changes("issues", body)

    def settle(self) -> None:
        """Read until everything was read whole after the last change could be seen."""
        self.desk.clock.advance(LAG)
        since = self.desk.clock.now()
        for _ in range(30):
            self.sent += self.desk.look(INTERVAL)
            self._tell(self.desk.store)
            if self._is_settled(since):
                return
        pytest.fail("it never came to rest")

    def _is_settled(self, since: Any) -> bool:
        with self.desk.store.begin() as tx:
            known = tx.resources.all()
            missing = [item for each in known for item in tx.resources.missing(each.id).values()]
        return all(each.item.state is State.GONE for each in missing) and all(
            each.read_at is not None and each.read_at > since and each.sweep is None and each.status is Status.WELL
            for each in known
        )

    def finish(self) -> None:
        """Let two days pass, so that every digest is told."""
        self.settle()
        for _ in range(48):
            self.desk.clock.advance(timedelta(hours=1))
            self._tell(self.desk.store)
        self.sent += self.desk.talk.parcels()

    def events(self) -> list[Event]:
        with self.desk.store.begin() as tx:
            places = (Place(Hub.GITHUB, REPO), Place(Hub.HUGGINGFACE, ORG))
            start = self.desk.clock.now() - timedelta(days=60)
            return [event for place in places for event in tx.happenings.since(place, start, 100_000)]


@contextmanager
def machine_of(seed: int, folder: Path, store: SqlStore) -> Iterator[Machine]:
    """A machine of which everything that happens is drawn from this seed."""
    random, clock = Random(seed), Breathless()  # noqa: S311 the same in every run
    replicas = Replicas(Random(seed))  # noqa: S311 as above
    (folder / "suanli.toml").write_text("[github]\nworkers = 1\n", "utf-8")
    secret = "the-hubs-and-we-know-it"
    with open_desk(folder, store, clock, switches=replicas, SUANLI_GITHUB_WEBHOOK_SECRET=secret) as desk:
        company = Company(desk, random, desk.github.world.add(REPO))
        company.follow()
        company.begin(random.choice([0, 5, 60, 90]))
        clock.advance(timedelta(hours=1))
        desk.begin()
        replicas.company = company
        yield Machine(desk, company, Listener(desk, company.repository), random)


@pytest.fixture(params=range(SEEDS))
def machine(request: pytest.FixtureRequest, tmp_path: Path, sqlite_store: SqlStore) -> Iterator[Machine]:
    with machine_of(request.param, tmp_path, sqlite_store) as machine:
        yield machine


def test_the_same_seed_is_the_same_history_so_that_a_failure_can_be_had_again(tmp_path: Path, migrated: Path) -> None:
    one, other = (history(tmp_path / name, migrated) for name in ("one", "other"))
    assert one == other


def history(folder: Path, migrated: Path) -> object:
    """What happened in a few epochs, when it was seen, and what would happen next."""
    folder.mkdir()
    store = SqlStore(f"sqlite:///{copyfile(migrated, folder / 'suanli.db')}")
    with closing(store), machine_of(3, folder, store) as machine:
        for _ in range(3):
            machine.epoch()
        seen = sorted((event.observed_at, event.item.name, event.change) for event in machine.events())
        return seen, machine.company.expected, machine.random.getstate()


def test_whatever_happens_everything_is_known_and_told_once(machine: Machine) -> None:
    for _ in range(EPOCHS):
        machine.epoch()
        everything_is_known(machine)
        told_as_expected(machine)
    machine.finish()
    told_as_expected(machine)
    sent_once(machine)
    assert machine.deaths > 0


def everything_is_known(machine: Machine) -> None:
    """The final version of everything is in the store."""
    company = machine.company
    with machine.desk.store.begin() as tx:
        parts = {each.part: tx.resources.items(each.id) for each in tx.resources.all()}
    threads = {native_id: known.item.title for native_id, known in parts[Part.ISSUES].items()}
    assert threads == {f"#{each.number}": f"about {each.text}" for each in company.threads}
    states = {f"#{each.number}": each.state for each in company.threads}
    assert {native_id: str(known.item.state) for native_id, known in parts[Part.ISSUES].items()} == states
    labels = {f"#{each.number}": company.repository.issue(each.number).labels for each in company.threads}
    assert {native_id: known.item.labels for native_id, known in parts[Part.ISSUES].items()} == labels
    models = {item.name: item.revision for item in (known.item for known in parts[Part.MODELS].values())}
    assert models.items() >= {model.name: model.sha for model in company.models}.items()


def told_as_expected(machine: Machine) -> None:
    """Each watch tells what it is about, each of that once, and nothing else."""
    found: Counter[Any] = Counter()
    events = machine.events()
    with machine.desk.store.begin() as tx:
        for event in events:
            found.update((each.watch, event.item.name, each.change) for each in tx.watches.told(event.fingerprint))
    assert found == machine.company.expected


def sent_once(machine: Machine) -> None:
    """Every notice is in one message to its target, which names it or counts it, and no other message does."""
    sent = {parcel.key: parcel for parcel in machine.sent if not parcel.redraws}
    told: dict[str, set[str]] = {}
    for event in machine.events():
        with machine.desk.store.begin() as tx:
            keys = {notice.message_key or "" for notice in tx.watches.told(event.fingerprint)}
        assert len({sent[key].target for key in keys}) == len(keys)
        for key in keys:
            told.setdefault(key, set()).add(event.short)
    for key, shorts in told.items():
        said = machine.desk.read(sent[key])
        named = set(re.findall("#[0-9a-f]{8}", said))
        hidden = re.search("另有 ([0-9]+) 条", said)
        assert named <= shorts
        assert len(named) + int(hidden[1] if hidden else 0) == len(shorts)
