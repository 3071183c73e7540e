"""Issues and pull requests of a repository, none of whose last versions is missed (releases.md §2.3).

The first page, newest first, has one address for good, so that it is asked for whether it changed. If everything
since the last reading may not be on it, the rest is read by moments, oldest first, from `since` on: each page is asked
from the last moment of the one before. Nothing is counted off by page numbers, so neither what moves while it is read
nor a replica that lags behind another one can make a gap. What a replica did not know yet, the overlap of `since`
brings: the cursor is a moment that some request saw, and what that request did not see is at most the lag older.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Reading
from suanli.domain.releases.failures import Missing
from suanli.domain.releases.resources import MOST_PAGES, Sweep
from suanli.sources.conditional import Page
from suanli.sources.github import pulls
from suanli.sources.github.lists import is_of, items_of, keep, latest, newest, oldest
from suanli.sources.github.visit import Visit
from suanli.sources.http import TooLarge

VIA = "issues"

_NEWEST = "/issues?state=all&sort=updated&direction=desc&per_page="
_PROBE, _MOST, _FEW = 30, 100, 25
_TAIL = 5
_GONE = 410
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE = re.compile(
    r"[?&]since=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}(?::|%3A)[0-9]{2}(?::|%3A)[0-9]{2}Z)", re.IGNORECASE
)


def read(visit: Visit, recall: Recall) -> Reading:
    """The issues that may have changed; where issues are switched off, the pull requests."""
    tracked = visit.tracked
    if tracked.via == pulls.VIA and visit.identity is None:  # asked for issues again once a day
        return pulls.read(visit, recall)
    try:
        return _first(visit) if tracked.baselined_at is None else _later(visit, recall)
    except Missing as error:
        if error.code != _GONE:
            raise
    return pulls.read(visit, recall)


def _first(visit: Visit) -> Reading:
    """The newest ones, in two requests at most: what is older is taken for known."""
    probe = visit.ask(visit.address_of(f"{_NEWEST}{_PROBE}"), afresh=True)
    found, onward = items_of(probe), probe.next_url
    on_it = tuple(found)
    if onward:
        more, onward = _page(visit, visit.address_of(f"{_NEWEST}{_MOST}"))
        found += more
    items = latest(found)
    keep(visit, probe, on_it, items)
    return Reading(items, whole=not onward, cursor=newest(found), via=VIA)


def _later(visit: Visit, recall: Recall) -> Reading:
    """What changed since the last reading, or the next part of that and what changed just now."""
    probe, sweep = visit.ask(visit.address_of(f"{_NEWEST}{_PROBE}")), visit.tracked.sweep
    if probe.body is None and sweep is None:
        return Reading((), unchanged=True, via=VIA)
    on_it = found = [] if probe.body is None else items_of(probe)
    if probe.body is not None and not is_of(visit, on_it, recall):
        visit.doubt()
    onward = _start(visit, probe, found)
    if onward:
        more, onward = _onward(visit, onward)
        found = [*found, *more]
    items = latest(found)
    if probe.body is not None:
        keep(visit, probe, on_it, items)
    high = max((moment for moment in (newest(found), sweep.high if sweep else None) if moment), default=None)
    if onward:
        return Reading(items, sweep=Sweep(onward, high or _BEGINNING), via=VIA)
    return Reading(items, cursor=high, via=VIA)


def _start(visit: Visit, probe: Page, found: Sequence[Item]) -> str:
    """Where to go on after the probe; empty if everything since the last reading is on it."""
    since, sweep, earliest = visit.tracked.since or _BEGINNING, visit.tracked.sweep, oldest(found)
    if sweep:  # one that was begun with pull requests is begun anew
        return sweep.url if _SINCE.search(sweep.url) else _from(visit, since)
    if not probe.next_url or (earliest and earliest < since):
        return ""
    return _from(visit, since)


def _from(visit: Visit, since: datetime) -> str:
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return visit.address_of(f"/issues?state=all&sort=updated&direction=asc&since={moment}&per_page={_MOST}")


def _onward(visit: Visit, url: str) -> tuple[list[Item], str]:
    """What is on up to MOST_PAGES pages from `url` on, and where to go on after them; empty if that was all."""
    found: list[Item] = []
    for _ in range(MOST_PAGES):
        items, next_url = _page(visit, url)
        found += items
        if not next_url:
            return found, ""
        url = _after(visit, url, next_url, items)
    return found, url


def _page(visit: Visit, url: str) -> tuple[list[Item], str]:
    """What is on a page, on a smaller one if all that was written is too much at once, and the server's next one."""
    try:
        page = visit.ask(url, afresh=True)
    except TooLarge:
        page = visit.ask(url.replace(f"per_page={_MOST}", f"per_page={_FEW}"), afresh=True)
    return items_of(page), page.next_url


def _after(visit: Visit, url: str, next_url: str, items: Sequence[Item]) -> str:
    """The address from the last moment of a page on; the server's own if more have that moment than fit on a page.

    An item that changes while a page is made may stand on it newer than where it was sorted, and what is between would
    be left out. That does not happen to all of the last few, so the earliest of these is taken.
    """
    asked = _SINCE.search(url)
    since = datetime.fromisoformat(asked[1].upper().replace("%3A", ":")) if asked else _BEGINNING
    last = oldest(item for item in items[-_TAIL:] if item.updated_at and item.updated_at > since)
    return _from(visit, last) if last else next_url
