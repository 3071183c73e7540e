"""Items of the hubs, and somebody who looks at them again and again and remembers what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from suanli.domain.releases import Event, Hub, Item, Kind, Known, Part, Place, Reading, ResourceId, State, Tracked
from suanli.domain.releases.resources import after_reading
from suanli.domain.releases.transitions import Observed, observe
from tests.fakes import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

VLLM = Place(Hub.GITHUB, "vllm-project/vllm")
DEEPSEEK = Place(Hub.HUGGINGFACE, "deepseek-ai")


def issue(number: int, at: datetime, state: State = State.OPEN, **more: Any) -> Item:
    """An issue that was changed at `at`; opened then, too, unless `created_at` says otherwise."""
    return _thread(Kind.ISSUE, number, at, state, more)


def pull(number: int, at: datetime, state: State = State.OPEN, **more: Any) -> Item:
    """The same of a pull request."""
    return _thread(Kind.PULL, number, at, state, more)


def _thread(kind: Kind, number: int, at: datetime, state: State, more: Mapping[str, Any]) -> Item:
    ended_at = at if state in {State.CLOSED, State.MERGED} else None
    plain = Item(
        kind, f"#{number}", f"#{number}", "Crash", f"https://github.com/vllm-project/vllm/issues/{number}", state
    )
    return replace(plain, **({"created_at": at, "updated_at": at, "ended_at": ended_at} | dict(more)))


def release(number: int, tag: str, at: datetime | None, state: State = State.STABLE, **more: Any) -> Item:
    """A release that was published at `at`, of a commit of a year before."""
    plain = Item(Kind.RELEASE, str(number), tag, tag, f"https://github.com/vllm-project/vllm/releases/tag/{tag}", state)
    return replace(plain, **({"published_at": at, "created_at": NOON - 365 * DAY, "body": "Notes"} | more))


def tag(name: str, revision: str = "c1") -> Item:
    """A tag; tags have no dates."""
    return Item(
        Kind.TAG, name, name, name, f"https://github.com/vllm-project/vllm/tree/{name}", State.PUBLIC, revision=revision
    )


def model(name: str, at: datetime, revision: str = "r1", weights: str = "", **more: Any) -> Item:
    """A model that was changed at `at`; added then, too, unless `created_at` says otherwise."""
    plain = Item(
        more.pop("kind", Kind.MODEL),
        more.pop("native_id", f"id of {name}"),
        f"deepseek-ai/{name}",
        name,
        f"https://huggingface.co/deepseek-ai/{name}",
        more.pop("state", State.PUBLIC),
    )
    fields: dict[str, Any] = {"created_at": at, "updated_at": at, "revision": revision, "weights": weights}
    return replace(plain, **fields | more)


def tracked(place: Place, part: Part, **more: Any) -> Tracked:
    """A resource that was never read."""
    return replace(Tracked(ResourceId(1), place, part, NOON), **more)


@dataclass(slots=True)
class Observer:
    """Looks at one resource, and remembers as the store does."""

    tracked: Tracked
    now: datetime = NOON
    known: dict[str, Known] = field(default_factory=dict)

    def look(self, *items: Item, after: timedelta = 5 * MINUTE, **more: Any) -> Observed:
        """One more reading of these items; `more` are fields of the reading. The first is of everything."""
        more.setdefault("whole", self.tracked.part is not Part.ISSUES)
        more.setdefault("cursor", max((item.updated_at for item in items if item.updated_at), default=None))
        return self.take(Reading(items, **more), after=after)

    def take(self, reading: Reading, after: timedelta = 5 * MINUTE) -> Observed:
        """What a reading finds; it is remembered."""
        self.now += after
        observed = observe(self.tracked, self._asked(reading), reading, self.now)
        self.known |= {one.item.native_id: one for one in observed.remembered}
        self.tracked = after_reading(self.tracked, reading, 5 * MINUTE, self.now)
        return observed

    def item(self, native_id: str) -> Item:
        """An item as it is remembered."""
        return self.known[native_id].item

    def _asked(self, reading: Reading) -> Mapping[str, Known]:
        if reading.whole or reading.unchanged or self.tracked.part in {Part.RELEASES, Part.TAGS}:
            return dict(self.known)
        return {i: self.known[i] for item in reading.items if (i := item.native_id) in self.known}


def changes(observed: Observed) -> list[str]:
    """What happened, in order: the item, the change, and what is gone."""
    return [_line(event) for event in observed.events]


def _line(event: Event) -> str:
    return " ".join(word for word in (event.item.name, event.change, event.detail) if word)


def names(remembered: Sequence[Known]) -> list[str]:
    """Which items were written back."""
    return [one.item.name for one in remembered]
