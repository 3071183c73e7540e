"""An answer as the HTML of a letter: the same words as its plain text, and nothing that a reader would have to fetch.

All text is escaped, styles are inline, and there is no picture or script in it, nor a link that somebody wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from bot.plain import COLON, ago, clean, in_words
from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Block,
    Buttons,
    Chart,
    Code,
    Divider,
    Facts,
    Form,
    Link,
    Note,
    Paragraph,
    Span,
    Strong,
    Table,
    Tone,
)
from suanli.i18n import Lang

LANGUAGES = {Lang.ZH: "zh-CN", Lang.EN: "en"}
"""The languages by the names that mail has for them."""

_COLOURS = {
    Tone.INFO: "#1f6feb",
    Tone.GOOD: "#1a7f37",
    Tone.WARNING: "#bf8700",
    Tone.BAD: "#cf222e",
    Tone.MUTED: "#8c959f",
}
# pre-wrap keeps the spaces that a line begins with.
_BODY = "margin:16px;max-width:760px;font:14px/1.6 sans-serif;color:#1f2328;white-space:pre-wrap"
_TITLE = "margin:0 0 12px;padding-left:10px;font-size:18px;border-left:4px solid "
_PARAGRAPH = "margin:0 0 12px"
_NOTE = "margin:0 0 12px;font-size:12px;color:#59636e"
_TABLE = "margin:0 0 12px;border-collapse:collapse"
_CELL = "padding:4px 10px;border:1px solid #d1d9e0;text-align:"
_RULE = "border:0;border-top:1px solid #d1d9e0"
_CODE = "padding:1px 4px;background:#eff2f5"


def page(answer: Answer, now: datetime, zone: tzinfo) -> str:
    """The title and the blocks as a page of HTML."""
    drawing = _Drawing(answer.lang, now, zone)
    title = _tag("h1", _TITLE + _COLOURS[answer.tone], drawing.text(answer.title)) if answer.title else ""
    blocks = "".join(map(drawing.block, answer.blocks))
    return (
        f'<!doctype html><html lang="{LANGUAGES[answer.lang]}"><head><meta charset="utf-8"></head>'
        f"{_tag('body', _BODY, title + blocks)}</html>"
    )


def _tag(name: str, style: str, inner: str) -> str:
    return f'<{name} style="{style}">{inner}</{name}>'


@dataclass(frozen=True, slots=True)
class _Drawing:
    lang: Lang
    now: datetime
    zone: tzinfo

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(spans):
                return _tag("p", _PARAGRAPH, self.line(spans))
            case Note(spans):
                return _tag("p", _NOTE, self.line(spans))
            case Facts(pairs):
                lines = (f"<b>{self.text(name)}</b>{COLON[self.lang]}{self.line(spans)}" for name, spans in pairs)
                return _tag("p", _PARAGRAPH, "<br>".join(lines))
            case Table():
                return self.table(block)
            case Buttons() | Form() | Chart():
                return self.block(in_words(block, self.lang))
            case Divider():
                return f'<hr style="{_RULE}">'

    def table(self, table: Table) -> str:
        sides = ["right" if column.number else "left" for column in table.columns]

        def row(tag: str, cells: Iterable[str]) -> str:
            drawn = (_tag(tag, _CELL + side, self.text(cell)) for side, cell in zip(sides, cells, strict=True))
            return f"<tr>{''.join(drawn)}</tr>"

        head = row("th", (column.title for column in table.columns))
        return _tag("table", _TABLE, head + "".join(row("td", cells) for cells in table.rows))

    def line(self, spans: tuple[Span, ...]) -> str:
        return "".join(map(self.span, spans))

    def span(self, span: Span) -> str:
        match span:
            case str(text) | At(text):
                return self.text(text)
            case Strong(text):
                return f"<b>{self.text(text)}</b>"
            case Code(text):
                return _tag("code", _CODE, self.text(text))
            case Link(text, url):
                return f'<a href="{escape(url)}">{self.text(text or url)}</a>'
            case Ago(at):
                return self.text(ago(at, self.now, self.zone, self.lang))

    def text(self, text: str) -> str:
        return escape(clean(text)).replace("\n", "<br>")
