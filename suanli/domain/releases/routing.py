"""Who is told of what: each watch looks at what happened to an item, by its changes and its filter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from suanli.domain.releases.changes import BOTS, Change, Event
from suanli.domain.releases.filters import Document, Filter
from suanli.domain.releases.items import Item, Kind, Part, State
from suanli.domain.releases.watches import Notice, Watch, due_at


@dataclass(frozen=True, slots=True)
class Follower:
    """A watch with its filter, read once for all that happens in one look."""

    watch: Watch
    filter: Filter
    changes: frozenset[Change] = field(init=False)
    parts: tuple[Part, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what the words mean."""
        object.__setattr__(self, "changes", self.watch.changes)
        object.__setattr__(self, "parts", self.watch.parts)


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one item in one look: at least one event, in order, and the item as it was before."""

    events: tuple[Event, ...]
    before: Item | None
    document: Document
    earlier: Document | None

    @property
    def item(self) -> Item:
        """The item as it is now."""
        return self.events[-1].item


def stories(events: Sequence[Event], before: Mapping[str, Item]) -> Iterator[Story]:
    """The events by item, in the order in which the items first come."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.item.native_id, []).append(event)
    for native_id, told in found.items():
        item = before.get(native_id)
        yield Story(tuple(told), item, Document.of(told[-1].item), Document.of(item) if item else None)


def route(follower: Follower, story: Story, now: datetime, zone: ZoneInfo) -> tuple[Notice, ...]:
    """What a watch tells of an item: each change that it is about, or that the item has come to match its filter.

    The latter whatever brought that about, a label, another title, or that an old item was touched: once, and only
    to whom a new item of this kind would be told.
    """
    watch = follower.watch
    if story.events[0].part not in follower.parts or is_noise(follower, story.item):
        return ()
    why = follower.filter.match(story.document)
    if why is None:
        return ()
    told = [(event, event.change) for event in story.events if is_about(follower, event)]
    if not told and _has_come_to_match(follower, story):
        told = [(story.events[0], Change.MATCHED)]
    due = due_at(watch, now, zone)
    return tuple(Notice(watch.number, event.fingerprint, change, why, now, due) for event, change in told)


def concerns(follower: Follower, item: Item) -> bool:
    """Whether a watch tells of items like this one, which is of one of its parts; nothing need have happened to it."""
    possible = _POSSIBLE.get((item.kind, item.state)) or _POSSIBLE.get((item.kind, None))
    is_asked = possible is None or not possible.isdisjoint(follower.changes)
    return is_asked and not is_noise(follower, item) and follower.filter.match(Document.of(item)) is not None


def before_of(events: Sequence[Event]) -> Item | None:
    """The item as it was before what happened in one look, as far as that tells: its title and labels; else None."""
    item = events[-1].item
    for event in events:
        if event.change is Change.EDITED and event.detail:
            item = replace(item, title=event.detail)
        if event.change is Change.LABELED:
            item = replace(item, labels=tuple(each for each in item.labels if each not in event.detail.split(", ")))
    return item if item != events[-1].item else None


def is_about(follower: Follower, event: Event) -> bool:
    """Whether a watch asked for this change; a prerelease that gets another tag is still none of a stable one."""
    if event.change is Change.PROMOTED and event.item.state is State.PRERELEASE:
        return Change.PRERELEASED in follower.changes
    return event.change in follower.changes


def is_noise(follower: Follower, item: Item) -> bool:
    """Whether a machine wrote it: left out unless somebody asks for bots or for an author (releases.md §2.9)."""
    by_bot = item.by_bot and item.kind in {Kind.ISSUE, Kind.PULL}
    return by_bot and BOTS not in follower.watch.words and not follower.filter.names_author


def _has_come_to_match(follower: Follower, story: Story) -> bool:
    beginning = _beginning(story.item)
    is_new = any(event.change is beginning for event in story.events)
    if follower.filter.is_empty or is_new or beginning not in follower.changes:
        return False
    if story.earlier is None:
        return any(event.change is Change.FOUND for event in story.events)
    return follower.filter.match(story.earlier) is None


def _beginning(item: Item) -> Change | None:
    """The change by which a new item like this is told; none of what nobody is to see any more, or yet."""
    if item.kind is Kind.RELEASE:
        return {State.STABLE: Change.RELEASED, State.PRERELEASE: Change.PRERELEASED}.get(item.state)
    return None if item.state is State.GONE else _BEGINNINGS[item.kind]


_BEGINNINGS: Mapping[Kind, Change] = {
    Kind.ISSUE: Change.ISSUE_OPENED,
    Kind.PULL: Change.PR_OPENED,
    Kind.TAG: Change.TAGGED,
    Kind.MODEL: Change.MODEL_ADDED,
    Kind.DATASET: Change.DATASET_ADDED,
    Kind.SPACE: Change.SPACE_ADDED,
}

_EITHER_THREAD = frozenset({Change.LABELED, Change.EDITED})
_EITHER_RELEASE = frozenset({Change.RELEASE_EDITED, Change.WITHDRAWN})
_POSSIBLE: Mapping[tuple[Kind, State | None], frozenset[Change]] = {
    (Kind.ISSUE, None): _EITHER_THREAD | {Change.ISSUE_OPENED, Change.ISSUE_CLOSED, Change.ISSUE_REOPENED},
    (Kind.PULL, None): _EITHER_THREAD
    | {Change.PR_OPENED, Change.PR_READY, Change.PR_MERGED, Change.PR_CLOSED, Change.PR_REOPENED},
    (Kind.RELEASE, State.PRERELEASE): _EITHER_RELEASE | {Change.PRERELEASED},
    (Kind.RELEASE, None): _EITHER_RELEASE | {Change.RELEASED, Change.PROMOTED},
}
"""What can happen to items that share a part with others to which something else happens."""
