"""Records that get their price later: what that changed is noted with it, whatever becomes of the rest."""

import pytest

from jobs.price_records import AT_ONCE, price_all
from storage.store import SqlStore
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.prices import Usage
from tests.cost_desk import CostDesk
from tests.dying_store import Died, DyingStore
from tests.fakes import FakeClock
from tests.watched_store import WatchedStore

BOSS = Actor("ou_boss", Way.CLI)


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> CostDesk:
    return CostDesk(sqlite_store, clock)


def noted(desk: CostDesk) -> list[str]:
    with desk.store.begin() as tx:
        return [change.after["priced"] for change in tx.changes.newest(9, "records")]


def unpriced(desk: CostDesk, many: int) -> None:
    desk.spend_all(*(desk.costs("li", "gpt", None, usage=Usage(1, 0)) for _ in range(many)))


def test_what_was_priced_before_the_process_died_is_noted_and_the_rest_when_it_is_done(desk: CostDesk) -> None:
    unpriced(desk, 2 * AT_ONCE + 1)
    desk.model("gpt", input="1", output="0")
    with pytest.raises(Died):
        price_all(DyingStore(desk.store, 2), desk.site, BOSS, desk.clock.now())
    assert noted(desk) == [f"{AT_ONCE}"]
    assert price_all(desk.store, desk.site, BOSS, desk.clock.now()) == (AT_ONCE + 1, {})
    assert noted(desk) == ["1", f"{AT_ONCE}", f"{AT_ONCE}"]


def test_nothing_is_written_where_nothing_can_be_priced(desk: CostDesk) -> None:
    unpriced(desk, 3)
    store = WatchedStore(desk.store)
    assert price_all(store, desk.site, BOSS, desk.clock.now()) == (0, {("", "gpt"): 3})
    assert store.writes == 0
    assert noted(desk) == []


def test_prices_are_looked_for_where_nobody_waits_and_of_two_at_once_one_prices(desk: CostDesk) -> None:
    unpriced(desk, 3)
    desk.model("gpt", input="1", output="0")
    store = WatchedStore(desk.store, lambda: price_all(desk.store, desk.site, BOSS, desk.clock.now()))
    assert price_all(store, desk.site, BOSS, desk.clock.now()) == (0, {})
    assert noted(desk) == ["3"]
    assert store.writing == {"records"}
