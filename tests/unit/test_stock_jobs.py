"""Looking at the stock and telling people, with the original program's eight defects as tests (gpu.md §0)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from jobs.import_history import import_history
from jobs.watch_stock import ASKED
from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.chat import OpenId, Platform, TargetKind
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import State, Told
from suanli.domain.stock.rules import Field, Override, Recipient, Rule, Severity
from suanli.domain.stock.trend import Burn
from suanli.i18n import Lang
from tests.dialogue import BOSS, SITE
from tests.fakes import FakeClock
from tests.stockdesk import LOW, RULES, Desk, row

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
R4090, RH20, RH200 = "NVIDIA GeForce RTX 4090", "NVIDIA H20", "NVIDIA H200"


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


def test_defect_1_a_failing_query_is_not_silence(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, RemoteError("Grafana answered 502"))
    assert desk.look() == []
    assert desk.look(after=MINUTES) == []
    (parcel,) = desk.look(after=MINUTES)
    assert parcel.target.id == "ou_boss"
    assert "502" in desk.read(parcel)
    assert "没有预警不代表库存充足" in desk.read(parcel)


def test_defect_1_operators_hear_of_it_once_a_day_and_when_it_is_over(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, NoData("no rows"), NoData("no rows"), NoData("no rows"), NoData("no rows"),
                NoData("no rows"), [row(R4090, 300), row(RH20, 30)])  # fmt: skip
    said = [len(desk.look(after=MINUTES)) for _ in range(4)]
    assert said == [0, 0, 1, 0]
    assert len(desk.look(after=DAY)) == 1
    (back,) = desk.look(after=MINUTES)
    assert "又能取到库存数据：4090, H20" in desk.read(back)
    assert desk.look(after=MINUTES) == []


def test_a_failure_that_passes_before_anybody_was_told_is_not_told_to_be_over(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    good = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, NoData("no rows"), NoData("no rows"), good)
    assert [len(desk.look(after=MINUTES)) for _ in range(3)] == [0, 0, 0]


def test_who_was_made_operator_in_chat_hears_of_trouble_too(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.grants.put(Grant(Platform.FEISHU, OpenId("ou_op"), Role.OPERATOR, OpenId("ou_boss"), clock.now()))
        tx.grants.put(Grant(Platform.FEISHU, OpenId("ou_m"), Role.MEMBER, OpenId("ou_boss"), clock.now()))
    desk = Desk(sqlite_store, clock, RemoteError("502"))
    desk.look()
    desk.look()
    assert {p.target.id for p in desk.look()} == {"ou_boss", "ou_op"}


def test_defect_2_chat_text_never_reaches_the_source(sqlite_store: SqlStore, clock: FakeClock) -> None:
    """The source takes no argument at all, and asking in chat does not touch it."""
    desk = Desk(sqlite_store, clock, LOW)
    desk.look()
    assert "不认识" in desk.bot.ask("/stock 4090' OR '1'='1")


def test_defect_3_a_model_is_matched_whole(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 300), row(RH200, 3), row(RH20, 30)])
    assert desk.look() == []


def test_defect_4_one_recipients_message_does_not_stamp_for_another(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=(Recipient("ou_a"),))
    assert [p.target.id for p in desk.look()] == ["ou_a"]
    joined = Desk(sqlite_store, clock, LOW)
    assert [p.target.id for p in joined.look(after=HOUR)] == ["ou_b"]


def test_defect_5_state_and_messages_are_written_together_or_not_at_all(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, LOW, recipients=(Recipient("ou_a"), Recipient(None)))  # type: ignore[arg-type]  # a bug after the first message
    with pytest.raises(AttributeError):
        desk.look()
    assert desk.bot.parcels() == []
    with sqlite_store.begin() as tx:
        assert tx.samples.latest(SITE.stock_source).taken_at is None
        assert tx.episodes.standings() == {}
    assert len(Desk(sqlite_store, clock, LOW).look(after=MINUTES)) == 2


def test_defect_6_people_hear_within_one_look_and_again_when_it_is_over(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    plenty = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, plenty, LOW, plenty)
    assert desk.look() == []
    assert len(desk.look(after=MINUTES)) == 2
    assert desk.look(after=HOUR) == []
    parcel, _ = desk.look(after=timedelta(minutes=15))
    words = desk.read(parcel)
    assert parcel.answer.title == "✅ GPU库存已恢复"
    assert "最低 85 张" in words
    assert "持续 1.2 小时" in words


def test_defect_7_a_recipient_is_one_target_and_one_message(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW)
    assert [p.target.kind for p in desk.look()] == [TargetKind.OPEN_ID, TargetKind.OPEN_ID]


def test_defect_8_a_missing_model_is_not_zero_cards(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(RH20, 30)])
    assert desk.look() == []
    assert desk.look(after=MINUTES) == []
    (parcel,) = desk.look(after=MINUTES)
    assert parcel.target.id == "ou_boss"
    words = desk.read(parcel)
    assert "没有数据不等于 0 张" in words
    assert "型号：4090\n" in words


def test_a_shortage_that_is_not_seen_any_more_stays_as_it_was(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(RH20, 12)])
    desk.look()
    desk.look(after=DAY * 2)
    assert desk.episode("4090").free == 85
    assert desk.episode("4090").state is State.FIRING


def test_one_low_sample_is_not_enough_where_two_are_asked_for(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=2),)
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 300)], LOW, LOW, rules=rules)
    assert [len(desk.look(after=MINUTES)) for _ in range(4)] == [0, 0, 0, 2]


def test_a_look_that_somebody_asked_for_needs_one_sample(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090")), 100, samples=5),)
    assert len(Desk(sqlite_store, clock, LOW, rules=rules).ask()) == 2


def test_a_look_that_somebody_asked_for_tells_operators_of_a_failure_at_once(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    (parcel,) = Desk(sqlite_store, clock, RemoteError("502")).ask()
    assert parcel.target.id == "ou_boss"


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


def test_a_recipient_hears_when_their_hours_begin(sqlite_store: SqlStore) -> None:
    night = FakeClock(datetime(2026, 3, 2, 19, 0, tzinfo=UTC))  # Tuesday, 03:00 in Shanghai
    people = (Recipient("ou_a"), Recipient("ou_b", hours=(time(9), time(18))))
    desk = Desk(sqlite_store, night, LOW, recipients=people)
    assert [p.target.id for p in desk.look()] == ["ou_a"]
    assert desk.look(after=HOUR) == []
    (parcel,) = desk.look(after=5 * HOUR)
    assert parcel.target.id == "ou_b"
    assert parcel.answer.title == "⚠️ GPU库存预警"


def test_what_is_over_before_a_recipients_hours_begin_is_not_told(sqlite_store: SqlStore) -> None:
    night = FakeClock(datetime(2026, 3, 2, 19, 0, tzinfo=UTC))
    people = (Recipient("ou_b", hours=(time(9), time(18))),)
    plenty = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, night, LOW, plenty, recipients=people)
    assert [len(desk.look(after=HOUR)) for _ in range(8)] == [0] * 8


def test_the_end_of_a_shortage_waits_for_a_recipients_hours(sqlite_store: SqlStore) -> None:
    evening = FakeClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))  # Monday, 17:30 in Shanghai
    people = (Recipient("ou_b", hours=(time(9), time(18))),)
    desk = Desk(sqlite_store, evening, LOW, [row(R4090, 300), row(RH20, 30)], recipients=people)
    assert len(desk.look()) == 1
    assert [len(desk.look(after=HOUR)) for _ in range(3)] == [0, 0, 0]
    (parcel,) = desk.look(after=13 * HOUR)
    assert parcel.answer.title == "✅ GPU库存已恢复"


def test_a_recipient_who_wants_only_the_worst_hears_of_it_first_then(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("ou_a", severities=frozenset({Severity.CRITICAL})),)
    desk = Desk(sqlite_store, clock, LOW, [row(R4090, 40), row(RH20, 12)], recipients=people)
    assert desk.look() == []
    (parcel,) = desk.look(after=MINUTES)
    assert "4090" in desk.read(parcel)


def test_what_nobody_on_the_list_wants_to_hear_operators_do(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("ou_a", models=frozenset({Model("H200")})),)
    assert [p.target.id for p in Desk(sqlite_store, clock, LOW, recipients=people).look()] == ["ou_boss"]


def test_a_recipient_is_told_in_their_language(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.chats.choose_lang(Platform.FEISHU, "ou_b", Lang.EN)
    first, second = Desk(sqlite_store, clock, LOW).look()
    assert (first.answer.lang, second.answer.lang) == (Lang.ZH, Lang.EN)


def test_a_failed_sample_is_written_down_and_stores_nothing(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, NoData("no rows"))
    with pytest.raises(NoData):
        desk.job.run(clock.now())
    with sqlite_store.begin() as tx:
        (state,) = tx.samples.states()
        assert (state.failures, state.error, state.ok_at) == (1, "no rows", None)
        assert tx.samples.latest(SITE.stock_source).samples == ()


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


def test_the_originals_history_counts_for_every_recipient_of_that_time(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    told = {Model("4090"): clock.now() - timedelta(hours=3)}
    assert import_history(sqlite_store, told, ["ou_a", "ou_b"], clock.now()) == 2
    desk = Desk(sqlite_store, clock, LOW)
    parcels = desk.look()
    assert len(parcels) == 2
    assert all("4090" not in desk.read(p) for p in parcels)
    assert all("4090" in desk.read(p) for p in desk.look(after=21 * HOUR))


def test_history_is_imported_once_and_never_turns_time_back(sqlite_store: SqlStore, clock: FakeClock) -> None:
    told = {Model("4090"): clock.now() - timedelta(hours=3)}
    import_history(sqlite_store, told, ["ou_a"], clock.now())
    assert import_history(sqlite_store, told, ["ou_a", "ou_new"], clock.now()) == 0
    with sqlite_store.begin() as tx:
        tx.notices.tell("ou_a", [Model("4090")], clock.now())
    older = {Model("4090"): clock.now() - timedelta(hours=2)}
    assert import_history(sqlite_store, older, ["ou_a"], clock.now()) == 0


def test_no_history_is_nothing_to_import(sqlite_store: SqlStore, clock: FakeClock) -> None:
    assert import_history(sqlite_store, {}, ["ou_a"], clock.now()) == 0


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
