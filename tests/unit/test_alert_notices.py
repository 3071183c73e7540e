"""The card about other systems' alerts: plain, short, the worst first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.feishu.cards import render
from bot.plain import as_text
from handlers.stock.alert_notices import LONGEST_LINK, VALUES, card
from suanli.domain.answer import Answer, Code, Paragraph, Tone
from suanli.domain.stock.external import Alert, AlertNews, AlertNotice, Fingerprint
from suanli.i18n import Lang, texts_in
from tests.dialogue import SHANGHAI
from tests.fakes import NOON

ZH = texts_in(Lang.ZH)
DOWN = Alert(
    Fingerprint("f1"),
    NOON - timedelta(hours=2),
    firing=True,
    heard_at=NOON,
    labels={"alertname": "NodeDown", "severity": "critical", "instance": "gpu-07", "cluster": "bj"},
    annotations={"summary": "gpu-07 掉线", "description": "没有心跳\n请检查电源"},
    link="http://prom/graph?g0.expr=up",
    count=1,
)
FIRING = AlertNotice(DOWN, AlertNews.FIRING)
OVER = AlertNotice(replace(DOWN, firing=False), AlertNews.RESOLVED, timedelta(hours=2, minutes=5))


def words(answer: Answer) -> str:
    return as_text(answer, NOON, SHANGHAI)


def labelled(news: AlertNews = AlertNews.FIRING, **labels: str) -> AlertNotice:
    return AlertNotice(replace(DOWN, labels=labels), news)


def test_a_new_alert_says_what_it_is_since_when_and_where() -> None:
    answer = card(ZH, SHANGHAI, [FIRING])
    assert (answer.title, answer.tone) == ("🔴 NodeDown", Tone.BAD)
    assert words(answer).splitlines()[2:] == [
        "🔴 NodeDown · critical",
        "gpu-07 掉线",
        "没有心跳",
        "请检查电源",
        "开始时间：2026-11-20 10:00:00",
        "cluster=bj, instance=gpu-07",
        "链接：http://prom/graph?g0.expr=up",
    ]


def test_an_end_says_how_long_it_lasted() -> None:
    answer = card(ZH, SHANGHAI, [OVER])
    assert (answer.title, answer.tone) == ("✅ 已恢复：NodeDown", Tone.GOOD)
    assert "持续 2 小时 5 分钟" in words(answer)


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(minutes=59, seconds=59), "持续 59 分钟"),
        (timedelta(hours=24), "持续 1 天 0 小时"),
        (timedelta(days=3, hours=23, minutes=59), "持续 3 天 23 小时"),
    ],
)
def test_a_duration_is_said_in_the_units_that_matter(lasted: timedelta, said: str) -> None:
    assert said in words(card(ZH, SHANGHAI, [replace(OVER, lasted=lasted)]))


def test_a_reminder_says_which_one_it_is() -> None:
    answer = card(ZH, SHANGHAI, [AlertNotice(replace(DOWN, count=3), AlertNews.REMINDER)])
    assert answer.title == "🔴 仍未恢复：NodeDown"
    assert "第 3 次通知" in words(answer)


@pytest.mark.parametrize(
    ("severity", "tone"),
    [
        ("critical", Tone.BAD),
        ("Page", Tone.BAD),
        ("严重", Tone.BAD),
        ("warning", Tone.WARNING),
        ("whatever", Tone.WARNING),
        ("", Tone.WARNING),
        ("info", Tone.INFO),
    ],
)
def test_the_severity_label_gives_the_tone(severity: str, tone: Tone) -> None:
    assert card(ZH, SHANGHAI, [labelled(severity=severity)]).tone is tone
    assert card(ZH, SHANGHAI, [labelled(AlertNews.RESOLVED, severity=severity)]).tone is Tone.GOOD


def test_many_are_counted_in_the_title_and_stand_the_new_and_the_worst_first() -> None:
    notices = [
        labelled(AlertNews.RESOLVED, alertname="D"),
        labelled(AlertNews.REMINDER, alertname="C", severity="critical"),
        labelled(AlertNews.FIRING, alertname="B", severity="info"),
        labelled(AlertNews.FIRING, alertname="A", severity="critical"),
    ]
    answer = card(ZH, SHANGHAI, notices)
    assert answer.title == "外部告警：新触发 2 条 · 仍未恢复 1 条 · 已恢复 1 条"
    assert answer.tone is Tone.BAD
    heads = [line.split(" · ")[0][-1] for line in words(answer).splitlines()[2:] if line.startswith(("🔴", "🔵", "✅"))]
    assert heads == ["A", "B", "C", "D"]


def test_an_alert_without_a_name_is_told_all_the_same() -> None:
    bare = AlertNotice(replace(DOWN, labels={}, annotations={}, link=""), AlertNews.FIRING)
    assert words(card(ZH, SHANGHAI, [bare])).splitlines()[2:] == ["🟠 未命名告警", "开始时间：2026-11-20 10:00:00"]
    assert card(texts_in(Lang.EN), SHANGHAI, [labelled(job="x")]).title == "🟠 unnamed alert"


def test_figures_and_alerts_that_did_not_come_are_said() -> None:
    figured = AlertNotice(replace(DOWN, annotations={VALUES: "B=44.25"}), AlertNews.FIRING)
    said = words(card(ZH, SHANGHAI, [figured], left_out=3))
    assert "当前值：B=44.25" in said
    assert "还有 3 条告警" in said


def test_a_link_is_text_and_one_that_is_too_long_is_left_out() -> None:
    (block,) = card(ZH, SHANGHAI, [FIRING]).blocks
    assert isinstance(block, Paragraph)
    assert Code(DOWN.link) in block.spans
    long = "http://prom/?" + "x" * LONGEST_LINK
    assert "http" not in words(card(ZH, SHANGHAI, [AlertNotice(replace(DOWN, link=long), AlertNews.FIRING)]))


def test_what_a_sender_writes_stays_text_on_the_card() -> None:
    evil = "<at id=all></at> [free GPUs](http://evil) **now**\n# big"
    hostile = replace(DOWN, labels={"alertname": evil, "x": evil}, annotations={"summary": evil, "description": evil})
    _, content = render(card(ZH, SHANGHAI, [AlertNotice(hostile, AlertNews.FIRING)]), NOON, SHANGHAI)
    assert "](http" not in content.split('"body"')[1]
    assert "<at" not in content.split('"body"')[1]


def test_long_texts_are_cut_and_hundreds_of_alerts_make_one_card() -> None:
    long = {"summary": "长" * 5000, "description": "行\n" * 500}
    notices = [
        AlertNotice(
            replace(DOWN, labels={"alertname": f"A{n:03}", "filler": "x" * 2000}, annotations=long), AlertNews.FIRING
        )
        for n in range(500)
    ]
    answer = card(ZH, SHANGHAI, notices)
    said = words(answer)
    assert len(said) < 20_000
    assert all(f"A{n:03}" in said for n in range(80))
    assert "另外 420 条" in said
    _, content = render(answer, NOON, SHANGHAI)
    assert all(f"A{n:03}" in content for n in range(30))
