"""The chat commands about releases without the hubs: what was read is written straight into a real store."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from handlers.releases.news import announce
from jobs.tell_releases import TellReleases
from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.answer import Answer, Link
from suanli.domain.chat import ChatKind, Person, Platform, Target, TargetKind
from suanli.domain.delivery import Parcel
from suanli.domain.releases import (
    Change,
    Event,
    Item,
    Known,
    Part,
    Place,
    Rhythm,
    Tracked,
    Watch,
    WatchNumber,
)
from suanli.domain.releases.changes import fingerprint
from suanli.domain.releases.places import read_place
from tests.dialogue import BOSS, LI, Dialogue
from tests.fakes import FakeClock

GROUP = Target(Platform.FEISHU, TargetKind.CHAT, "oc_group")
LI_ALONE = Target(Platform.FEISHU, TargetKind.OPEN_ID, LI.open_id)
VLLM = "vllm-project/vllm"


@dataclass
class Chat:
    """People who talk to the bot about releases, and a store that can be told what was read."""

    store: SqlStore
    clock: FakeClock
    talk: Dialogue = field(init=False)
    telling: TellReleases = field(init=False)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.talk = Dialogue(self.store, self.clock)
        self.telling = TellReleases(self.store, self.talk.site, self.clock)

    def ask(self, text: str, by: Person = LI) -> str:
        """What somebody is told in private."""
        return self.talk.ask(text, sender=by)

    def ask_in_group(self, text: str, by: Person = BOSS) -> str:
        """What somebody is told in the group; unless it is said who, an admin."""
        return self.talk.ask(text, sender=by, kind=ChatKind.GROUP)

    def grant(self, person: Person, role: Role) -> None:
        """Give somebody a role."""
        with self.store.begin() as tx:
            tx.grants.put(Grant(Platform.FEISHU, person.open_id, role, BOSS.open_id, self.clock.now()))

    def follow(
        self, place: str, words: Sequence[str], text: str = "", *, target: Target = LI_ALONE,
        rhythm: Rhythm | None = None, declared: str | None = None,
    ) -> Watch:  # fmt: skip
        """A watch, as if somebody had made it now."""
        watch = Watch(
            WatchNumber(0), target, place_of(place), tuple(words), text, self.clock.now(),
            rhythm=rhythm or Rhythm(), declared=declared,
        )  # fmt: skip
        with self.store.begin() as tx:
            return tx.watches.add(watch)

    def watch(self, number: int) -> Watch:
        """A watch as it is stored."""
        with self.store.begin() as tx:
            found = tx.watches.find(WatchNumber(number))
        assert found is not None
        return found

    def watches(self) -> Sequence[Watch]:
        """Every watch."""
        with self.store.begin() as tx:
            return tx.watches.all()

    def read(self, place: str, part: Part, *items: Item) -> Tracked:
        """Let a part of a place have been read now, for the first time if there was none, with these items."""
        with self.store.begin() as tx:
            now = self.clock.now()
            needed = {watch.place: set(watch.parts) for watch in tx.watches.all()}
            needed.setdefault(place_of(place), set()).add(part)
            tx.resources.need({each: sorted(parts) for each, parts in needed.items()}, now)
            found = tx.resources.find(place_of(place), part)
            assert found is not None
            read = replace(found, baselined_at=found.baselined_at or now, read_at=now)
            tx.resources.save(read)
            tx.resources.remember(read.id, [Known.new(item, now) for item in items])
        return read

    def happen(
        self, change: Change, item: Item, *, part: Part = Part.ISSUES, place: str = VLLM, detail: str = "",
        before: Item | None = None, told: bool = True,
    ) -> Event:  # fmt: skip
        """A change of an item, seen now, and told to those who follow the place unless they were not yet there."""
        event = self.event(change, item, part=part, place=place, detail=detail)
        with self.store.begin() as tx:
            tx.happenings.add([event])
            if told:
                known = {item.native_id: before} if before else {}
                announce(tx, self.talk.site, event.place, [event], known, self.clock.now())
        return event

    def event(
        self, change: Change, item: Item, *, part: Part = Part.ISSUES, place: str = VLLM, detail: str = ""
    ) -> Event:
        """A change of an item, seen now; every one has a name of its own."""
        where = place_of(place)
        name = fingerprint(f"{where.hub}|{part}|1", item.native_id, change, str(next(self._numbers)))
        at = item.updated_at or item.published_at
        return Event(name, where, part, change, item, at, self.clock.now(), detail)

    def look(self, *events: Event) -> None:
        """All of this was found in one look, and is told to those who follow the place."""
        with self.store.begin() as tx:
            new = tx.happenings.add(events)
            announce(tx, self.talk.site, events[0].place, new, {}, self.clock.now())

    def tell(self, after: timedelta = timedelta(0)) -> list[Parcel]:
        """Let time pass and tell what was put by; what is to be sent for it."""
        self.clock.advance(after)
        self.telling.run(self.clock.now())
        return self.talk.parcels()

    def said(self, parcels: Sequence[Parcel]) -> list[str]:
        """What the messages are called, in order."""
        return [parcel.answer.title for parcel in parcels]


def place_of(word: str) -> Place:
    """The place that a word names."""
    found = read_place(word)
    assert found is not None
    return found


def links(answer: Answer) -> Mapping[str, str]:
    """Where an answer leads, by the texts of its links."""
    spans = (span for block in answer.blocks for span in getattr(block, "spans", ()))
    return {span.text: span.url for span in spans if isinstance(span, Link)}
