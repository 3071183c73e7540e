"""/releases test and replay: what a watch would have told, and what happened lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from handlers.releases import card
from handlers.releases.arguments import Days, DaysArgument, WatchArgument
from handlers.releases.begun import is_read, resources_of
from handlers.releases.rights import watch_of, watches_here
from handlers.releases.rules import follower_of
from handlers.releases.show import nothing_followed
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.releases import Event, Item, Part, Watch, WatchNumber
from suanli.domain.releases.routing import Story, before_of, route, stories

TESTED = timedelta(days=7)
MOST_EVENTS = 5000
"""Changes of one place that are looked at again, the newest."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What happened at the place of a watch: how many changes, and what of them it would tell, oldest first."""

    changes: int
    told: Sequence[card.Told]


def lately(turn: Turn, watch: Watch, span: timedelta) -> Lately:
    """What a watch would have told of what happened lately, by its rule of today and as if it told at once."""
    events = turn.tx.happenings.since(watch.place, turn.now - span, MOST_EVENTS)
    follower = follower_of(turn.site, watch)
    known = {event.fingerprint: event for event in events}
    notices = (n for story in _looks(events) for n in route(follower, story, turn.now, turn.site.zone))
    return Lately(len(events), [card.Told(known[notice.fingerprint], notice) for notice in notices])


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
    found = lately(turn, known, TESTED)
    n, days = len(found.told), TESTED.days
    title = turn.texts("releases.tested", n=n, events=found.changes, days=days, number=watch)
    answer = _listed(turn, found.told[::-1], title)
    return replace(answer, blocks=(*answer.blocks, *_recorded_since(turn, known)))


def _listed(turn: Turn, told: Sequence[card.Told], title: str) -> Answer:
    if not told:
        return Answer(turn.texts.lang, (line(turn.texts("releases.nothing_fired")),), title)
    return card.many(turn.texts, told, title=title)


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
    told = [each for one in watches for each in lately(turn, one, span).told]
    once = {each.event.fingerprint: each for each in reversed(told)}
    ordered = sorted(once.values(), key=lambda each: each.event.observed_at, reverse=True)
    return _listed(turn, ordered, turn.texts("releases.replayed", n=len(ordered), days=span.days))


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
