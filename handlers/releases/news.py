"""What a reading brings: snapshots, changes and notices, in the transaction in which the reading is written down."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.releases import trouble
from handlers.releases.begun import tell_begun
from handlers.releases.kin import kin_of
from handlers.releases.letters import Letters
from handlers.releases.rules import follower_of
from suanli.domain.chat import Target
from suanli.domain.ports import Transaction
from suanli.domain.releases import Event, Item, Known, Notice, Part, Place, Reading, Tracked, WatchNumber
from suanli.domain.releases.resources import LONGEST_ABSENCE
from suanli.domain.releases.routing import Follower, Story, route, stories
from suanli.domain.releases.transitions import observe
from suanli.domain.site import Site

_COMPARED = frozenset({Part.RELEASES, Part.TAGS})
"""Parts of which all items are looked at, whatever was read: a version is old or new among all of them."""


def lock_of(tracked: Tracked) -> str:
    """What is held while what is known of a resource is read and changed."""
    return f"release:{tracked.id}"


def absorb(
    tx: Transaction, site: Site, tracked: Tracked, reading: Reading, now: datetime, after: Callable[[Tracked], Tracked]
) -> int:
    """Take a reading in: remember the items, write down what changed and tell who follows that; how many changes.

    The caller holds `lock_of(tracked)`; `after` says where the resource stands then. Twice is as good as once.
    """
    known = _known(tx, tracked, reading)
    moved = after(tracked)
    # The number comes with the first reading, and changes are named by it.
    observed = observe(replace(tracked, native_id=moved.native_id), known, reading, now)
    tx.resources.remember(tracked.id, observed.remembered)
    tx.resources.keep(tracked.id, reading.validators)
    tx.resources.save(moved)
    if moved.place != tracked.place:
        trouble.tell_renamed(tx, site, tracked, moved, now)
    events = tx.happenings.add([replace(event, place=moved.place) for event in observed.events])
    if events:
        announce(tx, site, moved.place, events, observed.before, now, read_at=tracked.read_at)
    if tracked.baselined_at is None:
        tell_begun(tx, site, moved, now)
    return len(events)


def _known(tx: Transaction, tracked: Tracked, reading: Reading) -> Mapping[str, Known]:
    """What is remembered of the items that a reading says something about; of an unchanged list, of those it lacks."""
    if reading.unchanged:
        return tx.resources.missing(tracked.id)
    if reading.whole or tracked.part in _COMPARED:
        return tx.resources.items(tracked.id)
    return tx.resources.items(tracked.id, [item.native_id for item in reading.items])


def announce(
    tx: Transaction,
    site: Site,
    place: Place,
    events: Sequence[Event],
    before: Mapping[str, Item],
    now: datetime,
    *,
    read_at: datetime | None = None,
) -> int:
    """Tell everybody who follows the place and is concerned, or put it by for them; how many notices.

    `read_at` is when the place was read before this.
    """
    followers = [follower_of(site, watch) for watch in tx.watches.of_place(place)]
    if not followers:
        return 0
    known = {event.fingerprint: event for event in events}
    letters = Letters(tx, site, now)
    notices: list[Notice] = []
    late = _late(followers, read_at)
    for target, routed in _routed(followers, stories(events, before), now, site.zone).items():
        found = [notice for notice in routed if not _is_past(known[notice.fingerprint], late.get(notice.watch))]
        due = [(known[notice.fingerprint], notice) for notice in found if notice.due_at <= now]
        notices += [notice for notice in found if notice.due_at > now]
        notices += letters.write(target, due)
    tx.watches.tell(notices)
    letters.post()
    _tell_kin(tx, letters, events)
    return len(notices)


def _late(followers: Sequence[Follower], read_at: datetime | None) -> Mapping[WatchNumber, datetime]:
    """Since when those follow a place who found it idle: nobody had followed it, and so it was not read for long."""
    if read_at is None:
        return {}
    watches = (follower.watch for follower in followers if follower.watch.declared is None)
    return {each.number: each.created_at for each in watches if each.created_at - read_at > LONGEST_ABSENCE}


def _is_past(event: Event, since: datetime | None) -> bool:
    """Whether it happened before somebody came to follow an idle place, which is read from where it stood."""
    return since is not None and event.occurred_at is not None and event.occurred_at < since


def _routed(
    followers: Sequence[Follower], told: Iterable[Story], now: datetime, zone: ZoneInfo
) -> Mapping[Target, Sequence[Notice]]:
    """What each target is to hear: story by story, so that everybody looks at one while it is at hand."""
    found: dict[Target, list[Notice]] = {}
    looking = [(follower, found.setdefault(follower.watch.target, [])) for follower in followers]
    for story in told:
        for follower, own in looking:
            own.extend(route(follower, story, now, zone))
    return found


def _tell_kin(tx: Transaction, letters: Letters, events: Sequence[Event]) -> None:
    """Let the cards of the same models in other places point here."""
    for event in events:
        for kin in kin_of(tx, event):
            for earlier in tx.happenings.of_item(kin.place, kin.item.native_id):
                letters.redraw(earlier)
