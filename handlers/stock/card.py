"""The card of a shortage: the original program's message, what has become of it since, and what can be done."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from handlers.stock.ledger import Item
from suanli.domain.answer import (
    Answer,
    At,
    Block,
    Button,
    Buttons,
    Divider,
    Form,
    Input,
    Paragraph,
    Span,
    Strong,
    Tone,
    line,
    note,
    run_button,
)
from suanli.domain.lines import write
from suanli.domain.stock.episodes import News, State
from suanli.domain.stock.rules import Severity
from suanli.i18n import Lang, Texts

MOST_CONTROLS = 5
"""Shortages with buttons on one card: a card holds 200 elements (feishu.md §4.2), and a shortage's take thirty."""

MOST_PARAGRAPHS = 30
"""Shortages with a block of their own."""

OLD = timedelta(hours=1)
"""A figure that is older than this is shown with its time."""

_OPEN = (State.FIRING, State.ACKED)


def alert(texts: Texts, items: Sequence[Item], at: datetime) -> Answer:
    """One card with all of these shortages, the worst first; `at` is local time and stands for the check.

    Read as text, the lines of a plain first notice are the original program's, letter by letter.
    """
    return Cards(at).alert(texts, items)


class Cards:
    """The cards of one moment: what several people are to see is made once, for a look may tell thousands.

    At one moment, everything on a shortage's part of the card follows from its episode, the news and `before`.
    """

    def __init__(self, at: datetime) -> None:
        """`at` is local time."""
        self._at = at
        self._made: dict[tuple[Lang, tuple[tuple[int, News, int | None, bool], ...]], Answer] = {}
        self._controls: dict[tuple[Lang, int], tuple[Block, ...]] = {}

    def alert(self, texts: Texts, items: Sequence[Item]) -> Answer:
        """The card of these shortages; one that a later card shows has no buttons here."""
        what = texts.lang, tuple((item.episode.number, item.kind, item.before, item.is_newest) for item in items)
        made = self._made.get(what)
        if made is None:
            made = self._made[what] = self._make(texts, items)
        return made

    def _make(self, texts: Texts, items: Sequence[Item]) -> Answer:
        at = self._at
        ranked = sorted(items, key=lambda item: (item.episode.state is State.CLOSED, -item.episode.severity))
        low = [item for item in ranked if item.episode.state is not State.CLOSED]
        actionable = [item for item in low if item.episode.state in _OPEN]
        blocks: tuple[Block, ...] = (
            *((line(Strong(texts("alert.intro"))),) if any(map(_is_firing, low)) else ()),
            *(_lines(texts, item, at) for item in ranked[:MOST_PARAGRAPHS]),
            *_rest(texts, ranked[MOST_PARAGRAPHS:], at),
            line(texts("alert.checked", at=f"{_checked(items, at):%Y-%m-%d %H:%M:%S}")),
            *self._all_controls(texts, [item for item in actionable if item.is_newest]),
            *(() if all(item.is_newest for item in items) else (note(texts("alert.superseded")),)),
        )
        return Answer(texts.lang, blocks, _title(texts, items, low), _tone(items, low))

    def _all_controls(self, texts: Texts, actionable: Sequence[Item]) -> Iterator[Block]:
        for item in actionable[:MOST_CONTROLS]:
            yield from self._controls_of(texts, item)
        if len(actionable) > MOST_CONTROLS:
            yield note(texts("alert.more_controls"))

    def _controls_of(self, texts: Texts, item: Item) -> tuple[Block, ...]:
        which = texts.lang, item.episode.number
        known = self._controls.get(which)
        if known is None:
            known = self._controls[which] = _controls(texts, item)
        return known


def _checked(items: Sequence[Item], at: datetime) -> datetime:
    """When these figures were read, which is not when somebody pressed a button."""
    return max(item.episode.seen_at for item in items).astimezone(at.tzinfo)


def _title(texts: Texts, items: Sequence[Item], low: Sequence[Item]) -> str:
    if not low:
        return texts("alert.title_recovered" if any(item.is_watched for item in items) else "alert.title_unwatched")
    if not any(map(_is_firing, low)):
        claimed = any(item.episode.state is State.ACKED for item in low)
        return texts("alert.title_claimed" if claimed else "alert.title_recovering")
    if all(item.kind is News.REMINDER for item in items):
        return texts("alert.title_reminder")
    return texts("alert.title_critical" if any(item.kind is News.ESCALATED for item in items) else "alert.title")


def _is_firing(item: Item) -> bool:
    return item.episode.state is State.FIRING


def _tone(items: Sequence[Item], low: Sequence[Item]) -> Tone:
    if not low:
        return Tone.GOOD if any(item.is_watched for item in items) else Tone.MUTED
    firing = list(filter(_is_firing, low))
    if not firing:
        return Tone.INFO
    critical = any(item.episode.severity is Severity.CRITICAL for item in firing)
    return Tone.BAD if critical else Tone.WARNING


def _lines(texts: Texts, item: Item, at: datetime) -> Paragraph:
    spans: list[Span] = []
    for part in _recovered(texts, item) if item.episode.state is State.CLOSED else _low(texts, item, at):
        spans += ["\n", *part] if spans else part
    return Paragraph(tuple(spans))


def _rest(texts: Texts, items: Sequence[Item], at: datetime) -> Iterator[Paragraph]:
    """What is left, as one block that reads as several: a card that is too long is cut there, above its buttons."""
    spans = [span for item in items for span in ("\n\n", *_lines(texts, item, at).spans)]
    if spans:
        yield Paragraph(tuple(spans[1:]))


