"""What a person sees on a message: its words, and the buttons they can press."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suanli.sandbox.feishu.people import Json

_TEXT_TAGS = frozenset({"plain_text", "lark_md", "markdown", "text", "md", "a", "code_block"})
_UNREAD = frozenset({"behaviors", "chart_spec", "config", "confirm"})


@dataclass(frozen=True, slots=True)
class CardButton:
    """A button on a card: what is written on it and what it calls back with."""

    label: str
    value: Any
    name: str


def words_of(msg_type: str, content: Json) -> str:
    """Every word of a message, a line for each piece of text, cells of a table separated by tabs."""
    return str(content.get("text", "")) if msg_type == "text" else "\n".join(_words(content))


def buttons_of(card: Json) -> list[CardButton]:
    """The buttons of a card that call back, in reading order."""
    return [_button(node) for node in _tagged(card, "button") if _callback(node) is not None]


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


def _button(node: Json) -> CardButton:
    return CardButton(node.get("text", {}).get("content", ""), _callback(node), node.get("name", ""))


def _callback(node: Json) -> Any:
    values = (action.get("value") for action in node.get("behaviors", []) if action.get("type") == "callback")
    return next(values, None)
