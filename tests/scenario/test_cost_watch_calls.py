"""Calls that are unusual, or take much of a day's limit: each is looked at, and told of once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.judge_calls import MOST_MODELS, MOST_TOLD, CallJudge
from jobs.price_records import price_all
from jobs.watch_calls import WatchCalls
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.money import Currency
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Quota, QuotaId
from suanli.domain.cost.records import RecordId
from suanli.domain.cost.rules import MoneyRules
from suanli.domain.cost.windows import Period
from tests.cost_alerts import CNY, HIS, HOUR, RUNNING, desk, quota, talk, told, yuan
from tests.cost_desk import CostDesk
from tests.dialogue import SHANGHAI, Dialogue
from tests.watched_store import WatchedStore

__all__ = ["desk", "talk"]

MINUTE = timedelta(minutes=1)
BOSS = Actor("ou_boss", Way.CLI)


def watching(desk: CostDesk) -> WatchCalls:
    return WatchCalls(desk.store, desk.site, desk.clock)


def look(desk: CostDesk) -> str:
    return watching(desk).run(desk.clock.now())


def daily(desk: CostDesk, limit: str = "100") -> None:
    quota(desk, "月", "10000", daily_limit=yuan(limit))


def test_a_call_that_takes_much_of_a_days_limit_is_told_once(desk: CostDesk, talk: Dialogue) -> None:
    daily(desk)
    desk.spend("li", "gpt", "10", desk.clock.now() - MINUTE)
    assert look(desk) == ""
    desk.spend("li", "gpt", "10.01", desk.clock.now() - timedelta(seconds=1))
    assert look(desk) == "1 of 1 told"
    assert look(desk) == ""
    (mine, _) = told(talk)
    assert mine[1] == "🟠 一次调用很贵：gpt"
    assert "花了 10.01 CNY，当日限额是 100.00" in mine[2]


def test_a_quota_whose_own_period_is_a_day_is_a_days_limit(desk: CostDesk, talk: Dialogue) -> None:
    with desk.store.begin() as tx:
        tx.quotas.add(Quota(QuotaId(0), "日", HIS, yuan("10"), Period.DAILY, SHANGHAI, CNY))
    desk.spend("li", "gpt", "9")
    assert look(desk) == "1 of 1 told"
    assert "当日限额是 10.00" in told(talk)[0][2]


def test_a_limit_in_another_currency_says_nothing_about_a_call(desk: CostDesk) -> None:
    with desk.store.begin() as tx:
        tx.quotas.add(Quota(QuotaId(0), "USD", HIS, yuan("10"), Period.DAILY, SHANGHAI, Currency("USD")))
    desk.spend("li", "gpt", "2")
    assert look(desk) == ""


def test_a_call_that_costs_far_more_than_its_kind_is_told(desk: CostDesk, talk: Dialogue) -> None:
    start = desk.clock.now() - 50 * MINUTE
    for number in range(40):
        desk.spend("li", "gpt", f"1.{number:02}", start + timedelta(seconds=number), request_type="chat")
    assert look(desk) == ""
    desk.spend("li", "gpt", "40", desk.clock.now(), request_type="chat")
    desk.spend("li", "gpt", "41", desk.clock.now(), request_type="another")
    assert look(desk) == "1 of 2 told"
    assert "这类调用平时是" in told(talk)[0][2]


def test_a_long_call_is_looked_at_though_it_began_before_others_that_were_over_sooner(desk: CostDesk) -> None:
    daily(desk)
    began = desk.clock.now()
    desk.clock.advance(2 * MINUTE)
    desk.spend("li", "gpt", "1")
    assert look(desk) == ""
    desk.spend("li", "gpt", "50", began)
    assert look(desk) == "1 of 1 told"


def test_nobody_is_told_of_calls_of_long_ago_that_are_taken_over(desk: CostDesk, talk: Dialogue) -> None:
    daily(desk)
    desk.spend("li", "gpt", "1")
    desk.spend("li", "gpt", "50", desk.clock.now() - timedelta(days=30))
    assert look(desk) == ""
    assert told(talk) == []


def test_a_clock_that_was_set_back_holds_up_nothing(desk: CostDesk) -> None:
    daily(desk)
    desk.spend("li", "gpt", "1")
    assert look(desk) == ""
    desk.clock.advance(20 * HOUR)
    desk.spend("li", "gpt", "1")
    desk.clock.advance(-20 * HOUR)
    desk.spend("li", "gpt", "50")
    assert look(desk) == "1 of 2 told"


def test_the_first_run_looks_at_all_calls_of_the_last_hour_in_whatever_order_they_were_told(desk: CostDesk) -> None:
    daily(desk)
    desk.spend("li", "gpt", "60", desk.clock.now() - 2 * HOUR)
    desk.spend("li", "gpt", "50", desk.clock.now())
    desk.spend("li", "gpt", "1", desk.clock.now() - 30 * MINUTE)
    assert look(desk) == "1 of 2 told"


def test_the_first_run_reads_nothing_of_the_past_when_there_was_no_call_lately(desk: CostDesk) -> None:
    daily(desk)
    desk.spend("li", "gpt", "50", desk.clock.now() - 2 * HOUR)
    assert look(desk) == ""
    desk.spend("li", "gpt", "50")
    assert look(desk) == "1 of 1 told"


def test_a_call_that_gets_its_price_after_it_was_looked_at_is_told_with_that(desk: CostDesk, talk: Dialogue) -> None:
    daily(desk)
    desk.spend("li", "gpt", None, usage=Usage(1000, 0))
    desk.spend("li", "gpt", None, desk.clock.now() - timedelta(days=30), usage=Usage(1000, 0))
    desk.spend("li", "gpt", None, usage=Usage(1, 0))
    assert look(desk) == ""
    desk.model("gpt", input="50", output="0")
    assert price_all(desk.store, desk.site, BOSS, desk.clock.now()) == (3, {})
    assert "花了 50.00 CNY，当日限额是 100.00" in told(talk)[0][2]
    assert price_all(desk.store, desk.site, BOSS, desk.clock.now()) == (0, {})
    assert look(desk) == ""


def test_a_call_that_gets_its_price_before_it_is_looked_at_is_told_once(desk: CostDesk) -> None:
    daily(desk)
    desk.spend("li", "gpt", None, usage=Usage(1000, 0))
    desk.model("gpt", input="50", output="0")
    assert price_all(desk.store, desk.site, BOSS, desk.clock.now()) == (1, {})
    with desk.store.begin() as tx:
        assert tx.cost_alerts.open_count(desk.clock.now()) == 1
    assert look(desk) == ""


def test_nothing_is_written_when_there_is_nothing_new_and_only_what_was_found_when_there_is(desk: CostDesk) -> None:
    daily(desk)
    store = WatchedStore(desk.store)
    watch = WatchCalls(store, desk.site, desk.clock)
    watch.run(desk.clock.now())
    before = store.writes
    assert watch.run(desk.clock.now()) == ""
    assert store.writes == before
    desk.spend("li", "gpt", "50")
    assert watch.run(desk.clock.now()) == "1 of 1 told"
    assert store.writes == before + 1
    assert not store.writing & {"records", "quotas", "sums", "prices"}


def test_of_two_processes_that_find_the_same_one_tells_and_the_other_goes_on_from_there(desk: CostDesk) -> None:
    daily(desk)
    assert look(desk) == ""
    desk.spend("li", "gpt", "50")
    store = WatchedStore(desk.store, lambda: look(desk))
    assert WatchCalls(store, desk.site, desk.clock).run(desk.clock.now()) == ""
    with desk.store.begin() as tx:
        assert tx.cost_alerts.open_count(desk.clock.now()) == 1
    desk.spend("li", "gpt", "50")
    assert look(desk) == "1 of 1 told"


def test_any_number_of_types_of_calls_to_a_model_is_one_question(desk: CostDesk) -> None:
    desk.spend_all(*(desk.costs("li", "gpt", "2", request_type=f"chat-{n}") for n in range(300)))
    desk.spend_all(*(desk.costs("li", "gpt", "2", request_type="chat") for _ in range(30)))
    desk.spend("li", "gpt", "50", request_type="chat")
    judge = CallJudge(desk.site, desk.clock.now(), most_models=1)
    with desk.store.read() as tx:
        count, found = judge.judge(tx, tx.records.behind(RecordId(0), 1000))
    assert (count, len(found)) == (331, 1)


@pytest.mark.parametrize(("models", "costs"), [(2, 1000), (1000, 3)])
def test_a_judge_reads_so_much_and_leaves_the_rest_to_the_next(desk: CostDesk, models: int, costs: int) -> None:
    daily(desk)
    for number in range(14):
        desk.spend("li", f"m{number // 2}", "50" if number % 2 else "0.5")
    seen: list[int] = []
    told: set[str] = set()
    with desk.store.read() as tx:
        left = tx.records.behind(RecordId(0), 1000)
        while left:
            count, found = CallJudge(desk.site, desk.clock.now(), models, costs).judge(tx, left)
            left, seen, told = left[count:], [*seen, count], told | {alert.key for alert in found}
    assert seen == [5, 4, 4, 1]
    assert len(told) == 7


def test_calls_to_more_models_than_one_run_reads_are_looked_at_by_the_next(desk: CostDesk) -> None:
    desk.spend_all(*(desk.costs("li", f"m{n}", "2") for n in range(MOST_MODELS)))
    daily(desk, "300")
    desk.spend("li", "another", "50")
    assert look(desk) == ""
    assert look(desk) == "1 of 1 told"


def test_many_alerts_are_told_in_several_transactions_of_one_run(desk: CostDesk) -> None:
    daily(desk)
    desk.spend_all(*(desk.costs("li", "gpt", "50") for _ in range(2 * MOST_TOLD + 1)))
    store = WatchedStore(desk.store)
    assert WatchCalls(store, desk.site, desk.clock).run(desk.clock.now()) == f"{2 * MOST_TOLD + 1} of 101 told"
    assert store.writes == 3
    assert look(desk) == ""


def test_nobody_is_told_of_the_unusual_when_the_settings_say_so_but_of_what_is_too_large(desk: CostDesk) -> None:
    daily(desk)
    desk.spend_all(*(desk.costs("li", "gpt", "1") for _ in range(40)), desk.costs("li", "gpt", "8"))
    site = replace(RUNNING, money=MoneyRules(outliers=None))
    watch = WatchCalls(desk.store, site, desk.clock)
    assert watch.run(desk.clock.now()) == ""
    desk.spend("li", "gpt", "12")
    assert watch.run(desk.clock.now()) == "1 of 1 told"
