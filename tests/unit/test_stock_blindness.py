"""Looks at the stock that count nothing: who hears of it, and what stays as it was."""

import pytest

from storage.store import SqlStore
from suanli.domain.access import Grant, Role
from suanli.domain.chat import OpenId, Platform
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock.episodes import State
from tests.dialogue import SITE
from tests.fakes import FakeClock
from tests.stockdesk import DAY, LOW, MINUTES, R4090, RH20, Desk, row


def test_a_failure_that_passes_before_anybody_was_told_is_not_told_to_be_over(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    good = [row(R4090, 300), row(RH20, 30)]
    desk = Desk(sqlite_store, clock, NoData("no rows"), NoData("no rows"), good)
    assert [len(desk.look(after=MINUTES)) for _ in range(3)] == [0, 0, 0]


def test_who_was_made_operator_in_chat_hears_of_trouble_too(sqlite_store: SqlStore, clock: FakeClock) -> None:
    with sqlite_store.begin() as tx:
        tx.grants.put(Grant(Platform.FEISHU, OpenId("ou_op"), Role.OPERATOR, OpenId("ou_boss"), clock.now()))
        tx.grants.put(Grant(Platform.FEISHU, OpenId("ou_m"), Role.MEMBER, OpenId("ou_boss"), clock.now()))
    desk = Desk(sqlite_store, clock, RemoteError("502"))
    desk.look()
    desk.look()
    assert {p.target.id for p in desk.look()} == {"ou_boss", "ou_op"}


def test_a_shortage_that_is_not_seen_any_more_stays_as_it_was(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, LOW, [row(RH20, 12)])
    desk.look()
    desk.look(after=DAY * 2)
    assert desk.episode("4090").free == 85
    assert desk.episode("4090").state is State.FIRING


def test_a_look_that_somebody_asked_for_tells_operators_of_a_failure_at_once(
    sqlite_store: SqlStore, clock: FakeClock
) -> None:
    (parcel,) = Desk(sqlite_store, clock, RemoteError("502")).ask()
    assert parcel.target.id == "ou_boss"


def test_a_failed_sample_is_written_down_and_stores_nothing(sqlite_store: SqlStore, clock: FakeClock) -> None:
    desk = Desk(sqlite_store, clock, NoData("no rows"))
    with pytest.raises(NoData):
        desk.job.run(clock.now())
    with sqlite_store.begin() as tx:
        (state,) = tx.samples.states()
        assert (state.failures, state.error, state.ok_at) == (1, "no rows", None)
        assert tx.samples.latest(SITE.stock_source).samples == ()
