"""How fast the cards of watched scopes go, worked out in the background."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.forecast_stock import ForecastStock
from storage.store import SqlStore
from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Sample, Scope
from suanli.domain.stock.rules import Field, Override, Rule, Watch
from suanli.domain.stock.trend import LEAST_POINTS, Burn
from tests.dialogue import SITE
from tests.fakes import NOON, FakeClock

HOUR = timedelta(hours=1)
R4090, RH20 = Scope(Model("4090")), Scope(Model("H20"))


def job(store: SqlStore, clock: FakeClock, *scopes: Scope) -> ForecastStock:
    return ForecastStock(store, replace(SITE, watch=Watch(tuple(Rule(scope, 100) for scope in scopes))), clock)


def live(store: SqlStore, lows: Mapping[str, int], hours: int, *, region: str = "", clock: str = "") -> None:
    """Let a sample an hour of each model have come in, the last now, with these free cards left; one went an hour."""
    with store.begin() as tx:
        for ago in range(hours - 1, -1, -1):
            at = NOON - ago * HOUR
            tx.samples.add([Sample(at, SITE.stock_source, Model(model), region, clock, 9_000, low + ago, 0, 0)
                            for model, low in lows.items()], at)  # fmt: skip


def burns(store: SqlStore) -> Mapping[Scope, Burn]:
    with store.begin() as tx:
        return dict(tx.burns.all())


def test_every_watched_scope_gets_its_burn(sqlite_store: SqlStore, clock: FakeClock) -> None:
    live(sqlite_store, {"4090": 50, "H20": 9, "H200": 4}, 60, region="国内", clock="普通")
    part = Scope(Model("4090"), "国内")
    assert job(sqlite_store, clock, R4090, RH20, part).run(NOON) == "3 of 3 scopes"
    assert burns(sqlite_store) == dict.fromkeys((R4090, RH20, part), Burn(24.0, 60, NOON))


def test_a_scope_with_too_few_hours_has_none(sqlite_store: SqlStore, clock: FakeClock) -> None:
    live(sqlite_store, {"4090": 50}, LEAST_POINTS - 1)
    assert job(sqlite_store, clock, R4090, RH20).run(NOON) == "0 of 2 scopes"
    assert burns(sqlite_store) == {}


def test_a_rule_made_in_chat_is_watched(sqlite_store: SqlStore, clock: FakeClock) -> None:
    live(sqlite_store, {"H20": 9}, 60)
    with sqlite_store.begin() as tx:
        tx.overrides.put(Override(RH20, Field.MIN_FREE, 20, OpenId("ou_boss"), NOON))
    job(sqlite_store, clock).run(NOON)
    assert list(burns(sqlite_store)) == [RH20]


def test_without_rules_there_is_nothing_to_do(sqlite_store: SqlStore, clock: FakeClock) -> None:
    assert job(sqlite_store, clock).run(NOON) == "0 of 0 scopes"


def test_twice_is_the_same_as_once(sqlite_store: SqlStore, clock: FakeClock) -> None:
    live(sqlite_store, {"4090": 50}, 60)
    forecast = job(sqlite_store, clock, R4090)
    forecast.run(NOON)
    once = burns(sqlite_store)
    forecast.run(NOON)
    assert burns(sqlite_store) == once


def test_a_late_run_looks_back_from_now_and_not_from_when_it_was_due(sqlite_store: SqlStore, clock: FakeClock) -> None:
    live(sqlite_store, {"4090": 50}, 60)
    clock.advance(timedelta(days=30))
    assert job(sqlite_store, clock, R4090).run(NOON) == "0 of 1 scopes"


@pytest.mark.parametrize("gone", ["rule", "samples"])
def test_what_is_no_longer_known_is_not_kept(sqlite_store: SqlStore, clock: FakeClock, gone: str) -> None:
    live(sqlite_store, {"4090": 50, "H20": 9}, 60)
    job(sqlite_store, clock, R4090, RH20).run(NOON)
    if gone == "samples":
        clock.advance(timedelta(days=30))
    job(sqlite_store, clock, *((R4090,) if gone == "rule" else (R4090, RH20))).run(clock.now())
    assert set(burns(sqlite_store)) == ({R4090} if gone == "rule" else set())


def test_fifty_scopes_with_two_weeks_of_hours_take_less_than_two_seconds(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    models = {f"M{n}": n * 7 for n in range(50)}
    live(sqlite_store, models, 336)
    forecast = job(sqlite_store, clock, *(Scope(Model(m)) for m in models))
    begun = time.perf_counter()
    assert forecast.run(NOON) == "50 of 50 scopes"
    assert time.perf_counter() - begun < 2
