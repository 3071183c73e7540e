"""What runs low, who sees to it and what nobody can see; for operators also who was told, and what became of it."""

from datetime import time, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Tone
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.delivery import Draft, Parcel, Rate, Rates, fallback_key
from suanli.domain.errors import RemoteError
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import Recipient, Rule
from tests.dialogue import BOSS, GUEST, LI
from tests.fakes import FakeClock
from tests.stockdesk import BEN, LOW, PLENTY, R4090, RH20, RULES, Desk, row

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
HOOK = Target(Platform.FEISHU_HOOK, TargetKind.HOOK, "fallback")


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Desk:
    desk = Desk(sqlite_store, clock, LOW)
    assert len(desk.look()) == 2
    return desk


def alerts(desk: Desk) -> Answer:
    (answer,) = desk.bot.say("/stock alerts", sender=LI)
    return answer


# What is open.


def test_when_all_is_well_it_says_of_how_many_rules(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, PLENTY)
    desk.look()
    assert desk.bot.words(alerts(desk)) == "库存预警\n\n没有缺货：2 条规则都正常。"
    assert alerts(desk).tone is Tone.GOOD


def test_a_shortage_is_shown_with_its_figures_its_number_and_its_age(desk: Desk, clock: FakeClock) -> None:
    clock.advance(3 * HOUR)
    answer = alerts(desk)
    assert "RTX 4090 #1 空闲 85 / 安全库存 100 · 缺货 · 3 小时前 (12:00)" in desk.bot.words(answer)
    assert answer.tone is Tone.WARNING


def test_the_worst_comes_first(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 1)])
    desk.look()
    words = desk.bot.words(alerts(desk))
    assert words.index("H20") < words.index("4090")


def test_who_sees_to_it_and_what_is_on_order_is_shown(desk: Desk) -> None:
    desk.press("/stock ack H20", by=BEN)
    desk.press("/stock po 4090 50 12-31")
    words = desk.bot.words(alerts(desk))
    assert "H20 #2 空闲 12 / 安全库存 20 · 处理中 · 刚刚 (12:00) · 处理人 ou_b" in words
    assert "· 处理人 ou_a · 在途 50 张" in words


