"""/releases why: from a change to the rule that it met and to the messages that told of it."""

from collections.abc import Iterator, Sequence

from handlers.releases import card
from handlers.releases.arguments import EventArgument, Short, WatchArgument
from handlers.releases.rights import same_place, watch_of, watches_here
from handlers.releases.rules import follower_of
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Code, Facts, Paragraph, Span, line, note
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.delivery import Receipt
from suanli.domain.errors import UserError
from suanli.domain.releases import Event, Notice, Watch, WatchNumber
from suanli.domain.releases.routing import is_about, is_noise


def why(turn: Turn, event: Short, watch: WatchNumber | None) -> Answer:
    """What became of a change, by this watch or by every one of this chat.

    A card's button names the watch, for of a click nobody says whether it was in private.
    """
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
        *_rules(turn, told, [watch_of(turn, watch)] if watch else watches_here(turn)),
    )
    return Answer(turn.texts.lang, blocks, turn.texts("releases.why_title", name=told.short))


def _what(turn: Turn, event: Event) -> Iterator[tuple[str, tuple[Span, ...]]]:
    texts = turn.texts
    yield texts("releases.change_is"), (event.place.word, " ", texts(f"releases.change.{event.change}"))
    if event.occurred_at:
        yield texts("releases.occurred"), (Ago(event.occurred_at),)
    yield texts("releases.observed"), (Ago(event.observed_at),)


def _rules(turn: Turn, event: Event, watches: Sequence[Watch]) -> Iterator[Block]:
    """Those of the watches that are over the place: what they made of the change, and what became of the message."""
    told = {notice.watch: notice for notice in turn.tx.watches.told(event.fingerprint)}
    here = [watch for watch in watches if same_place(watch.place, event.place) or watch.number in told]
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
    if notice is None:
        return (_reason_against(turn, watch, event),)
    texts = turn.texts
    words = ", ".join(notice.why) or texts("releases.everything")
    matched = texts("releases.met", change=texts(f"releases.change.{notice.change}"), words=card.cut(words, 120))
    return (matched, " → ", *_fate(turn, notice, receipt))


def _fate(turn: Turn, notice: Notice, receipt: Receipt | None) -> tuple[Span, ...]:
    """What became of the message that tells of a change."""
    texts = turn.texts
    if notice.message_key is None:
        return (texts("releases.put_by"), f" {notice.due_at.astimezone(turn.site.zone):%m-%d %H:%M}")
    if receipt is None:
        return (texts("releases.delivery_forgotten"),)
    if receipt.sent_at:
        to = texts(f"releases.to.{receipt.target.kind}")
        return (texts("releases.sent", to=to), " ", Ago(receipt.sent_at))
    if receipt.dead_at:
        return (texts("releases.dead", error=card.cut(receipt.error, 120)), " ", Ago(receipt.dead_at))
    return (texts("releases.on_its_way"),)


def _reason_against(turn: Turn, watch: Watch, event: Event) -> str:
    texts = turn.texts
    if event.observed_at < watch.created_at:
        return texts("releases.before_watch")
    follower = follower_of(turn.site, watch)
    if event.part not in follower.parts or not is_about(follower, event):
        return texts("releases.other_change", words=", ".join(watch.words))
    if is_noise(follower, event.item):
        return texts("releases.by_bot")
    return texts("releases.not_met", filter=card.cut(watch.filter, 120) or "–")


COMMAND = Command(
    name="releases why",
    run=why,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/releases why #a1b2c3d4",
    aliases=("发布 原因",),
    params=(Param("event", EventArgument()), Param("watch", WatchArgument(), optional=True)),
)
