"""What a person sees on a message: its words, the buttons they can press, and the forms they can fill in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suanli.sandbox.feishu.people import Json

_TEXT_TAGS = frozenset({"plain_text", "lark_md", "markdown", "text", "md", "a", "code_block"})
_UNREAD = frozenset({"behaviors", "chart_spec", "config", "confirm"})
_FILLED_IN = frozenset(
    {"input", "select_static", "select_person", "date_picker", "picker_time", "picker_datetime", "select_img"}
)


@dataclass(frozen=True, slots=True)
class CardField:
    """A field of a form: what stands at it, and what its data are called."""

    label: str
    name: str
    tag: str
    required: bool = False
    longest: int = 1000


@dataclass(frozen=True, slots=True)
class CardButton:
    """A button on a card: what is written on it and what it calls back with. `form` are the fields it sends along."""

    label: str
    value: Any
    name: str
    form: tuple[CardField, ...] | None = None


def words_of(msg_type: str, content: Json) -> str:
    """Every word of a message, a line for each piece of text, cells of a table separated by tabs."""
    return str(content.get("text", "")) if msg_type == "text" else "\n".join(_words(content))


def buttons_of(card: Json) -> list[CardButton]:
    """The buttons of a card that call back, in reading order."""
    forms = {id(node): tuple(_fields(form)) for form in _tagged(card, "form") for node in _tagged(form, "button")}
    return [_button(node, forms.get(id(node))) for node in _tagged(card, "button") if _callback(node) is not None]


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, dict):
        yield from _words_of_object(node)


def _words_of_object(node: Json) -> Iterator[str]:
    if node.get("tag") == "table":
        yield from _words_of_table(node)
        return
    if node.get("tag") in _TEXT_TAGS:
        yield str(node.get("content", node.get("text", "")))
        return
    if node.get("tag") == "chart":
        yield from _titles(node)
    if isinstance(node.get("title"), str) and node["title"]:  # of a post
        yield node["title"]
    for key, value in node.items():
        if key not in _UNREAD:
            yield from _words(value)


def _words_of_table(table: Json) -> Iterator[str]:
    names = [column["name"] for column in table["columns"]]
    yield "\t".join(column.get("display_name", "") for column in table["columns"])
    for row in table["rows"]:
        yield "\t".join(_cell(row.get(name, "")) for name in names)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(item["text"]) if isinstance(item, dict) else str(item) for item in value)
    return str(value)


def _tagged(node: Any, tag: str) -> Iterator[Json]:
    if isinstance(node, list):
        for item in node:
            yield from _tagged(item, tag)
    elif isinstance(node, dict):
        if node.get("tag") == tag:
            yield node
        for value in node.values():
            yield from _tagged(value, tag)


def _titles(chart: Json) -> Iterator[str]:
    """What is written over a chart."""
    spec = chart.get("chart_spec")
    title = spec.get("title") if isinstance(spec, dict) else None
    if isinstance(title, dict):
        yield from (str(title[part]) for part in ("text", "subtext") if title.get(part))


def _fields(form: Json) -> Iterator[CardField]:
    """The fields of a form. A field without a label of its own has the text that stands before it."""
    before = ""
    for node in _components(form["elements"]):
        if node["tag"] in ("div", "markdown"):
            before = "\n".join(_words(node))
        if node["tag"] in _FILLED_IN:
            own = [node[part]["content"] for part in ("label", "placeholder") if node.get(part)]
            label = own[0] if node.get("label") else before or "".join(own) or node["name"]
            required, longest = node.get("required", False), node.get("max_length", 1000)
            yield CardField(label, node["name"], node["tag"], required, longest)
            before = ""


def _components(nodes: list[Json]) -> Iterator[Json]:
    for node in nodes:
        yield node
        yield from _components(node.get("elements") or node.get("columns") or [])


def _button(node: Json, form: tuple[CardField, ...] | None) -> CardButton:
    return CardButton(node.get("text", {}).get("content", ""), _callback(node), node.get("name", ""), form)


def _callback(node: Json) -> Any:
    values = (action.get("value") for action in node.get("behaviors", []) if action.get("type") == "callback")
    return next(values, None)
