"""What is unusual is found, said in words, and told once: hours, and books that do not agree."""

from dataclasses import replace

from jobs.watch_costs import Reconcile, WatchHours
from suanli.domain.cost.rules import MoneyRules
from tests.contract.cost_kit import tamper
from tests.cost_alerts import HOUR, RUNNING, WEEK, desk, quota, talk, told
from tests.cost_desk import CostDesk
from tests.dialogue import Dialogue
from tests.watched_store import WatchedStore

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


def test_a_rise_that_lasts_for_more_than_a_week_is_told_once(desk: CostDesk) -> None:
    history(desk)
    start = desk.clock.now()
    desk.spend_all(*(desk.costs("li", "gpt", "60", start + at * HOUR) for at in range(178)))
    watch = WatchHours(desk.store, desk.site, desk.clock)
    desk.clock.advance(HOUR)
    assert watch.run(desk.clock.now()) == "3 told"
    desk.clock.advance(166 * HOUR)
    for _ in range(10):
        desk.clock.advance(HOUR)
        assert watch.run(desk.clock.now()) == ""


def test_a_rise_that_is_first_looked_at_after_a_week_is_told_once(desk: CostDesk) -> None:
    history(desk)
    start = desk.clock.now()
    desk.spend_all(*(desk.costs("li", "gpt", "60", start + at * HOUR) for at in range(178)))
    watch = WatchHours(desk.store, desk.site, desk.clock)
    desk.clock.advance(172 * HOUR)
    told = []
    for _ in range(5):
        desk.clock.advance(HOUR)
        told.append(watch.run(desk.clock.now()))
    assert told == ["3 told", "", "", "", ""]


def test_after_a_pause_a_new_rise_is_told_anew(desk: CostDesk) -> None:
    history(desk)
    start = desk.clock.now().replace(minute=0)
    costs = ("60", "60", "2", "2", "60", "60")
    desk.spend_all(*(desk.costs("li", "gpt", cost, start + at * HOUR) for at, cost in enumerate(costs)))
    watch = WatchHours(desk.store, desk.site, desk.clock)
    told = []
    for _ in costs:
        told.append(watch.run(desk.clock.now()))
        desk.clock.advance(HOUR)
    assert told == ["3 told", "", "", "", "3 told", ""]


def test_hours_are_judged_where_nobody_waits_and_two_processes_tell_once(desk: CostDesk) -> None:
    history(desk)
    store = WatchedStore(desk.store, lambda: WatchHours(desk.store, desk.site, desk.clock).run(desk.clock.now()))
    watch = WatchHours(store, desk.site, desk.clock)
    assert watch.run(desk.clock.now()) == ""
    assert store.writes == 0
    desk.spend("li", "gpt", "60", desk.clock.now())
    assert watch.run(desk.clock.now()) == ""
    assert store.writes == 1
    assert "sums" not in store.writing
    with desk.store.begin() as tx:
        assert tx.cost_alerts.open_count(desk.clock.now()) == 3


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
