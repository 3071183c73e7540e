"""Looking at the stock and telling people: when, of what, and how often."""

from datetime import UTC, datetime, timedelta

from jobs.watch_stock import ASKED
from storage.store import SqlStore
from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import State, Told
from suanli.domain.stock.rules import Field, Override, Rule
from suanli.domain.stock.trend import Burn
from tests.dialogue import BOSS
from tests.fakes import FakeClock
from tests.stockdesk import DAY, HOUR, LOW, MINUTES, R4090, RH20, RULES, Desk, row


def test_the_message_begins_with_the_originals_letter_by_letter(sqlite_store: SqlStore) -> None:
    desk = Desk(sqlite_store, FakeClock(datetime(2026, 2, 26, 2, 0, tzinfo=UTC)), LOW)
    words = desk.read(desk.look()[0])
    assert words.startswith(
        "⚠️ GPU库存预警\n\n发现以下GPU库存不足，建议尽快发起采购：\n\n"
        "🔴 RTX 4090 (4090)\n   - 当前空闲：85 张\n   - 安全库存：100 张\n   - 建议采购：15 张以上\n\n"
        "🔴 H20 (H20)\n   - 当前空闲：12 张\n   - 安全库存：20 张\n   - 建议采购：8 张以上\n\n"
        "📅 检查时间：2026-02-26 10:00:00\n"
    )


def test_each_recipient_gets_one_message_with_all_models(sqlite_store: SqlStore, clock: FakeClock) -> None:
    assert [p.target.id for p in Desk(sqlite_store, clock, LOW).look()] == ["ou_a", "ou_b"]


def test_the_same_model_is_told_once_in_24_hours(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    assert desk.look(after=DAY - timedelta(seconds=1)) == []
    reminders = desk.look(after=timedelta(seconds=1))
    assert len(reminders) == 2
    assert "再次提醒" in reminders[0].answer.title


def test_a_reminder_says_what_changed_since_the_last_notice(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 80), row(RH20, 12)])
    desk.look()
    parcel, _ = desk.look(after=DAY)
    assert "比上次提醒（85 张）：-5 张" in desk.read(parcel)


def test_a_model_that_runs_low_later_is_told_alone(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 50)], LOW)
    desk.look()
    words = desk.read(desk.look(after=HOUR)[0])
    assert "H20" in words
    assert "4090" not in words


def test_one_low_sample_is_not_enough_where_two_are_asked_for(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=2),)
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 300)], LOW, LOW, rules=rules)
    assert [len(desk.look(after=MINUTES)) for _ in range(4)] == [0, 0, 0, 2]


def test_a_look_that_somebody_asked_for_needs_one_sample(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=5),)
    assert len(Desk(sqlite_store, clock, LOW, rules=rules).ask()) == 2


def test_what_gets_worse_is_told_at_once_whatever_the_interval(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 40), row(RH20, 12)])
    desk.look()
    parcel, _ = desk.look(after=MINUTES)
    words = desk.read(parcel)
    assert "升级" in parcel.answer.title
    assert "严重" in words
    assert "H20" not in words
    assert desk.look(after=MINUTES) == []


def test_cards_that_go_before_new_ones_can_come_are_critical(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=1, lead_days=14),)
    desk = Desk(sqlite_store, clock, LOW, rules=rules)
    with sqlite_store.begin() as tx:
        tx.burns.replace({Scope(Model("4090")): Burn(8.5, 300, clock.now())})
    words = desk.read(desk.look()[0])
    assert "严重" in words
    assert "10.0 天后用完，采购周期 14 天" in words
    # 15 to be back, and 1.2 × 14 days × 8.5 cards.
    assert "建议采购：158 张以上" in words


def test_the_same_answer_seen_twice_counts_once(sqlite_store: SqlStore, clock: FakeClock) -> None:
    """Two schedulers, or a job run again: the moment of the answer tells that it is the same."""
    desk = Desk(sqlite_store, clock, LOW, rules=(Rule(Scope(Model("4090")), 100, samples=2),))
    assert desk.look() == []
    assert desk.look() == []
    assert desk.episode("4090").low == 1


def test_the_clock_set_back_gives_no_second_notice_and_no_long_silence(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    clock.advance(3 * DAY)
    assert len(desk.look()) == 2
    clock.advance(-3 * DAY)
    assert desk.look(after=MINUTES) == []
    assert desk.look(after=DAY - HOUR) == []
    assert len(desk.look(after=HOUR)) == 2


def test_a_rule_that_is_gone_takes_its_shortage_with_it(sqlite_store: SqlStore, clock: FakeClock) -> None:
    Desk(sqlite_store, clock, LOW).look()
    desk = Desk(sqlite_store, clock, LOW, rules=RULES[1:])
    assert desk.look(after=DAY + HOUR) != []
    with sqlite_store.begin() as tx:
        assert tx.episodes.standing(Scope(Model("4090"))).episode is None
        assert tx.episodes.newest(5, Model("4090"))[0].state is State.CLOSED


def test_a_rule_changed_in_chat_holds_from_the_next_look(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 120), row(RH20, 30)])
    assert desk.look() == []
    with sqlite_store.begin() as tx:
        tx.overrides.put(Override(Scope(Model("4090")), Field.MIN_FREE, 150, OpenId("ou_boss"), clock.now()))
    assert "安全库存：150 张" in desk.read(desk.look(after=MINUTES)[0])


def test_a_rule_of_a_region_counts_that_region_alone(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090"), "海外"), 50, samples=1), Rule(Scope(Model("4090"), "国内"), 50, samples=1))
    desk = Desk(sqlite_store, clock, [row(R4090, 300), row(R4090, 20, place="dallas-1")], rules=rules)
    words = desk.read(desk.look()[0])
    assert "4090 海外" in words
    assert "国内" not in words


def test_five_hundred_low_models_are_one_message(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = tuple(Rule(Scope(Model(f"M{n}")), 10, samples=1) for n in range(500))
    desk = Desk(sqlite_store, clock, [row(f"M{n}", 1) for n in range(500)], rules=rules)
    parcels = desk.look()
    assert len(parcels) == 2
    assert parcels[0].key.startswith("stock:500:")
    assert len(parcels[0].key) < 150


def test_every_notice_is_on_record_with_its_message(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    keys = {p.target.id: p.key for p in desk.look()}
    number = desk.episode("4090").number
    with sqlite_store.begin() as tx:
        told: list[Told] = list(tx.episodes.told(number))
    assert {t.recipient: t.message_key for t in told} == keys


def test_a_look_once_a_day_does_not_miss_a_reminder_by_seconds(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.ask()) == 2
    assert len(desk.look(after=DAY - timedelta(seconds=5), kind=ASKED)) == 2
    assert desk.look(after=timedelta(minutes=10), kind=ASKED) == []


def test_an_order_keeps_reminders_away_also_after_the_cards_came_and_went(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    plenty = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, LOW, plenty, LOW, rules=RULES[:1])
    assert len(desk.look()) == 2
    desk.bot.say("/stock po 4090 50 2026-11-30", sender=BOSS)
    assert [len(desk.look(after=MINUTES)) for _ in range(2)] == [0, 0]
    assert desk.episode("4090").claim is None
    assert [len(desk.look(after=DAY)) for _ in range(8)] == [0] * 8
    assert len(desk.look(after=5 * DAY)) == 2
