"""Asking for more."""

from dataclasses import replace
from datetime import datetime

import pytest

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.money import LARGEST, Nano
from suanli.domain.cost.quotas import QuotaGrantId, QuotaId, Span
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestFilter, RequestState
from suanli.domain.ports import Store
from tests.contract.cost_kit import DAY, HOSTILE, HOUR, SECOND
from tests.fakes import NOON

EVERYTHING = RequestFilter()
CHAT = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_zhang")


def request(quota: int = 1, amount: int = 500, why: str = "") -> QuotaRequest:
    return QuotaRequest(QuotaRequestId(0), QuotaId(quota), Span.DAY, Nano(amount), CHAT, "zhang", why, NOON, NOON + DAY)


def add(store: Store, *requests: QuotaRequest) -> list[QuotaRequest]:
    with store.begin() as tx:
        return [tx.quota_requests.add(each) for each in requests]


def test_nobody_asked_for_anything_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert tx.quota_requests.pending() == ()
        assert tx.quota_requests.find(QuotaRequestId(1)) is None


def test_a_request_is_found_as_it_was_added_and_as_it_was_decided(store: Store) -> None:
    asked, other = add(store, request(amount=LARGEST, why="季末对账"), request())
    decided = replace(
        asked,
        state=RequestState.APPROVED,
        decided_by="ou_boss",
        decided_at=NOON + HOUR,
        granted=Nano(7),
        grant=QuotaGrantId(3),
        note="less",
        told=(CHAT, Target(Platform.WELINK, TargetKind.USER_ID, HOSTILE)),
    )
    with store.begin() as tx:
        assert tx.quota_requests.find(asked.id) == asked
        tx.quota_requests.change(decided)
    with store.begin() as tx:
        assert (tx.quota_requests.find(asked.id), tx.quota_requests.find(other.id)) == (decided, other)


def test_pending_ones_are_those_that_nobody_decided_of_one_quota_or_of_all(store: Store) -> None:
    added = add(store, *(request(quota) for quota in (1, 2, 1, 1)))
    ends = (RequestState.DENIED, RequestState.LAPSED)
    with store.begin() as tx:
        for each, state in zip(added, ends, strict=False):
            tx.quota_requests.change(replace(each, state=state))
    with store.begin() as tx:
        assert tx.quota_requests.pending() == tuple(added[2:])
        assert tx.quota_requests.pending(QuotaId(1)) == tuple(added[2:])
        assert tx.quota_requests.pending(QuotaId(2)) == ()


def page(
    store: Store, which: RequestFilter = EVERYTHING, before: int | None = None, limit: int = 9, now: datetime = NOON
) -> list[int]:
    """The numbers of a page."""
    after = None if before is None else QuotaRequestId(before)
    with store.read() as tx:
        return [each.id for each in tx.quota_requests.page(which, now, before=after, limit=limit)]


def test_the_newest_come_first_and_pages_go_on_behind(store: Store) -> None:
    assert page(store) == []
    numbers = [each.id for each in add(store, *(request() for _ in range(5)))]
    assert page(store, limit=2) == numbers[:2:-1]
    assert page(store, before=numbers[3], limit=2) == [numbers[2], numbers[1]]
    assert page(store, before=numbers[0]) == page(store, limit=0) == []


def test_those_are_found_that_fit_however_old_they_are(store: Store) -> None:
    """One's own are not lost behind however many of others."""
    mine, other = add(store, request(2), replace(request(1), user=HOSTILE))
    add(store, *(replace(request(3), user="han") for _ in range(30)))
    assert page(store, RequestFilter(user="zhang"), limit=1) == [mine.id]
    assert page(store, RequestFilter(user=HOSTILE)) == [other.id]
    assert page(store, RequestFilter(quota=QuotaId(2))) == [mine.id]
    assert page(store, RequestFilter(user="zhang", quota=QuotaId(1))) == []
    assert page(store, RequestFilter(user="")) == []


@pytest.mark.parametrize("now", [NOON, NOON + DAY - SECOND, NOON + DAY, NOON + 2 * DAY])
def test_a_state_is_that_of_the_moment(store: Store, now: datetime) -> None:
    """What nobody decided in time has lapsed from that moment on, whether a job has written it down or not."""
    added = add(store, *(request() for _ in range(4)), replace(request(), until=NOON + 3 * DAY))
    ends = (RequestState.APPROVED, RequestState.DENIED, RequestState.LAPSED)
    with store.begin() as tx:
        for each, state in zip(added, ends, strict=False):
            tx.quota_requests.change(replace(each, state=state))
    with store.read() as tx:
        everything = tx.quota_requests.page(EVERYTHING, now, before=None, limit=9)
    for state in RequestState:
        fitting = [each.id for each in everything if each.state_at(now) is state]
        assert page(store, RequestFilter(state=state), now=now) == fitting
    assert len(everything) == 5


def test_a_request_for_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="nothing"):
        request(amount=0)
