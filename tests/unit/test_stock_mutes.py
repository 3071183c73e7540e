"""Not wanting to hear of a shortage: until when, by button, form and command, and what comes after."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.audit import Outcome
from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Rule
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.stockdesk import ANN, BEN, LOW, PLENTY, R4090, RH20, Desk, button, buttons, row

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    """Both models are low, and both recipients have been told."""
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    return desk


@pytest.mark.parametrize(("days", "until"), [("1d", "11-21 12:00"), ("3d", "11-23 12:00")])
def test_a_button_mutes_for_days_and_the_cards_say_so(desk: Desk, days: str, until: str) -> None:
    pressed = desk.press(f"/stock mute 4090 {days} #1")
    assert pressed.words == f"RTX 4090 已静音到 {until}。"
    assert [f"已静音：ou_a，到 {until}" in desk.read(p) for p in pressed.drawn] == [True, True]


def test_the_card_offers_these_mutes(sqlite_store: SqlStore, clock: FakeClock) -> None:
    answer = Desk(sqlite_store, clock, LOW).look()[0].answer
    assert {"/stock mute 4090 1d #1", "/stock mute 4090 3d #1", "/stock mute 4090 #1"} <= set(buttons(answer))


def test_the_form_mutes_until_the_end_of_a_day(desk: Desk, clock: FakeClock) -> None:
    clock.advance(DAY)
    card = desk.look()[0].answer
    pressed = desk.press(button(card, "/stock mute 4090 #1"), form={"date_1": "2026-11-30", "quantity_1": "7"})
    assert pressed.words == "RTX 4090 已静音到 12-01 00:00。"
    mute = desk.standing("4090").mute
    assert mute is not None
    assert mute.until == datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_the_form_needs_a_day_to_mute_until(desk: Desk) -> None:
    before = desk.known()
    run = {"run": "/stock mute 4090 #1", "fields": "date_1"}
    toast, _ = desk.bot.press(run, sender=ANN, form={"quantity_1": "7"})
    assert toast is not None
    assert "还需要：时长|日期" in toast.text
    assert desk.known() == before


@pytest.mark.parametrize(
    ("words", "hours"),
    [("4090 2h", 2), ("12小时 4090", 12), ("4090 2周", 336), ("4090 90d", 2160), ("4090 ３Ｄ", 72),
     ("4090 11月30号", 252), ("4090 12-01", 276), ("RTX4090 30m", 0.5)],
)  # fmt: skip
def test_a_mute_is_typed_as_a_span_or_a_day(sqlite_store: SqlStore, clock: FakeClock, words: str, hours: float) -> None:
    listed, *others = SITE.fleet.products
    fleet = replace(SITE.fleet, products=(replace(listed, aliases=("RTX4090",)), *others))
    desk = Desk(sqlite_store, clock, LOW, site=replace(SITE, fleet=fleet))
    assert "已静音到" in desk.ask_bot(f"/stock mute {words}")
    mute = desk.standing("4090").mute
    assert mute is not None
    assert mute.until - clock.now() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("words", "said"),
    [("2026-11-19", "已经过去"), ("0001-01-01", "已经过去"), ("91d", "最多静音 90 天"),
     ("2027-11-19", "最多静音 90 天"), ("9999周", "最多静音 90 天"), ("9999-12-30", "最多静音 90 天"),
     ("9999-12-31", "还需要：时长|日期"), ("0d", "还需要"), ("-3d", "还需要"), ("1.5d", "还需要"),
     ("2026-13-01", "还需要"), ("02-30", "还需要"), ("永远", "还需要"), ("9" * 5000 + "d", "还需要")],
)  # fmt: skip
def test_a_mute_that_makes_no_sense_is_refused_in_words(desk: Desk, words: str, said: str) -> None:
    before = desk.known()
    assert said in desk.ask_bot(f"/stock mute 4090 {words}")
    assert desk.outcome()[2] is Outcome.REFUSED
    assert desk.known() == before


def test_a_mute_keeps_its_reason(desk: Desk) -> None:
    desk.ask_bot("/stock mute 4090 3d 机房搬迁 下周恢复")
    mute = desk.standing("4090").mute
    assert mute is not None
    assert mute.reason == "机房搬迁 下周恢复"


def test_names_glued_together_are_taken_apart_before_a_reason(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090"), "海外"), 50, samples=1),)
    desk = Desk(sqlite_store, clock, [row(R4090, 9, place="dallas-1")], rules=rules)
    assert "已静音" in desk.ask_bot("/stock mute 海外4090 3d 等到货")
    mute = desk.standing("4090", "海外").mute
    assert mute is not None
    assert mute.reason == "等到货"


def test_what_gets_worse_while_muted_is_told_once_when_the_mute_is_over(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    worse = [row(R4090, 10), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 30)], worse)
    desk.look()
    desk.press("/stock mute 4090 3d")
    assert [len(desk.look(after=DAY)) for _ in range(2)] == [0, 0]
    parcel, _ = desk.look(after=DAY)
    assert "严重" in desk.read(parcel)
    assert desk.look(after=MINUTES) == []


def test_what_is_still_low_when_the_mute_is_over_is_reminded_of_at_the_next_look(desk: Desk) -> None:
    desk.press("/stock mute H20 90d")
    desk.press("/stock mute 4090 3d")
    assert [len(desk.look(after=DAY)) for _ in range(2)] == [0, 0]
    assert desk.look(after=DAY - MINUTES) == []
    parcel, _ = desk.look(after=MINUTES)
    assert parcel.answer.title == "⚠️ GPU库存预警（再次提醒）"
    assert "H20" not in desk.read(parcel)
    assert desk.look(after=MINUTES) == []


def test_the_end_of_a_shortage_is_not_told_while_it_is_muted(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 30)], PLENTY)
    desk.look()
    desk.press("/stock mute 4090 3d")
    assert [len(desk.look(after=HOUR)) for _ in range(3)] == [0, 0, 0]
    assert desk.look(after=3 * DAY) == []


def test_what_is_not_short_can_be_muted_beforehand(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY, LOW)
    desk.look()
    assert "已静音" in desk.press("/stock mute 4090 1d").words
    assert "4090" not in desk.read(desk.look(after=HOUR)[0])


def test_a_second_mute_takes_the_place_of_the_first(desk: Desk) -> None:
    desk.press("/stock mute 4090 3d", by=ANN)
    desk.press("/stock mute 4090 1d", by=BEN)
    mute = desk.standing("4090").mute
    assert mute is not None
    assert (mute.by, mute.until - mute.at) == (OpenId("ou_b"), DAY)


def test_ending_a_mute_reminds_at_the_next_look(desk: Desk) -> None:
    desk.press("/stock mute 4090 3d")
    desk.press("/stock ack H20")
    assert desk.look(after=HOUR) == []
    ended = desk.press("/stock unmute 4090")
    assert ended.words == "RTX 4090 已取消静音；如果仍然缺货，下次检查时会提醒。"
    assert all("已静音" not in desk.read(p) for p in ended.drawn)
    assert len(ended.drawn) == 2
    assert len(desk.look(after=MINUTES)) == 2
    assert desk.look(after=MINUTES) == []


def test_ending_no_mute_changes_nothing(desk: Desk) -> None:
    assert desk.press("/stock unmute 4090").words == "RTX 4090 没有静音。"
    desk.press("/stock mute 4090 1h")
    desk.clock.advance(HOUR)
    before = desk.known()
    assert desk.press("/stock unmute 4090").words == "RTX 4090 没有静音。"
    assert desk.known() == before
