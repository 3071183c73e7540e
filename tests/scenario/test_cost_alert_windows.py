"""Windows that begin at the same moment are told of apart."""

from dataclasses import replace
from datetime import timedelta

from suanli.domain.cost.windows import Period
from tests.cost_alerts import desk, quota, talk, tick, told, yuan
from tests.cost_desk import CostDesk
from tests.dialogue import Dialogue

__all__ = ["desk", "talk"]


def test_a_quota_of_another_period_is_told_of_though_its_window_begins_as_the_old_one_did(
    desk: CostDesk, talk: Dialogue
) -> None:
    desk.clock.advance(timedelta(days=3))  # a Monday, on which a day begins as its week does
    made = quota(desk, "李雷的配额", "10")
    for period in (Period.DAILY, Period.WEEKLY):
        with desk.store.begin() as tx:
            tx.quotas.change(replace(made, period=period), desk.clock.now())
        desk.spend("li", "gpt", "8.5")
        tick(desk)
    assert [who for who, _, _ in told(talk)] == ["ou_li", "ou_boss"] * 2


def test_two_windows_that_begin_together_are_both_told_of_at_once(desk: CostDesk, talk: Dialogue) -> None:
    desk.clock.advance(timedelta(days=3))
    made = quota(desk, "李雷的配额", "10")
    for period in (Period.DAILY, Period.WEEKLY):
        with desk.store.begin() as tx:
            tx.quotas.change(replace(made, period=period), desk.clock.now())
        desk.spend("li", "gpt", "8.5")
    tick(desk)
    assert [who for who, _, _ in told(talk)] == ["ou_li", "ou_boss"] * 2


def test_nobody_is_told_of_windows_of_long_ago_whose_calls_are_taken_over(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "李雷的配额", "10", daily_limit=yuan("1"))
    now = desk.clock.now()
    for days in range(2, 12):
        desk.spend("li", "gpt", "0.9", now - timedelta(days=days))
    tick(desk)
    assert [title for _, title, _ in told(talk)] == [
        "🟠 配额快用完了：李雷的配额"
    ] * 2  # that of the month, which goes on
    assert tick(desk) == ""


def test_a_bill_that_comes_a_little_after_the_end_of_a_window_is_told_of(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "李雷的配额", "10", daily_limit=yuan("1"))
    desk.spend("li", "gpt", "0.9", desk.clock.now() - timedelta(days=1))
    tick(desk)
    assert len(told(talk)) == 2


def test_who_is_given_more_is_told_once_more_when_that_is_used_up_and_never_twice(
    desk: CostDesk, talk: Dialogue
) -> None:
    made = quota(desk, "李雷的配额", "10")
    for total in ("10", "20", "40"):
        with desk.store.begin() as tx:
            tx.quotas.change(replace(made, total=yuan(total)), desk.clock.now())
        desk.spend("li", "gpt", total if total == "10" else str(int(total) // 2))
        desk.clock.advance(timedelta(minutes=1))
        assert [tick(desk) for _ in range(2)] == ["1 told", ""]  # by the highest of three levels
        (mine, _) = told(talk)
        assert mine[1] == "⛔ 配额用完了：李雷的配额"
        assert f"{total}.00 / {total}.00 CNY" in mine[2]


def test_after_a_reset_people_are_told_once_more(desk: CostDesk, talk: Dialogue) -> None:
    made = quota(desk, "李雷的配额", "10")
    for _ in range(2):
        desk.spend("li", "gpt", "8.5")
        desk.clock.advance(timedelta(minutes=1))
        tick(desk)
        assert [title for _, title, _ in told(talk)] == ["🟠 配额快用完了：李雷的配额"] * 2
        with desk.store.begin() as tx:
            tx.quotas.reset(made.id, made_by="ou_boss", why="", now=desk.clock.now())
        assert tick(desk) == ""
