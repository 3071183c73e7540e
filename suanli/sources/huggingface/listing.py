"""The lists of what an organisation publishes on HuggingFace, read from the newest change to what is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from suanli.domain.errors import RemoteError
from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Kind, Part, Reading, Tracked, Validator
from suanli.domain.releases.failures import Drift
from suanli.domain.releases.resources import MOST_PAGES, Sweep
from suanli.sources.conditional import Page
from suanli.sources.huggingface.bodies import Entries, Entry
from suanli.sources.huggingface.weights import Scales
from suanli.sources.lists import Client, are_newest_first, kept, understood

SITE = "https://huggingface.co"
"""Where people find what is published, whatever mirror it was read from."""

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class _List:
    """A kind of list. `extras` are asked for besides what each has.

    Never likes, downloads and the like: they change all the time, and the ETag of the page with them (releases.md
    §1.2).
    """

    kind: Kind
    path: str
    extras: tuple[str, ...]

    def first_page(self, owner: str) -> str:
        """The first page: always the same, so that it can be asked whether it changed."""
        fields = ("sha", "lastModified", "createdAt", "author", "private", "disabled", "tags", *self.extras)
        wanted = "".join(f"&expand%5B%5D={name}" for name in fields)
        return f"{self.path}?author={quote(owner, safe='')}&sort=lastModified&direction=-1&limit={PAGE_SIZE}{wanted}"


_LISTS: Mapping[Part, _List] = {
    Part.MODELS: _List(Kind.MODEL, "/api/models", ("pipeline_tag", "library_name", "gated")),
    Part.DATASETS: _List(Kind.DATASET, "/api/datasets", ("description", "gated")),
    Part.SPACES: _List(Kind.SPACE, "/api/spaces", ("sdk",)),
}


@dataclass(slots=True)
class _Walk:
    """What was met on the pages: entries by their ids, and the page after them; `ended` when there is none."""

    entries: dict[str, Entry]
    rest: str = ""
    ended: bool = False

    @property
    def high(self) -> datetime | None:
        """The newest change, as the server names it."""
        return max((entry.last_modified for entry in self.entries.values()), default=None)


class HuggingFace:
    """The lists of the Hub's API (releases.md §1.2).

    An owner that does not exist has empty lists, and so a baseline without items; letters count as written. What a
    list brings is passed on whole, older entries too: a repository that was filled in private and shown later comes in
    among what was changed when it was filled. What is private is left out, even if the token may see it, for groups
    read what comes of it; a repository that becomes private is therefore missing, like one that is gone.

    `site` is the address that links lead to.
    """

    def __init__(self, client: Client, *, site: str = SITE) -> None:
        self._client = client
        self._site = site

    def read(self, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        """Read what may have changed; of models also whether their weights did, as far as that can be found out."""
        behind = self._continued(tracked, tracked.sweep, recall) if tracked.sweep else None
        return behind or self._from_the_top(tracked, validators, recall)

    def _from_the_top(self, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        address = self._client.address_of(_LISTS[tracked.part].first_page(tracked.place.name))
        first = tracked.baselined_at is None
        # With a sweep to be finished, "nothing changed" would be said of the first page alone.
        validator = None if first or tracked.sweep else validators.get(address)
        page = self._client.get(address, validator)
        if page.body is None and validator:
            return Reading((), unchanged=True, validators=kept(page))
        walk = self._walk(page, tracked.since)
        reading = Reading(self._items(walk, tracked, recall), whole=walk.ended, cursor=walk.high, validators=kept(page))
        if walk.rest and walk.high and not first:
            return replace(reading, cursor=None, sweep=Sweep(walk.rest, walk.high))
        return reading

    def _continued(self, tracked: Tracked, sweep: Sweep, recall: Recall) -> Reading | None:
        """What lies behind the pages of the last reading; None if that is not to be had any more."""
        try:
            page = self._client.get(sweep.url)
        except RemoteError as error:
            if error.permanent:  # such as a place in the list that the server has forgotten: all is read again
                return None
            raise
        walk = self._walk(page, tracked.since)
        items = self._items(walk, tracked, recall)
        if walk.rest:
            return Reading(items, sweep=Sweep(walk.rest, sweep.high))
        return Reading(items, cursor=sweep.high)

    def _walk(self, page: Page, since: datetime | None) -> _Walk:
        """Follow the list until what is known, its end, or the most pages."""
        walk = _Walk({})
        seen = {page.url}
        for number in range(MOST_PAGES):
            if number:
                page = self._client.get(walk.rest)
            listed = understood(Entries, page.body, "a list of HuggingFace's").root
            for entry in listed:
                _keep_newer(walk.entries, entry)
            walk.rest = page.next_url
            if not walk.rest:
                walk.ended = True
                return walk
            if walk.rest in seen:
                raise Drift("HuggingFace's list goes round in circles: Link")
            seen.add(walk.rest)
            if since and _reaches(listed, since):
                walk.rest = ""
                return walk
        return walk

    def _items(self, walk: _Walk, tracked: Tracked, recall: Recall) -> tuple[Item, ...]:
        kind = _LISTS[tracked.part].kind
        items = tuple(e.to_domain(kind, self._site) for e in walk.entries.values() if not e.private)
        if kind is not Kind.MODEL or tracked.baselined_at is None or not items:
            return items
        known = recall([item.native_id for item in items])
        return Scales(self._client).weighed(items, known)


def _keep_newer(entries: dict[str, Entry], entry: Entry) -> None:
    """A list that changes while it is read may show an entry twice."""
    known = entries.get(entry.native_id)
    if known is None or known.last_modified <= entry.last_modified:
        entries[entry.native_id] = entry


def _reaches(listed: list[Entry], since: datetime) -> bool:
    moments = [entry.last_modified for entry in listed]
    return bool(moments) and moments[-1] < since and are_newest_first(moments)
