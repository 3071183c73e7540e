"""Releases of a repository: their list knows neither `since` nor an order by what changed (releases.md §1.1).

The first page is asked for whether it changed. It is ordered by the dates of commits, so that a release may be
published, and one long known be edited, on any page: reading goes on while a page has something new. What is done
on a page behind one with nothing new is seen when the first page changes the next time and everything before it too.
"""

from collections.abc import Mapping

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Reading
from suanli.domain.releases.resources import MOST_PAGES
from suanli.sources.conditional import Page
from suanli.sources.github.bodies import Release
from suanli.sources.github.bodies import read as read_body
from suanli.sources.github.visit import Visit
from suanli.sources.http import TooLarge

SMALL = "small pages"
"""The way to a repository whose releases have so many files that a full page of them is too large."""

_SIZES: Mapping[str, int] = {"": 100, SMALL: 30}


def read(visit: Visit, recall: Recall) -> Reading:
    """The releases, as far down the list as something is new."""
    if visit.tracked.via != SMALL:
        try:
            return _read(visit, recall, "")
        except TooLarge:
            pass
    return _read(visit, recall, SMALL)


def _read(visit: Visit, recall: Recall, via: str) -> Reading:
    first = visit.tracked.baselined_at is None
    page = visit.ask(visit.address_of(f"/releases?per_page={_SIZES[via]}"), afresh=first)
    if page.body is None:
        return Reading((), unchanged=True, via=via)
    kept, found, onward = page.validator, _items_of(page), page.next_url
    if not first and bool(found) != bool(recall([item.native_id for item in found])):
        visit.doubt()
    news = found
    for _ in range(MOST_PAGES - 1):
        if not onward or not (first or _has_news(news, recall)):
            break
        page = visit.ask(onward, afresh=True)
        news, onward = _items_of(page), page.next_url
        found += news
    visit.kept.append(kept)
    return Reading(tuple({item.native_id: item for item in found}.values()), whole=not onward, via=via)


def _items_of(page: Page) -> list[Item]:
    return [release.to_domain() for release in read_body(list[Release], page.body, "releases")]


def _has_news(items: list[Item], recall: Recall) -> bool:
    known = recall([item.native_id for item in items]) if items else {}
    return any(item.native_id not in known or _told(item) != _told(known[item.native_id]) for item in items)


def _told(item: Item) -> tuple[object, ...]:
    return item.name, item.title, item.body, item.state, item.published_at, item.updated_at
