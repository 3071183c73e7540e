"""What people are told about money: each threshold once, to who owns it and who runs it, and done with everywhere."""

from dataclasses import replace
from datetime import timedelta

from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.chat import Platform
from suanli.domain.cost.alerts import AlertState, CostAlertId
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import BudgetId, Scope, ScopeKind
from suanli.domain.cost.rules import MoneyRules
from suanli.domain.cost.windows import Period
from suanli.domain.stock.rules import target_of
from tests.cost_alerts import ALERTS, CNY, HOUR, RUNNING, button, desk, quota, talk, tick, told, words, yuan
from tests.cost_desk import CostDesk
from tests.dialogue import BOSS, GUEST, LI, SHANGHAI, Dialogue
from tests.fakes import NOON, FakeClock

__all__ = ["desk", "talk"]


def test_each_threshold_is_told_once_to_the_owner_and_to_the_admins(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "李雷的月度配额", "100")
    for cost, title in (("80", "🟠 配额快用完了"), ("15", "🔴 配额只剩一点"), ("5", "⛔ 配额用完了")):
        desk.spend("li", "gpt", cost)
        tick(desk)
        assert [(who, said.split("：")[0]) for who, said, _ in told(talk)] == [("ou_li", title), ("ou_boss", title)]
        desk.spend("li", "gpt", "0.000001")
        assert tick(desk) == ""
    assert told(talk) == []


def test_one_call_that_passes_all_levels_is_told_as_the_highest(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "小配额", "10")
    desk.spend("li", "gpt", "12.5")
    tick(desk)
    (mine, _) = told(talk)
    assert mine[1] == "⛔ 配额用完了：小配额"
    assert "本周期已用 12.50 / 10.00 CNY；12-01 00:00 重新开始" in mine[2].replace("2026-", "")
    assert tick(desk) == ""


