"""A flaw of a card, and how the platform writes down where it is (feishu.md §3.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a card: the platform's sub-code, the place, the reason, and the value at fault."""

    code: int
    path: str
    reason: str
    value: str = ""


def path_of(card: Any, steps: Iterable[str | int]) -> str:
    """`ROOT -> body -> elements -> [2](tag: chart)`; steps that are not in the card are only labels, and left out."""
    words, node = ["ROOT"], card
    for step in steps:
        if isinstance(node, list) and isinstance(step, int):
            node = node[step]
            words.append(f"[{step}]{_label(node)}")
        elif isinstance(node, dict) and step in node:
            node = node[step]
            words.append(str(step))
    return " -> ".join(words)


def _label(node: Any) -> str:
    return f"(tag: {node['tag']})" if isinstance(node, dict) and "tag" in node else ""
