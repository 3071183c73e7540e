"""/releases test, why and replay: what a watch would have told, why something was told, and what happened lately."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.releases import card
from handlers.releases.arguments import Days, DaysArgument, EventArgument, Short, WatchArgument, watch_of, watches_here
from handlers.releases.news import filter_of
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Code, Facts, Paragraph, Span, line, note
from suanli.domain.chat import Target
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.delivery import Receipt
from suanli.domain.errors import UserError
from suanli.domain.releases import Event, Item, Notice, Watch, WatchNumber
from suanli.domain.releases.routing import Follower, route, stories

TESTED = timedelta(days=7)
MOST_EVENTS = 5000
"""Events of one place that are looked at again."""


def fired(turn: Turn, watch: Watch, since: timedelta) -> Sequence[card.Told]:
    """What a watch would have told of what happened lately, oldest first, by its rule of today."""
    events = turn.tx.happenings.since(watch.place, turn.now - since, MOST_EVENTS)
    follower = Follower(replace(watch, muted_until=None), filter_of(turn.site, watch))
    before: dict[str, Item] = {}
    found: list[card.Told] = []
    for event in events:
        for story in stories([event], before):
            notices = route(follower, story, turn.now, turn.site.zone)
            found += [card.Told(event, notice) for notice in notices]
        before[event.item.native_id] = event.item
    return found


def test(turn: Turn, watch: WatchNumber) -> Answer:
    """How many of the last 7 days' changes this watch would have told, and which."""
    known = watch_of(turn, watch)
    told = fired(turn, known, TESTED)
    events = len(turn.tx.happenings.since(known.place, turn.now - TESTED, MOST_EVENTS))
    title = turn.texts("releases.tested", n=len(told), events=events, days=TESTED.days, number=watch)
    since = _watched_since(turn, known)
    if not told:
        return Answer(turn.texts.lang, (*since, line(turn.texts("releases.nothing_fired"))), title)
    answer = card.many(turn.texts, told[::-1], title=title)
    return replace(answer, blocks=(*answer.blocks, *since))


def _watched_since(turn: Turn, watch: Watch) -> tuple[Block, ...]:
    """That the record is younger than what was asked for, if it is."""
    begun = [each.baselined_at for each in turn.tx.resources.of(watch.place) if each.part in watch.parts]
    first = min((at for at in begun if at), default=None)
    if first is None:
        return (note(turn.texts("releases.not_read_yet")),)
    return (note(turn.texts("releases.recorded_since"), " ", Ago(first)),) if turn.now - first < TESTED else ()


def replay(turn: Turn, days: Days | None, watch: WatchNumber | None) -> Answer:
    """What happened lately by the watches of this chat, once more, in one message."""
    span = timedelta(days=days.count if days else TESTED.days)
    watches = [watch_of(turn, watch)] if watch else watches_here(turn)
    if not watches:
        raise UserError(turn.texts("releases.none"))
    told = [each for one in watches for each in fired(turn, one, span)]
    once = {each.event.fingerprint: each for each in told}
    ordered = sorted(once.values(), key=lambda each: each.event.observed_at, reverse=True)
    title = turn.texts("releases.replayed", n=len(ordered), days=span.days)
    if not ordered:
        return Answer(turn.texts.lang, (line(turn.texts("releases.nothing_fired")),), title)
    return card.many(turn.texts, ordered, title=title)


def why(turn: Turn, event: Short) -> Answer:
    """From a change to the rule that it met and to the messages that told of it."""
    found = turn.tx.happenings.find(event.digits)
    if not found:
        raise UserError(turn.texts("releases.no_event", name=f"#{event.digits}"))
    if len(found) > 1:
        names = ", ".join(each.short if each.short != f"#{event.digits}" else each.fingerprint for each in found)
        raise UserError(turn.texts("releases.many_events", names=names))
    told = found[0]
    blocks = (
        line(card.link(told.place, told.item, told.item.title)),
        Facts(tuple(_what(turn, told))),
        *_rules(turn, told),
    )
    return Answer(turn.texts.lang, blocks, turn.texts("releases.why_title", name=told.short))


def _what(turn: Turn, event: Event) -> Iterator[tuple[str, tuple[Span, ...]]]:
    texts = turn.texts
    yield texts("releases.change_is"), (event.place.word, " ", texts(f"releases.change.{event.change}"))
    if event.occurred_at:
        yield texts("releases.occurred"), (Ago(event.occurred_at),)
    yield texts("releases.observed"), (Ago(event.observed_at),)


def _rules(turn: Turn, event: Event) -> Iterator[Block]:
    """Every watch of this chat over the place: what it made of the change, and what became of the message."""
    told = {notice.watch: notice for notice in turn.tx.watches.told(event.fingerprint)}
    here = [watch for watch in watches_here(turn) if watch.place == event.place or watch.number in told]
    if not here:
        yield note(turn.texts("releases.not_followed"))
    receipts = turn.tx.outbox.receipts([n.message_key for n in told.values() if n.message_key])
    for watch in here:
        notice = told.get(watch.number)
        receipt = receipts.get(notice.message_key) if notice and notice.message_key else None
        yield Paragraph((Code(str(watch.number)), " ", *_outcome(turn, watch, event, notice, receipt)))


def _outcome(
    turn: Turn, watch: Watch, event: Event, notice: Notice | None, receipt: Receipt | None
) -> tuple[Span, ...]:
    texts = turn.texts
    if notice is None:
        return (_reason_against(turn, watch, event),)
    words = ", ".join(notice.why) or texts("releases.everything")
    matched = texts("releases.met", change=texts(f"releases.change.{notice.change}"), words=card.cut(words, 120))
    if notice.message_key is None:
        return (matched, " → ", texts("releases.put_by"), f" {notice.due_at.astimezone(turn.site.zone):%m-%d %H:%M}")
    if receipt is None:
        return (matched, " → ", texts("releases.delivery_forgotten"))
    if receipt.sent_at:
        return (matched, " → ", texts("releases.sent", to=_whom(receipt.target)), " ", Ago(receipt.sent_at))
    if receipt.dead_at:
        return (matched, " → ", texts("releases.dead", error=card.cut(receipt.error, 120)), " ", Ago(receipt.dead_at))
    return (matched, " → ", texts("releases.on_its_way"))


def _whom(target: Target) -> str:
    return f"{target.platform} {target.kind}"


def _reason_against(turn: Turn, watch: Watch, event: Event) -> str:
    texts = turn.texts
    if event.observed_at < watch.created_at:
        return texts("releases.before_watch")
    if event.part not in watch.parts or event.change not in watch.changes:
        return texts("releases.other_change", words=", ".join(watch.words))
    return texts("releases.not_met", filter=card.cut(watch.filter, 120) or "–")


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
        name="releases why",
        run=why,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/releases why #a1b2c3d4",
        aliases=("发布 原因",),
        params=(Param("event", EventArgument()),),
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