def test_a_new_window_is_told_of_anew(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10")
    for _ in range(2):
        desk.spend("li", "gpt", "9")
        tick(desk)
        assert [who for who, _, _ in told(talk)] == ["ou_li", "ou_boss"]
        desk.clock.advance(timedelta(days=40))


def test_a_departments_alert_goes_to_who_answers_for_it(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "销售部", "10", Scope(ScopeKind.DEPARTMENT, "sales"))
    desk.spend("li", "gpt", "9")
    tick(desk)
    assert [who for who, _, _ in told(talk)] == ["ou_guest", "ou_boss"]


def test_chats_of_the_settings_are_told_in_place_of_the_operators(sqlite_store: SqlStore, clock: FakeClock) -> None:
    site = replace(RUNNING, money=MoneyRules(tell=(target_of("oc_money"),)))
    desk, talk = CostDesk(sqlite_store, clock, (), site), Dialogue(sqlite_store, clock, site)
    quota(desk, "没有联系人", "10", Scope(ScopeKind.PROJECT, "p"))
    desk.spend("li", "gpt", "9", payer=Payer("li", "p"))
    tick(desk)
    assert [who for who, _, _ in told(talk)] == ["oc_money"]


def test_a_budget_is_told_of_as_a_budget(desk: CostDesk, talk: Dialogue) -> None:
    whole = Budget(
        BudgetId(0), "年度预算", Scope(ScopeKind.DEPARTMENT, "sales"), yuan("10"), Period.YEARLY, SHANGHAI, CNY
    )
    with desk.store.begin() as tx:
        tx.budgets.add(whole, desk.clock.now())
    desk.spend("li", "gpt", "8.5")
    tick(desk)
    desk.spend("li", "gpt", "2")
    tick(desk)
    titles = [title for who, title, _ in told(talk) if who == "ou_boss"]
    assert titles == ["🟠 预算快用完了：年度预算", "⛔ 预算用完了：年度预算"]


def test_calls_without_a_price_are_told_once_a_day_until_they_have_one(desk: CostDesk, talk: Dialogue) -> None:
    desk.spend("li", "mystery", None, provider_name="acme")
    desk.spend("li", "mystery", None, provider_name="acme")
    tick(desk)
    (card,) = told(talk)
    assert card[:2] == ("ou_boss", "🔴 没有价格：acme/mystery")
    assert "2 次调用不知道价格：没有登记这个型号" in card[2]
    assert tick(desk) == ""
    desk.clock.advance(timedelta(days=1))
    tick(desk)
    assert len(told(talk)) == 1


def test_it_is_done_with_by_a_click_and_every_card_says_so(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10")
    desk.spend("li", "gpt", "9")
    tick(desk)
    card = talk.parcels()[0]
    toast, drawn = talk.press(button(card, "已解决"), sender=LI, form={"note": "已加额度"})
    assert toast is not None
    assert "提醒 #1 已解决" in toast.text
    assert {parcel.redraws for parcel in drawn if parcel.redraws} == {card.key, card.key.replace("ou_li", "ou_boss")}
    assert all("✅ 已解决" in words(parcel) and "已加额度" in words(parcel) for parcel in drawn if parcel.redraws)
    late, _ = talk.press(button(card, "已读"), sender=LI)
    assert late is not None
    again, drawn = talk.press(button(card, "已解决"), sender=BOSS, form={"note": "又一次"})
    assert again is not None
    assert "已经解决了" in again.text
    with desk.store.begin() as tx:
        alert = tx.cost_alerts.find(CostAlertId(1))
        noted = [(change.what, change.who) for change in tx.changes.newest(10)]
    assert alert is not None
    assert (alert.resolved_by, alert.resolution, alert.read_at) == ("ou_li", "已加额度", None)
    assert noted == [("alert.resolve", "ou_li")]


def test_who_clicks_is_asked_whether_it_is_theirs(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10")
    desk.spend("li", "gpt", "9")
    tick(desk)
    card = talk.parcels()[0]
    with desk.store.begin() as tx:
        tx.grants.put(Grant(Platform.FEISHU, GUEST.open_id, Role.VIEWER, BOSS.open_id, NOON))
    toast, _ = talk.press(button(card, "已读"), sender=GUEST)
    assert toast is not None
    assert "不归您管" in toast.text
    with desk.store.begin() as tx:
        alert = tx.cost_alerts.find(CostAlertId(1))
    assert alert is not None
    assert alert.read_at is None


def test_a_snoozed_alert_is_quiet_and_comes_back_as_a_new_card(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10")
    desk.spend("li", "gpt", "9")
    tick(desk)
    card = talk.parcels()[0]
    toast, _ = talk.press(button(card, "4 小时后再说"), sender=LI)
    assert toast is not None
    desk.clock.advance(timedelta(hours=3))
    assert tick(desk) == ""
    desk.clock.advance(timedelta(hours=1))
    tick(desk)
    fresh = [parcel for parcel in talk.parcels() if parcel.redraws is None]
    assert [parcel.target.id for parcel in fresh] == ["ou_li", "ou_boss"]
    assert {parcel.key for parcel in fresh}.isdisjoint({card.key})
    assert tick(desk) == ""
    toast, drawn = talk.press(button(fresh[0], "已解决"), sender=LI)
    assert len([parcel for parcel in drawn if parcel.redraws]) == 4


def test_alerts_are_read_snoozed_and_resolved_over_the_api_too(desk: CostDesk) -> None:
    quota(desk, "月", "10")
    desk.spend("li", "gpt", "9")
    tick(desk)
    mine, other = desk.token(Role.MEMBER, user="li"), desk.token(Role.MEMBER, user="han")
    (listed,) = desk.get(ALERTS, mine)["items"]
    assert (listed["type"], listed["severity"], listed["status"]) == ("quota_warning", "warning", "open")
    assert listed["title"] == "配额快用完了：月"
    assert desk.get(ALERTS, other)["items"] == []
    assert desk.call("POST", f"{ALERTS}/1/read", token=other).status == 404
    assert desk.call("POST", f"{ALERTS}/1/read", token=mine).json["status"] == "read"
    snoozed = desk.call("POST", f"{ALERTS}/1/snooze", {"minutes": 60}, token=mine)
    assert snoozed.json["status"] == "snoozed"
    done = desk.call("POST", f"{ALERTS}/1/resolve", {"note": "好了"}, token=mine)
    assert (done.json["status"], done.json["resolution"]) == ("resolved", "好了")
    assert desk.call("POST", f"{ALERTS}/1/resolve", {"note": "再来"}, token=mine).json["resolution"] == "好了"
    assert desk.get(ALERTS, mine)["items"] == []
    for which in ("true", "all"):
        assert [each["id"] for each in desk.get(f"{ALERTS}?resolved={which}", mine)["items"]] == [1]
    assert desk.call("POST", f"{ALERTS}/1/snooze", {"minutes": 0}, token=mine).status == 422


def test_pages_of_alerts_go_on_where_the_last_one_ended(desk: CostDesk) -> None:
    for number in range(5):
        desk.spend("li", f"m{number}", None)
    tick(desk)
    boss = desk.token(user="boss")
    first = desk.get(f"{ALERTS}?limit=2", boss)
    then = desk.get(f"{ALERTS}?limit=2&cursor={first['next_cursor']}", boss)
    last = desk.get(f"{ALERTS}?limit=2&cursor={then['next_cursor']}", boss)
    assert [item["id"] for page in (first, then, last) for item in page["items"]] == [5, 4, 3, 2, 1]
    assert (last["has_more"], last["next_cursor"]) == (False, None)
    for other in ("&resolved=all", "&severity=critical", "&type=unpriced"):
        assert desk.call("GET", f"{ALERTS}?cursor={first['next_cursor']}{other}", token=boss).status == 422
    assert desk.call("GET", f"{ALERTS}?cursor=4", token=boss).status == 422


def test_what_is_open_is_listed_in_chat_for_whose_it_is(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10")
    desk.spend("li", "gpt", "9")
    desk.spend("li", "mystery", None)
    tick(desk)
    talk.parcels()
    mine = talk.ask("/cost alerts", sender=LI)
    assert "#1 配额快用完了：月" in mine
    assert "没有价格" not in mine
    assert "没有价格" in talk.ask("/cost alerts", sender=BOSS)
    assert "没有提醒 #99" in talk.ask("/cost alert resolve #99", sender=BOSS)


def test_an_alert_says_how_far_people_are_with_it(desk: CostDesk) -> None:
    desk.spend("li", "mystery", None)
    tick(desk)
    now = desk.clock.now()
    with desk.store.begin() as tx:
        alert = tx.cost_alerts.find(CostAlertId(1))
    assert alert is not None
    assert alert.state(now) is AlertState.OPEN
    assert replace(alert, read_at=now).state(now) is AlertState.READ
    assert replace(alert, snoozed_until=now + HOUR).state(now) is AlertState.SNOOZED
    assert replace(alert, snoozed_until=now).state(now) is AlertState.OPEN
    assert replace(alert, snoozed_until=now + HOUR, resolved_at=now).state(now) is AlertState.RESOLVED
