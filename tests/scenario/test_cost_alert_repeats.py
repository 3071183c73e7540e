"""What goes on is told once a day by the same alert, and not at all while it is snoozed."""

from datetime import timedelta

import pytest

from jobs.watch_costs import Reconcile
from suanli.domain.cost.alerts import AlertFilter, CostAlert
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.delivery import Parcel
from tests.contract.cost_kit import tamper
from tests.cost_alerts import HOUR, alert_of, button, desk, quota, talk, tick, told, words
from tests.cost_desk import CostDesk
from tests.dialogue import BOSS, Dialogue

__all__ = ["desk", "talk"]

DAY = timedelta(days=1)


def standing(desk: CostDesk) -> list[CostAlert]:
    with desk.store.begin() as tx:
        return list(tx.cost_alerts.page(AlertFilter(resolved=False), before=None, limit=99))


def fresh(talk: Dialogue) -> list[Parcel]:
    return [each for each in talk.parcels() if each.redraws is None]


def test_calls_without_a_price_are_told_again_by_the_same_alert_with_what_came_meanwhile(
    desk: CostDesk, talk: Dialogue
) -> None:
    desk.spend("li", "mystery", None)
    tick(desk)
    (card,) = talk.parcels()
    desk.spend("li", "mystery", None)
    desk.clock.advance(DAY)
    assert tick(desk) == "1 told"
    assert tick(desk) == ""
    (again,) = fresh(talk)
    assert again.key != card.key
    assert "2 次调用不知道价格" in words(again)
    assert [each.id for each in standing(desk)] == [1]
    _, drawn = talk.press(button(again, "已解决"), sender=BOSS)
    assert {each.redraws for each in drawn if each.redraws} == {card.key, again.key}


@pytest.mark.parametrize("days", [1, 3])
def test_while_it_is_snoozed_nobody_is_told_of_a_model_whatever_is_called(
    desk: CostDesk, talk: Dialogue, days: int
) -> None:
    desk.spend("li", "mystery", None)
    tick(desk)
    (card,) = talk.parcels()
    talk.tell(f"/cost alert snooze #1 {days}d", sender=BOSS)
    for _ in range(days * 4 - 1):
        desk.clock.advance(6 * HOUR)
        desk.spend("li", "mystery", None)
        assert tick(desk) == ""
    assert fresh(talk) == []
    desk.clock.advance(6 * HOUR)
    assert tick(desk) == "1 told"
    (again,) = fresh(talk)
    assert f"{days * 4} 次调用不知道价格" in words(again)
    assert again.key != card.key
    assert tick(desk) == ""
    assert [(each.id, each.rounds) for each in standing(desk)] == [(1, 1)]


def test_another_provider_or_model_is_told_of_while_one_is_snoozed(desk: CostDesk, talk: Dialogue) -> None:
    desk.spend("li", "mystery", None, provider_name="acme")
    tick(desk)
    talk.tell("/cost alert snooze #1 30d", sender=BOSS)
    desk.spend("li", "mystery", None, provider_name="other")
    desk.spend("li", "riddle", None, provider_name="acme")
    assert tick(desk) == "2 told"
    assert {title for _, title, _ in told(talk)} == {"🔴 没有价格：other/mystery", "🔴 没有价格：acme/riddle"}


def test_two_ways_to_say_the_same_name_are_one_alert(desk: CostDesk, talk: Dialogue) -> None:
    desk.spend("li", "mystery", None, provider_name="acme")
    desk.spend("li", "acme/mystery", None)
    assert tick(desk) == "1 told"
    assert "2 次调用不知道价格" in told(talk)[0][2]
    desk.clock.advance(DAY)
    assert tick(desk) == "1 told"


def test_what_somebody_resolved_though_it_goes_on_is_told_anew_on_another_day(desk: CostDesk, talk: Dialogue) -> None:
    desk.spend("li", "mystery", None)
    tick(desk)
    talk.press(button(talk.parcels()[0], "已解决"), sender=BOSS)
    assert tick(desk) == ""
    desk.clock.advance(DAY)
    assert tick(desk) == "1 told"
    assert [each.id for each in standing(desk)] == [2]


def drifting(desk: CostDesk, talk: Dialogue, url: str) -> Reconcile:
    """One record says something else than was counted for it, and that was told."""
    quota(desk, "月", "100")
    desk.spend("li", "gpt", "1")
    tamper(url, "UPDATE cost_records SET charged = charged + 1")
    reconcile = Reconcile(desk.store, desk.site, desk.clock)
    assert reconcile.run(desk.clock.now())
    assert [title for _, title, _ in told(talk)] == ["🔴 账对不上"]
    return reconcile


def test_books_that_still_do_not_agree_are_told_again_each_day_by_the_same_alert(
    desk: CostDesk, talk: Dialogue, sqlite_url: str
) -> None:
    reconcile = drifting(desk, talk, sqlite_url)
    for hours in range(1, 37):
        desk.clock.advance(HOUR)
        reconcile.run(desk.clock.now())
        # It is noon in Shanghai when it begins: two midnights in 36 hours.
        assert len(told(talk)) == (hours in {12, 36})
    assert [(each.id, each.rounds) for each in standing(desk)] == [(1, 2)]


def test_while_it_is_snoozed_more_of_the_same_drift_is_not_told(
    desk: CostDesk, talk: Dialogue, sqlite_url: str
) -> None:
    reconcile = drifting(desk, talk, sqlite_url)
    talk.tell("/cost alert snooze #1 2d", sender=BOSS)
    desk.clock.advance(DAY)
    desk.spend("li", "gpt", "1")
    tamper(sqlite_url, "UPDATE cost_records SET charged = charged + 1")
    assert "2 records" in reconcile.run(desk.clock.now())
    assert fresh(talk) == []
    desk.clock.advance(DAY)
    reconcile.run(desk.clock.now())
    (again,) = fresh(talk)
    assert "2 条记录" in words(again)
    assert tick(desk) == ""
    assert [each.id for each in standing(desk)] == [1]


def test_another_drift_is_told_though_the_first_is_snoozed(desk: CostDesk, talk: Dialogue, sqlite_url: str) -> None:
    reconcile = drifting(desk, talk, sqlite_url)
    talk.tell("/cost alert snooze #1 30d", sender=BOSS)
    desk.clock.advance(DAY)
    quota(desk, "销售部", "100", Scope(ScopeKind.DEPARTMENT, "sales"))
    desk.spend("li", "gpt", "1")
    tamper(sqlite_url, "UPDATE accounts SET used = used + 1 WHERE quota = 2")
    reconcile.run(desk.clock.now())
    assert len(fresh(talk)) == 1
    talk.tell("/cost alert snooze #2 1d", sender=BOSS)
    assert alert_of(desk, 1).snoozed_until is not None
    desk.clock.advance(23 * HOUR)
    reconcile.run(desk.clock.now())
    assert fresh(talk) == []
