"""Asking for more."""

from dataclasses import replace

import pytest

from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.money import LARGEST, Nano
from suanli.domain.cost.quotas import QuotaGrantId, QuotaId, Span
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestState
from suanli.domain.ports import Store
from tests.contract.cost_kit import DAY, HOSTILE, HOUR
from tests.fakes import NOON

CHAT = Target(Platform.FEISHU, TargetKind.OPEN_ID, "ou_zhang")


def request(quota: int = 1, amount: int = 500, why: str = "") -> QuotaRequest:
    return QuotaRequest(QuotaRequestId(0), QuotaId(quota), Span.DAY, Nano(amount), CHAT, "zhang", why, NOON, NOON + DAY)


def add(store: Store, *requests: QuotaRequest) -> list[QuotaRequest]:
    with store.begin() as tx:
        return [tx.quota_requests.add(each) for each in requests]


def test_nobody_asked_for_anything_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert (tx.quota_requests.pending(), tx.quota_requests.newest(9)) == ((), ())
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


def test_the_newest_come_first(store: Store) -> None:
    added = add(store, *(request(amount=n) for n in range(1, 5)))
    with store.begin() as tx:
        assert tx.quota_requests.newest(2) == (added[3], added[2])
        assert tx.quota_requests.newest(0) == ()


def test_a_request_for_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="nothing"):
        request(amount=0)
