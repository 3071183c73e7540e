"""Cards of what changed on the hubs: one change with all that is known of it, or many with a line each."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from handlers.releases.kin import Kin
from suanli.domain.answer import (
    Ago,
    Answer,
    Block,
    Buttons,
    Code,
    Facts,
    Link,
    Note,
    Paragraph,
    Span,
    Strong,
    Tone,
    is_address,
    line,
    note,
    run_button,
)
from suanli.domain.releases import Change, Event, Hub, Item, Notice, Place
from suanli.domain.releases.watches import MOST_LINES
from suanli.i18n import Texts

LONGEST_TITLE, LONGEST_EXCERPT, LONGEST_DETAIL = 120, 160, 80
LONGEST_ADDRESS = 500
MOST_LABELS = 8

_AT_ONCE = timedelta(minutes=1)

_HOSTS: Mapping[Hub, str] = MappingProxyType(
    {
        Hub.GITHUB: "https://github.com/",
        Hub.HUGGINGFACE: "https://huggingface.co/",
        Hub.MODELSCOPE: "https://modelscope.cn/",
    }
)
"""Where links of each hub lead: whatever an answer says, to no other host (releases.md §2.11)."""

_MARKS: Mapping[Change, str] = MappingProxyType(
    {
        Change.RELEASED: "🚀", Change.PROMOTED: "🚀", Change.PRERELEASED: "🧪", Change.MODEL_ADDED: "🆕",
        Change.DATASET_ADDED: "🆕", Change.SPACE_ADDED: "🆕", Change.WEIGHTS: "⚖️", Change.PR_MERGED: "🟣",
        Change.PR_OPENED: "🟢", Change.ISSUE_OPENED: "🟢", Change.WITHDRAWN: "⚠️", Change.REMOVED: "⚠️",
        Change.DISABLED: "⚠️", Change.TAGGED: "🏷️", Change.MATCHED: "🔎",
    }
)  # fmt: skip
_OTHER_MARK = "📝"

_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Controls, what has no width or turns the direction of writing, and halves of characters (releases.md §2.11)."""

_COMMENTS = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECORATION = re.compile(r"(?m)^[\s>#*=-]+|[`*]{1,3}|!?\[([^\[\]\n]*)\]\([^()\n]*\)")


@dataclass(frozen=True, slots=True)
class Told:
    """A change as one watch tells of it, with where else the model is."""

    event: Event
    notice: Notice
    kin: tuple[Kin, ...] = ()


def one(texts: Texts, told: Told) -> Answer:
    """A change, with the reason why it is told."""
    event, item = told.event, told.event.item
    change = told.notice.change
    title = texts(f"releases.title.{change}", mark=mark(change), place=event.place.word, name=name_of(item))
    # Of a model it says what its labels say.
    excerpt = "" if item.is_from_hub and item.labels else excerpt_of(item.body, LONGEST_EXCERPT)
    blocks: tuple[Block, ...] = (
        line(link(event.place, item, item.title)),
        Facts(tuple(_facts(texts, told))),
        *((Paragraph((excerpt,)),) if excerpt else ()),
        *kin_lines(texts, event, told.kin),
        _reason(texts, told),
        _buttons(texts, told),
    )
    return Answer(texts.lang, blocks, title, _tone(change))


def many(texts: Texts, told: Sequence[Told], left_out: int = 0, title: str = "") -> Answer:
    """Several changes by place, a line each; those beyond MOST_LINES are counted."""
    blocks: list[Block] = []
    shown = told[:MOST_LINES]
    for place in dict.fromkeys(each.event.place for each in shown):
        blocks.append(line(Strong(place.word)))
        blocks += [_line(texts, each) for each in shown if each.event.place == place]
    hidden = len(told) - len(shown) + left_out
    if hidden:
        blocks.append(note(texts("releases.hidden", n=hidden)))
    count = len(told) + left_out
    return Answer(texts.lang, tuple(blocks), title or texts("releases.many", n=count), Tone.INFO)


def said(texts: Texts, blocks: tuple[Block, ...], tone: Tone = Tone.INFO) -> Answer:
    """A short message about following things."""
    return Answer(texts.lang, blocks, texts("releases.heading"), tone)


def _line(texts: Texts, told: Told) -> Paragraph:
    event = told.event
    said = texts(f"releases.change.{told.notice.change}")
    spans: tuple[Span, ...] = (
        mark(told.notice.change),
        " ",
        said,
        " ",
        link(event.place, event.item, event.item.title),
    )
    extra = tuple(span for each in told.kin[:1] for span in (" · ", each.place.word))
    return Paragraph((*spans, *extra, " ", Code(event.short)))


