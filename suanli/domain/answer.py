"""What the bot says, neutral of any platform; rendered at send time by `bot.<platform>.cards`.

All text here is plain: a renderer escapes every character of it, so nothing from outside can forge a card,
a link or a mention. What must be bold, a mention, or an age is a value of its own.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from suanli.i18n import Lang


class Tone(StrEnum):
    """What a card's colour says."""

    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Strong:
    """Text that stands out."""

    text: str
    kind: Literal["strong"] = "strong"


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be copied letter by letter: an id, a command."""

    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class At:
    """A person, shown by their name on platforms that can."""

    open_id: str
    kind: Literal["at"] = "at"


@dataclass(frozen=True, slots=True)
class Ago:
    """How long ago something was, worked out when the message is sent: a figure carries its age."""

    at: datetime
    kind: Literal["ago"] = "ago"


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%/=&?#+,:-]*)?")


def is_address(text: str) -> bool:
    """Whether `text` can be a link's address: of the web, without a user in it, and of characters that mean nothing."""
    return _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a page of the web. `url` is the place itself, never something that somebody wrote."""

    text: str
    url: str
    kind: Literal["link"] = "link"

    def __post_init__(self) -> None:
        """Refuse an address that could end the link, or name a person in it, where it is made."""
        if not is_address(self.url):
            raise ValueError("a link leads to a plain address of the web")


Span = str | Strong | Code | At | Ago | Link


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of text, or several when its text has line breaks."""

    spans: tuple[Span, ...]
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Note:
    """Small print."""

    spans: tuple[Span, ...]
    kind: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, one a line."""

    pairs: tuple[tuple[str, tuple[Span, ...]], ...]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are set to the right."""

    title: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under column titles. Every row is as long as `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"

    def __post_init__(self) -> None:
        """Refuse ragged rows where they are made, not where they are drawn."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row of a table has a cell for each column")


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `value` comes back as it is and is trusted with nothing.

    `value["run"]` is the command line that the button stands for; in a form, `value["fields"]` names the inputs whose
    values follow it, in that order.
    """

    label: str
    value: dict[str, str]
    style: Literal["default", "primary", "danger"] = "default"


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons side by side."""

    buttons: tuple[Button, ...]
    kind: Literal["buttons"] = "buttons"


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form. `name` is unique in its card."""

    name: str
    label: str
    content: Literal["number", "text", "date"] = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Fields to fill in, and the buttons that send them. `name` is unique in its card."""

    name: str
    inputs: tuple[Input, ...]
    buttons: tuple[Button, ...]
    kind: Literal["form"] = "form"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart: where on the axis, of which line, how much."""

    at: str
    line: str
    value: float

    def __post_init__(self) -> None:
        """Refuse what nobody can draw where it is made, not where it is drawn."""
        if not math.isfinite(self.value):
            raise ValueError("a point of a chart is a finite number")


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time; `summary` says the same in words, for where nothing can be drawn."""

    title: str
    points: tuple[Point, ...]
    summary: str
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts."""

    kind: Literal["divider"] = "divider"


Block = Paragraph | Note | Facts | Table | Buttons | Form | Chart | Divider


@dataclass(frozen=True, slots=True)
class Answer:
    """One message: a card with a title, or plain text when it has none."""

    lang: Lang
    blocks: tuple[Block, ...]
    title: str = ""
    tone: Tone = Tone.INFO


def line(*spans: Span) -> Paragraph:
    """A paragraph of these spans."""
    return Paragraph(spans)


def note(*spans: Span) -> Note:
    """Small print of these spans."""
    return Note(spans)


def run_button(label: str, command: str) -> Button:
    """A button that does what typing `command` would do, for whoever presses it."""
    return Button(label, {"run": command})
