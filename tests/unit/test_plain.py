"""Answers as plain text."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.plain import as_text, clean
from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Button,
    Buttons,
    Chart,
    Code,
    Column,
    Divider,
    Facts,
    Form,
    Input,
    Point,
    Strong,
    Table,
    line,
    note,
    run_button,
)
from suanli.i18n import Lang

NOW = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")

LOW_STOCK = """\
⚠️ GPU库存预警

发现以下GPU库存不足，建议尽快发起采购：

🔴 RTX 4090 (4090)
   - 当前空闲：85 张
   - 安全库存：100 张
   - 建议采购：15 张以上

🔴 H100 (H100)
   - 当前空闲：12 张
   - 安全库存：20 张
   - 建议采购：8 张以上

📅 检查时间：2026-02-26 10:00:00"""
"""What the program before this one sent, letter by letter."""

ALERT = (
    line("发现以下GPU库存不足，建议尽快发起采购："),
    line("🔴 RTX 4090 (4090)\n   - 当前空闲：85 张\n   - 安全库存：100 张\n   - 建议采购：15 张以上"),
    line("🔴 H100 (H100)\n   - 当前空闲：12 张\n   - 安全库存：20 张\n   - 建议采购：8 张以上"),
    line("📅 检查时间：2026-02-26 10:00:00"),
)


def text(answer: Answer) -> str:
    return as_text(answer, NOW, SHANGHAI)


def test_the_low_stock_message_is_the_one_people_know() -> None:
    assert text(Answer(Lang.ZH, ALERT, "⚠️ GPU库存预警")) == LOW_STOCK


def test_a_title_may_as_well_be_the_first_paragraph() -> None:
    assert text(Answer(Lang.ZH, (line("⚠️ GPU库存预警"), *ALERT))) == LOW_STOCK


def test_spans_follow_each_other_without_marks_of_their_own() -> None:
    spans = ("free ", Strong("85"), " of ", Code("RTX 4090"), ", ask ", At("ou_7d8a"))
    assert text(Answer(Lang.EN, (line(*spans),))) == "free 85 of RTX 4090, ask ou_7d8a"


@pytest.mark.parametrize(
    ("lang", "age", "expected"),
    [
        (Lang.ZH, timedelta(seconds=5), "刚刚 (09:59)"),
        (Lang.ZH, timedelta(minutes=3), "3 分钟前 (09:57)"),
        (Lang.EN, timedelta(hours=4), "4 h ago (06:00)"),
        (Lang.EN, timedelta(hours=11), "11 h ago (02-25 23:00)"),
        (Lang.ZH, timedelta(days=2), "2 天前 (02-24 10:00)"),
    ],
)
def test_a_moment_is_told_as_its_age_and_its_local_time(lang: Lang, age: timedelta, expected: str) -> None:
    assert text(Answer(lang, (line(Ago(NOW - age)),))) == expected


def test_facts_are_named_lines_in_the_manner_of_the_language() -> None:
    pairs = (("型号", ("H20",)), ("空闲", (Strong("3"), " 张")))
    assert text(Answer(Lang.ZH, (Facts(pairs),))) == "型号：H20\n空闲：3 张"
    assert text(Answer(Lang.EN, (Facts(pairs),))) == "型号: H20\n空闲: 3 张"


def test_a_table_is_lines_with_its_titles_first() -> None:
    table = Table((Column("GPU"), Column("Free", number=True)), (("H20", "3"), ("4090", "85")))
    assert text(Answer(Lang.EN, (table,))) == "GPU | Free\nH20 | 3\n4090 | 85"


def test_a_button_that_cannot_be_pressed_says_what_to_type() -> None:
    buttons = Buttons((run_button("刷新", "/stock"), run_button("/help", "/help"), Button("好", {"ack": "1"})))
    assert text(Answer(Lang.ZH, (buttons,))) == "刷新：/stock\n/help\n好"


def test_a_form_says_what_to_type_with_its_fields_in_the_order_of_the_command() -> None:
    inputs = (Input("day", "到货日期", "date"), Input("n", "数量", "number"), Input("note", "备注"))
    ordered = Button("已下单", {"run": "/stock po 4090 #12", "fields": "n day"})
    others = (Button("静音至", {"run": "/stock mute 4090", "fields": "day"}), run_button("/help", "/help"))
    assert text(Answer(Lang.ZH, (Form("f", inputs, (ordered, *others)),))) == (
        "已下单：/stock po 4090 #12 <数量> <到货日期>\n静音至：/stock mute 4090 <到货日期>\n/help"
    )


def test_a_field_that_the_form_does_not_have_is_named_and_a_button_without_a_command_is_only_its_label() -> None:
    buttons = (Button("po", {"run": "/po", "fields": "n"}), Button("ok", {"fields": "n"}))
    assert text(Answer(Lang.EN, (Form("f", (), buttons),))) == "po: /po <n>\nok"


def test_a_chart_is_its_title_and_its_summary() -> None:
    points = (Point("11-20", "空闲", 85.0),)
    assert text(Answer(Lang.ZH, (Chart("空闲", points, "一直是 85 张"),))) == "空闲\n一直是 85 张"
    assert text(Answer(Lang.ZH, (Chart("", points, "一直是 85 张"), Chart("空闲", (), "")))) == "一直是 85 张\n\n空闲"


def test_blocks_without_words_leave_no_gap() -> None:
    blocks = (line("a"), line(""), Facts(()), Buttons(()), Form("f", (), ()), Chart("", (), ""), Divider(), note("b"))
    assert text(Answer(Lang.ZH, blocks)) == "a\n\n──────────\n\nb"


def test_text_of_other_systems_is_made_fit_to_carry() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert clean("4090\x00\x1b[31m\u202egnp.exe\ufeff") == "4090[31mgnp.exe"
    assert clean("\ud800 👩\u200d💻") == "\ufffd 👩\u200d💻"


def test_escaping_reaches_every_text_and_no_mention() -> None:
    table = Table((Column("<t"),), (("<c",),))
    blocks = (
        line("<p", Strong("<s"), Code("<k"), At("ou_1")),
        Facts((("<n", ("<v",)),)),
        table,
        Buttons((run_button("<l", "<r"),)),
        Form("<f", (Input("n", "<i"),), (Button("<b", {"run": "<r", "fields": "n"}),)),
        Chart("<h", (), "<s"),
    )
    said = as_text(
        Answer(Lang.EN, blocks, "<title"),
        NOW,
        SHANGHAI,
        escape=lambda outside: outside.replace("<", "‹"),
        mention=lambda open_id: f"<@{open_id}>",
    )
    assert said == "‹title\n\n‹p‹s‹k<@ou_1>\n\n‹n: ‹v\n\n‹t\n‹c\n\n‹l: ‹r\n\n‹b: ‹r ‹‹i>\n\n‹h\n‹s"
