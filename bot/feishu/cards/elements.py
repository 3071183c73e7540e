"""The elements of a card: each block of an answer as Feishu draws it (card JSON 2.0, feishu.md §4)."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.feishu.cards.markdown import Pen, escape, small, strong
from bot.plain import COLON, clean
from suanli.domain.answer import Block, Button, Buttons, Column, Divider, Facts, Note, Paragraph, Table

Element = dict[str, Any]

MOST_TABLES = 3
"""Five by the documents; cards with more than three have been refused (feishu.md §4.2)."""

MOST_COLUMNS = 50
PAGE = 10
LONGEST_LABEL = 100

# Numbers that JSON says with the same characters, so that the cell shows what the answer says.
_NUMBER = re.compile(r"0|-?[1-9]\d{0,14}|-?(0|[1-9]\d{0,8})\.\d{0,5}[1-9]", re.ASCII)


def elements(blocks: Sequence[Block], pen: Pen) -> list[Element]:
    """Every block in order; tables beyond what a card may hold are written as lines."""
    drawn: list[Element] = []
    tables = 0
    for block in blocks:
        fits = isinstance(block, Table) and tables < MOST_TABLES and 0 < len(block.columns) <= MOST_COLUMNS
        tables += fits
        drawn += [_table(block)] if isinstance(block, Table) and fits else _element(block, pen)
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
        case Buttons(buttons):
            return [_buttons(buttons)] if buttons else []
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


def _buttons(buttons: Sequence[Button]) -> Element:
    columns = [{"tag": "column", "width": "auto", "elements": [_button(button)]} for button in buttons]
    return {"tag": "column_set", "flex_mode": "flow", "columns": columns}


def _button(button: Button) -> Element:
    value = {clean(name): clean(text) for name, text in button.value.items()}
    return {
        "tag": "button",
        "text": {"tag": "plain_text", "content": clean(button.label)[:LONGEST_LABEL]},
        "behaviors": [{"type": "callback", "value": value}],
    }
