"""Whatever is done to an item, a watch is told exactly when something it is about happened, or the item came to match.

The judge keeps its own account, by the item's states alone; the events are those that looks at the item really find.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.releases import Change, Item, Kind, Notice, Part, State, Watch, WatchNumber
from suanli.domain.releases.changes import CHOICES, parts_of
from suanli.domain.releases.filters import Document, parse
from suanli.domain.releases.routing import Follower, before_of, route, stories
from suanli.domain.releases.transitions import Observed
from tests.dialogue import SHANGHAI
from tests.fakes import NOON
from tests.release_items import DAY, MINUTE, VLLM, Observer, issue, pull, tracked

CHAT = Target(Platform.FEISHU, TargetKind.CHAT, "oc_a")
BEGINNINGS = {Kind.ISSUE: Change.ISSUE_OPENED, Kind.PULL: Change.PR_OPENED}
OF_THREADS = [word for word in CHOICES if Part.ISSUES in parts_of(VLLM.hub, [word])]

WORDS = st.lists(st.sampled_from([*OF_THREADS, "bots"]), min_size=1, max_size=3, unique=True).map(tuple)
FILTERS = st.sampled_from(
    ["", "deepseek", "deepseek|崩溃", "label:new-model", "+deepseek -label:bug", "kind:pr", "-crash"]
)
STATES = st.sampled_from([State.OPEN, State.CLOSED, State.MERGED])
TITLES = st.sampled_from(["Crash", "DeepSeek-V4 crash", "崩溃", "deepseek"])
LABELS = st.sets(st.sampled_from(["bug", "new-model", "p1"])).map(lambda labels: tuple(sorted(labels)))


@dataclass(frozen=True)
class Step:
    """What an item is like from a look on."""

    title: str
    labels: tuple[str, ...]
    state: State
    body: str = ""


STEPS = st.lists(st.builds(Step, TITLES, LABELS, STATES, TITLES), min_size=1, max_size=6)


def follower(words: Sequence[str], text: str) -> Follower:
    return Follower(Watch(WatchNumber(1), CHAT, VLLM, tuple(words), text, NOON), parse(text))


@dataclass
class Story:
    """One item through all its looks; it may have been there before anybody watched."""

    is_pull: bool
    is_old: bool
    by_bot: bool
    observer: Observer = field(default_factory=lambda: Observer(tracked(VLLM, Part.ISSUES)))

    def __post_init__(self) -> None:
        self.observer.look(issue(1, NOON - DAY))

    def look(self, step: Step) -> Observed:
        at = self.observer.now + MINUTE
        ended = at if step.state is not State.OPEN else None
        state = State.CLOSED if step.state is State.MERGED and not self.is_pull else step.state
        created = NOON - DAY if self.is_old else NOON + 6 * MINUTE
        make = pull if self.is_pull else issue
        item = make(7, at, state, title=step.title, labels=step.labels, body=step.body, by_bot=self.by_bot)
        return self.observer.look(replace(item, created_at=created, ended_at=ended))

    def item(self) -> Item:
        return self.observer.item("#7")


STORIES = st.builds(Story, st.booleans(), st.booleans(), st.booleans())


def told(who: Follower, observed: Observed) -> list[Notice]:
    found = stories(observed.events, observed.before)
    return [notice for story in found for notice in route(who, story, NOON, SHANGHAI)]


def matches(who: Follower, item: Item) -> bool:
    return who.filter.match(Document.of(item)) is not None


@given(STORIES, STEPS, WORDS, FILTERS)
def test_a_watch_is_told_what_it_is_about_and_once_that_an_item_came_to_match(
    story: Story, steps: list[Step], words: tuple[str, ...], text: str
) -> None:
    who = follower(words, text)
    before: Item | None = None
    for step in steps:
        observed = story.look(step)
        item = story.item()
        own = [event.change for event in observed.events if event.change in who.changes]
        is_new = BEGINNINGS[item.kind] in {event.change for event in observed.events}
        entered = bool(observed.events) and text != "" and not is_new and not (before and matches(who, before))
        expected = own or [Change.MATCHED] * (entered and BEGINNINGS[item.kind] in who.changes)
        is_silent = not matches(who, item) or (story.by_bot and "bots" not in words)
        assert [notice.change for notice in told(who, observed)] == ([] if is_silent else expected)
        before = item


@given(STORIES, STEPS, WORDS, WORDS, FILTERS)
def test_who_asks_for_more_changes_hears_of_no_item_less(
    story: Story, steps: list[Step], words: tuple[str, ...], more: tuple[str, ...], text: str
) -> None:
    fewer, all_of_them = follower(words, text), follower((*words, *more), text)
    for step in steps:
        observed = story.look(step)
        assert bool(told(fewer, observed)) <= bool(told(all_of_them, observed))


@given(STORIES, STEPS, WORDS, FILTERS)
def test_looking_again_at_the_same_tells_nothing(
    story: Story, steps: list[Step], words: tuple[str, ...], text: str
) -> None:
    who = follower(words, text)
    for step in steps:
        story.look(step)
        assert told(who, story.observer.look(story.item())) == []


@given(STORIES, STEPS)
def test_what_a_change_says_of_how_it_was_before_is_true(story: Story, steps: list[Step]) -> None:
    before: Item | None = None
    for step in steps:
        observed = story.look(step)
        was = before_of(observed.events) if observed.events else None
        if was and before:
            assert was.title == before.title
            assert set(was.labels) <= set(before.labels)
        before = story.item()
