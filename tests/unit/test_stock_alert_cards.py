"""The card of a shortage: what it says and offers, how it is drawn anew, and that Feishu takes it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot import syntax
from bot.feishu.cards import render
from handlers.stock.card import MOST_CONTROLS
from storage.store import SqlStore
from suanli.domain.answer import Answer, Form, Tone
from suanli.domain.chat import Platform
from suanli.domain.delivery import Parcel
from suanli.domain.errors import RemoteError
from suanli.domain.stock import Model, Row, Scope
from suanli.domain.stock.rules import Recipient, Rule
from suanli.domain.stock.trend import Burn
from suanli.i18n import Lang
from suanli.sandbox.feishu.card.linter import flaw_of
from tests.dialogue import BOSS, SHANGHAI
from tests.fakes import FakeClock
from tests.stockdesk import LOW, PLENTY, R4090, RH20, RULES, Desk, buttons, pressable, row

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
ONE = (Recipient("ou_a"),)
Json = dict[str, Any]


def drawn(answer: Answer, clock: FakeClock) -> Json:
    """The card as Feishu gets it, which it takes."""
    kind, content = render(answer, clock.now(), SHANGHAI)
    assert kind == "interactive"
    card: Json = json.loads(content)
    assert flaw_of(card) is None
    return card


def tags(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from ([part["tag"]] if "tag" in part else [])
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from tags(each)


def many(store: SqlStore, clock: FakeClock, number: int, *, worst: int = 0) -> Parcel:
    """The card of so many shortages, of which this one alone is critical."""
    rules = tuple(Rule(Scope(Model(f"M{n}")), 10, samples=1) for n in range(number))
    rows = [row(f"M{n}", 1 if n == worst else 8) for n in range(number)]
    (parcel,) = Desk(store, clock, rows, rules=rules, recipients=ONE).look()
    return parcel


# What it says and offers.


def test_a_shortage_can_be_claimed_muted_ordered_and_looked_at(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=RULES[:1], recipients=ONE)
    (parcel,) = desk.look()
    assert buttons(parcel.answer) == [
        "/stock ack 4090 #1",
        "/stock mute 4090 1d #1",
        "/stock mute 4090 3d #1",
        "/stock trend 4090",
        "/stock po 4090 #1",
        "/stock mute 4090 #1",
    ]


def test_the_worst_comes_first_with_its_buttons(sqlite_store: SqlStore, clock: FakeClock) -> None:
    answer = many(sqlite_store, clock, 8, worst=6).answer
    words = Desk(sqlite_store, clock, LOW).bot.words(answer)
    assert words.index("M6 (M6)") < words.index("M0 (M0)")
    assert buttons(answer)[0] == "/stock ack M6 #7"
    assert answer.tone is Tone.BAD


@pytest.mark.parametrize("number", [MOST_CONTROLS, MOST_CONTROLS + 1])
def test_only_as_many_shortages_have_buttons_as_a_card_can_hold_and_it_says_what_to_type(
    sqlite_store: SqlStore, clock: FakeClock, number: int
) -> None:
    answer = many(sqlite_store, clock, number, worst=4).answer
    claims = [run for run in buttons(answer) if run.startswith("/stock ack")]
    assert claims == [f"/stock ack M{n} #{n + 1}" for n in (4, 0, 1, 2, 3)]
    told = "其余型号请发送命令处理" in Desk(sqlite_store, clock, LOW).bot.words(answer)
    assert told is (number > MOST_CONTROLS)


def test_what_has_recovered_and_what_has_not_share_a_card(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 300), row(RH20, 12)], recipients=ONE)
    desk.look()
    desk.look(after=23 * HOUR)
    (parcel,) = desk.look(after=HOUR)
    words = desk.read(parcel)
    assert "✅ RTX 4090 (4090)：已恢复" in words
    assert words.index("🔴 H20 (H20)") < words.index("4090 (4090)")
    assert not any("4090" in run for run in buttons(parcel.answer))
    assert parcel.answer.tone is Tone.WARNING


def test_a_card_of_what_has_recovered_is_green_and_offers_nothing(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, PLENTY, recipients=ONE)
    desk.look()
    desk.look(after=HOUR)
    (parcel,) = desk.look(after=HOUR)
    assert (parcel.answer.tone, parcel.answer.title) == (Tone.GOOD, "✅ GPU库存已恢复")
    assert buttons(parcel.answer) == []
    assert "发现以下GPU库存不足" not in desk.read(parcel)
    drawn(parcel.answer, clock)


def test_a_card_whose_rule_is_gone_does_not_say_that_all_is_well(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=(), recipients=ONE)
    desk.ask_bot("/stock rule set 4090 min_free=100 samples=1", by=BOSS)
    desk.look()
    desk.ask_bot("/stock rule unset 4090", by=BOSS)
    assert desk.look(after=MINUTES) == []
    (card,) = desk.drawn
    words = desk.read(card)
    assert (card.answer.title, card.answer.tone) == ("GPU库存预警已停止", Tone.MUTED)
    assert "规则已删除" in words
    assert "已恢复" not in words


# Drawn anew.


def test_a_card_of_two_models_is_drawn_anew_when_one_changes_and_keeps_the_other(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=ONE)
    (card,) = desk.look()
    (redrawn,) = desk.press("/stock ack H20").drawn
    assert redrawn.redraws == card.key
    words = desk.read(redrawn)
    assert "🔴 RTX 4090 (4090)\n   - 当前空闲：85 张\n   - 安全库存：100 张\n   - 建议采购：15 张以上\n\n" in words
    assert "已认领：ou_a" in words[words.index("H20 (H20)") :]
    assert redrawn.answer.tone is Tone.WARNING


def test_a_card_is_calm_once_somebody_sees_to_all_of_it(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=ONE)
    desk.look()
    desk.press("/stock ack H20")
    (redrawn,) = desk.press("/stock ack 4090").drawn
    assert redrawn.answer.tone is Tone.INFO


def test_a_card_is_drawn_anew_when_its_cards_come_back(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 300), row(RH20, 12)], recipients=ONE)
    (card,) = desk.look()
    assert desk.look(after=MINUTES) == []
    (redrawn,) = desk.drawn
    assert redrawn.redraws == card.key
    assert "🟡 RTX 4090 (4090)：空闲已回升，观察中" in desk.read(redrawn)
    assert not any("4090" in run for run in buttons(redrawn.answer))


def test_free_cards_alone_are_no_reason_to_draw_anew(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 84), row(RH20, 12)], recipients=ONE)
    desk.look()
    desk.look(after=MINUTES)
    assert desk.drawn == []


def test_every_card_of_a_shortage_is_drawn_anew_earlier_ones_too(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=ONE)
    (first,) = desk.look()
    (reminder,) = desk.look(after=DAY)
    drawn = {parcel.redraws: desk.read(parcel) for parcel in desk.press("/stock ack 4090").drawn}
    assert set(drawn) == {first.key, reminder.key}
    assert all("已认领：" in words for words in drawn.values())


def test_only_the_newest_card_of_a_recipient_keeps_its_buttons(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=ONE)
    (first,) = desk.look()
    (reminder,) = desk.look(after=DAY)
    drawn = {parcel.redraws: desk.read(parcel) for parcel in desk.press("/stock ack 4090").drawn}
    assert "后面有更新的卡片" in drawn[first.key]
    assert "/stock po" not in drawn[first.key]
    assert "/stock po 4090 #1" in drawn[reminder.key]


def test_a_card_older_than_the_platform_draws_anew_is_left_alone(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=ONE)
    (first,) = desk.look()
    (reminder,) = desk.look(after=15 * DAY)
    drawn = {parcel.redraws for parcel in desk.press("/stock ack 4090").drawn}
    assert drawn == {reminder.key}
    assert first.key != reminder.key


def test_each_recipients_card_is_drawn_anew_in_their_language(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "ou_b", Lang.EN)
    desk = Desk(sqlite_store, clock, LOW)
    desk.look()
    cards = {p.target.id: desk.read(p) for p in desk.press("/stock ack 4090").drawn}
    assert "已认领：ou_a" in cards["ou_a"]
    assert "Claimed by ou_a; no reminders until 11-21 12:00" in cards["ou_b"]


def test_a_card_drawn_anew_says_when_its_figures_were_read_not_when_somebody_clicked(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, RemoteError("502"), recipients=ONE)
    desk.look()
    clock.advance(MINUTES)
    (redrawn,) = desk.press("/stock ack 4090").drawn
    assert "检查时间：2026-11-20 12:00:00" in desk.read(redrawn)
    assert "之后没有取到新的" not in desk.read(redrawn)
    desk.look(after=DAY)
    (redrawn,) = desk.press("/stock mute 4090 1d").drawn
    assert "这是 11-20 12:00 的数据，之后没有取到新的" in desk.read(redrawn)


# Feishu takes it.


@pytest.mark.parametrize("number", [1, 2, MOST_CONTROLS, MOST_CONTROLS + 1, 31, 60])
def test_so_many_shortages_are_a_card_with_every_form(sqlite_store: SqlStore, clock: FakeClock, number: int) -> None:
    card = drawn(many(sqlite_store, clock, number).answer, clock)
    assert list(tags(card)).count("form") == min(number, MOST_CONTROLS)


def test_five_hundred_shortages_are_a_card_that_keeps_the_buttons_of_the_worst(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    card = drawn(many(sqlite_store, clock, 500, worst=499).answer, clock)
    text = json.dumps(card, ensure_ascii=False)
    assert '{"run": "/stock ack M499 #500"}' in text
    assert "行未显示" in text
    assert "检查时间" in text


def test_five_shortages_with_all_there_is_to_say_are_a_card_with_every_form(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    scopes = [Scope(Model(f"NVIDIA A100-SXM4-80GB {n}"), "国内", "普通") for n in range(MOST_CONTROLS)]
    rules = tuple(Rule(scope, 100, f"训练集群的卡 {n}", samples=1, lead_days=30) for n, scope in enumerate(scopes))
    rows: list[Row] = [row(scope.model, 3) for scope in scopes]
    desk = Desk(sqlite_store, clock, rows, rules=rules, recipients=ONE)
    with sqlite_store.begin() as tx:
        tx.burns.replace({scope: Burn(2.5, 300, clock.now()) for scope in scopes})
    desk.look()
    for scope in scopes:
        for quantity in ("50", "60", "70"):
            desk.press(syntax.write(("stock", "po", *scope.words, quantity, "12-31")))
        last = desk.press(syntax.write(("stock", "mute", *scope.words, "1d")))
    card = drawn(last.drawn[0].answer, clock)
    assert list(tags(card)).count("form") == MOST_CONTROLS
    assert "已静音" in json.dumps(card, ensure_ascii=False)


def test_hostile_names_forge_nothing(sqlite_store: SqlStore, clock: FakeClock) -> None:
    name = "<at id=all></at> [x](https://evil.example) **b**"
    rules = (Rule(Scope(Model(name)), 10, "<font color='red'>" + name, samples=1),)
    (parcel,) = Desk(sqlite_store, clock, [row(name, 1)], rules=rules, recipients=ONE).look()
    shown = [e["content"] for e in drawn(parcel.answer, clock)["body"]["elements"] if e["tag"] == "markdown"]
    assert not any("<at" in text or "](" in text or "<font color='red'>" in text for text in shown)


def test_a_card_offers_the_same_in_both_languages(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "ou_b", Lang.EN)
    desk = Desk(sqlite_store, clock, LOW)
    first, second = desk.look()
    assert [b.value for b in pressable(first.answer)] == [b.value for b in pressable(second.answer)]
    assert sum(isinstance(block, Form) for block in second.answer.blocks) == 2
    assert not any("\u4e00" <= c <= "\u9fff" for c in desk.bot.words(second.answer))


def test_a_shortage_that_no_newer_card_shows_keeps_its_buttons_on_the_earlier_one(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 40), row(RH20, 12)], recipients=ONE)
    (both,) = desk.look()
    (escalated,) = desk.look(after=timedelta(minutes=5))
    assert "H20" not in desk.read(escalated)
    drawn = {parcel.redraws: desk.read(parcel) for parcel in desk.press("/stock ack 4090").drawn}
    assert "/stock ack H20 #2" in drawn[both.key]
    assert "/stock mute 4090" not in drawn[both.key]
    assert "/stock mute 4090 1d #1" in drawn[escalated.key]
