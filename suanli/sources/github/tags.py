"""Tags of a repository: names in the order of names, without any dates (releases.md §1.1).

What moved and what is gone shows only against all of them, so a reading that has something to say is whole. Every page
is asked for whether it changed, which costs nothing as long as none did. Once one did, the unchanged ones before and
after it are read too: nobody remembers what was on which page.
"""

from suanli.domain.releases import Item, Reading
from suanli.domain.releases.resources import MOST_PAGES
from suanli.sources.conditional import Page
from suanli.sources.github.bodies import Tag, read as read_body
from suanli.sources.github.visit import Visit


def read(visit: Visit) -> Reading:
    """All tags, unless none changed; of more than MOST_PAGES pages, those on the first ones."""
    first = visit.tracked.baselined_at is None
    pages, whole = _pages(visit, afresh=first)
    if all(page.body is None for page in pages):
        return Reading((), unchanged=True)
    if any(page.body is None for page in pages):
        pages, whole = _pages(visit, afresh=True)
    visit.kept += [page.validator for page in pages]
    items = {item.native_id: item for page in pages for item in _items_of(visit, page)}
    return Reading(tuple(items.values()), whole=whole)


def _pages(visit: Visit, *, afresh: bool) -> tuple[list[Page], bool]:
    pages: list[Page] = []
    url = visit.address_of("/tags?per_page=100")
    while url and len(pages) < MOST_PAGES:
        pages.append(visit.ask(url, afresh=afresh))
        url = pages[-1].next_url
    return pages, not url


def _items_of(visit: Visit, page: Page) -> list[Item]:
    return [tag.to_domain(visit.site) for tag in read_body(list[Tag], page.body, "tags")]
