"""What the stand-in's linter says about forms and charts: a table of cards, each with one flaw."""

from typing import Any

import pytest

from suanli.sandbox.feishu.card.linter import flaw_of
from tests.unit.test_sandbox_feishu_linter import SUBMIT, Json, button, card, columns, form, markdown, plain, select


def entry(name: str = "a", **more: Any) -> Json:
    return {"tag": "input", "name": name, **more}


def day(name: str = "d", **more: Any) -> Json:
    return {"tag": "date_picker", "name": name, **more}


def chart(**spec: Any) -> Json:
    return {"tag": "chart", "chart_spec": spec}


RESET = button("Clear", name="clear", form_action_type="reset")
LINE = chart(type="line", data={"values": [{"x": "1", "y": 2}]}, xField="x", yField="y")

GOOD: dict[str, Json] = {
    "every kind of field": card(
        form(
            entry(required=True, max_length=5, label=plain("n"), placeholder=plain("x" * 100)),
            {"tag": "div", "text": plain("day")},
            day(required=True, initial_date="2026-12-31", placeholder=plain("day")),
            select("r1", name="s"),
            columns(SUBMIT, RESET),
        )
    ),
    "a submit button in the words of its behaviors": card(
        form(button("Send", name="go", behaviors=[{"type": "form_action", "behavior": "submit"}]))
    ),
    "two forms with names of their own": card(
        form(entry("a"), SUBMIT), form(entry("b"), button(name="go2", form_action_type="submit")) | {"name": "g"}
    ),
    "names that are shared outside of forms": card(button(name="x"), button(name="x")),
    "a date picker on its own": card(day()),
    "a chart of several sets of data": card(chart(type="common", data=[{"values": []}, {"values": []}])),
    "five charts": card(*[LINE] * 5),
}

BAD: dict[str, tuple[Json, int, str]] = {
    "a nameless input": (card(form({"tag": "input"}, SUBMIT)), 200530, "[0](tag: input)"),
    "a nameless date picker in a column": (card(form(columns(day("")), SUBMIT)), 200530, "(tag: date_picker)"),
    "a nameless button": (card(form(SUBMIT, button(form_action_type="reset"))), 200530, "[1](tag: button)"),
    "a name twice": (card(form(entry("go"), SUBMIT)), 200530, "[1](tag: button)"),
    "a name twice in two forms": (
        card(form(entry(), SUBMIT), form(entry(), button(name="go2", form_action_type="submit")) | {"name": "g"}),
        200530,
        "[1](tag: form) -> elements -> [0]",
    ),
    "two forms of one name": (
        card(form(SUBMIT), form(button(name="go2", form_action_type="submit"))),
        200530,
        "elements -> [1](tag: form)",
    ),
    "a field with the form's name": (card(form(entry("f"), SUBMIT)), 200530, "[0](tag: input)"),
    "a form that cannot be sent": (card(form(entry())), 200621, "[0](tag: form)"),
    "a form that can only be cleared": (card(form(entry(), RESET)), 200621, "[0](tag: form)"),
    "a button that does nothing to its form": (card(form(SUBMIT, button(name="x"))), 200621, "[1](tag: button)"),
    "a form in a form": (card(form(form(SUBMIT), SUBMIT)), 200621, "[0](tag: form) -> elements -> [0](tag: form)"),
    "a form in a column": (card(columns(form(SUBMIT))), 200621, "(tag: form)"),
    "a chart in a form": (card(form(LINE, SUBMIT)), 200621, "[0](tag: chart)"),
    "a form without a name": (card(form(SUBMIT) | {"name": ""}), 200621, "name"),
    "a number that is asked for as a number": (card(form(entry(input_type="number"), SUBMIT)), 200621, "input_type"),
    "a day with a label": (card(form(day(label=plain("day")), SUBMIT)), 200621, "label"),
    "a first day that is none": (card(form(day(initial_date="31.12.2026"), SUBMIT)), 200621, "initial_date"),
    "a placeholder of a hundred and one characters": (
        card(form(entry(placeholder=plain("x" * 101)), SUBMIT)),
        200621,
        "placeholder",
    ),
    "an input that takes nothing": (card(form(entry(max_length=0), SUBMIT)), 200621, "max_length"),
    "what must be filled in but is in no form": (card(entry(required=True)), 200621, "required"),
    "a submit button in no form": (card(SUBMIT), 200621, "form_action_type"),
    "six charts": (card(*[LINE] * 6), 11310, "ROOT"),
    "a chart without anything": (card(chart()), 200550, "[0](tag: chart)"),
    "a chart as a string": (card({"tag": "chart", "chart_spec": "{}"}), 200550, "[0](tag: chart)"),
    "a chart as a list": (card({"tag": "chart", "chart_spec": [LINE]}), 200550, "[0](tag: chart)"),
    "a chart without a type": (card(chart(data={"values": []})), 200550, "[0](tag: chart)"),
    "a chart without data": (card(markdown(), chart(type="line")), 200550, "[1](tag: chart)"),
    "a chart whose data are no rows": (card(chart(type="line", data={"values": "1,2"})), 200550, "[0](tag: chart)"),
    "a chart with no set of data": (card(chart(type="line", data=[])), 200550, "[0](tag: chart)"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_form_or_chart_as_the_sheet_has_it_is_taken(name: str) -> None:
    assert flaw_of(GOOD[name]) is None


@pytest.mark.parametrize("name", BAD)
def test_a_flawed_form_or_chart_is_refused_with_its_code_and_its_place(name: str) -> None:
    flawed, code, place = BAD[name]

    flaw = flaw_of(flawed)

    assert flaw is not None
    assert flaw.code == code
    assert place in flaw.path
