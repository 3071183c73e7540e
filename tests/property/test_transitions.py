"""A hub on which anything happens, read by replicas that lag, in pages, twice: each state is remembered once."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from suanli.domain.releases import Event, Item, Kind, Known, Part, Reading, State
from suanli.domain.releases.changes import Change
from suanli.domain.releases.resources import GONE_AFTER, Status, Tracked
from suanli.domain.releases.transitions import observe
from tests.fakes import NOON
from tests.release_items import DAY, DEEPSEEK, MINUTE, VLLM, Observer, changes, issue, model, pull, tracked

SECONDS = st.integers(0, 3).map(lambda seconds: timedelta(seconds=seconds))
LAGS = st.integers(0, 6).map(lambda seconds: timedelta(seconds=seconds))
LABELS = st.sampled_from(["bug", "p1", "new-model"])
TEXTS = st.sampled_from(["Crash", "DeepSeek-V4 crash", "崩溃"])
SEEDS = st.integers(0, 99)


class IssuesMachine(RuleBasedStateMachine):
    """Issues and pull requests of one repository, all that ever happened to each, and what was told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON + MINUTE
        self.numbers = count(10)
        self.history: dict[str, list[Item]] = {}
        self.observer = Observer(tracked(VLLM, Part.ISSUES), NOON)
        self.events: list[Event] = []
        self.kept: defaultdict[str, list[Item]] = defaultdict(list)
        for old in (issue(1, NOON - DAY), pull(2, NOON - DAY), issue(3, NOON - DAY, State.CLOSED)):
            self.history[old.native_id] = [old]
        self.observer.look(*self.shown(timedelta(0)))
        self.at += 6 * MINUTE

    # What happens there.

    def change(self, seed: int, **fields: object) -> None:
        items = [states[-1] for states in self.history.values()]
        self.write(replace(items[seed % len(items)], updated_at=self.at, **fields))  # type: ignore[arg-type]  # any

    def write(self, item: Item) -> None:
        self.history.setdefault(item.native_id, []).append(item)

    @rule(after=SECONDS, is_pull=st.booleans())
    def open(self, after: timedelta, *, is_pull: bool) -> None:
        self.at += after
        self.write((pull if is_pull else issue)(next(self.numbers), self.at))

    @rule(after=SECONDS, seed=SEEDS, title=TEXTS)
    def retitle(self, after: timedelta, seed: int, title: str) -> None:
        self.at += after
        self.change(seed, title=title)

    @rule(after=SECONDS, seed=SEEDS, labels=st.sets(LABELS))
    def label(self, after: timedelta, seed: int, labels: set[str]) -> None:
        self.at += after
        self.change(seed, labels=tuple(sorted(labels)))

    @rule(after=SECONDS, seed=SEEDS, merge=st.booleans())
    def end_or_reopen(self, after: timedelta, seed: int, *, merge: bool) -> None:
        self.at += after
        item = [states[-1] for states in self.history.values()][seed % len(self.history)]
        if item.state is State.CLOSED:
            self.change(seed, state=State.OPEN, ended_at=None)
        elif item.state is State.OPEN:
            merged = merge and item.kind is Kind.PULL
            self.change(seed, state=State.MERGED if merged else State.CLOSED, ended_at=self.at)

    # Who looks.

    def shown(self, lag: timedelta) -> list[Item]:
        """What a replica shows that lags so far behind; it is behind by whole seconds."""
        until = self.at - lag
        states = [
            [item for item in known if item.updated_at and item.updated_at <= until] for known in self.history.values()
        ]
        return [known[-1] for known in states if known]

    @rule(lag=LAGS, seed=SEEDS, share=st.sampled_from([0.3, 0.7, 1.0]), pages=st.integers(1, 3))
    def look(self, lag: timedelta, seed: int, share: float, pages: int) -> None:
        """Each page may come from another replica, and show again what the one before it showed."""
        random = Random(seed)  # noqa: S311 a test's choice
        lags = [lag] + [timedelta(seconds=random.randrange(7)) for _ in range(pages - 1)]
        items = [item for each in lags for item in self.shown(each) if random.random() < share]
        random.shuffle(items)
        self.read(tuple(items))

    def read(self, items: tuple[Item, ...]) -> None:
        reading = Reading(items, cursor=max((i.updated_at for i in items if i.updated_at), default=None))
        before = (self.observer.tracked, dict(self.observer.known), self.observer.now + 5 * MINUTE)
        seen = self.observer.take(reading)
        assert observe(before[0], before[1], replace(reading, items=items[::-1]), before[2]) == seen
        for known in seen.remembered:
            self.kept[known.item.native_id].append(known.item)
        self.events += seen.events
        again = self.observer.take(reading)
        assert (again.remembered, again.events) == ((), ())

    # What must hold.

    @invariant()
    def no_state_is_remembered_twice(self) -> None:
        for items in self.kept.values():
            assert all(one != other for n, one in enumerate(items) for other in items[:n] if not self.returned(one))

    def returned(self, item: Item) -> bool:
        """Whether it stood so twice within one second: opened again, or given its earlier title or labels back."""
        return self.history[item.native_id].count(item) > 1

    @invariant()
    def one_name_is_of_one_happening(self) -> None:
        facts = defaultdict(set)
        for event in self.events:
            facts[event.fingerprint].add((event.item.native_id, event.change, fact(event)))
        assert all(len(same) == 1 for same in facts.values())

    @invariant()
    def nothing_is_opened_twice_and_nothing_old_is_opened(self) -> None:
        opened = Counter(e.item.native_id for e in self.events if e.change in {Change.ISSUE_OPENED, Change.PR_OPENED})
        assert opened == {
            native_id: 1
            for native_id in self.kept
            if native_id in self.observer.known and native_id not in {"#1", "#2", "#3"}
        }

    @precondition(lambda self: self.history)
    @rule()
    def look_at_everything_as_it_is(self) -> None:
        self.read(tuple(self.shown(timedelta(0))))
        for native_id, states in self.history.items():
            assert self.observer.item(native_id) == states[-1]
            merged = [e for e in self.events if e.item.native_id == native_id and e.change is Change.PR_MERGED]
            assert len(merged) == (1 if states[-1].state is State.MERGED else 0)


