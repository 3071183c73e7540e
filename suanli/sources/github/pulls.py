"""Pull requests of a repository whose issues are switched off: their list knows no `since` (releases.md §1.1).

It is read newest first until everything on a page is older than the last reading. Its pages are counted by numbers, so
that a replica that lags behind the one asked before can hide something between two of them; it is found when it
changes again. Only more than a page of changes between two readings needs a second page at all.
"""

from collections.abc import Sequence
from datetime import datetime

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Reading
from suanli.domain.releases.resources import MOST_PAGES, Sweep
from suanli.sources.github.lists import blind, is_of, items_of, keep, latest, newest, oldest
from suanli.sources.github.visit import Visit

VIA = "pulls"

_NEWEST = "/pulls?state=all&sort=updated&direction=desc&per_page=100"


def read(visit: Visit, recall: Recall) -> Reading:
    """The pull requests that may have changed."""
    tracked = visit.tracked
    first = visit.ask(visit.address_of(_NEWEST), afresh=tracked.baselined_at is None or tracked.sweep is not None)
    if first.body is None:
        return Reading((), unchanged=True, via=VIA)
    found = items_of(first, are_pulls=True)
    if tracked.baselined_at is None:
        keep(visit, first, found, found)
        return Reading(latest(found), whole=not first.next_url, cursor=newest(found), via=VIA)
    if not is_of(visit, found, recall):
        visit.doubt()
    begun = tracked.sweep if tracked.sweep and "/pulls?" in tracked.sweep.url else None
    high, onward = newest(found), "" if _reach(found, tracked.since) else first.next_url
    if begun:
        high, onward = begun.high, begun.url
    more, onward = _onward(visit, onward, tracked.since)
    items = latest([*found, *more])
    if begun or onward:  # what is new since the sweep began may be more than the first page
        visit.kept.append(blind(first.validator))
    else:
        keep(visit, first, found, items)
    sweep = Sweep(onward, high) if onward and high else None
    return Reading(items, cursor=None if sweep else high, sweep=sweep, via=VIA)


def _onward(visit: Visit, url: str, since: datetime | None) -> tuple[list[Item], str]:
    found: list[Item] = []
    for _ in range(MOST_PAGES):
        if not url:
            break
        page = visit.ask(url, afresh=True)
        items = items_of(page, are_pulls=True)
        found += items
        url = "" if _reach(items, since) else page.next_url
    return found, url


def _reach(items: Sequence[Item], since: datetime | None) -> bool:
    earliest = oldest(items)
    return since is not None and earliest is not None and earliest < since
