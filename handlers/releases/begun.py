"""The first words about a watch: that it has begun, and what there is already."""

from collections.abc import Sequence
from datetime import datetime

from handlers.releases import card
from handlers.releases.rules import follower_of
from handlers.stock.board import texts_for
from suanli.domain.answer import Ago, Block, Paragraph, Span, line, note
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.releases import Item, Known, Tracked, Watch
from suanli.domain.releases.routing import concerns
from suanli.domain.site import Site
from suanli.i18n import Texts

PREVIEW = 3
"""Items that are named when somebody begins to follow a place."""

_LOOKED_AT = 300
"""Of each part, so many of the newest items are looked at for these."""


def resources_of(tx: Transaction, watch: Watch) -> Sequence[Tracked]:
    """What is read for a watch, as far as it is known by now."""
    found = (tx.resources.find(watch.place, part) for part in watch.parts)
    return tuple(tracked for tracked in found if tracked is not None)


def newest_matches(tx: Transaction, site: Site, watch: Watch) -> tuple[Item, ...]:
    """The newest items of the kinds that a watch tells of."""
    follower = follower_of(site, watch)
    found = (known for each in resources_of(tx, watch) for known in tx.resources.newest(each.id, _LOOKED_AT))
    ordered = sorted((known for known in found if concerns(follower, known.item)), key=_moment, reverse=True)
    return tuple(known.item for known in ordered[:PREVIEW])


def _moment(known: Known) -> datetime:
    item = known.item
    return item.published_at or item.updated_at or item.created_at or known.first_seen_at


def preview(texts: Texts, watch: Watch, items: Sequence[Item]) -> tuple[Block, ...]:
    """These items, a line each, or that there is none yet."""
    if not items:
        return (note(texts("releases.nothing_yet")),)
    return (line(texts("releases.newest")), *(Paragraph(_item(watch, item)) for item in items))


def _item(watch: Watch, item: Item) -> tuple[Span, ...]:
    moment = item.published_at or item.updated_at or item.created_at
    age: tuple[Span, ...] = (" · ", Ago(moment)) if moment else ()
    name = () if item.title == item.name else (card.name_of(item), " ")
    return ("• ", *name, card.link(watch.place, item, item.title), *age)


def is_read(tx: Transaction, watch: Watch) -> bool:
    """Whether everything that a watch is about has been read once."""
    read = {tracked.part for tracked in resources_of(tx, watch) if tracked.baselined_at}
    return set(watch.parts) <= read


def tell_begun(tx: Transaction, site: Site, tracked: Tracked, now: datetime) -> None:
    """Say so to those who waited for the first reading; not for watches of the settings, of which there may be many."""
    for watch in tx.watches.of_place(tracked.place):
        if watch.declared is not None or tracked.part not in watch.parts or not is_read(tx, watch):
            continue
        texts = texts_for(tx, site, watch.target)
        items = newest_matches(tx, site, watch)
        said = line(texts("releases.begun", place=watch.place.word, number=watch.number))
        answer = card.said(texts, (said, *preview(texts, watch, items)))
        tx.outbox.post(Draft(f"releases-begun:{watch.number}", watch.target, answer), now)
