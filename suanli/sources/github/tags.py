"""Tags of a repository: names in the order of names, without any dates (releases.md §1.1).

What moved and what is gone shows only against all of them, so a reading that has something to say is whole. Every page
is asked for whether it changed, which costs nothing as long as none did. Once one did, the unchanged ones are read
too: nobody remembers what was on which page.
"""

from collections.abc import Mapping

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Reading
from suanli.domain.releases.resources import MOST_PAGES
from suanli.sources.conditional import Page
from suanli.sources.github.bodies import Tag
from suanli.sources.github.bodies import read as read_body
from suanli.sources.github.visit import Visit


def read(visit: Visit, recall: Recall) -> Reading:
    """All tags, unless none changed; of more than MOST_PAGES pages, those on the first ones."""
    first = visit.tracked.baselined_at is None
    looked = _pages(visit, afresh=first)
    if all(page.body is None for page in looked):
        return Reading((), unchanged=True)
    pages = [visit.ask(page.validator.url, afresh=True) if page.body is None else page for page in looked]
    # A list that changed while it was read may not be all there; a tag is taken for gone only after several readings.
    steady = [page.next_url for page in pages] == [page.next_url for page in looked]
    visit.kept += [page.validator for page in pages]
    items = {item.native_id: item for page in pages for item in _items_of(visit, page)}
    if not first and not _are_known(items, recall):
        visit.doubt()
    return Reading(tuple(items.values()), whole=steady and not pages[-1].next_url)


def _are_known(items: Mapping[str, Item], recall: Recall) -> bool:
    """Whether one of them is remembered with its commit; of no tags, whether there were none."""
    known = recall(list(items))
    if not items:
        return not known
    return any(name in known and item.revision == known[name].revision for name, item in items.items())


def _pages(visit: Visit, *, afresh: bool) -> list[Page]:
    pages: list[Page] = []
    url = visit.address_of("/tags?per_page=100")
    while url and len(pages) < MOST_PAGES:
        pages.append(visit.ask(url, afresh=afresh))
        url = pages[-1].next_url
    return pages


def _items_of(visit: Visit, page: Page) -> list[Item]:
    return [tag.to_domain(visit.site) for tag in read_body(list[Tag], page.body, "tags")]