def fact(event: Event) -> object:
    """What of an item makes a change of this kind another one."""
    item = event.item
    match event.change:
        case Change.ISSUE_CLOSED | Change.PR_CLOSED | Change.PR_MERGED:
            return item.ended_at
        case Change.ISSUE_REOPENED | Change.PR_REOPENED:
            return item.updated_at
        case Change.LABELED:
            return frozenset(item.labels)
        case Change.EDITED:
            return item.text
        case _:
            return None


def test_whatever_happens_and_whoever_shows_it_every_state_is_remembered_once() -> None:
    run_state_machine_as_test(IssuesMachine, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


@given(st.lists(st.one_of(st.none(), st.sets(st.sampled_from("abc"))), max_size=25))
def test_a_model_is_gone_after_three_whole_readings_in_a_row_without_it_and_never_before(
    readings: list[set[str] | None],
) -> None:
    """A reading is what was in the listing; None is one that found it unchanged."""
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    items = {name: model(name, NOON - DAY) for name in "abc"}
    observer.look(*items.values())
    absent = dict.fromkeys("abc", 0)
    listed = set("abc")
    for listing in readings:
        listed = listed if listing is None else listing
        for name in "abc":
            absent[name] = 0 if name in listed else absent[name] + 1
        gone = [f"deepseek-ai/{name} removed" for name in "abc" if absent[name] == GONE_AFTER]
        unchanged = listing is None
        shown = () if unchanged else tuple(items[name] for name in sorted(listed))
        assert changes(observer.take(Reading(shown, whole=not unchanged, unchanged=unchanged))) == gone


# Anything at all.

MOMENTS = st.one_of(st.none(), st.integers(-4, 4).map(lambda hours: NOON + timedelta(hours=hours)))
WORDS = st.one_of(st.sampled_from(["", "v1.0", "v2.0rc1", "b7", "a/b"]), st.text(max_size=5))
KINDS = {
    Part.ISSUES: [Kind.ISSUE, Kind.PULL],
    Part.RELEASES: [Kind.RELEASE],
    Part.TAGS: [Kind.TAG],
    Part.MODELS: [Kind.MODEL],
    Part.DATASETS: [Kind.DATASET],
    Part.SPACES: [Kind.SPACE],
}


def items_of(part: Part) -> st.SearchStrategy[Item]:
    return st.builds(
        Item,
        kind=st.just(KINDS[part][0]),
        native_id=st.sampled_from("123"),
        name=WORDS,
        title=WORDS,
        url=st.just(""),
        state=st.sampled_from(State).filter(lambda state: state is not State.GONE),
        labels=st.lists(WORDS, max_size=2).map(tuple),
        created_at=MOMENTS,
        updated_at=MOMENTS,
        ended_at=MOMENTS,
        published_at=MOMENTS,
        revision=st.sampled_from(["", "r1", "r2"]),
        weights=st.sampled_from(["", "w1", "w2"]),
        weights_changed=st.sampled_from([None, True, False]),
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """A resource, what is known of it, and a reading."""

    tracked: Tracked
    known: dict[str, Known]
    reading: Reading


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    part = draw(st.sampled_from(Part))
    items = items_of(part)
    known = [Known(item, NOON, quiet_until=draw(MOMENTS)) for item in draw(st.lists(items, max_size=3))]
    place = VLLM if part in {Part.ISSUES, Part.RELEASES, Part.TAGS} else DEEPSEEK
    resource = tracked(
        place,
        part,
        baselined_at=draw(MOMENTS),
        whole=draw(st.booleans()),
        cursor=draw(MOMENTS),
        silent_until=draw(MOMENTS),
        read_at=draw(MOMENTS),
        status=draw(st.sampled_from(Status)),
    )
    reading = Reading(
        tuple(draw(st.lists(items, max_size=5))), whole=draw(st.booleans()), via=draw(st.sampled_from(["", "x"]))
    )
    return Scene(resource, {one.item.native_id: one for one in known}, reading)


@given(scenes(), st.randoms(use_true_random=False))
def test_whatever_is_read_the_order_says_nothing_and_the_same_again_is_no_news(scene: Scene, random: Random) -> None:
    seen = observe(scene.tracked, scene.known, scene.reading, NOON)
    shuffled = list(scene.reading.items)
    random.shuffle(shuffled)
    assert observe(scene.tracked, scene.known, replace(scene.reading, items=tuple(shuffled)), NOON) == seen
    after = scene.known | {one.item.native_id: one for one in seen.remembered}
    again = observe(scene.tracked, after, replace(scene.reading, whole=False), NOON)
    assert (again.remembered, again.events) == ((), ())
    assert len({event.fingerprint for event in seen.events}) == len(seen.events)
    assert set(seen.before) == {one.item.native_id for one in seen.remembered} & set(scene.known)
    moments = [event.occurred_at for event in seen.events]
    assert moments == sorted(moments, key=lambda at: (at is None, at or datetime.max.replace(tzinfo=NOON.tzinfo)))
    if scene.tracked.baselined_at is None:
        assert seen.events == ()
