"""Forms and charts on Feishu cards."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.answer import Button, Buttons, Chart, Form, Input, Point
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.unit.test_feishu_cards import CARDS, card_of, drawn

Json = dict[str, Any]


def order(number: int | str, *, fields: str = "") -> Form:
    """The form of a purchase, with the names that `number` makes."""
    named = f"quantity_{number}", f"eta_{number}"
    value = {"run": f"/stock po #{number}", "fields": fields or " ".join(named)}
    return Form(
        f"purchase_{number}",
        (Input(named[0], "数量", "number", required=True), Input(named[1], "到货日期", "date")),
        (Button("已下单", value, "primary"),),
    )


def tagged(part: Any, *tags: str) -> Iterator[Json]:
    if isinstance(part, dict):
        if part.get("tag") in tags:
            yield part
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from tagged(each, *tags)


def names(part: Any) -> list[str]:
    return [each["name"] for each in tagged(part, "form", "input", "date_picker", "button") if "name" in each]


def value_of(button: Json) -> Json:
    value: Json = button["behaviors"][0]["value"]
    return value


def test_the_platform_takes_the_card_with_a_form_and_a_chart() -> None:
    assert flaw_of(card_of(CARDS["purchase"])) is None


def test_a_button_looks_as_important_as_it_is() -> None:
    (row,) = drawn(Buttons((Button("a", {}), Button("b", {}, "primary"), Button("c", {}, "danger"))))
    assert [button["type"] for button in tagged(row, "button")] == ["default", "primary", "danger"]


def test_a_form_keeps_the_names_that_its_command_knows() -> None:
    (form,) = drawn(order(12))
    assert names(form) == ["purchase_12", "quantity_12", "eta_12", "purchase_12_send"]
    (button,) = tagged(form, "button")
    assert button["form_action_type"] == "submit"
    assert value_of(button) == {"run": "/stock po #12", "fields": "quantity_12 eta_12"}


def test_two_forms_with_the_same_names_get_names_of_their_own_and_their_buttons_follow() -> None:
    first, second = drawn(order(1), order(1))
    assert not set(names(first)) & set(names(second))
    (button,) = tagged(second, "button")
    assert value_of(button)["fields"].split() == names(second)[1:3]
    assert flaw_of({"schema": "2.0", "body": {"elements": [first, second]}}) is None


@pytest.mark.parametrize("name", ["", "到货日期", "a b", "<at id=all>", "x" * 500, "\ud800", "a\n"])
def test_a_name_that_a_card_cannot_have_is_replaced_and_the_button_follows(name: str) -> None:
    (form,) = drawn(Form(name, (Input(name, "n"),), (Button("b", {"run": "/x", "fields": name}),)))
    assert all(each.isascii() and each.replace("_", "a").isalnum() and len(each) < 60 for each in names(form))
    (button,) = tagged(form, "button")
    assert value_of(button)["fields"].split() == (names(form)[1:2] if name.split() == [name] else name.split())


def test_a_name_made_for_one_is_not_given_to_another_that_wants_it() -> None:
    form = Form("f", (Input("a", "1"), Input("a", "2"), Input("a_2", "3"), Input("f_send", "4")), (Button("b", {}),))
    (element,) = drawn(form)
    assert names(element) == ["f", "a", "a_2", "a_2_2", "f_send", "f_send_2"]


def test_labels_are_plain_text_and_of_a_length_that_the_platform_takes() -> None:
    hostile = "<at id=all></at>**x**\u202e" + "长" * 500
    (form,) = drawn(Form("f", (Input("n", hostile), Input("d", hostile, "date")), (Button(hostile, {}),)))
    texts = [each["content"] for each in tagged(form, "plain_text") if each["content"].startswith("<at")]
    assert len(texts) == 3
    assert {len(text) for text in texts} == {100}
    assert "\u202e" not in "".join(texts)
    assert flaw_of({"schema": "2.0", "body": {"elements": [form]}}) is None


def test_a_field_says_in_the_language_of_the_answer_what_it_asks_for() -> None:
    hints = [
        [each["placeholder"]["content"] for each in tagged(drawn(order(1), lang=lang), "input", "date_picker")]
        for lang in Lang
    ]
    assert hints == [["请输入数字", "请选择日期"], ["A number", "Choose a date"]]


def test_a_form_that_cannot_be_sent_is_not_drawn() -> None:
    assert drawn(Form("f", (Input("a", "1"),), ())) == []


def lines(*named: str, moments: int = 3) -> Chart:
    points = (Point(f"11-{day:02d}", name, day) for name in named for day in range(1, moments + 1))
    return Chart("空闲", tuple(points), "从 1 到 3")


def test_a_chart_of_one_line_needs_no_legend_and_one_of_several_has_it() -> None:
    one, two = (each["chart_spec"] for each in drawn(lines("a"), lines("a", "b")))
    assert one["data"]["values"][0] == {"x": "11-01", "y": 1}
    assert "legends" not in one
    assert two["data"]["values"][0] == {"x": "11-01", "y": 1, "line": "a"}
    assert (two["seriesField"], two["legends"]["visible"]) == ("line", True)


def test_dots_are_drawn_only_where_they_can_be_told_apart() -> None:
    few, many = (each["chart_spec"]["point"] for each in drawn(lines("a"), lines("a", moments=31)))
    assert (few, many) == ({"visible": True}, {"visible": False})


@pytest.mark.parametrize(("value", "drawn_as"), [(85.0, 85), (0.1 + 0.2, 0.3), (-0.0, 0), (1e300, 1e300)])
def test_a_value_is_written_as_a_person_would(value: float, drawn_as: float) -> None:
    (element,) = drawn(Chart("", (Point("a", "b", value),), ""))
    assert element["chart_spec"]["data"]["values"][0]["y"] == drawn_as


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_where_it_is_made(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Point("a", "b", value)


def test_a_chart_of_nothing_is_told_in_words() -> None:
    (none,) = drawn(Chart("t", (), "no <b>data</b>"))
    assert none["content"] == "**t**\nno &#60;b&#62;data&#60;/b&#62;"


def test_the_sixth_chart_is_told_in_words() -> None:
    elements = drawn(*[lines("a")] * 6)
    assert [element["tag"] for element in elements] == ["chart"] * 5 + ["markdown"]
    assert elements[5]["content"] == "**空闲**\n从 1 到 3"


NAME = (st.text(max_size=6) | st.sampled_from(["a", "b", "a_2", "到货", "a_send"])).filter(lambda n: n.split() == [n])


@given(st.lists(st.tuples(st.text(max_size=3), st.lists(NAME, min_size=1, max_size=3, unique=True)), max_size=4))
def test_a_button_names_each_field_as_the_card_does(wanted: list[tuple[str, list[str]]]) -> None:
    elements = drawn(
        *(
            Form(name, tuple(Input(each, "x") for each in fields), (Button("b", {"fields": " ".join(fields)}),))
            for name, fields in wanted
        )
    )
    for form in elements:
        (button,) = tagged(form, "button")
        assert value_of(button)["fields"].split() == [each["name"] for each in tagged(form, "input")]
    assert len(names(elements)) == len(set(names(elements)))
