"""Cards drawn on a terminal."""

from io import StringIO

from rich.console import Console

from suanli.domain.answer import Answer, Block, Buttons, Chart, Form, Input, Link, Point, line, run_button
from suanli.i18n import Lang
from suanli.sandbox.drawing import WIDTH, draw
from tests.unit.test_feishu_cards import CARDS, card_of


def seen(answer: Answer) -> str:
    console = Console(file=StringIO(), width=WIDTH)
    console.print(draw("interactive", card_of(answer), str))
    written = console.file
    assert isinstance(written, StringIO)
    return written.getvalue()


def seen_of(*blocks: Block) -> str:
    return seen(Answer(Lang.ZH, blocks, "title"))


def test_a_form_is_its_labels_its_empty_fields_and_its_buttons() -> None:
    shown = seen(CARDS["purchase"])
    assert all(each in shown for each in ("数量 [ 请输入数字", "到货日期", "[ 请选择日期", "[ 已下单 ]  [ 撤销 ]"))
    assert shown.count("*") == 1


def test_no_button_is_broken_by_the_end_of_a_line() -> None:
    labels = ("已读", "1 小时后再说", "4 小时后再说", "1 天后再说", "看配额")
    lines = seen_of(Buttons(tuple(run_button(label, "/x") for label in labels))).splitlines()
    drawn = [line.strip("│ ") for line in lines if "[ " in line]
    assert drawn == ["[ 已读 ]  [ 1 小时后再说 ]  [ 4 小时后再说 ]  [ 1 天后再说 ]", "[ 看配额 ]"]


def test_a_chart_is_bars_between_its_lowest_and_its_highest() -> None:
    points = tuple(Point(f"11-{day:02d}", "空闲", value) for day, value in enumerate((8, 1, 4.5, 8), 1))
    shown = seen_of(Chart("空闲 14 天", points, "summary"))
    assert "█▁▅█" in shown
    assert all(each in shown for each in ("空闲 14 天", "min 1  max 8  last 8", "11-01 … 11-04"))


def test_a_chart_of_many_points_is_as_wide_as_the_terminal_and_keeps_its_lowest() -> None:
    points = tuple(Point(f"{n}", "空闲", 1 if n == 137 else 100 + n) for n in range(336))
    shown = seen_of(Chart("", points, ""))
    bars = next(line for line in shown.splitlines() if "█" in line)
    assert sum(bars.count(bar) for bar in "▁▂▃▄▅▆▇█") == 60
    assert bars.count("▁") == 1


def test_lines_are_drawn_one_under_the_other_with_their_names_and_a_flat_one_is_flat() -> None:
    points = (Point("a", "空闲", 3), Point("b", "空闲", 5), Point("a", "安全库存", 4), Point("b", "安全库存", 4))
    shown = seen_of(Chart("", points, ""))
    assert all(each in shown for each in ("▁█", "空闲 min 3  max 5", "▄▄", "安全库存 min 4  max 4"))


def test_a_link_is_its_words_alone_and_what_only_looks_like_one_is_shown_whole() -> None:
    shown = seen_of(line(Link("v0.10.0", "https://github.com/a/b/releases/tag/v0.10.0"), " [x](https://evil.example)"))
    assert "v0.10.0 [x](https://evil.example)" in shown
    assert "github.com" not in shown


def test_hostile_words_are_shown_as_they_are() -> None:
    name = "[red]x[/red]"
    form = Form("f", (Input("a", name), Input("b", name, "date")), (run_button(name, "/x"),))
    assert seen_of(form, Chart(name, (Point(name, name, 1),), "")).count(name) >= 5


def test_every_card_of_ours_can_be_drawn_to_the_last_element() -> None:
    tags = ("chart", "form", "input", "date_picker", "div", "column_set", "markdown", "table", "hr")
    shown = "\n".join(map(seen, CARDS.values()))
    assert [tag for tag in tags if f"[{tag}]" in shown] == []
