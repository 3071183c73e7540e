"""What people complain about in other systems' books (cost.md §2.4), and that ours have none of it, over the API.

Numbers are those of the list there; `test_complaints.py` has what is about calls.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.keep_books import KeepBooks
from jobs.tell_costs import TellCosts
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.records import Call
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk, Replied
from tests.dialogue import SITE, Dialogue
from tests.dying_store import Died, DyingStore
from tests.fakes import FakeClock
from tests.reservation_desk import COST, RESERVATIONS, figures, people, quota, reserve

RECORDS, BATCH, DASHBOARD = f"{COST}/records", f"{COST}/records/batch", f"{COST}/dashboard"
NDJSON = {"Content-Type": "application/x-ndjson"}
USED: dict[str, Any] = {"input_units": 1000, "output_units": 500}
"""Two yuan."""


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS, replace(SITE, operators=("ou_boss",))) as desk:
        people(desk)
        yield desk


def end(desk: CostDesk, token: str, key: str, how: str, said: Any = None) -> Replied:
    return desk.call("POST", f"{RESERVATIONS}/{key}/{how}", said, token)


def told(number: int, **more: Any) -> dict[str, Any]:
    return {"request_id": f"r{number}", "model_name": "qwen", **USED, **more}


def batch(desk: CostDesk, token: str, *calls: dict[str, Any]) -> Replied:
    return desk.call("POST", BATCH, b"\n".join(json.dumps(each).encode() for each in calls), token, NDJSON)


def assert_clean(desk: CostDesk) -> None:
    with desk.store.begin() as tx:
        assert tx.books.reconcile(desk.clock.now(), None).is_clean


def test_4_nothing_is_refused_for_what_nobody_spent(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    for n in range(30):
        assert reserve(desk, token, f"gone {n}".replace(" ", "-"), amount="10", expires_in=60).status == 201
        if n % 2:
            assert end(desk, token, f"gone-{n}", "refund").status == 200
        else:
            desk.clock.advance(timedelta(seconds=60))
        # Refused meanwhile, again and again, which leaves nothing behind either.
        assert reserve(desk, token, f"too-much-{n}", amount="10.000001").status == 429
    assert figures(desk, number) == ("0.000000", "0.000000", "10.000000")
    assert_clean(desk)


def test_6_three_hundred_users_of_one_batch_each_have_their_own_sum(desk: CostDesk) -> None:
    replied = batch(desk, desk.token(), *(told(n, user_id=f"u{n}") for n in range(300)))
    assert {each["status"] for each in replied.json["results"]} == {"new"}
    said = desk.get(f"{COST}/analytics?group_by=user&limit=200", desk.token())
    rows = said["distributions"]["by_user"]
    assert {each["cost"] for each in rows} == {"2.000000"}
    assert len(rows) + said["others"]["by_user"]["count"] == 300
    assert said["summary"]["total_cost"] == "600.000000"


def test_6_what_could_not_be_put_by_is_not_lost(desk: CostDesk) -> None:
    batch(desk, desk.token(), *(told(n, user_id=f"u{n}") for n in range(50)))
    with pytest.raises(Died):
        # Two transactions of it find nothing to expire and to end; the third dies before its commit.
        KeepBooks(DyingStore(desk.store, 3), desk.clock).run(desk.clock.now())
    assert desk.get(DASHBOARD, desk.token())["total_cost_today"] == "100.000000"
    assert "put by" in KeepBooks(desk.store, desk.clock).run(desk.clock.now())
    assert desk.get(DASHBOARD, desk.token())["total_cost_today"] == "100.000000"
    assert_clean(desk)


def test_7_a_day_of_shanghai_begins_at_its_midnight_and_not_eight_hours_later(desk: CostDesk) -> None:
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    desk.clock.step_to(midnight - timedelta(seconds=1))
    number, token = quota(desk, "user", "li", "3", period_type="daily")["id"], desk.token(Role.MEMBER)
    desk.spend("li", "qwen", "3")
    assert reserve(desk, token, "a", amount="3").headers["Retry-After"] == "1"
    assert desk.get(DASHBOARD, desk.token())["total_cost_today"] == "3.000000"
    desk.clock.step_to(midnight)
    assert reserve(desk, token, "a", amount="3").status == 201
    assert figures(desk, number) == ("0.000000", "3.000000", "0.000000")
    assert desk.get(DASHBOARD, desk.token())["total_cost_today"] == "0.000000"


def test_9_a_refund_that_is_tried_again_gives_back_once(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    desk.spend("li", "qwen", "4")
    assert reserve(desk, token, "job", amount="5").status == 201
    assert reserve(desk, token, "other", amount="1").status == 201
    assert [end(desk, token, "job", "refund").status for _ in range(5)] == [200] * 5
    assert figures(desk, number) == ("4.000000", "1.000000", "5.000000")
    assert end(desk, token, "job", "settle", {"total_cost": "2"}).status == 409
    assert figures(desk, number) == ("4.000000", "1.000000", "5.000000")


def test_10_one_call_by_whatever_way_it_is_told_is_one_record(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token()
    assert reserve(desk, token, "job", model_name="qwen", provider_name="ali", **USED).status == 201
    settled = end(desk, token, "job", "settle", {"request_id": "r1", **USED})
    assert settled.json["total_cost"] == "2.000000"
    with desk.store.begin() as tx:
        record = tx.records.find("r1")
    assert record is not None
    again = same_words(record.call)
    answers = [desk.call("POST", RECORDS, again, token).status, batch(desk, token, again, again).status]
    assert answers == [200, 200]
    assert [each["status"] for each in batch(desk, token, again, again).json["results"]] == ["known", "known"]
    assert desk.call("POST", RECORDS, told(1), token).status == 409
    assert len(desk.get(RECORDS, token)["items"]) == 1
    assert figures(desk, number) == ("2.000000", "0.000000", "8.000000")


def same_words(call: Call) -> dict[str, Any]:
    """A call as somebody else would tell of it: without what is known of who pays."""
    return {
        "request_id": call.request_id,
        "user_id": call.payer.user,
        "model_name": call.model_name,
        "provider_name": call.provider_name,
        "reservation": call.hold,
        **USED,
    }


def test_12_a_list_of_any_length_is_read_in_pages_and_nobody_can_ask_for_all_at_once(desk: CostDesk) -> None:
    token = desk.token()
    for start in range(0, 1_200, 600):
        batch(desk, token, *(told(n) for n in range(start, start + 600)))
    assert desk.call("GET", f"{RECORDS}?limit=501", token=token).status == 422
    assert len(desk.get(RECORDS, token)["items"]) == 50
    seen: list[str] = []
    cursor = ""
    while True:
        page = desk.get(f"{RECORDS}?limit=500&cursor={cursor}", token)
        seen += [each["request_id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert sorted(seen) == sorted(f"r{n}" for n in range(1_200))
    assert len(desk.call("GET", f"{RECORDS}/export", token=token).content.splitlines()) == 1_201


def test_what_is_left_is_never_below_nothing_by_a_call_that_was_let_pass(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "5")["id"], desk.token(Role.MEMBER)
    left = []
    for n in range(12):
        reserve(desk, token, f"job-{n}", amount="1")
        end(desk, token, f"job-{n}", "settle", {"total_cost": "0.7"})
        left.append(float(figures(desk, number)[2]))
    assert left == sorted(left, reverse=True)
    assert 0 <= left[-1] < 1


def test_a_reservation_is_settled_once(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "job", model_name="qwen", provider_name="ali", **USED)
    first, second = (end(desk, token, "job", "settle", USED) for _ in range(2))
    assert (first.status, second.status) == (200, 200), first.json
    assert first.json == second.json
    assert end(desk, token, "job", "settle", {"input_units": 1}).status == 409
    assert figures(desk, number) == ("2.000000", "0.000000", "8.000000")
    assert len(desk.get(RECORDS, desk.token())["items"]) == 1


def test_people_are_not_told_at_every_request(desk: CostDesk, sqlite_store: SqlStore, clock: FakeClock) -> None:
    quota(desk, "user", "li", "10")
    talk, cards = Dialogue(sqlite_store, clock, desk.site), 0
    for _ in range(30):
        desk.spend("li", "qwen", "0.5")
        TellCosts(desk.store, desk.site, clock).run(clock.now())
        cards += sum(parcel.target.id == "ou_li" for parcel in talk.parcels())
        clock.advance(timedelta(minutes=1))
    assert cards == 3  # at 80, 95 and 100 %, whatever came after


def test_the_dashboard_is_the_sum_of_its_rows_at_any_moment(desk: CostDesk) -> None:
    token = desk.token()
    batch(desk, token, *(told(n, user_id=f"u{n % 7}") for n in range(40)))
    desk.spend("li", "qwen", "0.123456")
    expected = "80.123456"
    for limit in (0, 1, 3, 7, 1_000):
        with desk.store.begin() as tx:
            tx.sums.put_by(limit)
        said = desk.get(DASHBOARD, token)
        assert (said["total_cost_today"], said["total_requests_today"]) == (expected, 41)
        assert said["total_cost_this_month"] == said["daily_cost_trend"][-1]["cost"] == expected
    assert len(desk.get(f"{RECORDS}?limit=100", token)["items"]) == 41


def test_a_call_that_failed_at_its_provider_is_told_apart(desk: CostDesk) -> None:
    token = desk.token()
    failed = {"request_id": "f", "model_name": "qwen", "input_units": 0, "status": "failed"}
    assert desk.call("POST", RECORDS, failed, token).json["total_cost"] == "0.000000"
    assert desk.call("POST", RECORDS, told(1), token).status == 201
    said = desk.get(DASHBOARD, token)
    assert (said["failed_requests_today"], said["total_cost_today"]) == (1, "2.000000")


def test_a_total_that_counts_cached_tokens_twice_is_refused_and_not_charged(desk: CostDesk) -> None:
    token = desk.token()
    twice = told(1, input_units=1000, cached_units=900, output_units=500, total_units=1500)
    assert desk.call("POST", RECORDS, twice, token).status == 422
    once = told(1, input_units=100, cached_units=900, output_units=500, total_units=1500)
    assert desk.call("POST", RECORDS, once, token).json["total_units"] == 1500
