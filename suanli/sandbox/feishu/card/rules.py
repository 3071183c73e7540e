"""Rules of schema 2.0 that span components: counts, nesting, names, cells, links (feishu.md §4.1-4.3).

Sub-codes that the sheet does not name are 200621, the one for a card that cannot be read. How the platform counts
elements and levels is not settled (feishu.md §13); here every object with a tag counts, and every one is a level.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.people import Json

MOST_ELEMENTS = 200
MOST_TABLES = 5
MOST_LEVELS = 5
MOST_BUTTON_TEXT = 100

TOO_MUCH = 11310
WRONG = 200621
NAMELESS = 200530
BAD_CHART = 200550
BAD_CELL = 200914
UNDECLARED = 200915

_FREE = frozenset({"rows", "chart_spec", "value", "i18n_content", "style", "streaming_config"})
"""Properties whose content is the author's own, not made of components."""

_FIELDS = frozenset(
    {
        "input", "select_static", "multi_select_static", "select_person", "multi_select_person",
        "date_picker", "picker_time", "picker_datetime", "checker", "select_img", "button",
    }
)  # fmt: skip
_SELECTS = frozenset({"select_static", "multi_select_static", "select_img"})
_ROOT_ONLY = frozenset({"table", "form"})
_TABLE_RULE = re.compile(r"^(?=[^\n]*-)(?=[^\n]*\|)[ \t|:-]+$", re.MULTILINE)
"""The line below the head of a table in markdown, whatever its number of columns."""
_LINK = re.compile(r"\]\(\s*([a-zA-Z][a-zA-Z0-9+.-]*):")


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


def _below(nodes: Sequence[Json], path: str, above: tuple[str, ...]) -> Iterator[Element]:
    for number, node in enumerate(nodes):
        element = Element(node, f"{path} -> [{number}](tag: {node['tag']})", above)
        yield element
        key = "columns" if element.tag == "column_set" else "elements"
        yield from _below(node.get(key, []), f"{element.path} -> {key}", (*above, element.tag))


def _objects(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for item in node:
            yield from _objects(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in _FREE:
                yield from _objects(value)


def _at_most_200_elements(card: Json, _elements: Sequence[Element]) -> Iterator[Flaw]:
    count = sum("tag" in node for node in _objects(card))
    if count > MOST_ELEMENTS:
        yield Flaw(TOO_MUCH, "ROOT", "element exceeds the limit", str(count))


def _at_most_5_tables(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    count = sum(element.tag == "table" for element in elements)
    count += sum(len(_TABLE_RULE.findall(e.node["content"])) for e in elements if e.tag == "markdown")
    if count > MOST_TABLES:
        yield Flaw(TOO_MUCH, "ROOT", "card table number over limit", str(count))


def _at_most_5_levels(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if len(element.above) >= MOST_LEVELS:
            yield Flaw(TOO_MUCH, element.path, "nesting exceeds the limit", str(len(element.above) + 1))


def _tables_and_forms_at_root(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if element.tag in _ROOT_ONLY and element.above:
            yield Flaw(WRONG, element.path, f"a {element.tag} stands only at the root of body", element.above[-1])


def _ids_once(card: Json, _elements: Sequence[Element]) -> Iterator[Flaw]:
    ids = [node["element_id"] for node in _objects(card) if node.get("element_id")]
    for name in _repeated(ids):
        yield Flaw(WRONG, "ROOT", "element_id is not unique", name)


def _button_texts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        text = (element.node.get("text") or {}).get("content", "") if element.tag == "button" else ""
        if len(text) > MOST_BUTTON_TEXT:
            yield Flaw(WRONG, f"{element.path} -> text", "button text exceeds the limit", str(len(text)))


def _charts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        spec = element.node.get("chart_spec")
        if element.tag == "chart" and not (isinstance(spec, dict) and isinstance(spec.get("type"), str)):
            yield Flaw(BAD_CHART, element.path, "chart spec is invalid", str(spec)[:100])


def _options_once(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        values = [option["value"] for option in element.node.get("options", [])] if element.tag in _SELECTS else []
        for value in _repeated(values):
            yield Flaw(WRONG, f"{element.path} -> options", "option value is not unique", value)


def _web_links_only(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        text = element.node["content"] if element.tag == "markdown" else ""
        for scheme in _LINK.findall(text):
            if scheme.lower() not in ("http", "https"):
                yield Flaw(WRONG, element.path, "links are http or https", scheme)


def _forms(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for form in (element for element in elements if element.tag == "form"):
        inside = [element for element in elements if element.path.startswith(f"{form.path} -> ")]
        yield from _names(inside)
        if not any(_submits(element.node) for element in inside):
            yield Flaw(WRONG, form.path, "a form needs a submit button")


def _names(inside: Sequence[Element]) -> Iterator[Flaw]:
    fields = [element for element in inside if element.tag in _FIELDS]
    for field in fields:
        if not field.node.get("name"):
            yield Flaw(NAMELESS, field.path, "a component in a form needs a name")
    for name in _repeated([field.node["name"] for field in fields if field.node.get("name")]):
        yield Flaw(NAMELESS, inside[0].path, "a name in a form is not unique", name)


def _submits(node: Json) -> bool:
    actions = (action.get("behavior") for action in node.get("behaviors", []) if action["type"] == "form_action")
    return node.get("form_action_type") == "submit" or "submit" in actions


def _tables(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for table in (element for element in elements if element.tag == "table"):
        kinds = {column["name"]: column["data_type"] for column in table.node["columns"]}
        for number, row in enumerate(table.node["rows"]):
            yield from _row(f"{table.path} -> rows -> [{number}]", row, kinds)


def _row(path: str, row: Json, kinds: Json) -> Iterator[Flaw]:
    for name, cell in row.items():
        if name not in kinds:
            yield Flaw(UNDECLARED, path, "the row has a key that is not a column's name", name)
        elif not _fits(kinds[name], cell):
            yield Flaw(BAD_CELL, f"{path} -> {name}", f"not a cell of type {kinds[name]}", str(cell)[:100])


def _fits(kind: str, cell: Any) -> bool:
    if kind in ("number", "date"):
        return isinstance(cell, int | float if kind == "number" else int) and not isinstance(cell, bool)
    if kind == "options":
        return isinstance(cell, list) and all(isinstance(o, dict) and isinstance(o.get("text"), str) for o in cell)
    if kind == "persons":
        return isinstance(cell, str) or (isinstance(cell, list) and all(isinstance(p, str) for p in cell))
    return isinstance(cell, str)


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


RULES: tuple[Rule, ...] = (
    _at_most_200_elements,
    _at_most_5_tables,
    _at_most_5_levels,
    _tables_and_forms_at_root,
    _ids_once,
    _button_texts,
    _charts,
    _options_once,
    _web_links_only,
    _forms,
    _tables,
)