def _low(texts: Texts, item: Item, at: datetime) -> Iterator[tuple[Span, ...]]:
    rule, episode = item.rule, item.episode
    is_recovering = episode.state is State.RECOVERING
    head = "alert.head_recovering" if is_recovering else "alert.head"
    yield (texts(head, description=rule.title, model=episode.scope.model),)
    yield (texts("alert.free", n=episode.free),)
    if at - episode.seen_at >= OLD:
        yield (texts("alert.unseen", at=f"{episode.seen_at.astimezone(at.tzinfo):%m-%d %H:%M}"),)
    yield (texts("alert.threshold", n=rule.min_free),)
    # While enough cards are free again, nothing is missing and nothing is severe.
    if item.suggested or not (item.on_order or is_recovering):
        yield (texts("alert.suggest", n=item.suggested),)
    if episode.severity is Severity.CRITICAL and not is_recovering:
        yield (texts("alert.critical", n=rule.critical_below),)
    if item.kind is not News.FIRST and item.before is not None and item.before != episode.free:
        yield (texts("alert.change", n=f"{episode.free - item.before:+d}", before=item.before),)
    if item.kind is News.REOPENED:
        yield (texts("alert.reopened"),)
    yield from _outlook(texts, item)
    yield from _owners(texts, item, at)


def _outlook(texts: Texts, item: Item) -> Iterator[tuple[Span, ...]]:
    if item.days_left is not None:
        days = f"{item.days_left:.1f}"
        lead = item.rule.lead_days
        yield (texts("alert.lasts_lead", days=days, lead=lead) if lead else texts("alert.lasts", days=days),)
    if item.on_order:
        yield (texts("alert.on_order", n=item.on_order, eta=f"{item.eta:%m-%d}" if item.eta else "?"),)


def _owners(texts: Texts, item: Item, at: datetime) -> Iterator[tuple[Span, ...]]:
    claim = item.episode.claim
    if claim is not None:
        key = "alert.ordered_by" if claim.ordered else "alert.claimed_by"
        yield (texts(key), At(claim.by), texts("alert.quiet", at=f"{claim.until.astimezone(at.tzinfo):%m-%d %H:%M}"))
    if item.mute is not None and item.mute.is_on(at):
        until = texts("alert.until", at=f"{item.mute.until.astimezone(at.tzinfo):%m-%d %H:%M}")
        yield (texts("alert.muted_by"), At(item.mute.by), until)


def _recovered(texts: Texts, item: Item) -> Iterator[tuple[Span, ...]]:
    rule, episode = item.rule, item.episode
    if not item.is_watched:
        yield (texts("alert.head_unwatched", description=rule.title, model=episode.scope.model),)
        return
    yield (texts("alert.head_recovered", description=rule.title, model=episode.scope.model),)
    yield (texts("alert.free", n=episode.free),)
    lasted = lasting(texts, (episode.closed_at or episode.seen_at) - (episode.fired_at or episode.opened_at))
    yield (texts("alert.lasted", lasted=lasted, lowest=episode.lowest),)
    if item.bought:
        yield (texts("alert.bought", n=item.bought),)


def lasting(texts: Texts, span: timedelta) -> str:
    """How long something took, in the unit a person would use."""
    minutes = max(0, int(span.total_seconds()) // 60)
    for unit, size in (("days", 1440), ("hours", 60)):
        if minutes >= size:
            return texts(f"lasting.{unit}", n=f"{minutes / size:.1f}".removesuffix(".0"))
    return texts("lasting.minutes", n=minutes)


def _controls(texts: Texts, item: Item) -> tuple[Block, ...]:
    episode, words = item.episode, item.episode.scope.words
    mark = f"#{episode.number}"
    buttons = (
        *(() if episode.claim else (Button(texts("alert.ack"), _run("stock", "ack", *words, mark), "primary"),)),
        *(run_button(texts(f"alert.mute_for.{days}"), write(("stock", "mute", *words, days, mark))) for days in _MUTES),
        *(_arrived(texts, item)),
        run_button(texts("alert.trend"), write(("stock", "trend", *words))),
    )
    name = line(Strong(item.rule.title), f" {mark}")
    return (Divider(), name, Buttons(buttons), _form(texts, item, mark))


_MUTES = ("1d", "3d")


def _arrived(texts: Texts, item: Item) -> Iterator[Button]:
    for ticket in item.orders[:2]:
        label = texts("alert.arrived", ticket=ticket.name)
        yield Button(label, _run("stock", "arrived", *item.episode.scope.words, ticket.name))


def _form(texts: Texts, item: Item, mark: str) -> Form:
    number, words = item.episode.number, item.episode.scope.words
    quantity, day = f"quantity_{number}", f"date_{number}"
    return Form(
        f"purchase_{number}",
        (
            Input(quantity, texts("alert.quantity"), "number"),
            Input(day, texts("alert.date"), "date"),
        ),
        (
            Button(
                texts("alert.ordered"),
                _run("stock", "po", *words, mark) | {"fields": f"{quantity} {day}"},
                "primary",
            ),
            Button(texts("alert.mute_until"), _run("stock", "mute", *words, mark) | {"fields": day}),
        ),
    )


def _run(*words: str) -> dict[str, str]:
    return {"run": write(words)}
