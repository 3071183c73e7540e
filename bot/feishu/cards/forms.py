"""Forms on cards: fields with their labels, and the buttons that send them (feishu.md §4.3)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.plain import clean
from suanli.domain.answer import Button, Form, Input
from suanli.i18n import Lang, texts_in

Element = dict[str, Any]

LONGEST_LABEL = 100
LONGEST_NAME = 40
LONGEST_NUMBER = 20

_FOREIGN = re.compile(r"[^A-Za-z0-9_]")


class Names:
    """Gives each part of a card a name of its own: the wanted one, if a card can have it and nobody else has."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._times: Counter[str] = Counter()

    def take(self, wanted: str) -> str:
        """A name that nobody else on the card has or gets."""
        stem = _FOREIGN.sub("_", wanted)[:LONGEST_NAME] or "field"
        name = stem
        while name in self._taken:
            self._times[stem] += 1
            name = f"{stem}_{self._times[stem] + 1}"
        self._taken.add(name)
        return name


def form(block: Form, names: Names, lang: Lang) -> Element:
    """A form; it needs at least one button. Where a field had to be renamed, its buttons name it anew."""
    own = names.take(block.name)
    named = [(names.take(each.name), each) for each in block.inputs]
    renamed = {each.name: name for name, each in reversed(named)}
    fields = [element for name, each in named for element in _field(name, each, lang)]
    sends = [
        button(each, value=_renamed(each.value, renamed)) | {"name": names.take(f"{own}_send"), **_SENDS}
        for each in block.buttons
    ]
    return {"tag": "form", "name": own, "elements": [*fields, in_a_row(sends)]}


_SENDS = {"form_action_type": "submit"}


def button(block: Button, value: Mapping[str, str] | None = None) -> Element:
    """A button that calls back with its value, or with another."""
    pairs = block.value if value is None else value
    return {
        "tag": "button",
        "text": plain(block.label),
        "type": block.style,
        "behaviors": [{"type": "callback", "value": {clean(name): clean(text) for name, text in pairs.items()}}],
    }


def in_a_row(buttons: Sequence[Element]) -> Element:
    """Buttons side by side."""
    columns = [{"tag": "column", "width": "auto", "elements": [each]} for each in buttons]
    return {"tag": "column_set", "flex_mode": "flow", "columns": columns}


def plain(text: str) -> Element:
    """A label, in which nothing means anything."""
    return {"tag": "plain_text", "content": clean(text)[:LONGEST_LABEL]}


def _field(name: str, field: Input, lang: Lang) -> list[Element]:
    """A field under its label. The platform knows no field for numbers, and none for dates that has a label."""
    hint = plain(texts_in(lang)(f"card.fill.{field.content}"))
    always = {"name": name, "required": field.required, "placeholder": hint}
    if field.content == "date":
        return [{"tag": "div", "text": plain(field.label)}, {"tag": "date_picker", **always}]
    limit = {"max_length": LONGEST_NUMBER} if field.content == "number" else {}
    return [{"tag": "input", "label": plain(field.label), **always, **limit}]


def _renamed(value: Mapping[str, str], renamed: Mapping[str, str]) -> Mapping[str, str]:
    if "fields" not in value:
        return value
    return {**value, "fields": " ".join(renamed.get(name, name) for name in value["fields"].split())}
