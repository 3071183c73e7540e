"""A message as a person sees it, drawn on a terminal from what really arrived at the stand-in."""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from suanli.sandbox.plotting import plot

COLOURS = {"blue": "blue", "green": "green", "orange": "dark_orange", "red": "red", "grey": "grey50"}
BUTTONS = {"primary": "reverse blue", "danger": "reverse red"}
WIDTH = 76
_APART = "  "

_MARKS = re.compile(
    r"\*\*(?P<strong>.+?)\*\*|`(?P<code>[^`]+)`|<at (?:id|user_id)=\"?(?P<at>[^\s>\"]+)\"?></at>"
    r"|<font color='grey'>(?P<grey>.*?)</font>|\[(?P<link>[^\]\n]+)\]\(https?://[^)\s]+\)",
    re.DOTALL,
)

Namer = Callable[[str], str]
"""Gives the name of the person behind an open_id."""


def draw(msg_type: str, content: Mapping[str, Any], name_of: Namer) -> RenderableType:
    """A text message as text, a card (JSON 2.0) as a panel in its colour."""
    if msg_type == "text":
        return Panel(marked(str(content.get("text", "")), name_of), box=ROUNDED, width=WIDTH, border_style="grey50")
    header = content["header"]
    colour = COLOURS.get(header["template"], "blue")
    title = Text(header["title"]["content"], style=f"bold {colour}")
    body = Group(*_elements(content["body"]["elements"], name_of))
    return Panel(body, title=title, title_align="left", box=ROUNDED, width=WIDTH, border_style=colour, padding=(1, 2))


def marked(written: str, name_of: Namer, style: str = "") -> Text:
    """Card markdown, as far as our cards use it, as styled text."""
    text, end = Text(style=style), 0
    for mark in _MARKS.finditer(written):
        text.append(html.unescape(written[end : mark.start()]))
        text.append_text(_mark(mark, name_of))
        end = mark.end()
    return text.append(html.unescape(written[end:]))


def _mark(mark: re.Match[str], name_of: Namer) -> Text:
    if mark["strong"] is not None:
        return marked(mark["strong"], name_of, "bold")
    if mark["code"] is not None:
        return Text(mark["code"], style="cyan")
    if mark["at"] is not None:
        return Text(f"@{name_of(mark['at'])}", style="blue")
    if mark["link"] is not None:
        return marked(mark["link"], name_of, "underline")
    return marked(mark["grey"], name_of, "grey50")


def _elements(elements: list[dict[str, Any]], name_of: Namer) -> Iterator[RenderableType]:
    for element in elements:
        if element["tag"] == "form":
            yield Panel(Group(*_elements(element["elements"], name_of)), box=ROUNDED, border_style="grey50")
        else:
            yield _element(element, name_of)


def _element(element: dict[str, Any], name_of: Namer) -> RenderableType:
    draw_it = _DRAWN.get(element["tag"])
    if draw_it:
        return draw_it(element)
    return marked(element["content"], name_of) if element["tag"] == "markdown" else _unknown(element)


def _unknown(element: dict[str, Any]) -> Text:
    return Text(f"[{element['tag']}]", style="red")


def _label(element: dict[str, Any]) -> Text:
    return Text(element["text"]["content"])


def _field(element: dict[str, Any]) -> Text:
    """An empty field, with what it asks for in it; a star says that it must not stay empty."""
    label = element.get("label", {}).get("content", "")
    hint = element.get("placeholder", {}).get("content", "")
    text = Text(f"{label} " if label else "")
    return text.append(f"[ {hint:_<24}]", style="grey50").append(" *" if element.get("required") else "", style="red")


def _chart(element: dict[str, Any]) -> Text:
    return plot(element["chart_spec"])


def _table(element: dict[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", expand=True, pad_edge=False, show_edge=False)
    for column in element["columns"]:
        right = column.get("horizontal_align") == "right"
        table.add_column(column["display_name"], justify="right" if right else "left")
    for row in element["rows"]:
        table.add_row(*(str(row.get(column["name"], "")) for column in element["columns"]))
    return table


@dataclass(frozen=True, slots=True)
class _Row:
    """Buttons side by side, on as many lines as they need."""

    buttons: Sequence[Text]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, none of which breaks a button."""
        line = Text()
        for button in self.buttons:
            if line and line.cell_len + len(_APART) + button.cell_len > options.max_width:
                yield line
                line = Text()
            line.append(_APART if line else "").append_text(button)
        yield line


def _row(element: dict[str, Any]) -> _Row:
    buttons = [b for column in element["columns"] for b in column["elements"] if b["tag"] == "button"]
    return _Row(
        [Text(f"[ {each['text']['content']} ]", style=BUTTONS.get(each.get("type", ""), "reverse")) for each in buttons]
    )


_DRAWN: Mapping[str, Callable[[dict[str, Any]], RenderableType]] = {
    "table": _table,
    "hr": lambda _: Rule(style="grey50"),
    "column_set": _row,
    "div": _label,
    "input": _field,
    "date_picker": _field,
    "chart": _chart,
}