def test_a_mute_is_shown_on_its_shortage_and_without_one_on_a_line_of_its_own(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = Desk(sqlite_store, clock, [row(R4090, 85), row(RH20, 30)])
    desk.look()
    desk.press("/stock mute 4090 1d")
    desk.ask_bot("/stock mute H20 3d 机房搬迁")
    words = desk.bot.words(alerts(desk))
    assert "· 已静音" in words
    assert "🔕 H20 静音到 11-23 12:00 ou_a · 机房搬迁" in words
    assert "🔕 4090" not in words
    clock.advance(3 * DAY)
    assert "静音" not in desk.bot.words(alerts(desk))


def test_what_cannot_be_seen_is_shown_and_is_not_called_well(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, RemoteError("502"))
    for _ in range(3):
        desk.look(after=MINUTES)
    words = desk.bot.words(alerts(desk))
    assert "❔ 4090：看不到数据 10 分钟前" in words
    assert "❔ H20：看不到数据" in words
    assert "没有缺货" not in words
    # The source's own words may name hosts and users.
    assert "502" not in words


def test_one_failure_is_not_blindness(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, RemoteError("502"))
    desk.look()
    assert "没有缺货" in desk.bot.words(alerts(desk))


def test_what_is_not_confirmed_is_not_shown(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=(Rule(Scope(Model("4090")), 100, samples=3),))
    desk.look()
    assert "没有缺货：1 条规则都正常" in desk.bot.words(alerts(desk))
    assert "从来没有缺货" in desk.ask_bot("/stock alerts 4090")


def test_five_hundred_shortages_are_thirty_lines_and_a_count(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = tuple(Rule(Scope(Model(f"M{n}")), 10, samples=1) for n in range(500))
    desk = Desk(sqlite_store, clock, [row(f"M{n}", 1) for n in range(500)], rules=rules)
    desk.look()
    answer = alerts(desk)
    assert len(answer.blocks) == 31
    assert "还有 470 条" in desk.bot.words(answer)


def test_the_shortage_of_a_region_is_named_with_it(sqlite_store: SqlStore, clock: FakeClock) -> None:
    rules = (Rule(Scope(Model("4090"), "海外"), 50, samples=1),)
    desk = Desk(sqlite_store, clock, [row(R4090, 300), row(R4090, 9, place="dallas-1")], rules=rules)
    desk.look()
    assert "4090 海外 #1 空闲 9 / 安全库存 50" in desk.bot.words(alerts(desk))
    assert "4090 海外 #1 缺货 · 最低 9 张" in desk.ask_bot("/stock alerts 4090")


def test_a_guest_sees_none_of_it(desk: Desk) -> None:
    assert "权限不足" in desk.ask_bot("/stock alerts", by=GUEST)


# What was.


def test_of_one_model_the_last_three_shortages_are_shown(sqlite_store: SqlStore, clock: FakeClock) -> None:
    script = [answer for _ in range(4) for answer in (LOW, PLENTY, PLENTY)]
    desk = Desk(sqlite_store, clock, *script, LOW, rules=RULES[:1])
    for _ in range(13):
        desk.look(after=HOUR)
    words = desk.ask_bot("/stock alerts 4090")
    assert "4090 #5 缺货 · 最低 85 张 · 持续 0 分钟" in words
    assert "4090 #4 已恢复 · 最低 85 张 · 持续 2 小时" in words
    assert "#3" in words
    assert "#2" not in words


def test_only_operators_see_who_was_told(desk: Desk) -> None:
    assert "首次通知" not in desk.ask_bot("/stock alerts 4090")
    desk.grant(LI, Role.MEMBER)
    assert "首次通知" not in desk.ask_bot("/stock alerts 4090", by=LI)
    desk.grant(LI, Role.OPERATOR)
    words = desk.ask_bot("/stock alerts 4090", by=LI)
    assert "· ou_a 首次通知 · 刚刚 (12:00) · 已通过应用送达" in words
    assert "· ou_b 首次通知" in words


def test_every_notice_of_a_shortage_is_shown_by_its_kind(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("oc_buyers"),)
    plenty = [row(R4090, 300)]
    desk = Desk(sqlite_store, clock, [row(R4090, 85)], [row(R4090, 85)], [row(R4090, 9)], [row(R4090, 9)], plenty,
                rules=RULES[:1], recipients=people)  # fmt: skip
    for after in (MINUTES, DAY, HOUR):
        desk.look(after=after)
    desk.press("/stock ack 4090", by=BOSS)
    for after in (DAY, HOUR, HOUR):
        desk.look(after=after)
    words = desk.ask_bot("/stock alerts 4090", by=BOSS)
    kinds = [said.split(" ")[2] for said in words.split("\n\n") if said.startswith("· oc_buyers")]
    assert kinds == ["首次通知", "提醒", "升级", "重新提醒", "恢复通知"]


# What became of a notice. The fates are written as delivery does.


def post(desk: Desk, clock: FakeClock) -> list[Parcel]:
    """Look, and take the notices out of the outbox without settling them."""
    desk.job.run(clock.now())
    fast = Rates(Rate(9, timedelta(seconds=1)), ())
    with desk.store.begin() as tx:
        return list(
            tx.outbox.claim(
                owner="me", now=clock.now(), lease=HOUR, limit=9, rates=dict.fromkeys((Platform.FEISHU,), fast)
            )
        )


def fates(desk: Desk) -> dict[str, str]:
    words = desk.bot.ask("/stock alerts 4090", sender=BOSS)
    told = (said.split(" · ") for said in words.split("\n\n") if said.startswith("· "))
    return {who.split(" ")[1]: fate for who, _, fate in told}


def test_a_notice_waits_is_sent_or_is_given_up(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=RULES[:1])
    first, second = post(desk, clock)
    assert fates(desk) == {"ou_a": "等待发送", "ou_b": "等待发送"}
    with desk.store.begin() as tx:
        tx.outbox.sent(first, None, clock.now())
        tx.outbox.dead(second, "230013", clock.now())
    assert fates(desk) == {first.target.id: "已通过应用送达", second.target.id: "应用发送失败"}


@pytest.mark.parametrize(
    ("settle", "fate"),
    [
        ("", "应用发送失败；备用：等待发送"),
        ("sent", "应用发送失败；备用：已通过备用机器人送达"),
        ("dead", "应用发送失败；备用：备用机器人发送失败"),
    ],
)
def test_a_notice_that_went_over_the_fallback_says_so(
    sqlite_store: SqlStore, clock: FakeClock, settle: str, fate: str
) -> None:
    desk = Desk(sqlite_store, clock, LOW, rules=RULES[:1], recipients=(Recipient("ou_a"),))
    (parcel,) = post(desk, clock)
    with desk.store.begin() as tx:
        tx.outbox.dead(parcel, "230013", clock.now())
        tx.outbox.post(Draft(fallback_key(parcel.key), HOOK, parcel.answer, alert=True), clock.now())
        rates = {Platform.FEISHU_HOOK: Rates(Rate(9, timedelta(seconds=1)), ())}
        (instead,) = tx.outbox.claim(owner="me", now=clock.now(), lease=HOUR, limit=9, rates=rates)
        if settle == "sent":
            tx.outbox.sent(instead, None, clock.now())
        if settle == "dead":
            tx.outbox.dead(instead, "19024", clock.now())
    assert fates(desk) == {"ou_a": fate}


def test_a_notice_whose_message_is_long_gone_says_that(desk: Desk, clock: FakeClock) -> None:
    with desk.store.begin() as tx:
        tx.outbox.forget_before(clock.now() + DAY)
    assert set(fates(desk).values()) == {"发送记录已清理"}


def test_a_notice_that_waits_for_somebodys_hours_is_not_called_told(sqlite_store: SqlStore, clock: FakeClock) -> None:
    people = (Recipient("ou_a"), Recipient("ou_b", hours=(time(20), time(22))))
    desk = Desk(sqlite_store, clock, LOW, rules=RULES[:1], recipients=people)
    desk.look()
    assert set(fates(desk)) == {"ou_a"}
