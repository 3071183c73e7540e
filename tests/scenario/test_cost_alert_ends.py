"""What is over is over: nobody is told of it again, it waits for nobody, and its cards have no buttons any more."""

from datetime import datetime, timedelta

import pytest

from jobs.price_records import price_all
from jobs.tell_costs import AT_ONCE
from suanli.domain.access import Role
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.alerts import AlertState, AlertType, CostAlert, CostAlertId, Over, Severity
from suanli.domain.delivery import Parcel
from tests.cost_alerts import ALERTS, alert_of, button, desk, labels, quota, talk, tick, told, words, yuan
from tests.cost_desk import LONG_AGO, CostDesk
from tests.dialogue import BOSS, LI, Dialogue

__all__ = ["desk", "talk"]

DAY = timedelta(days=1)


def ended(talk: Dialogue) -> list[Parcel]:
    """All that is sent, which is nothing but cards drawn anew that have no buttons."""
    parcels = talk.parcels()
    assert all(parcel.redraws and labels(parcel) == [] for parcel in parcels)
    return parcels


def of_a_day(desk: CostDesk, talk: Dialogue) -> Parcel:
    """A limit for a day is nearly used up, and that was told; the card of who owns it."""
    quota(desk, "甲", "100", daily_limit=yuan("5"))
    desk.spend("li", "gpt", "4.5")
    tick(desk)
    return talk.parcels()[0]


def test_an_alert_ends_with_its_window_and_its_cards_say_so(desk: CostDesk, talk: Dialogue) -> None:
    card = of_a_day(desk, talk)
    desk.clock.advance(timedelta(hours=11, minutes=59))
    assert tick(desk) == ""
    desk.clock.advance(timedelta(minutes=1))
    assert tick(desk) == "1 ended"
    drawn = ended(talk)
    assert {each.redraws for each in drawn} == {card.key, card.key.replace("ou_li", "ou_boss")}
    assert all("⌛ 已自动结束：这个周期已经过去" in words(each) for each in drawn)
    assert tick(desk) == ""
    assert talk.parcels() == []


def test_what_ended_stays_readable_in_the_list_by_the_api_and_among_the_changes(desk: CostDesk, talk: Dialogue) -> None:
    of_a_day(desk, talk)
    desk.clock.advance(DAY)
    tick(desk)
    mine = desk.token(Role.MEMBER, user="li")
    assert desk.get(ALERTS, mine)["items"] == []
    (item,) = desk.get(f"{ALERTS}?resolved=true", mine)["items"]
    assert (item["status"], item["resolved_by"], item["resolution"]) == ("over", "suanli", "window_over")
    with desk.store.begin() as tx:
        (noted,) = tx.changes.newest(10)
    assert (noted.what, noted.who, noted.way, noted.subject) == ("alert.end", "suanli", Way.SYSTEM, "alert 1")
    assert noted.after == {"why": "window_over"}


def test_who_snoozed_beyond_the_window_is_not_woken(desk: CostDesk, talk: Dialogue) -> None:
    card = of_a_day(desk, talk)
    talk.press(button(card, "1 天后再说"), sender=LI)
    desk.clock.advance(4 * DAY)
    assert tick(desk) == "1 ended"
    ended(talk)
    desk.clock.advance(60 * DAY)
    assert tick(desk) == ""


def test_nothing_can_be_done_about_what_is_over_even_before_it_was_written_down(desk: CostDesk, talk: Dialogue) -> None:
    card = of_a_day(desk, talk)
    desk.clock.advance(DAY)
    for label in ("已读", "4 小时后再说", "已解决"):
        toast, drawn = talk.press(button(card, label), sender=LI)
        assert toast is not None
        assert "已经自动结束" in toast.text
        assert drawn == []
    boss = desk.token(user="boss")
    assert desk.call("POST", f"{ALERTS}/1/snooze", {"minutes": 5}, token=boss).json["status"] == "over"
    assert desk.call("POST", f"{ALERTS}/1/resolve", {}, token=boss).json["resolved_at"] is None
    assert tick(desk) == "1 ended"
    assert alert_of(desk, 1).over is Over.WINDOW


