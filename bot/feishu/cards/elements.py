"""The elements of a card: each block of an answer as Feishu draws it (card JSON 2.0, feishu.md §4)."""

import json
import re
from collections.abc import Iterator, Sequence

from bot.feishu.cards.charts import chart
from bot.feishu.cards.forms import Element, Names, button, form, in_a_row
from bot.feishu.cards.markdown import Pen, escape, small, strong
from bot.plain import COLON, clean, in_words
from suanli.domain.answer import Block, Buttons, Chart, Column, Divider, Facts, Form, Note, Paragraph, Table

MOST_TABLES = 3
"""Five by the documents; cards with more than three have been refused (feishu.md §4.2)."""

MOST_CHARTS = 5
MOST_COLUMNS = 50
PAGE = 10

# Numbers that JSON says with the same characters, so that the cell shows what the answer says.
_NUMBER = re.compile(r"0|-?[1-9]\d{0,14}|-?(0|[1-9]\d{0,8})\.\d{0,5}[1-9]", re.ASCII)


def elements(blocks: Sequence[Block], pen: Pen) -> list[Element]:
    """Every block in order; tables and charts beyond what a card may hold are written as lines."""
    drawn: list[Element] = []
    names, tables, charts = Names(), 0, 0
    for block in blocks:
        match block:
            case Table() if tables < MOST_TABLES and 0 < len(block.columns) <= MOST_COLUMNS:
                drawn.append(_table(block))
                tables += 1
            case Chart() if charts < MOST_CHARTS and (picture := chart(block)):
                drawn.append(picture)
                charts += 1
            case Form() if block.buttons:
                drawn.append(form(block, names, pen.lang))
            case Buttons(buttons) if buttons:
                drawn.append(in_a_row([button(each) for each in buttons]))
            case _:
                drawn += _element(block, pen)
    return drawn


def _element(block: Block, pen: Pen) -> list[Element]:
    match block:
        case Paragraph(spans):
            return _markdown(pen.write(spans))
        case Note(spans):
            return _markdown(small(pen.write(spans)), text_size="notation")
        case Facts(pairs):
            return _markdown("\n".join(f"{strong(name)}{COLON[pen.lang]}{pen.write(spans)}" for name, spans in pairs))
        case Table():
            return _markdown("\n".join(_lines(block)))
        case Buttons() | Form() | Chart():
            return _markdown(pen.write(in_words(block, pen.lang).spans))
        case Divider():
            return [{"tag": "hr"}]


def _markdown(content: str, **style: str) -> list[Element]:
    return [{"tag": "markdown", "content": content, **style}] if content.strip() else []


def _lines(table: Table) -> Iterator[str]:
    yield escape(" | ").join(strong(column.title) for column in table.columns)
    for row in table.rows:
        yield escape(" | ").join(map(escape, row))


def _table(table: Table) -> Element:
    numeric = [
        column.number and all(_NUMBER.fullmatch(row[at]) for row in table.rows)
        for at, column in enumerate(table.columns)
    ]
    return {
        "tag": "table",
        "page_size": min(PAGE, max(1, len(table.rows))),
        "header_style": {"background_style": "grey"},
        "columns": [_column(f"c{at}", column, numeric[at]) for at, column in enumerate(table.columns)],
        "rows": [
            {f"c{at}": json.loads(cell) if numeric[at] else clean(cell) for at, cell in enumerate(row)}
            for row in table.rows
        ],
    }


def _column(name: str, column: Column, numeric: bool) -> Element:  # noqa: FBT001 private, one caller
    return {
        "name": name,
        "display_name": clean(column.title),
        "data_type": "number" if numeric else "text",
        "horizontal_align": "right" if column.number else "left",
    }
