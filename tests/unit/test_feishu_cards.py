"""Answers as Feishu messages. `python -m tests.unit.test_feishu_cards` writes the golden cards anew."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.feishu.cards import MOST_BYTES, MOST_ELEMENTS, render
from suanli.domain.answer import (
    Ago,
    Answer,
    At,
    Block,
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
    Tone,
    line,
    note,
    run_button,
)
from suanli.i18n import Lang

NOW = datetime(2026, 2, 26, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
GOLDEN = Path(__file__).parent.parent / "golden" / "cards"

CARDS = {
    "stock": Answer(
        Lang.ZH,
        (
            line(Strong("合计"), " 97 张空闲"),
            Table(
                (Column("型号"), Column("地区"), Column("空闲", number=True), Column("总数", number=True)),
                (("RTX 4090", "国内", "85", "960"), ("H100", "海外", "12", "128"), ("H20*", "", "0", "—")),
            ),
            note("来源 grafana_sql，数据时间 ", Ago(NOW - timedelta(minutes=3))),
            Buttons((run_button("刷新", "/stock"), run_button("查看 4090", "/stock 4090"))),
        ),
        "GPU 库存",
    ),
    "alert": Answer(
        Lang.ZH,
        (
            line("发现以下GPU库存不足，建议尽快发起采购："),
            line("🔴 RTX 4090 (4090)\n   - 当前空闲：85 张\n   - 安全库存：100 张"),
            Divider(),
            line("📅 检查时间：2026-02-26 10:00:00"),
        ),
        "⚠️ GPU库存预警",
        Tone.WARNING,
    ),
    "denied": Answer(
        Lang.EN,
        (
            line("/role grant needs the role ", Strong("admin"), "."),
            line("Ask ", At("ou_7d8a6e6df7621556ce0d21922b676706"), " ", At("<at id=all></at>")),
            Facts((("usage", (Code("/role grant <@person> <role>"),)), ("*your* role", ("viewer",)))),
            note("Your open_id: ", Code("ou_c99c5f35d542efc7ee492afe11af19ef")),
        ),
        "Not allowed",
        Tone.BAD,
    ),
    "purchase": Answer(
        Lang.ZH,
        (
            Chart(
                "空闲 <4090>",
                (*(Point(f"11-{day}", "空闲", 100.0 - day * 1.5) for day in (18, 19, 20)),
                 *(Point(f"11-{day}", "安全库存", 100) for day in (18, 19, 20))),
                "从 73 张降到 70 张",
            ),
            Form(
                "purchase_12",
                (Input("quantity_12", "数量", "number", required=True), Input("eta_12", "到货日期", "date"),
                 Input("note_12", "备注")),
                (
                    Button("已下单", {"run": "/stock po 4090 #12", "fields": "quantity_12 eta_12"}, "primary"),
                    Button("撤销", {"run": "/stock cancel 4090 #12"}, "danger"),
                ),
            ),
        ),
        "采购 4090",
    ),
}  # fmt: skip


def card_of(answer: Answer) -> dict[str, Any]:
    msg_type, content = render(answer, NOW, SHANGHAI)
    assert msg_type == "interactive"
    card: dict[str, Any] = json.loads(content)
    return card


def drawn(*blocks: Block, lang: Lang = Lang.EN) -> list[dict[str, Any]]:
    elements: list[dict[str, Any]] = card_of(Answer(lang, blocks, "title"))["body"]["elements"]
    return elements


def readable(card: dict[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_drawn_as_its_golden_file_shows(name: str) -> None:
    assert readable(card_of(CARDS[name])) == (GOLDEN / f"{name}.json").read_text("utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CARDS)


def test_an_answer_without_a_title_is_a_text_message() -> None:
    answer = Answer(Lang.ZH, (line("好的，", At("ou_7d8a"), "：", Strong("已切换")),))
    assert render(answer, NOW, SHANGHAI) == ("text", '{"text":"好的，<at user_id=\\"ou_7d8a\\"></at>：已切换"}')


def test_a_refused_card_becomes_a_text_message_that_mentions_nobody() -> None:
    answer = Answer(Lang.ZH, (line("请联系 ", At("ou_7d8a")),), "权限不足", Tone.BAD)
    assert render(answer, NOW, SHANGHAI, plain=True) == ("text", '{"text":"权限不足\\n\\n请联系 ou_7d8a"}')


@pytest.mark.parametrize(
    "hostile",
    ['<at user_id="all"></at>', "[free GPUs](http://evil.example)", "<b>bold</b>", '<at user_id="ou_1">boss</at>'],
)
def test_a_text_message_keeps_no_syntax_from_outside(hostile: str) -> None:
    text = json.loads(render(Answer(Lang.EN, (line(hostile),)), NOW, SHANGHAI)[1])["text"]
    assert text.replace("\u200b", "") == hostile
    assert not any(syntax in text for syntax in ("<at", "<b", "</", "]("))


def test_a_link_cannot_be_put_together_from_two_texts() -> None:
    text = json.loads(render(Answer(Lang.EN, (line("[free]", Strong("(http://evil.example)")),)), NOW, SHANGHAI)[1])
    assert text["text"] == "[free]\u200b(http://evil.example)"


@pytest.mark.parametrize("word", ["all", "ou_1></at><at id=all", "ou_", "on_123", "ou_1\n", "ou_一"])
def test_only_an_open_id_is_mentioned(word: str) -> None:
    assert "<at" not in json.dumps(drawn(line("x", At(word))))


def test_a_number_column_has_numbers_where_json_says_them_with_the_same_characters() -> None:
    table = Table(
        (Column("name"), Column("exact", number=True), Column("loose", number=True)),
        (("a", "-12", "1.50"), ("b", "0.25", "—")),
    )
    (element,) = drawn(table)
    assert [column["data_type"] for column in element["columns"]] == ["text", "number", "text"]
    assert [column["horizontal_align"] for column in element["columns"]] == ["left", "right", "right"]
    assert element["rows"] == [{"c0": "a", "c1": -12, "c2": "1.50"}, {"c0": "b", "c1": 0.25, "c2": "—"}]


def test_tables_beyond_what_a_card_may_hold_are_written_as_lines() -> None:
    elements = drawn(*[Table((Column("GPU"), Column("n")), (("H20", "1*"),))] * 5)
    assert [element["tag"] for element in elements] == ["table", "table", "table", "markdown", "markdown"]
    assert elements[3]["content"] == "**GPU** &#124; **n**\nH20 &#124; 1&#42;"


def test_a_page_of_a_table_shows_as_many_rows_as_there_are_up_to_ten() -> None:
    pages = [drawn(Table((Column("n"),), (("1",),) * rows))[0]["page_size"] for rows in (0, 1, 7, 30)]
    assert pages == [1, 1, 7, 10]


def test_bold_text_that_ends_in_marks_is_kept_apart_from_letters_so_that_it_is_bold() -> None:
    (element,) = drawn(line("a", Strong("(x)"), "b", Strong(" c "), Strong("d"), Strong("e")))
    assert element["content"] == "a **&#40;x&#41;** b **c** **d** **e**"


@pytest.mark.parametrize(
    ("spans", "written"),
    [
        (("合计", Strong("97"), "张"), "合计**97**张"),
        ((Strong("4090 (A)"), "：85"), "**4090 &#40;A&#41;**：85"),
        ((Strong("(A) 4090"), "有货"), "**&#40;A&#41; 4090**有货"),
        (("有货", Strong("(A) 4090"), "有货"), "有货 **&#40;A&#41; 4090**有货"),
        (("，", Strong("!"), "-"), "，**&#33;**&#45;"),
        (("a ", Strong("!"), " b"), "a **&#33;** b"),
        (("a\n", Strong("!"), "\nb"), "a\n**&#33;**\nb"),
    ],
)
def test_bold_text_has_no_space_beside_it_that_it_does_not_need(spans: tuple[Any, ...], written: str) -> None:
    assert drawn(line(*spans))[0]["content"] == written


def test_code_is_shown_letter_by_letter_and_what_backticks_cannot_hold_as_text() -> None:
    (element,) = drawn(line(Code("/stock [model]"), Code("a`b"), Code("a_b")))
    assert element["content"] == "`/stock [model]`a&#96;b`a_b`"


def test_indented_lines_stay_indented() -> None:
    (element,) = drawn(line("a\n     b\n", "  ", "  ", "c"))
    assert element["content"] == "a\n\u00a0\u00a0\u00a0\u00a0 b\n\u00a0 \u00a0 c"


def test_blocks_without_words_are_not_drawn() -> None:
    assert drawn(line(" "), note(""), Facts(()), Buttons(()), Table((), ())) == []


def test_the_list_of_chats_shows_the_title_and_the_first_line() -> None:
    assert card_of(CARDS["alert"])["config"]["summary"] == {
        "content": "⚠️ GPU库存预警 · 发现以下GPU库存不足，建议尽快发起采购："
    }


def test_a_long_table_loses_its_last_rows_and_says_how_many() -> None:
    rows = tuple((f"GPU {n}", "国内", str(n)) for n in range(2000))
    blocks = (
        line("before"),
        Table((Column("a"), Column("b"), Column("c")), rows),
        note("after"),
        Buttons((run_button("more", "/x"),)),
    )
    content = render(Answer(Lang.ZH, blocks, "title"), NOW, SHANGHAI)[1]
    before, table, missing, after, buttons = json.loads(content)["body"]["elements"]
    kept = len(table["rows"])
    assert 0.9 * MOST_BYTES < len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES
    assert missing["content"] == f"<font color='grey'>… 其余 {2000 - kept} 行未显示</font>"
    assert [row["c0"] for row in table["rows"]] == [f"GPU {n}" for n in range(kept)]
    assert (before["content"], after["content"]) == ("before", "<font color='grey'>after</font>")
    assert buttons["tag"] == "column_set"


def test_a_long_paragraph_loses_its_last_lines_and_says_how_many() -> None:
    elements = drawn(line("\n".join(f"line {n}" for n in range(5000))), line("end"))
    kept = elements[0]["content"].split("\n")
    assert kept == [f"line {n}" for n in range(len(kept))]
    assert elements[1]["content"] == f"<font color='grey'>… {5000 - len(kept)} more rows not shown</font>"
    assert elements[2]["content"] == "end"


def test_one_endless_line_is_cut_and_says_so() -> None:
    (element,) = drawn(line("长" * 50_000), lang=Lang.ZH)
    assert element["content"] == "长" * 2000 + "…（内容过长，已截断）"


def test_too_many_blocks_lose_the_last_ones() -> None:
    elements = drawn(*(line(f"block {n}") for n in range(500)))
    assert len(elements) < MOST_ELEMENTS
    assert elements[0]["content"] == "block 0"
    assert elements[-1]["content"] == "<font color='grey'>… 410 more rows not shown</font>"


def test_an_endless_text_message_is_cut_and_says_so() -> None:
    text = json.loads(render(Answer(Lang.EN, (line('"' * 100_000),)), NOW, SHANGHAI)[1])["text"]
    assert text.endswith('"… (too long, cut here)')
    assert 20_000 < len(text) < 100_000


if __name__ == "__main__":
    for name, answer in CARDS.items():
        (GOLDEN / f"{name}.json").write_text(readable(card_of(answer)), "utf-8")
