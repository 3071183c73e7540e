"""What is unusual is found, said in words, and told once: hours, calls, and books that do not agree."""

from dataclasses import replace
from datetime import timedelta

from jobs.watch_costs import Reconcile, WatchCalls, WatchHours
from suanli.domain.cost.rules import MoneyRules
from tests.contract.cost_kit import tamper
from tests.cost_alerts import HOUR, RUNNING, WEEK, desk, quota, talk, told, yuan
from tests.cost_desk import CostDesk
from tests.dialogue import Dialogue

__all__ = ["desk", "talk"]


def history(desk: CostDesk, weeks: int = 5) -> None:
    """Every hour of some weeks the same, a little more by day."""
    start = desk.clock.now().replace(minute=0) - weeks * WEEK
    calls = [desk.costs("li", "gpt", f"{2 + (at % 24) * 0.1:.2f}", start + at * HOUR) for at in range(weeks * 168)]
    for some in range(0, len(calls), 500):
        desk.spend_all(*calls[some : some + 500])


def test_an_unusual_hour_is_told_in_words_and_once(desk: CostDesk, talk: Dialogue) -> None:
    history(desk)
    watch = WatchHours(desk.store, desk.site, desk.clock)
    assert watch.run(desk.clock.now()) == ""
    desk.spend("li", "gpt", "60", desk.clock.now())
    assert watch.run(desk.clock.now()) == "3 told"
    cards = told(talk)
    assert ("ou_boss", "🔴 花费异常：全部") in [card[:2] for card in cards]
    whole = next(text for who, title, text in cards if title == "🔴 花费异常：全部")
    assert "最多的是 李雷（100.0%）" in whole
    assert ("ou_li", "🔴 花费异常：李雷") in [card[:2] for card in cards]
    assert watch.run(desk.clock.now()) == ""
    desk.clock.advance(HOUR)
    desk.spend("li", "gpt", "70", desk.clock.now())
    assert watch.run(desk.clock.now()) == ""


def test_nobody_is_told_of_the_unusual_when_the_settings_say_so(desk: CostDesk) -> None:
    history(desk)
    desk.spend("li", "gpt", "600")
    site = replace(RUNNING, money=MoneyRules(outliers=None))
    assert WatchHours(desk.store, site, desk.clock).run(desk.clock.now()) == ""


LATER = timedelta(seconds=10)
"""After that long, nothing that was being written comes before it any more."""


def test_a_call_that_takes_much_of_a_days_limit_is_told_once(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10000", daily_limit=yuan("100"))
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    desk.spend("li", "gpt", "10", desk.clock.now() - timedelta(minutes=1))
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == ""
    desk.spend("li", "gpt", "10.01", desk.clock.now() - timedelta(seconds=1))
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == "1 of 1 told"
    assert watch.run(desk.clock.now()) == ""
    (mine, _) = told(talk)
    assert mine[1] == "🟠 一次调用很贵：gpt"
    assert "花了 10.01 CNY，当日限额是 100.00" in mine[2]


def test_a_call_that_costs_far_more_than_its_kind_is_told(desk: CostDesk, talk: Dialogue) -> None:
    start = desk.clock.now() - timedelta(minutes=50)
    for number in range(40):
        desk.spend("li", "gpt", f"1.{number:02}", start + timedelta(seconds=number), request_type="chat")
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == ""
    desk.spend("li", "gpt", "40", desk.clock.now(), request_type="chat")
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == "1 of 1 told"
    assert "这类调用平时是" in told(talk)[0][2]


def test_a_long_call_is_looked_at_though_it_began_before_others_that_were_over_sooner(desk: CostDesk) -> None:
    quota(desk, "月", "10000", daily_limit=yuan("100"))
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    began = desk.clock.now()
    desk.clock.advance(timedelta(minutes=2))
    desk.spend("li", "gpt", "1")
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == ""
    desk.spend("li", "gpt", "50", began)
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == "1 of 1 told"


def test_nobody_is_told_of_calls_of_long_ago_that_are_taken_over(desk: CostDesk, talk: Dialogue) -> None:
    quota(desk, "月", "10000", daily_limit=yuan("100"))
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    desk.spend("li", "gpt", "1")
    desk.spend("li", "gpt", "50", desk.clock.now() - timedelta(days=30))
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == ""
    assert told(talk) == []


def test_what_may_yet_be_preceded_is_looked_at_later(desk: CostDesk) -> None:
    quota(desk, "月", "10000", daily_limit=yuan("100"))
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    desk.spend("li", "gpt", "50")
    assert watch.run(desk.clock.now()) == ""
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == "1 of 1 told"


def test_a_clock_that_was_set_back_holds_up_nothing(desk: CostDesk) -> None:
    quota(desk, "月", "10000", daily_limit=yuan("100"))
    watch = WatchCalls(desk.store, desk.site, desk.clock)
    desk.spend("li", "gpt", "1")
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == ""
    desk.clock.advance(timedelta(hours=20))
    desk.spend("li", "gpt", "1")
    desk.clock.advance(-timedelta(hours=20))
    desk.spend("li", "gpt", "50")
    desk.clock.advance(LATER)
    assert watch.run(desk.clock.now()) == "1 of 2 told"


def test_books_that_do_not_agree_are_told_once_a_day_and_left_as_they_are(
    desk: CostDesk, talk: Dialogue, sqlite_url: str
) -> None:
    quota(desk, "月", "100")
    desk.spend("li", "gpt", "1")
    reconcile = Reconcile(desk.store, desk.site, desk.clock)
    assert reconcile.run(desk.clock.now()) == ""
    tamper(sqlite_url, "UPDATE cost_records SET charged = charged + 1")
    found = reconcile.run(desk.clock.now())
    assert "1 accounts" in found
    assert "1 records" in found
    assert reconcile.run(desk.clock.now()) == found
    (card,) = told(talk)
    assert card[:2] == ("ou_boss", "🔴 账对不上")
