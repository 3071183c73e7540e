"""Sums in short: what of them is told first, of everything that was put by and of what was not yet."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from storage.store import SqlStore
from storage.sum_zone import OtherZoneError
from suanli.domain.cost.sums import Dimension, Grain, Outlay, Question, Sum
from suanli.domain.ports import Store
from tests.contract.sum_kit import DAY, FAR_OFF, LONG_AGO, ONE, key, put_by, tell
from tests.fakes import NOON

LARGE = 10**18


def outlays(store: Store, by: Dimension | None = None, **where: str) -> Mapping[str, Outlay]:
    told = {Dimension(name): value for name, value in where.items()}
    with store.begin() as tx:
        return tx.sums.outlays(Question(LONG_AGO, FAR_OFF, by=by, where=told))


def test_of_nothing_there_is_none(store: Store) -> None:
    assert (outlays(store), outlays(store, Dimension.USER)) == ({}, {})


def test_what_was_put_by_and_what_was_not_is_counted_once_and_told_apart(store: Store, database_url: str) -> None:
    tell(database_url, [(key(user="a"), ONE), (key(user="b", model="m"), Sum(requests=1, unpriced=1))])
    tell(database_url, [(key(NOON - 40 * DAY, user="a"), ONE)])
    for waiting in (3, 2, 0):
        assert outlays(store, Dimension.USER) == {"a": Outlay(2, 0, 20), "b": Outlay(1, 1, 0)}
        assert outlays(store, Dimension.USER, user="a", model="gpt") == {"a": Outlay(2, 0, 20)}
        assert outlays(store, model="m") == {"": Outlay(1, 1, 0)}
        assert outlays(store) == {"": Outlay(3, 1, 20)}
        put_by(store, 1 if waiting == 3 else 9)


def test_a_correction_that_takes_everything_back_leaves_none(store: Store, database_url: str) -> None:
    tell(database_url, [(key(user="a"), ONE), (key(user="b"), Sum(1, total_cost=LARGE))])
    put_by(store)
    tell(database_url, [(key(user="a"), Sum(-1, total_cost=-10)), (key(user="b"), Sum(1, total_cost=LARGE))])
    assert outlays(store, Dimension.USER) == {"b": Outlay(2, 0, 2 * LARGE)}


def test_only_what_is_asked_for_as_a_whole_is_answered(store: Store) -> None:
    for grain in (Grain.DAY, Grain.HOUR):
        with store.begin() as tx, pytest.raises(ValueError, match="all the time"):
            tx.sums.outlays(Question(LONG_AGO, FAR_OFF, grain))


def test_sums_with_the_days_of_another_zone_are_not_shown(store: Store, database_url: str) -> None:
    tell(database_url, [(key(), ONE)])
    put_by(store)
    moved = SqlStore(database_url, ZoneInfo("America/New_York"))
    try:
        with moved.begin() as tx, pytest.raises(OtherZoneError):
            tx.sums.outlays(Question(LONG_AGO, FAR_OFF))
    finally:
        moved.close()
