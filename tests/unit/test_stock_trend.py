"""What /stock trend says of a scope's cards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.stock import show
from handlers.stock import trend as command
from storage.store import SqlStore
from suanli.domain.answer import Ago, Answer, Chart, Facts, Note, Tone
from suanli.domain.chat import OpenId, Platform
from suanli.domain.stock import Model, Sample, Scope
from suanli.domain.stock.purchases import Stage, Step, Ticket
from suanli.domain.stock.rules import Field, Override, Rule, Watch
from suanli.domain.stock.trend import LEAST_POINTS
from suanli.i18n import Lang
from tests.dialogue import BOSS, LI, SITE, Dialogue, runs
from tests.fakes import FakeClock

HOUR = timedelta(hours=1)
SCOPE = Scope(Model("4090"))
RULE = Rule(SCOPE, 100, "RTX 4090", lead_days=14)


def falling(count: int, to: int) -> list[int]:
    """Free cards of so many hours, one fewer each."""
    return [to + count - 1 - n for n in range(count)]


@pytest.fixture
def bot(sqlite_store: SqlStore, clock: FakeClock) -> Dialogue:
    watched = replace(SITE, watch=Watch((RULE,)))
    return Dialogue(sqlite_store, clock, watched).with_commands(show.COMMAND, command.COMMAND)


def live(bot: Dialogue, lows: Sequence[int], *, model: str = "4090", region: str = "国内") -> None:
    """Let a sample an hour have come in, the last of them now."""
    now = bot.clock.now()
    with bot.store.begin() as tx:
        for n, free in enumerate(lows, 1):
            at = now - (len(lows) - n) * HOUR
            tx.samples.add([Sample(at, SITE.stock_source, Model(model), region, "普通", 400, free, 400 - free, 0)], at)


def answer_to(bot: Dialogue, text: str) -> Answer:
    (answer,) = bot.say(text)
    return answer


def facts(answer: Answer) -> dict[str, str]:
    (found,) = [block for block in answer.blocks if isinstance(block, Facts)]
    return {
        name: "".join(span for span in spans if isinstance(span, str)).removesuffix(" · 数据时间 ")
        for name, spans in found.pairs
    }


def chart(answer: Answer) -> Chart:
    (found,) = [block for block in answer.blocks if isinstance(block, Chart)]
    return found


def curve(answer: Answer, name: str) -> list[tuple[str, float]]:
    return [(p.at, p.value) for p in chart(answer).points if p.line == name]


def small_print(answer: Answer) -> str:
    return " ".join(str(span) for block in answer.blocks if isinstance(block, Note) for span in block.spans)


def test_a_trend_is_a_card_with_a_curve_a_threshold_and_every_figure(bot: Dialogue) -> None:
    live(bot, falling(60, 340))
    answer = answer_to(bot, "/stock trend 4090")
    assert answer.title == "4090 近 14 天趋势"
    assert facts(answer) == {
        "当前空闲": "340 张",
        "每天消耗": "24.0 张",
        "降到安全库存（100 张）": "约 10.0 天后",
        "用完": "约 14.2 天后",
        "采购周期": "14 天",
        "已下单未到": "0 张",
        "建议采购": "164 张",
    }
    assert curve(answer, "空闲")[-1] == ("11-20 12:00", 340)
    assert len(curve(answer, "空闲")) == len(curve(answer, "安全库存")) == 60
    assert {value for _, value in curve(answer, "安全库存")} == {100}
    assert answer.tone is Tone.INFO


def test_the_chart_says_the_same_in_words(bot: Dialogue) -> None:
    live(bot, [120] * 50 + [80] + [90] * 9)
    summary = chart(answer_to(bot, "/stock trend 4090")).summary
    assert summary == "空闲：11-18 01:00 120 张，11-20 12:00 90 张；最低 80 张（11-20 03:00）。"


def test_two_weeks_fit_on_a_card_with_the_dip_of_one_hour(bot: Dialogue) -> None:
    live(bot, [200] * 150 + [30] + [200] * 185)
    drawn = curve(answer_to(bot, "/stock trend 4090"), "空闲")
    assert len(drawn) <= 120
    assert min(value for _, value in drawn) == 30


def test_the_free_cards_carry_the_age_of_the_newest_answer(bot: Dialogue, clock: FakeClock) -> None:
    live(bot, falling(60, 340))
    seen_at = clock.now()
    clock.advance(timedelta(minutes=4))
    (found,) = [block for block in answer_to(bot, "/stock trend 4090").blocks if isinstance(block, Facts)]
    assert found.pairs[0][1][-1] == Ago(seen_at)


def test_old_figures_are_shown_as_old(bot: Dialogue, clock: FakeClock) -> None:
    live(bot, falling(60, 340))
    clock.advance(timedelta(minutes=16))
    answer = answer_to(bot, "/stock trend 4090")
    assert "数据已过期" in bot.words(answer)
    assert answer.tone is Tone.WARNING


def test_a_region_has_a_trend_of_its_own_and_without_a_rule_no_threshold(bot: Dialogue) -> None:
    live(bot, falling(60, 48))
    answer = answer_to(bot, "/stock trend 国内 4090")
    assert answer.title == "4090 国内 近 14 天趋势"
    assert set(facts(answer)) == {"当前空闲", "每天消耗", "用完", "已下单未到"}
    assert facts(answer)["用完"] == "约 2.0 天后"
    assert {point.line for point in chart(answer).points} == {"空闲"}
    assert "没有自己的规则" in small_print(answer)


def test_another_region_has_nothing_to_do_with_it(bot: Dialogue) -> None:
    live(bot, falling(60, 48))
    answer = answer_to(bot, "/stock trend 4090 海外")
    assert not any(isinstance(block, Facts | Chart) for block in answer.blocks)
    assert "没有数据不等于 0 张" in bot.words(answer)


def test_a_rule_as_it_was_changed_in_chat_is_the_one_that_counts(bot: Dialogue, clock: FakeClock) -> None:
    live(bot, falling(60, 340))
    with bot.store.begin() as tx:
        for field, value in ((Field.MIN_FREE, 220), (Field.LEAD_DAYS, 30)):
            tx.overrides.put(Override(SCOPE, field, value, OpenId("ou_boss"), clock.now()))
    answer = answer_to(bot, "/stock trend 4090")
    assert facts(answer)["降到安全库存（220 张）"] == "约 5.0 天后"
    assert facts(answer)["采购周期"] == "30 天"
    assert "新卡到货之前就会用完" in bot.words(answer)
    assert answer.tone is Tone.WARNING


def test_what_is_on_order_is_not_bought_again(bot: Dialogue, clock: FakeClock) -> None:
    live(bot, falling(60, 340))
    step = Step(OpenId("ou_li"), clock.now())
    with bot.store.begin() as tx:
        tx.tickets.save(Ticket(SCOPE, Stage.ORDERED, 150, step, eta=date(2026, 12, 1), ordered=step))
        tx.tickets.save(Ticket(SCOPE, Stage.REQUESTED, 70, step))
        tx.tickets.save(Ticket(Scope(Model("H20")), Stage.ORDERED, 80, step))
    shown = facts(answer_to(bot, "/stock trend 4090"))
    assert (shown["已下单未到"], shown["建议采购"]) == ("150 张", "14 张")


@pytest.mark.parametrize(
    ("lows", "burnt", "threshold", "empty"),
    [
        ([150] * 60, "持平", "没有减少，不会", "没有减少，不会"),
        (falling(60, 150)[::-1], "没有消耗，每天增加 24.0 张", "没有减少，不会", "没有减少，不会"),
        (falling(60, 100), "24.0 张", "已经", "约 4.2 天后"),
        (falling(60, 1), "24.0 张", "已经", "约 0.1 天后"),
        ([*[151] * 40, *[150] * 20], "持平", "没有减少，不会", "没有减少，不会"),
        (falling(60, 20_000), "24.0 张", "一年以后", "一年以后"),
    ],
)
def test_figures_are_said_as_they_are(bot: Dialogue, lows: list[int], burnt: str, threshold: str, empty: str) -> None:
    live(bot, lows)
    shown = facts(answer_to(bot, "/stock trend 4090"))
    assert (shown["每天消耗"], shown["降到安全库存（100 张）"], shown["用完"]) == (burnt, threshold, empty)


def test_too_few_hours_are_said_in_place_of_every_figure(bot: Dialogue) -> None:
    live(bot, falling(LEAST_POINTS - 1, 85))
    answer = answer_to(bot, "/stock trend 4090")
    shown = facts(answer)
    for name in ("每天消耗", "降到安全库存（100 张）", "用完", "建议采购"):
        assert shown[name] == "数据不足"
    assert shown["当前空闲"] == "85 张"
    assert "现有 47 个小时的数据，至少要 48 个小时" in bot.words(answer)
    assert answer.tone is Tone.WARNING
    assert len(curve(answer, "空闲")) == 47


def test_of_one_hour_no_line_is_drawn(bot: Dialogue) -> None:
    live(bot, [85])
    answer = answer_to(bot, "/stock trend 4090")
    assert not any(isinstance(block, Chart) for block in answer.blocks)
    assert "现有 1 个小时" in bot.words(answer)


def test_a_model_that_the_newest_answer_does_not_name_has_no_free_cards_to_count_on(
    bot: Dialogue, clock: FakeClock
) -> None:
    live(bot, falling(60, 340))
    clock.advance(timedelta(minutes=5))
    bot.stock(("H20", "国内", "普通", 100, 9))
    shown = facts(answer_to(bot, "/stock trend 4090"))
    assert shown["当前空闲"] == "最新数据里没有（不等于 0 张）"
    assert shown["每天消耗"] == "24.0 张"
    assert (shown["用完"], shown["建议采购"]) == ("未知", "未知")


def test_no_data_is_no_trend_and_not_zero(bot: Dialogue) -> None:
    answer = answer_to(bot, "/stock trend 4090")
    assert not any(isinstance(block, Facts | Chart) for block in answer.blocks)
    assert "没有数据不等于没有库存" in bot.words(answer)


def test_the_source_of_another_installation_is_not_mixed_in(bot: Dialogue) -> None:
    live(bot, falling(60, 340))
    elsewhere = Dialogue(bot.store, bot.clock, replace(bot.site, stock_source="prometheus"))
    assert "没有数据不等于没有库存" in elsewhere.ask("/stock trend 4090")


def test_a_lead_time_that_nobody_set_is_said(sqlite_store: SqlStore, clock: FakeClock) -> None:
    site = replace(SITE, watch=Watch((Rule(SCOPE, 100),)))
    bot = Dialogue(sqlite_store, clock, site).with_commands(command.COMMAND)
    live(bot, falling(60, 340))
    assert facts(answer_to(bot, "/stock trend 4090"))["采购周期"] == "未设置"


def test_the_buttons_ask_for_the_stock_and_the_same_again(bot: Dialogue) -> None:
    live(bot, falling(60, 340))
    assert runs(answer_to(bot, "/库存 趋势 国内 4090")) == ["/stock 4090", "/stock trend 4090 国内"]


def test_a_model_with_blanks_in_its_name_has_buttons_that_work(bot: Dialogue) -> None:
    live(bot, [8, 8], model="NVIDIA B300")
    again = runs(answer_to(bot, '/stock trend "NVIDIA B300"'))
    assert again == ['/stock "NVIDIA B300"', '/stock trend "NVIDIA B300"']
    assert "NVIDIA B300 近 14 天趋势" in bot.words(answer_to(bot, again[1]))


def test_without_a_model_it_asks_for_one(bot: Dialogue) -> None:
    assert "还需要：型号" in bot.ask("/stock trend")


def test_a_trend_speaks_the_language_of_who_asks(bot: Dialogue) -> None:
    live(bot, falling(60, 340))
    with bot.store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, LI.open_id, Lang.EN)
    assert "in about 14.2 days" in bot.ask("/stock trend 4090")
    assert "约 14.2 天后" in bot.ask("/stock trend 4090", sender=BOSS)


@pytest.mark.parametrize("dip", [3, 4])
def test_an_hour_that_a_clock_change_repeats_is_one_place_on_the_axis(sqlite_store: SqlStore, dip: int) -> None:
    clock = FakeClock(datetime(2026, 10, 25, 6, tzinfo=UTC))
    site = replace(SITE, zone=ZoneInfo("Europe/Berlin"))
    bot = Dialogue(sqlite_store, clock, site).with_commands(command.COMMAND)
    live(bot, [9 if n == dip else 50 for n in range(10)])
    drawn = curve(answer_to(bot, "/stock trend 4090"), "空闲")
    assert len(drawn) == 9
    assert [value for at, value in drawn if at == "10-25 02:00"] == [9]