def test_what_somebody_resolved_stays_resolved_by_them(desk: CostDesk, talk: Dialogue) -> None:
    talk.press(button(of_a_day(desk, talk), "已解决"), sender=LI)
    desk.clock.advance(DAY)
    assert tick(desk) == ""
    assert (alert_of(desk, 1).resolved_by, alert_of(desk, 1).over) == ("ou_li", None)


def test_a_limit_of_which_people_hear_after_its_window_is_told_without_buttons(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "甲", "100", daily_limit=yuan("5"))
    desk.spend("li", "gpt", "4.5", desk.clock.now() - DAY)
    assert tick(desk) == "1 told"
    cards = talk.parcels()
    assert [labels(card) for card in cards] == [[], []]
    assert all("配额快用完了" in (card.answer.title or "") for card in cards)
    assert tick(desk) == ""
    assert alert_of(desk, 1).state(desk.clock.now()) is AlertState.OVER


def test_more_than_one_transaction_takes_all_end_in_one_run(desk: CostDesk) -> None:
    soon = desk.clock.now() + DAY
    with desk.store.begin() as tx:
        for number in range(AT_ONCE + 5):
            tx.cost_alerts.add(standing(f"limit:{number}", desk.clock.now(), soon))
    desk.clock.advance(DAY)
    assert tick(desk) == f"{AT_ONCE + 5} ended"


def standing(key: str, now: datetime, ends_at: datetime) -> CostAlert:
    return CostAlert(CostAlertId(0), key, AlertType.QUOTA_WARNING, Severity.WARNING, now, ends_at=ends_at)


@pytest.mark.parametrize("user", ["li", "boss"])
def test_the_dashboard_counts_only_what_waits_for_somebody(desk: CostDesk, talk: Dialogue, user: str) -> None:
    of_a_day(desk, talk)
    dashboard = "/api/v1/cost/dashboard"
    token = desk.token(Role.OPERATOR if user == "boss" else Role.MEMBER, user=user)
    assert desk.get(dashboard, token)["active_alerts"] == 1
    desk.clock.advance(DAY)
    assert desk.get(dashboard, token)["active_alerts"] == 0
    tick(desk)
    assert desk.get(dashboard, token)["active_alerts"] == 0


def test_an_alert_of_calls_without_a_price_ends_when_they_have_one(desk: CostDesk, talk: Dialogue) -> None:
    desk.use("li", "mystery")
    desk.use("li", "riddle")
    assert tick(desk) == "2 told"
    cards = talk.parcels()
    talk.press(button(cards[0], "1 天后再说"), sender=BOSS)
    desk.model("mystery", since=LONG_AGO, input="1")
    price_all(desk.store, desk.site, Actor("ou_boss", Way.CLI), desk.clock.now())
    assert tick(desk) == "1 ended"
    drawn = [each for each in talk.parcels() if each.redraws]
    assert [(each.redraws, labels(each)) for each in drawn] == [(cards[0].key, [])]
    assert "⌛ 已自动结束：这些调用都有价格了" in words(drawn[0])
    assert "price-unpriced" not in words(drawn[0])
    desk.clock.advance(DAY)
    assert tick(desk) == "1 told"
    assert [title for _, title, _ in told(talk)] == ["🔴 没有价格：riddle"]


def test_a_fresh_card_of_an_old_alert_is_drawn_anew_and_one_that_is_too_old_is_not(
    desk: CostDesk, talk: Dialogue
) -> None:
    quota(desk, "年", "10")
    desk.clock.advance(-19 * DAY)
    desk.spend("li", "gpt", "9")
    tick(desk)
    boss = desk.token(user="boss")
    assert desk.call("POST", f"{ALERTS}/1/snooze", {"minutes": 60 * 24 * 20}, token=boss).status == 200
    talk.parcels()
    desk.clock.advance(20 * DAY)
    assert tick(desk) == "1 told"
    fresh = [each.key for each in talk.parcels()]
    assert len(fresh) == 2
    assert desk.call("POST", f"{ALERTS}/1/resolve", {}, token=boss).status == 200
    drawn = talk.parcels()
    assert [each.redraws for each in drawn] == fresh
    assert all("✅ 已解决" in words(each) for each in drawn)
