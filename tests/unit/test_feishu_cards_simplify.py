"""A card that is too much for Feishu gives up its charts, forms and buttons, and only then its words."""

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.feishu.cards import MOST_BYTES, MOST_ELEMENTS, render
from suanli.domain.answer import Answer, Block, Buttons, Chart, Form, Point, Strong, line, run_button
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.unit.test_feishu_cards import NOW, SHANGHAI, drawn
from tests.unit.test_feishu_cards_forms import order, tagged

Json = dict[str, Any]


def fortnight(*named: str) -> Chart:
    """An hour after the other for 14 days, of each line; the lowest is hidden in the middle."""
    hours = [f"{NOW + timedelta(hours=n):%m-%d %H:%M}" for n in range(14 * 24)]
    points = (Point(at, name, -7 if n == 101 else 500 - n) for name in named for n, at in enumerate(hours))
    return Chart("空闲", tuple(points), "最低 -7 张")


def values_of(element: Json) -> list[Json]:
    values: list[Json] = element["chart_spec"]["data"]["values"]
    return values


def shortage(number: int) -> tuple[Block, ...]:
    buttons = Buttons(tuple(run_button(label, f"/stock {label} #{number}") for label in ("ack", "mute", "trend")))
    return (line(Strong(f"Model {number}"), " 只剩 3 张"), buttons, order(number))


def test_a_chart_of_two_weeks_by_the_hour_is_drawn_whole() -> None:
    (chart,) = drawn(fortnight("空闲"))
    assert len(values_of(chart)) == 14 * 24


def test_a_chart_with_too_many_points_is_drawn_coarser_and_keeps_its_ends_and_its_lowest() -> None:
    first, second = drawn(fortnight("空闲", "安全库存"), line("x"))
    values = values_of(first)
    assert second["content"] == "x"
    assert 100 < len(values) < 2 * 14 * 24
    assert {value["line"] for value in values} == {"空闲", "安全库存"}
    assert [value["x"] for value in values if value["y"] == -7] == [f"{NOW + timedelta(hours=101):%m-%d %H:%M}"] * 2
    assert (values[0]["y"], values[-1]["y"]) == (500, 500 - 14 * 24 + 1)


def test_a_level_line_gives_way_before_any_moment_of_the_other_does() -> None:
    free = fortnight("空闲").points
    (chart,) = drawn(Chart("", (*free, *(Point(point.at, "安全库存", 100) for point in free)), ""))
    values = values_of(chart)
    assert [value["y"] for value in values if value["line"] == "空闲"] == [point.value for point in free]
    assert [value["x"] for value in values if value["line"] == "安全库存"] == [free[0].at, free[-1].at]


def test_a_level_line_with_moments_of_its_own_keeps_them() -> None:
    own = tuple(Point(f"own {n}", "安全库存", 100) for n in range(300))
    (chart,) = drawn(Chart("", (*fortnight("空闲").points, *own), ""))
    assert len([value for value in values_of(chart) if value["line"] == "安全库存"]) > 2


def test_a_flat_line_stays_evenly_spaced_when_it_is_drawn_coarser() -> None:
    points = tuple(Point(f"{n:04d}", "line", 100) for n in range(1600))
    (chart,) = drawn(Chart("", points, ""))
    kept = [int(value["x"]) for value in values_of(chart)]
    assert {later - earlier for earlier, later in pairwise(kept)} <= {1, 3, 7, 15, 31}
    assert 100 < len(kept) < 1600


def test_a_chart_that_no_card_can_hold_is_told_in_words() -> None:
    endless = Chart("t", tuple(Point(f"{n}" * 3, f"line {n}", n) for n in range(9_000)), "up and up")
    assert [each.get("content") for each in drawn(endless, line("x"))] == ["**t**\nup and up", "x"]


def test_the_last_chart_goes_first_and_a_form_stays_longer_than_any_chart() -> None:
    wide = fortnight(*(f"{n}" for n in range(20)))
    elements = drawn(wide, order(1), wide)
    assert [element["tag"] for element in elements] == ["chart", "form", "markdown"]


def test_forms_that_do_not_fit_are_told_as_what_to_type_and_no_word_is_lost() -> None:
    blocks = [block for number in range(12) for block in shortage(number)]
    elements = drawn(*blocks, lang=Lang.ZH)
    written = "\n".join(element.get("content", "") for element in elements)
    forms = list(tagged(elements, "form"))
    assert 0 < len(forms) < 12
    assert [form["name"] for form in forms] == [f"purchase_{number}" for number in range(len(forms))]
    assert all(f"**Model {number}**" in written for number in range(12))
    assert "已下单：`/stock po #11 <\u200b数量> <\u200b到货日期>`" in written
    assert "未显示" not in written


def test_buttons_go_before_words_do() -> None:
    blocks = [block for number in range(25) for block in shortage(number)]
    elements = drawn(*blocks, lang=Lang.ZH)
    written = "\n".join(element.get("content", "") for element in elements)
    assert all(f"**Model {number}**" in written for number in range(25))
    assert 0 < len(list(tagged(elements, "button"))) < 25 * 3
    assert "ack：`/stock ack #24`" in written
    assert "未显示" not in written


def test_when_words_must_be_cut_anyway_buttons_stay_and_forms_and_charts_are_words() -> None:
    blocks = (
        fortnight("a"),
        order(1),
        line("\n".join(f"line {n}" for n in range(5000))),
        Buttons(()),
        *shortage(2)[1:2],
    )
    elements = drawn(*blocks)
    assert [element["tag"] for element in elements] == ["markdown"] * 4 + ["column_set"]
    assert elements[0]["content"] == "**空闲**\n最低 &#45;7 张"
    assert elements[3]["content"].endswith("more rows not shown</font>")


@pytest.mark.parametrize(
    "blocks",
    [
        [order(n) for n in range(400)],
        [Chart("t" * 9000, (), "s" * 30_000)] * 6,
        [Chart("t", (Point("x" * 50_000, "y" * 50_000, 1.0),), "s")] * 7,
        [Form("f" * 50_000, order("长" * 900).inputs * 99, order(1).buttons * 99)],
        [block for number in range(100) for block in shortage(number)],
        [Buttons(tuple(run_button("b" * 500, "/r" * 500) for _ in range(99)))],
    ],
    ids=["forms", "summaries", "labels", "fields", "shortages", "buttons"],
)
def test_no_answer_is_too_much_for_a_card(blocks: list[Block]) -> None:
    answer = Answer(Lang.ZH, tuple(blocks), "title")
    content = render(answer, NOW, SHANGHAI)[1]
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES
    assert flaw_of(json.loads(content)) is None


def test_two_hundred_elements_are_drawn_as_they_are() -> None:
    # The title is one, a line one, a button three and the row of buttons one more.
    buttons = Buttons(tuple(run_button("b", "/b") for _ in range(58)))
    blocks: list[Block] = [*(line(f"{n}") for n in range(MOST_ELEMENTS - 1 - 1 - 58 * 3)), buttons]
    whole, more = {"elements": drawn(*blocks)}, {"elements": drawn(*blocks, line("more"))}
    assert count(whole) == MOST_ELEMENTS - 1
    assert len(list(tagged(whole, "button"))) == 58
    assert not list(tagged(more, "button"))


def count(part: Any) -> int:
    if isinstance(part, dict):
        return ("tag" in part) + sum(map(count, part.values()))
    return sum(map(count, part)) if isinstance(part, list) else 0
