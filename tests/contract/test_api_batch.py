"""POST /api/v1/cost/records/batch: many calls at once, over real HTTP on every database."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.tokens import Permission
from suanli.web.cost.ingest import ENDPOINTS, MOST_BYTES, MOST_LINES
from tests.contract.record_kit import records_of
from tests.cost_desk import CostDesk, Replied
from tests.fakes import FakeClock

PATH = "/api/v1/cost/records/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def desk(store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(store, clock, ENDPOINTS) as desk:
        desk.model("m", input="0.002", output="0.004")
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token()


def call(number: object, **fields: Any) -> dict[str, Any]:
    return {"request_id": f"r-{number}", "model_name": "m", "input_units": 1000, **fields}


def send(desk: CostDesk, token: str, *calls: object, raw: bytes | None = None) -> Replied:
    lines = b"\n".join(json.dumps(each, ensure_ascii=False).encode() for each in calls)
    return desk.call("POST", PATH, lines if raw is None else raw, token, NDJSON)


def statuses(replied: Replied) -> Sequence[str]:
    assert replied.status == 200, replied.json
    return [each["status"] for each in replied.json["results"]]


def counts(replied: Replied) -> dict[str, int]:
    return {name: value for name, value in replied.json.items() if name != "results" and value}


def recorded(desk: CostDesk) -> int:
    with desk.store.begin() as tx:
        return len(records_of(tx))


def test_each_line_is_answered_by_itself_and_what_is_right_is_written(desk: CostDesk, token: str) -> None:
    send(desk, token, call(0), call(1))
    replied = send(
        desk, token, call(0), call(1, input_units=7), call(2), call(3, input_units=-1), call(4, model_name="x"), [], 5,
    )  # fmt: skip
    assert statuses(replied) == ["known", "conflict", "new", "invalid", "new", "invalid", "invalid"]
    assert counts(replied) == {"total": 7, "known": 1, "conflict": 1, "new": 2, "invalid": 3, "unpriced": 1}
    results = replied.json["results"]
    assert [each["line"] for each in results] == [1, 2, 3, 4, 5, 6, 7]
    assert (results[2]["charged_cost"], results[2]["priced"], results[4]["priced"]) == ("0.002000", True, False)
    assert (results[3]["request_id"], results[3]["errors"][0]["field"]) == ("r-3", "input_units")
    assert recorded(desk) == 4


def test_the_same_batch_again_changes_nothing(desk: CostDesk, token: str) -> None:
    calls = [call(number) for number in range(5)]
    send(desk, token, *calls)
    desk.clock.advance(timedelta(minutes=1))
    assert statuses(send(desk, token, *calls)) == ["known"] * 5
    assert recorded(desk) == 5


def test_a_call_twice_in_one_batch_is_one(desk: CostDesk, token: str) -> None:
    assert statuses(send(desk, token, call(1), call(1), call(1, output_units=1))) == ["new", "known", "conflict"]
    assert recorded(desk) == 1


@pytest.mark.parametrize("raw", [b"", b"\n", b"  \r\n\n\t\n"])
def test_nothing_is_an_answer_of_nothing(desk: CostDesk, token: str, raw: bytes) -> None:
    replied = send(desk, token, raw=raw)
    assert (replied.status, replied.json["total"], replied.json["results"]) == (200, 0, [])


def test_lines_of_windows_and_broken_ones_keep_their_numbers(desk: CostDesk, token: str) -> None:
    good = json.dumps(call("千问")).encode()
    replied = send(desk, token, raw=b"\xff\r\n\r\n" + good + b"\r\n{\r\n" + b"[" * 100_000)
    assert [(each["line"], each["status"]) for each in replied.json["results"]] == [
        (1, "invalid"), (3, "new"), (4, "invalid"), (5, "invalid"),
    ]  # fmt: skip


def test_hostile_lines_are_invalid_and_no_bug(desk: CostDesk, token: str) -> None:
    hostile = [
        b'{"request_id": NaN}', b'{"request_id": {"a": 1}}', b'{"request_id": "' + b"x" * 5000 + b'"}', b"null",
        b'"x"', json.dumps(call(1, input_units=10**40)).encode(), json.dumps({**call(1), "\ud800": 1}).encode(),
        b'{"request_id": "a", "input_units": 1e999999999999999999999}',
        json.dumps(call(2, happened_at="9999-12-31T23:59:59+00:00")).encode(), json.dumps(call("\ud800")).encode(),
        json.dumps(call(3, happened_at="0001-01-01T00:00:00+14:00")).encode(), b"9" * 5000,
    ]  # fmt: skip
    replied = send(desk, token, raw=b"\n".join([*hostile, json.dumps(call("\0")).encode()]))
    assert statuses(replied) == ["invalid"] * len(hostile) + ["new"]


def test_more_lines_than_are_taken_at_once_are_refused_as_a_whole(desk: CostDesk, token: str) -> None:
    refused = send(desk, token, raw=b"{}\n" * (MOST_LINES + 1))
    assert (refused.status, str(MOST_LINES) in refused.json["detail"], recorded(desk)) == (413, True, 0)


def test_a_body_that_is_too_large_or_of_another_kind_is_refused(desk: CostDesk, token: str) -> None:
    assert send(desk, token, raw=b" " * (MOST_BYTES + 1)).status == 413
    assert desk.call("POST", PATH, b"{}", token, {"Content-Type": "application/json"}).status == 415


def test_a_line_of_somebody_elses_refuses_all_for_who_may_not_say_so(desk: CostDesk) -> None:
    own = desk.token(Role.MEMBER, [Permission.WRITE], "li")
    assert send(desk, own, call(1), call(2, user_id="han")).status == 403
    assert send(desk, own, call(1), call(2, total_cost=0)).status == 403
    assert recorded(desk) == 0
    assert statuses(send(desk, own, call(1), call(2, user_id="li"))) == ["new", "new"]


def test_amounts_that_cannot_be_kept_are_invalid_alone_and_refused_together(desk: CostDesk, token: str) -> None:
    desk.model("gold", input="9000000")
    assert statuses(send(desk, token, call(1, model_name="gold", input_units=10**9), call(2))) == ["invalid", "new"]
    many = [call(f"a{number}", model_name="gold", input_units=110) for number in range(MOST_LINES)]
    assert send(desk, token, *many).status == 422
    assert recorded(desk) == 1


def test_the_same_calls_from_many_at_once_are_written_once(desk: CostDesk, token: str) -> None:
    calls = [call(number) for number in range(50)]
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: send(desk, token, *calls), range(6)))
    assert sum(each.json["new"] for each in replies) == 50
    assert sum(each.json["known"] for each in replies) == 250
    assert recorded(desk) == 50


def test_ten_thousand_lines_are_taken_at_once(desk: CostDesk, token: str) -> None:
    replied = send(desk, token, *(call(number, user_id=f"u{number % 100}") for number in range(MOST_LINES)))
    assert (replied.status, replied.json["new"]) == (200, MOST_LINES)
    assert replied.json["results"][-1]["line"] == MOST_LINES
