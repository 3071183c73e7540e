"""The lists of what an organisation publishes on ModelScope, read on the best of three ways that works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Reading, State, Tracked, Validator
from suanli.domain.releases.failures import Drift, Resting
from suanli.domain.releases.resources import MOST_PAGES, Sweep
from suanli.sources.lists import Client, are_newest_first, kept
from suanli.sources.modelscope.bodies import Entry, Slice
from suanli.sources.modelscope.ways import Way, ways_to

SITE = "https://modelscope.cn"
"""Where people find what is published, whatever host it was read from."""

NEXT_WAY_AFTER = 3
"""Answers in a row that could not be understood, and the next way is taken."""

_LITTLE = 16 * 1024 * 1024
"""Bytes that a repository may grow or shrink by with its weights being the same: its size counts every file."""


@dataclass(slots=True)
class _Walk:
    """What was met on the pages: the owner's entries by name, how many of all, and where to go on, 0 for nowhere."""

    entries: dict[str, Entry]
    met: set[str]
    rest: int = 0
    whole: bool = False
    validators: tuple[Validator, ...] = ()

    @property
    def high(self) -> datetime | None:
        """The newest change, as the server names it."""
        return max((e.item.updated_at for e in self.entries.values() if e.item.updated_at), default=None)


class ModelScope:
    """The official OpenAPI, else what older programs ask for, else the website's search (releases.md §1.3).

    After three answers in a row that could not be understood the next way is taken, round and round. On another way
    than the first, the first reading of each day (UTC) tries the first again, so that a lower way is not kept for
    longer than a day. Data sets have the first way only.

    The ways differ in their times, and know no commits. So an item that a way does not show as changed since what was
    known keeps its revision, and changing ways is no flood of changed cards. What is private is left out, even if the
    token may see it. An owner that does not exist has empty lists, and so a baseline without items.

    `older` asks on the second and third way, whose sign-in is another; without it, `client` does. `site` is the
    address that links lead to.
    """

    def __init__(self, client: Client, *, clock: Clock, older: Client | None = None, site: str = SITE) -> None:
        self._client = client
        self._older = older or client
        self._clock = clock
        self._site = site

    def read(self, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        """Read what may have changed; `Reading.via` is the way that worked."""
        ways = ways_to(tracked.part, self._client, self._older)
        way = _due(ways, tracked)
        if way is not ways[0] and self._tries_the_first(tracked):
            try:
                return self._through(ways[0], tracked, validators, recall)
            except Resting:
                raise
            except RemoteError:
                pass  # the way that worked is still there
        return self._through(way, tracked, validators, recall)

    def _tries_the_first(self, tracked: Tracked) -> bool:
        return tracked.read_at is not None and tracked.read_at.date() != self._clock.now().date()

    def _through(self, way: Way, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        first = tracked.baselined_at is None
        start = _resumed(way, tracked.sweep)
        # With a sweep to be finished, "nothing changed" would be said of the first page alone.
        walk = self._walk(way, tracked, start or 1, {} if first or tracked.sweep else validators)
        if walk is None:
            return Reading((), unchanged=True, via=way.name)
        high = tracked.sweep.high if start and tracked.sweep else walk.high
        items = _settled(tuple(walk.entries.values()), tracked, recall)
        if walk.rest and high and not first:
            return Reading(
                items, sweep=Sweep(f"{way.name}:{walk.rest}", high), validators=walk.validators, via=way.name
            )
        whole = walk.whole and not start
        return Reading(items, whole=whole, cursor=high, validators=walk.validators, via=way.name)

    def _walk(self, way: Way, tracked: Tracked, start: int, validators: Mapping[str, Validator]) -> _Walk | None:
        """Follow the list until what is known, its end, or the most pages; None when its first page is as it was."""
        owner = tracked.place.name
        walk = _Walk({}, set())
        last = min(start + MOST_PAGES - 1, way.last_page)
        for number in range(start, last + 1):
            page = way.page(owner, number, validators)
            if page.body is None and validators and number == 1:
                return None
            if number == 1 and way.official:
                walk.validators = kept(page)
            listed = way.slice(page.body, self._site)
            if number == 1 and listed.total > 0 and not listed.entries:
                raise Drift(f"ModelScope says that there are {listed.total} and lists none (way {way.name})")
            _take(walk, listed, owner, way)
            if _is_end(listed, number * way.size, len(walk.met)):
                # Something that is taken out of the list meanwhile moves others to a page that was read already.
                walk.whole = len(walk.met) >= listed.total
                return walk
            if way.official and tracked.since and _reaches(listed, tracked.since):
                return walk
        # From the last page on, not the next, for the same reason. Behind the last of all nothing is to be had.
        walk.rest = last if last < way.last_page else 0
        return walk


def _due(ways: Sequence[Way], tracked: Tracked) -> Way:
    """The way that worked last, or one further for each few answers in a row that were not understood."""
    names = [way.name for way in ways]
    known = names.index(tracked.via) if tracked.via in names else 0
    return ways[(known + tracked.drifts // NEXT_WAY_AFTER) % len(ways)]


def _resumed(way: Way, sweep: Sweep | None) -> int:
    """The page to go on at; 0 for none, such as one of another way."""
    name, _, number = sweep.url.partition(":") if sweep else ("", "", "")
    return int(number) if name == way.name and number.isdecimal() else 0


def _is_end(listed: Slice, places: int, met: int) -> bool:
    """Whether nothing comes after this page; a total that is smaller than what was met is none."""
    return not listed.entries or places >= listed.total >= met


def _take(walk: _Walk, listed: Slice, owner: str, way: Way) -> None:
    own = [entry for entry in listed.entries if entry.owner.casefold() == owner.casefold()]
    if listed.entries and not own and not way.official:
        raise Drift(f"ModelScope lists others than who was asked for (way {way.name})")
    names = {entry.item.name for entry in listed.entries}
    if names and names <= walk.met:
        raise Drift(f"ModelScope gives the same page again and again (way {way.name})")
    walk.met |= names
    walk.entries.update({entry.item.native_id: entry for entry in own})


def _reaches(listed: Slice, since: datetime) -> bool:
    moments = [entry.item.updated_at for entry in listed.entries if entry.item.updated_at]
    return moments[-1] < since and are_newest_first(moments)


def _settled(entries: Sequence[Entry], tracked: Tracked, recall: Recall) -> tuple[Item, ...]:
    """The public items, each with what is remembered of it and this way does not say."""
    shown = [entry for entry in entries if entry.is_public]
    if not shown or tracked.baselined_at is None:
        return tuple(entry.item for entry in shown)
    known = recall([entry.item.native_id for entry in shown])
    return tuple(_joined(entry, known.get(entry.item.native_id), tracked.since) for entry in shown)


def _joined(entry: Entry, before: Item | None, since: datetime | None) -> Item:
    if before is None:
        return entry.item
    state = entry.item.state if entry.is_full or before.state is State.GONE else before.state
    item = replace(entry.item, state=state, weights=_weights(entry.item.weights, before.weights))
    if _is_newer(entry.item, before, since):
        return item
    if not entry.is_full:
        return replace(before, state=state)
    return replace(item, revision=before.revision, updated_at=before.updated_at, weights=before.weights or item.weights)


def _is_newer(item: Item, before: Item, since: datetime | None) -> bool:
    """Whether it was changed since it was remembered; what lies before `since` was read already."""
    moments = [moment for moment in (before.updated_at, since) if moment]
    return item.updated_at is None or not moments or item.updated_at > max(moments)


def _weights(now: str, before: str) -> str:
    """The name of the weights: the one before, when there are as many parameters and hardly a byte less or more."""
    new, old = _figures(now), _figures(before)
    if not new or not old or (new[0] != old[0] and new[0] and old[0]):  # no parameters: not counted yet
        return now
    return before if abs(new[1] - old[1]) <= _LITTLE else now


def _figures(weights: str) -> tuple[int, int] | None:
    params, _, size = weights.partition(":")
    return (int(params), int(size)) if params.isdecimal() and size.isdecimal() else None
