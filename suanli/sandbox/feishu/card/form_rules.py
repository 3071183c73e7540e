"""Rules of schema 2.0 about forms: what they hold, the names in them, how they are sent (feishu.md §4.2, §4.3).

Some are from the pages of the components: names are unique in the whole card, a form holds no chart, a button in a
form says what it does to the form, a placeholder has at most 100 characters, and what only a form gives a meaning to
stands in a form.
"""

from collections.abc import Iterator, Sequence

from suanli.sandbox.feishu.card.flaw import Flaw
from suanli.sandbox.feishu.card.walk import Element, Rule
from suanli.sandbox.feishu.people import Json

WRONG = 200621
NAMELESS = 200530
MOST_PLACEHOLDER = 100

_FIELDS = frozenset(
    {
        "input", "select_static", "multi_select_static", "select_person", "multi_select_person",
        "date_picker", "picker_time", "picker_datetime", "checker", "select_img", "button",
    }
)  # fmt: skip


def _names(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    known: set[str] = set()
    for element in elements:
        if element.tag != "form" and ("form" not in element.above or element.tag not in _FIELDS):
            continue
        name = element.node.get("name", "")
        if not name:
            yield Flaw(NAMELESS, element.path, "a component in a form needs a name")
        if name in known:
            yield Flaw(NAMELESS, element.path, "a name in a form is not unique", name)
        known.add(name)


def _sent(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for form in (element for element in elements if element.tag == "form"):
        buttons = [e for e in elements if e.tag == "button" and e.path.startswith(f"{form.path} -> ")]
        for button in buttons:
            if not _actions(button.node):
                yield Flaw(WRONG, button.path, "a button in a form submits or resets it")
        if not any("submit" in _actions(button.node) for button in buttons):
            yield Flaw(WRONG, form.path, "a form needs a submit button")


def _actions(button: Json) -> set[str]:
    ways = {action["behavior"] for action in button.get("behaviors", []) if action["type"] == "form_action"}
    return ways | ({button["form_action_type"]} if button.get("form_action_type") else set())


def _charts(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        if element.tag == "chart" and "form" in element.above:
            yield Flaw(WRONG, element.path, "a form holds no chart")


def _only_in_forms(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        for key in ("required", "form_action_type"):
            if element.node.get(key) and "form" not in element.above:
                yield Flaw(WRONG, f"{element.path} -> {key}", "only a component in a form has it", key)


def _placeholders(_card: Json, elements: Sequence[Element]) -> Iterator[Flaw]:
    for element in elements:
        text = (element.node.get("placeholder") or {}).get("content", "")
        if len(text) > MOST_PLACEHOLDER:
            yield Flaw(WRONG, f"{element.path} -> placeholder", "placeholder exceeds the limit", str(len(text)))


FORM_RULES: tuple[Rule, ...] = (_names, _sent, _charts, _only_in_forms, _placeholders)
