"""Reservations over real HTTP on every database: at the limit all that there is is given, and no more."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.store import SqlStore
from suanli.admission import Admission
from suanli.clock import SystemClock
from suanli.domain.access import Role
from suanli.web.cost import quotas, reservations
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock
from tests.reservation_desk import RESERVATIONS, figures, people, quota, reserve

CALLERS = 50
LIMITS = (("user", "li", "100"), ("department", "sales", "37"), ("organization", "acme", "1000"))


@pytest.fixture(params=["each its own transaction", "shared transactions"])
def desk(request: pytest.FixtureRequest, store: SqlStore) -> Iterator[CostDesk]:
    real = SystemClock()
    admission = Admission(store, real)
    put = admission.hold if request.param == "shared transactions" else None
    # Both clocks must agree on what has expired.
    endpoints = (*quotas.ENDPOINTS, *reservations.endpoints(put))
    with CostDesk(store, FakeClock(real.now()), endpoints) as desk:
        people(desk)
        yield desk


def at_once(calls: Sequence[Callable[[], int]]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


def test_fifty_callers_get_exactly_what_there_is(desk: CostDesk) -> None:
    numbers = [quota(desk, kind, who, total)["id"] for kind, who, total in LIMITS]
    token = desk.token(Role.MEMBER)

    def ask(number: int) -> Callable[[], int]:
        return lambda: reserve(desk, token, f"job-{number}", amount="1").status

    assert Counter(at_once([ask(each) for each in range(CALLERS)])) == {201: 37, 429: 13}
    again = Counter(at_once([ask(each) for each in range(CALLERS)]))
    assert again == {200: 37, 429: 13}
    assert [figures(desk, each)[1] for each in numbers] == ["37.000000"] * 3


def test_all_ends_at_once_leave_exactly_what_was_spent(desk: CostDesk) -> None:
    numbers = [quota(desk, kind, who, total)["id"] for kind, who, total in LIMITS]
    token = desk.token(Role.MEMBER)
    for each in range(30):
        assert reserve(desk, token, f"job-{each}", amount="1").status == 201
    ends = {0: ("settle", {"total_cost": "0.5"}), 1: ("refund", None), 2: ("extend", {"amount": "1.1"})}

    def end(number: int) -> Callable[[], int]:
        how, said = ends[number % 3]
        return lambda: desk.call("POST", f"{RESERVATIONS}/job-{number}/{how}", said, token).status

    # Each is said twice, at the same time.
    assert set(at_once([end(each % 30) for each in range(60)])) == {200}
    assert [figures(desk, each)[:2] for each in numbers] == [("5.000000", "11.000000")] * 3
    with desk.store.begin() as tx:
        assert tx.holds.drift(desk.clock.now()) == ()
