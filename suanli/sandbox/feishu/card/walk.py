"""The components of a well-formed card, each where it stands, for the rules to look at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.people import Json

_FREE = frozenset({"rows", "chart_spec", "value", "i18n_content", "style", "streaming_config"})
"""Properties whose content is the author's own, not made of components."""


@dataclass(frozen=True, slots=True)
class Element:
    """A component where it stands: `above` are the tags around it, outermost first."""

    node: Json
    path: str
    above: tuple[str, ...]

    @property
    def tag(self) -> str:
        """What it is."""
        return str(self.node["tag"])


Rule = Callable[[Json, Sequence[Element]], Iterator[Flaw]]


def elements_of(card: Json) -> Iterator[Element]:
    """Every component of a well-formed card's body, columns among them, each before what is in it."""
    return _below(card["body"]["elements"], "ROOT -> body -> elements", ())


def objects(node: Any) -> Iterator[Json]:
    """Every object in a card that is not an author's own."""
    if isinstance(node, list):
        for item in node:
            yield from objects(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in _FREE:
                yield from objects(value)


def repeated(values: Iterable[str]) -> list[str]:
    """The values that are there more than once."""
    return [value for value, times in Counter(values).items() if times > 1]


def _below(nodes: Sequence[Json], path: str, above: tuple[str, ...]) -> Iterator[Element]:
    for number, node in enumerate(nodes):
        element = Element(node, f"{path} -> [{number}](tag: {node['tag']})", above)
        yield element
        key = "columns" if element.tag == "column_set" else "elements"
        yield from _below(node.get(key, []), f"{element.path} -> {key}", (*above, element.tag))
