"""Calls of which the price comes to more than can be: nobody else's are held up by them."""

from datetime import timedelta

import pytest

from handlers.cost.ingest import MOST, judge
from jobs.price_records import price_all
from storage.store import SqlStore
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.money import Currency, MoneyError, Nano
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.records import Call
from suanli.domain.cost.sums import Grain, Question
from tests.cost_desk import CostDesk
from tests.fakes import NOON, FakeClock

CNY = Currency("CNY")


def _stated(desk: CostDesk, cost: int) -> Call:
    return desk.told("li", "gpt", stated=Nano(cost))


def test_a_call_whose_price_comes_to_more_than_is_kept_stays_unpriced_and_the_others_get_theirs(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    desk = CostDesk(sqlite_store, clock)
    desk.spend("li", "gpt", None, usage=Usage(10**14))
    desk.spend("li", "gpt", None)
    desk.model("gpt", input="1000000", output="0")
    priced, left = price_all(sqlite_store, desk.site, Actor("ou_boss", Way.CLI), NOON)
    assert (priced, left) == (1, {("", "gpt"): 1})


def test_a_call_costs_no_more_than_sums_can_keep_hundreds_of(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = CostDesk(sqlite_store, clock)
    with sqlite_store.begin() as tx:
        book = tx.prices.book(CNY)
    with pytest.raises(MoneyError):
        judge(book, _stated(desk, MOST + 1))
    desk.spend_all(*(judge(book, _stated(desk, MOST)) for _ in range(500)))
    desk.put_by()
    desk.spend_all(*(judge(book, _stated(desk, MOST)) for _ in range(400)))
    with sqlite_store.begin() as tx:
        (line,) = tx.sums.of(Question(NOON - timedelta(days=1), NOON + timedelta(days=1), Grain.ALL))
    assert line.sum.total_cost == 900 * MOST
