"""/releases test and replay: what a watch would have told, and what happened lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, product

from handlers.releases import card
from handlers.releases.arguments import Days, DaysArgument, WatchArgument
from handlers.releases.begun import is_read, resources_of
from handlers.releases.rights import same_place, watch_of, watches_here
from handlers.releases.rules import follower_of
from handlers.releases.show import nothing_followed
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.releases import Event, Fingerprint, Item, Part, Watch, WatchNumber
from suanli.domain.releases.routing import Story, before_of, route, stories

TESTED = timedelta(days=7)
MOST_EVENTS = 2000
"""Changes that one command looks at again, the newest of each place: people wait for the answer, and others for it."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What happened at some places: how many changes, what of them watches would tell, and whether that is all."""

    changes: int
    told: Sequence[card.Told]
    is_cut: bool


def lately(turn: Turn, watches: Sequence[Watch], span: timedelta) -> Lately:
    """What watches would have told of what happened lately, by their rules of today and as if they told at once.

    Each change once, the newest first.
    """
    places = {(watch.place.hub, watch.place.name.casefold()): watch.place for watch in watches}
    limit = MOST_EVENTS // len(places)
    changes, found, is_cut = 0, dict[Fingerprint, card.Told](), False
    for place in places.values():
        events = turn.tx.happenings.since(place, turn.now - span, limit)
        changes, is_cut = changes + len(events), is_cut or len(events) == limit
        followers = [follower_of(turn.site, watch) for watch in watches if same_place(watch.place, place)]
        known = {event.fingerprint: event for event in events}
        for story, each in product(_looks(events), followers):
            for notice in route(each, story, turn.now, turn.site.zone):
                found.setdefault(notice.fingerprint, card.Told(known[notice.fingerprint], notice))
    told = sorted(found.values(), key=lambda each: each.event.observed_at, reverse=True)
    return Lately(changes, told, is_cut)


def _looks(events: Sequence[Event]) -> Iterator[Story]:
    """The changes by item and look, as they came, each with the item before it as far as that is known."""
    before: dict[Part, dict[str, Item]] = {}
    for (_, part), look in groupby(sorted(events, key=_look), _look):
        items = before.setdefault(part, {})
        for story in stories(list(look), items):
            was = story.before or before_of(story.events)
            yield from stories(story.events, {story.item.native_id: was} if was else {})
            items[story.item.native_id] = story.item


def _look(event: Event) -> tuple[datetime, Part]:
    return event.observed_at, event.part


def test(turn: Turn, watch: WatchNumber) -> Answer:
    """How many of the last 7 days' changes this watch would have told, and which."""
    known = watch_of(turn, watch)
    found = lately(turn, [known], TESTED)
    n, days = len(found.told), TESTED.days
    title = turn.texts("releases.tested", n=n, events=found.changes, days=days, number=watch)
    answer = _listed(turn, found, title)
    return replace(answer, blocks=(*answer.blocks, *_recorded_since(turn, known)))


def _listed(turn: Turn, found: Lately, title: str) -> Answer:
    nothing = Answer(turn.texts.lang, (line(turn.texts("releases.nothing_fired")),), title)
    answer = card.many(turn.texts, found.told, title=title) if found.told else nothing
    cut = (note(turn.texts("releases.looked_at", n=found.changes)),) if found.is_cut else ()
    return replace(answer, blocks=(*answer.blocks, *cut))


def _recorded_since(turn: Turn, watch: Watch) -> tuple[Block, ...]:
    """That the record is younger than what was asked for, if it is."""
    if not is_read(turn.tx, watch):
        return (note(turn.texts("releases.not_read_yet")),)
    last = max(each.baselined_at or turn.now for each in resources_of(turn.tx, watch))
    return (note(turn.texts("releases.recorded_since"), " ", Ago(last)),) if turn.now - last < TESTED else ()


def replay(turn: Turn, days: Days | None, watch: WatchNumber | None) -> Answer:
    """What happened lately by the watches of this chat, once more, in one message."""
    span = timedelta(days=days.count if days else TESTED.days)
    watches = [watch_of(turn, watch)] if watch else watches_here(turn)
    if not watches:
        return nothing_followed(turn)
    found = lately(turn, watches, span)
    return _listed(turn, found, turn.texts("releases.replayed", n=len(found.told), days=span.days))


WATCH = Param("watch", WatchArgument())

COMMANDS = (
    Command(
        name="releases test",
        run=test,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/releases test 3",
        aliases=("发布 试算",),
        params=(WATCH,),
    ),
    Command(
        name="releases replay",
        run=replay,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/releases replay 7d",
        aliases=("发布 回放",),
        params=(
            Param("days", DaysArgument(), optional=True),
            Param("watch", WatchArgument(), optional=True),
        ),
    ),
)
