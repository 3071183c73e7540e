"""Windows that begin at the same moment are told of apart."""

from dataclasses import replace
from datetime import timedelta

from suanli.domain.cost.windows import Period
from tests.cost_alerts import desk, quota, talk, tick, told
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
