"""Stock by the hour: what is left of samples when they are gone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from suanli.domain.ports import Store
from suanli.domain.stock import Model, Sample, Scope, count_scopes
from suanli.domain.stock.trend import Hour
from tests.fakes import NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KATHMANDU = timezone(timedelta(hours=5, minutes=45))
LONG_AGO = NOON - timedelta(days=9999)
M4090, H20 = Model("4090"), Model("H20")


def sample(at: datetime, free: int, model: Model = M4090, region: str = "国内", clock: str = "高主频") -> Sample:
    return Sample(at, "grafana", model, region, clock, total=free + 3, free=free, used=2, unavailable=1)


def add(store: Store, *answers: Sequence[Sample]) -> None:
    with store.begin() as tx:
        for each in answers:
            tx.samples.add(each, max(NOON, each[0].taken_at))


def hours(store: Store, scope: Scope, since: datetime = LONG_AGO, source: str = "grafana") -> Sequence[Hour]:
    with store.begin() as tx:
        return tx.samples.hours(source, scope, since)


def test_an_hour_has_the_least_the_mean_and_the_most_of_its_samples(store: Store) -> None:
    add(store, *([sample(NOON + number * MINUTE, free)] for number, free in enumerate((5, 2, 8, 5))))
    assert hours(store, Scope(M4090)) == (Hour(NOON, 4, 2, 5.0, 8, 8.0),)


def test_a_moment_is_counted_whole_in_every_scope_of_its_samples(store: Store) -> None:
    add(store, [sample(NOON, 5), sample(NOON, 1, region="海外"), sample(NOON, 7, H20, "", "")])
    free = {scope: hours(store, scope)[0].low for scope in (Scope(M4090), Scope(M4090, "国内"), Scope(H20))}
    assert free == {Scope(M4090): 6, Scope(M4090, "国内"): 5, Scope(H20): 7}
    assert hours(store, Scope(M4090, "", "高主频")) == (Hour(NOON, 1, 6, 6.0, 6, 12.0),)
    assert hours(store, Scope(M4090, "火星")) == ()
    assert hours(store, Scope(M4090), source="prometheus") == ()


def test_an_hour_begins_on_the_hour_in_utc_wherever_a_sample_was_taken(store: Store) -> None:
    add(store, [sample((NOON + 59 * MINUTE).astimezone(KATHMANDU), 5)], [sample(NOON + HOUR, 4)])
    assert [(hour.at, hour.low) for hour in hours(store, Scope(M4090))] == [(NOON, 5), (NOON + HOUR, 4)]


def test_the_same_answer_counts_once(store: Store) -> None:
    answer = [sample(NOON, 5)]
    add(store, answer, answer)
    add(store, answer)
    assert hours(store, Scope(M4090))[0].samples == 1


def test_an_answer_that_comes_late_counts_in_its_own_hour(store: Store) -> None:
    add(store, [sample(NOON, 5)], [sample(NOON - HOUR, 2)], [sample(NOON - HOUR + MINUTE, 4)])
    assert [(hour.at, hour.mean) for hour in hours(store, Scope(M4090))] == [(NOON - HOUR, 3.0), (NOON, 5.0)]


def test_an_answer_that_was_rolled_back_does_not_count(store: Store) -> None:
    with suppress(LookupError), store.begin() as tx:
        tx.samples.add([sample(NOON, 5)], NOON)
        raise LookupError
    assert hours(store, Scope(M4090)) == ()


def test_hours_are_asked_from_a_moment_on_and_of_one_scope(store: Store) -> None:
    add(store, *([sample(NOON + number * HOUR, number), sample(NOON + number * HOUR, 9, H20)] for number in range(4)))
    asked = [Scope(M4090), Scope(H20, "国内"), Scope(H20, "海外")]
    with store.begin() as tx:
        found = {scope: tx.samples.hours("grafana", scope, NOON + HOUR + MINUTE) for scope in asked}
    assert {scope: [hour.low for hour in its] for scope, its in found.items()} == {
        asked[0]: [2, 3],
        asked[1]: [9, 9],
        asked[2]: [],
    }


def test_counts_beyond_any_fleet_are_still_summed(store: Store) -> None:
    most = 2**31 - 4
    add(store, *([sample(NOON + n * MINUTE, most), sample(NOON + n * MINUTE, most, region="海外")] for n in range(9)))
    assert hours(store, Scope(M4090)) == (Hour(NOON, 9, 2 * most, 2.0 * most, 2 * most, 2.0 * (most + 3)),)


def test_hours_outlive_their_samples_and_are_forgotten_by_themselves(store: Store) -> None:
    add(store, *([sample(NOON + number * HOUR, number)] for number in range(3)))
    with store.begin() as tx:
        assert tx.samples.forget_before(NOON + 9 * HOUR) == 3
    assert len(hours(store, Scope(M4090))) == 3
    with store.begin() as tx:
        assert tx.samples.forget_hours_before(NOON + HOUR) == 4  # of the model, its region, its clock class, and both
    assert [hour.at for hour in hours(store, Scope(M4090))] == [NOON + HOUR, NOON + 2 * HOUR]


def test_two_that_add_the_same_answers_at_once_count_each_once(store: Store, database_url: str) -> None:
    def run(its: Store) -> list[bool]:
        new = []
        for number in range(30):
            with its.begin() as tx:
                new.append(tx.samples.add([sample(NOON + number * MINUTE, number)], NOON + HOUR))
        return new

    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(2)]
        both = list(pool.map(run, stores))
    assert [sum(pair) for pair in zip(*both, strict=True)] == [1] * 30
    assert [(hour.samples, hour.low, hour.high) for hour in hours(store, Scope(M4090))] == [(30, 0, 29)]


NAMES = st.sampled_from(["", "国内", "海外"])
PLACES = st.tuples(st.sampled_from([M4090, H20]), NAMES, st.sampled_from(["", "高主频"]))
ANSWERS = st.lists(
    st.tuples(st.integers(-100, 100), st.dictionaries(PLACES, st.integers(0, 9), min_size=1, max_size=6)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(answers=ANSWERS)
def test_hours_are_what_the_samples_add_up_to(
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    answers: list[tuple[int, dict[tuple[Model, str, str], int]]],
) -> None:
    path = tmp_path_factory.mktemp("hours") / "suanli.db"
    copyfile(migrated, path)
    stored: dict[datetime, list[Sample]] = {}
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        for minutes, counts in answers:
            at = NOON + minutes * MINUTE
            answer = [sample(at, free, *place) for place, free in counts.items()]
            add(store, answer)
            stored.setdefault(at, answer)
        for scope in {scope for answer in stored.values() for scope in count_scopes(answer)}:
            assert hours(store, scope) == summed(stored, scope)


def summed(stored: dict[datetime, list[Sample]], scope: Scope) -> tuple[Hour, ...]:
    """The hours of a scope, worked out anew from the answers."""
    found: dict[datetime, list[tuple[int, int]]] = {}
    for at, answer in stored.items():
        counts = count_scopes(answer).get(scope)
        if counts:
            found.setdefault(at.replace(minute=0), []).append((counts.free, counts.total))
    return tuple(
        Hour(
            at,
            len(each),
            min(each)[0],
            mean([free for free, _ in each]),
            max(each)[0],
            mean([all_ for _, all_ in each]),
        )
        for at, each in sorted(found.items())
    )


def mean(values: list[int]) -> float:
    return sum(values) / len(values)
