"""Several processes that tell of money at the same moment: each thing once, and what is over ends once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.tell_costs import TellCosts
from jobs.watch_costs import Reconcile
from suanli.domain.cost.alerts import AlertFilter, AlertType, CostAlert, CostAlertId, Severity
from suanli.domain.ports import Store
from suanli.domain.stock.rules import target_of
from tests.contract.cost_kit import tamper
from tests.contract.together import in_threads
from tests.cost_alerts import RUNNING, quota
from tests.cost_desk import CostDesk
from tests.dialogue import Dialogue
from tests.fakes import FakeClock

DAY = timedelta(days=1)


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> CostDesk:
    return CostDesk(store, clock, (), RUNNING)  # type: ignore[arg-type]  # it is the SQL one, seen as what it serves


def all_at_once(url: str, clock: FakeClock) -> Sequence[str]:
    def tick(store: Store, _: int) -> str:
        return TellCosts(store, RUNNING, clock).run(clock.now())

    return sorted(each for each in in_threads(url, tick) if each)


def test_a_day_is_told_and_an_end_written_down_by_one_of_all(desk: CostDesk, database_url: str) -> None:
    talk = Dialogue(desk.store, desk.clock, RUNNING)
    desk.spend("li", "mystery", None)
    with desk.store.begin() as tx:
        for number in range(3):
            limit = CostAlert(
                CostAlertId(0), f"limit:{number}", AlertType.QUOTA_WARNING, Severity.WARNING, desk.clock.now(),
                told=(target_of("ou_boss"),), ends_at=desk.clock.now() + DAY,
            )  # fmt: skip
            tx.cost_alerts.add(replace(limit, snoozed_until=desk.clock.now() + 2 * DAY))
    assert all_at_once(database_url, desk.clock) == ["1 told"]
    desk.clock.advance(DAY)
    done = ", ".join(all_at_once(database_url, desk.clock))
    assert (done.count("told"), done.count("ended"), done.count("3 ended")) == (1, 1, 1)
    assert all_at_once(database_url, desk.clock) == []
    with desk.store.begin() as tx:
        assert [each.what for each in tx.changes.newest(99)] == ["alert.end"] * 3
        assert [each.rounds for each in tx.cost_alerts.page(AlertFilter(resolved=False), before=None, limit=9)] == [1]
    assert len(talk.parcels()) == 2


def test_a_drift_that_goes_on_is_told_again_by_one_of_all(desk: CostDesk, database_url: str) -> None:
    talk = Dialogue(desk.store, desk.clock, RUNNING)
    quota(desk, "月", "100")
    desk.spend("li", "gpt", "1")
    tamper(database_url, "UPDATE cost_records SET charged = charged + 1")
    for days in (1, 2):
        in_threads(database_url, lambda store, _: Reconcile(store, RUNNING, desk.clock).run(desk.clock.now()))
        assert len(talk.parcels()) == 1, days
        desk.clock.advance(DAY)
