"""The job that keeps books short, and what a new zone asks for at start: neither changes what anybody is told."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.keep_books import KeepBooks
from storage.store import SqlStore
from suanli import wiring
from suanli.domain.cost.sums import Grain, Question
from suanli.settings import SettingsError, load
from tests.contract.cost_kit import HIS, LASTS, add, ask, books, decide, grant, quota
from tests.cost_desk import CostDesk
from tests.fakes import NOON, FakeClock


def test_what_is_over_is_ended_and_said(sqlite_store: SqlStore, clock: FakeClock) -> None:
    (mine,) = add(sqlite_store, quota(HIS[0], 100))
    for key in ("a", "b"):
        decide(sqlite_store, ask(key, 10))
    grant(sqlite_store, mine, 50, timedelta(minutes=1))
    job = KeepBooks(sqlite_store, clock)
    assert job.run(NOON) == ""
    clock.advance(LASTS)
    assert job.run(clock.now()) == "2 holds expired, 1 grants ended"
    assert job.run(clock.now()) == ""
    assert books(sqlite_store, mine, clock.now()) == (0, 0)


def test_sums_are_put_by_and_are_the_same_before_and_after(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = CostDesk(sqlite_store, clock)
    for number in range(3):
        desk.spend("li", f"m{number}", "1.5")
    asked = Question(NOON - timedelta(days=1), NOON + timedelta(days=1), Grain.DAY)
    with sqlite_store.begin() as tx:
        before = tx.sums.of(asked)
    assert KeepBooks(sqlite_store, clock).run(NOON) == "3 sums put by"
    with sqlite_store.begin() as tx:
        assert tx.sums.of(asked) == before
    assert before[0].sum.total_cost == 4_500_000_000


def test_a_site_that_moves_to_another_zone_adds_up_anew_at_its_next_start(sqlite_url: str, clock: FakeClock) -> None:
    here, there = SqlStore(sqlite_url), SqlStore(sqlite_url, ZoneInfo("America/New_York"))
    desk = CostDesk(here, clock)
    desk.spend("li", "m", "1", NOON - timedelta(hours=10))
    desk.put_by()
    asked = Question(NOON - timedelta(days=2), NOON + timedelta(days=2), Grain.DAY)
    wiring.keep_zone(here)
    with here.begin() as tx:
        (line,) = tx.sums.of(asked)
    with there.begin() as tx, pytest.raises(RuntimeError, match="rebuilt"):
        tx.sums.of(asked)
    wiring.keep_zone(there)
    with there.begin() as tx:
        (moved,) = tx.sums.of(asked)
    assert (line.day, moved.day) == ((NOON - timedelta(hours=2)).date(), (NOON - timedelta(hours=15)).date())
    assert replace(moved, day=line.day) == line
    here.close()
    there.close()


def test_a_site_with_records_keeps_its_currency(sqlite_store: SqlStore, clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "suanli.toml").write_text('[cost]\ncurrency = "USD"\n', "utf-8")
    before, after = load({}, tmp_path / "none"), load({}, tmp_path)
    wiring.demand_currency(after, sqlite_store)  # nothing was recorded yet
    CostDesk(sqlite_store, clock).spend("li", "m", "1")
    wiring.demand_currency(before, sqlite_store)
    with pytest.raises(SettingsError, match=r"^cost\.currency: .* is in CNY, not in USD; set it back"):
        wiring.demand_currency(after, sqlite_store)