def _facts(texts: Texts, told: Told) -> Iterator[tuple[str, tuple[Span, ...]]]:
    event, item = told.event, told.event.item
    yield texts("releases.at"), (Ago(event.occurred_at or event.observed_at),)
    if item.author:
        yield texts("releases.author"), (cut(item.author, LONGEST_DETAIL),)
    if item.labels:
        more = "…" if len(item.labels) > MOST_LABELS else ""
        yield texts("releases.labels"), (", ".join(cut(each, 40) for each in item.labels[:MOST_LABELS]) + more,)
    if event.detail:
        yield texts(f"releases.detail.{_detail(event.change)}"), (cut(event.detail, LONGEST_DETAIL),)
    if event.older_branch:
        yield texts("releases.branch"), (texts("releases.older_branch"),)


def _detail(change: Change) -> str:
    return {Change.ISSUE_CLOSED: "reason", Change.LABELED: "added"}.get(change, "before")


def kin_lines(texts: Texts, event: Event, kin: Sequence[Kin]) -> tuple[Paragraph, ...]:
    """Where else it is, and how much earlier or later that was."""
    return tuple(Paragraph(_kin(texts, event, each)) for each in kin)


def _kin(texts: Texts, event: Event, kin: Kin) -> tuple[Span, ...]:
    here = event.occurred_at or event.observed_at
    gap = abs(kin.at - here)
    order = "earlier" if kin.at <= here else "later"
    when = texts("releases.kin_now") if gap < _AT_ONCE else texts(f"releases.kin.{order}", gap=_gap(texts, gap))
    return ("🔗 ", kin.place.word, " ", link(kin.place, kin.item, name_of(kin.item)), " ", when)


def _gap(texts: Texts, gap: timedelta) -> str:
    for unit, size in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if gap >= size:
            return texts(f"releases.gap.{unit}", n=gap // size)
    return texts("releases.gap.minutes", n=gap // _AT_ONCE)


def _reason(texts: Texts, told: Told) -> Note:
    why = ", ".join(told.notice.why)
    said = texts("releases.why", words=cut(why, LONGEST_DETAIL)) if why else texts("releases.why_all")
    return Note((said, " · ", texts("releases.watch", number=told.notice.watch), " · ", Code(told.event.short)))


def _buttons(texts: Texts, told: Told) -> Buttons:
    number = told.notice.watch
    return Buttons(
        (
            run_button(texts("releases.button.why"), f"/releases why {told.event.short} {number}"),
            run_button(texts("releases.button.mute"), f"/releases mute {number} 1d"),
        )
    )


def mark(change: Change) -> str:
    """The picture that stands before a change."""
    return _MARKS.get(change, _OTHER_MARK)


def name_of(item: Item) -> str:
    """What people call an item, short enough for a title."""
    return cut(item.name, LONGEST_DETAIL)


def link(place: Place, item: Item, text: str) -> Span:
    """The item's title, leading to it if its address is on its own hub."""
    shown = cut(text, LONGEST_TITLE) or name_of(item) or "…"
    is_own = item.url.startswith(_HOSTS[place.hub]) and len(item.url) <= LONGEST_ADDRESS and is_address(item.url)
    return Link(shown, item.url) if is_own else shown


def excerpt_of(body: str, longest: int) -> str:
    """The first words of a text without its marks, for reading only: what is matched is the whole text."""
    return cut("".join(_plain(_COMMENTS.sub("", body[: 40 * longest]), longest)), longest)


def _plain(text: str, longest: int) -> Iterator[str]:
    """The pieces of a text without its marks; no more of them than make a line that is too long."""
    at = size = 0
    for found in _DECORATION.finditer(text):
        piece = text[at : found.start()] + (found[1] or "")
        yield piece
        at, size = found.end(), size + len("".join(piece.split()))
        if size > longest:
            return
    yield text[at:]


def cut(text: str, longest: int) -> str:
    """Text in one line, without what nobody sees, not longer than this."""
    flat = " ".join(text.split())
    if not flat.isprintable():
        flat = " ".join("".join(char for char in flat if unicodedata.category(char) not in _UNSEEN).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _tone(change: Change) -> Tone:
    if change in {Change.WITHDRAWN, Change.REMOVED, Change.DISABLED}:
        return Tone.WARNING
    good = {Change.RELEASED, Change.PROMOTED, Change.MODEL_ADDED, Change.WEIGHTS, Change.PR_MERGED}
    return Tone.GOOD if change in good else Tone.INFO
