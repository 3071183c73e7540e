"""What nobody sends who means well, over real HTTP on every database: it is refused, and nothing is a bug."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock

COST = "/api/v1/cost"
LARGE = (2**31, 2**40, 2**63 - 1, 2**63, 10**30)
EDGES = ("0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z")


@pytest.fixture
def desk(store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(store, clock, ENDPOINTS) as desk:
        desk.model("qwen", "ali", input="1", output="2")
        yield desk


@pytest.mark.parametrize("number", LARGE)
def test_a_number_that_no_database_has_room_for_is_of_nothing(desk: CostDesk, number: int) -> None:
    admin = desk.token(Role.ADMIN)
    asked: tuple[tuple[str, str, object], ...] = (
        ("POST", f"alerts/{number}/read", None), ("POST", f"alerts/{number}/resolve", {}),
        ("POST", f"quotas/{number}/reset", {"reason": "x"}), ("PUT", f"quotas/{number}", {}),
        ("PUT", f"budgets/{number}", {}), ("PUT", f"models/{number}", {}), ("DELETE", f"models/{number}", None),
        ("POST", f"quota-requests/{number}/approve", {}), ("POST", f"quota-requests/{number}/deny", {"reason": "x"}),
    )  # fmt: skip
    assert {desk.call(method, f"{COST}/{path}", body, admin).status for method, path, body in asked} == {404}
    said = {"quota_id": number, "amount": "1", "reason": "x"}
    assert desk.call("POST", f"{COST}/quota-requests", said, admin).status == 422
    for query in (f"alerts?cursor={number}", f"quota-requests?quota_id={number}"):
        assert desk.call("GET", f"{COST}/{query}", token=admin).status == 422


@pytest.mark.parametrize("moment", EDGES)
def test_the_ends_of_all_time_are_ones_to_look_between(desk: CostDesk, moment: str) -> None:
    token = desk.token()
    desk.spend("li", "qwen", "1")
    is_early = moment.startswith("0001")
    for name, found in (("since", is_early), ("until", not is_early)):
        assert len(desk.get(f"{COST}/records?{name}={moment}", token)["items"]) == found
        for kind in ("csv", "xlsx"):
            replied = desk.call("GET", f"{COST}/records/export?format={kind}&{name}={moment}", token=token)
            assert replied.status == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_price_of_the_end_of_time_is_refused(desk: CostDesk, moment: str) -> None:
    said = {"name": "m", "provider": "p", "input_price": "1", "output_price": "1", "valid_from": moment}
    replied = desk.call("POST", f"{COST}/models", said, desk.token())
    assert (replied.status, replied.json["errors"][0]["field"]) == (422, "valid_from")


@pytest.mark.parametrize("part", [1e-10, 0.00001])
def test_a_threshold_that_is_kept_as_nothing_is_refused(desk: CostDesk, part: float) -> None:
    said = {
        "name": "q", "quota_type": "user", "scope_id": "li", "total_quota": "1", "period_type": "daily",
        "warning_threshold": part,
    }  # fmt: skip
    replied = desk.call("POST", f"{COST}/quotas", said, desk.token())
    assert (replied.status, replied.json["errors"][0]["field"]) == (422, "warning_threshold")


def test_who_sends_a_body_slowly_keeps_nobody_waiting(desk: CostDesk) -> None:
    """Also to what takes no body, where it is read only for the sake of its key."""
    slow, other = desk.token(user="li"), desk.token(user="han")
    assert desk.call("POST", f"{COST}/reservations", {"request_id": "a", "amount": "1"}, slow).status == 201
    with _half_sent(desk, f"{COST}/reservations/a/refund", slow):
        replied = desk.call("POST", f"{COST}/reservations", {"request_id": "b", "amount": "1"}, other)
        assert replied.status == 201
    again = desk.call("POST", f"{COST}/reservations/a/refund", b"x" * (2 << 20), slow, {"Idempotency-Key": "k"})
    assert again.status == 413


@contextmanager
def _half_sent(desk: CostDesk, path: str, token: str) -> Iterator[None]:
    """A request with a key of which the body does not come."""
    address = urlsplit(desk.url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: slow\r\n"
        "Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=5) as sent:
        sent.sendall(head.encode())
        assert b"100" in sent.recv(100)  # it was taken up
        yield
