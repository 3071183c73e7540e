"""Rules of schema 2.0 that span components: counts, nesting, cells, links (feishu.md §4.1-4.3).

Sub-codes that the sheet does not name are 200621, the one for a card that cannot be read. How the platform counts
elements and levels is not settled (feishu.md §13); here every object with a tag counts, and every one is a level.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.card.form_rules import FORM_RULES
from suanli.sandbox.feishu.card.walk import Element, Rule, objects, repeated
from suanli.sandbox.feishu.people import Json

MOST_ELEMENTS = 200
MOST_TABLES = 5
MOST_CHARTS = 5
"""A recommendation of the documents, taken as a limit, so that nobody comes to rely on more."""
MOST_LEVELS = 5
MOST_BUTTON_TEXT = 100

TOO_MUCH = 11310
WRONG = 200621
BAD_CHART = 200550
BAD_CELL = 200914
UNDECLARED = 200915

_SELECTS = frozenset({"select_static", "multi_select_static", "select_img"})
_ROOT_ONLY = frozenset({"table", "form"})
_TABLE_RULE = re.compile(r"^(?=[^\n]*-)(?=[^\n]*\|)[ \t|:-]+$", re.MULTILINE)
"""The line below the head of a table in markdown, whatever its number of columns."""
_LINK = re.compile(r"\]\(\s*([a-zA-Z][a-zA-Z0-9+.-]*):")


def _at_most_200_elements(card: Json, _elements: Sequence[Element]) -> Iterator[Flaw]:
    count = sum("tag" in node for node in objects(card))
    if count > MOST_ELEMENTS:
        yield Flaw(TOO_MUCH, "ROOT", "element exceeds the limit", str(count))


def _at_most_5_tables(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    count = sum(element.tag == "table" for element in elements)
    count += sum(len(_TABLE_RULE.findall(e.node["content"])) for e in elements if e.tag == "markdown")
    if count > MOST_TABLES:
        yield Flaw(TOO_MUCH, "ROOT", "card table number over limit", str(count))


def _at_most_5_charts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    count = sum(element.tag == "chart" for element in elements)
    if count > MOST_CHARTS:
        yield Flaw(TOO_MUCH, "ROOT", "card chart number over limit", str(count))


def _at_most_5_levels(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if len(element.above) >= MOST_LEVELS:
            yield Flaw(TOO_MUCH, element.path, "nesting exceeds the limit", str(len(element.above) + 1))


def _tables_and_forms_at_root(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if element.tag in _ROOT_ONLY and element.above:
            yield Flaw(WRONG, element.path, f"a {element.tag} stands only at the root of body", element.above[-1])


def _ids_once(card: Json, _elements: Sequence[Element]) -> Iterator[Flaw]:
    ids = [node["element_id"] for node in objects(card) if node.get("element_id")]
    for name in repeated(ids):
        yield Flaw(WRONG, "ROOT", "element_id is not unique", name)


def _button_texts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        text = (element.node.get("text") or {}).get("content", "") if element.tag == "button" else ""
        if len(text) > MOST_BUTTON_TEXT:
            yield Flaw(WRONG, f"{element.path} -> text", "button text exceeds the limit", str(len(text)))


def _charts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if element.tag == "chart" and not _is_drawing(element.node["chart_spec"]):
            yield Flaw(BAD_CHART, element.path, "chart spec is invalid", str(element.node["chart_spec"])[:100])


def _is_drawing(spec: Any) -> bool:
    if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
        return False
    sets = spec.get("data")
    sets = sets if isinstance(sets, list) else [sets]
    return bool(sets) and all(isinstance(each, dict) and isinstance(each.get("values"), list) for each in sets)


def _options_once(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        values = [option["value"] for option in element.node.get("options", [])] if element.tag in _SELECTS else []
        for value in repeated(values):
            yield Flaw(WRONG, f"{element.path} -> options", "option value is not unique", value)


def _web_links_only(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        text = element.node["content"] if element.tag == "markdown" else ""
        for scheme in _LINK.findall(text):
            if scheme.lower() not in ("http", "https"):
                yield Flaw(WRONG, element.path, "links are http or https", scheme)


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


RULES: tuple[Rule, ...] = (
    _at_most_200_elements,
    _at_most_5_tables,
    _at_most_5_charts,
    _at_most_5_levels,
    _tables_and_forms_at_root,
    _ids_once,
    _button_texts,
    _charts,
    _options_once,
    _web_links_only,
    *FORM_RULES,
    _tables,
)
