"""An answer as plain text: for a rejected card, for platforms without cards, for terminals and logs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Block,
    Button,
    Buttons,
    Chart,
    Code,
    Divider,
    Facts,
    Form,
    Input,
    Link,
    Note,
    Paragraph,
    Span,
    Strong,
    Table,
    note,
)
from suanli.i18n import Lang, texts_in

COLON = {Lang.ZH: "：", Lang.EN: ": "}
"""What stands between a name and its value."""

RULE = "──────────"
"""A divider."""

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, and the marks that turn the direction of writing: text with them reads otherwise than it is.
_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that any platform can carry: one kind of line end, nothing hidden, and nothing that UTF-8 cannot say."""
    return _SURROGATES.sub("\ufffd", _HIDDEN.sub("", _LINE_ENDS.sub("\n", text)))


def ago(at: datetime, now: datetime, zone: tzinfo, lang: Lang) -> str:
    """How old `at` is and its local clock time: `3 分钟前 (10:02)`, with the date when it is another day."""
    local = at.astimezone(zone)
    clock = "%H:%M" if local.date() == now.astimezone(zone).date() else "%m-%d %H:%M"
    return f"{texts_in(lang).age(now - at)} ({local:{clock}})"


def in_words(block: Buttons | Form | Chart, lang: Lang) -> Paragraph:
    """What can be pressed, filled in or drawn, for where it cannot: what to type instead, and a chart's summary."""
    match block:
        case Chart(title, _, summary):
            spans: list[Span] = [*((Strong(title),) if title else ()), *(("\n",) if title and summary else ()), summary]
        case Buttons(buttons):
            spans = _lines(buttons, (), lang)
        case Form(_, inputs, buttons):
            spans = _lines(buttons, inputs, lang)
    return Paragraph(tuple(spans))


def without_controls(answer: Answer) -> Answer:
    """The answer with lines to be typed in place of what would be pressed or filled in."""
    blocks: list[Block] = []
    told = False
    for block in answer.blocks:
        if isinstance(block, Buttons | Form):
            blocks += [] if told else [note(texts_in(answer.lang)("delivery.type_instead"))]
            told = True
        blocks.append(in_words(block, answer.lang) if isinstance(block, Buttons | Form) else block)
    return replace(answer, blocks=tuple(blocks))


def _lines(buttons: Sequence[Button], inputs: Sequence[Input], lang: Lang) -> list[Span]:
    spans: list[Span] = []
    for button in buttons:
        command = _typed(button, inputs)
        spans += ["\n"] if spans else []
        spans += [button.label, COLON[lang], Code(command)] if command not in ("", button.label) else [button.label]
    return spans


def _typed(button: Button, inputs: Sequence[Input]) -> str:
    """The command behind a button, with the labels of what is to be filled in: `/stock po 4090 <quantity> <date>`."""
    run = button.value.get("run", "")
    labels = {each.name: each.label for each in inputs}
    fields = (f"<{labels.get(name, name)}>" for name in button.value.get("fields", "").split())
    return " ".join((run, *fields)) if run else ""


def as_text(
    answer: Answer,
    now: datetime,
    zone: tzinfo,
    *,
    escape: Callable[[str], str] = str,
    mention: Callable[[str], str] = str,
) -> str:
    """The title and the blocks, an empty line between each.

    A platform whose plain text has a syntax of its own gives `escape`, through which all text goes, and `mention`,
    which writes an open_id as a mention.
    """
    voice = _Voice(answer.lang, now, zone, lambda text: escape(clean(text)), mention)
    parts = (voice.plain(answer.title), *(voice.block(block) for block in answer.blocks))
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class _Voice:
    lang: Lang
    now: datetime
    zone: tzinfo
    plain: Callable[[str], str]
    mention: Callable[[str], str]

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(spans) | Note(spans):
                return self.line(spans)
            case Facts(pairs):
                return "\n".join(f"{self.plain(name)}{COLON[self.lang]}{self.line(spans)}" for name, spans in pairs)
            case Table(columns, rows):
                cells = (tuple(column.title for column in columns), *rows)
                return "\n".join(" | ".join(map(self.plain, row)) for row in cells)
            case Buttons() | Form() | Chart():
                return self.line(in_words(block, self.lang).spans)
            case Divider():
                return RULE

    def line(self, spans: tuple[Span, ...]) -> str:
        return "".join(map(self.span, spans))

    def span(self, span: Span) -> str:
        match span:
            case str():
                return self.plain(span)
            case At(open_id):
                return self.mention(self.plain(open_id))
            case Link(text, url):
                return f"{self.plain(text)} {self.plain(url)}" if text else self.plain(url)
            case Ago(at):
                return self.plain(ago(at, self.now, self.zone, self.lang))
            case _:
                return self.plain(span.text)
