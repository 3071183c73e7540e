"""POST /api/v1/cost/records: one call, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit
from suanli.domain.tokens import Permission
from suanli.web.cost import ingest, records
from tests.cost_desk import LONG_AGO, CostDesk, Replied
from tests.fakes import NOON, FakeClock

PATH = "/api/v1/cost/records"
CALL = {"request_id": "r-1", "model_name": "m", "input_units": 1000, "output_units": 500}


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, (*ingest.ENDPOINTS, *records.ENDPOINTS)) as desk:
        desk.model("m", input="0.002", output="0.004")
        yield desk


@pytest.fixture
def token(desk: CostDesk) -> str:
    return desk.token()


def tell(desk: CostDesk, token: str, **fields: Any) -> Replied:
    return desk.call("POST", PATH, CALL | fields, token)


def count(desk: CostDesk) -> int:
    return len(desk.get(f"{PATH}?limit=500", desk.token())["items"])


def test_a_call_is_priced_written_down_and_told_back(desk: CostDesk, token: str) -> None:
    replied = tell(desk, token, provider_name="", request_type="chat", session_id="会话", duration_ms=5)
    assert (replied.status, replied.json["total_cost"], replied.json["user_id"]) == (201, "0.004000", "li")
    assert (replied.json["session_id"], replied.json["happened_at"]) == ("会话", "2026-11-20T04:00:00Z")
    assert desk.get(PATH, token)["items"] == [replied.json]
    assert desk.woken == 0  # a record writes no message


def test_told_twice_it_is_one_call_even_when_its_moment_was_not_said(desk: CostDesk, token: str) -> None:
    desk.party("han", department="old")
    first = tell(desk, token, user_id="han")
    desk.clock.advance(timedelta(minutes=2))
    desk.party("han", department="new")
    again = tell(desk, token, user_id="han")
    assert (first.status, again.status, again.json) == (201, 200, first.json)
    assert count(desk) == 1


@pytest.mark.parametrize(
    "other",
    [{"output_units": 501}, {"model_name": "n"}, {"user_id": "han"}, {"happened_at": "2026-11-20T03:00:00Z"},
     {"department": "d"}, {"status": "failed"}],
)  # fmt: skip
def test_another_call_under_the_same_id_is_a_conflict_and_is_not_written(
    desk: CostDesk, token: str, other: dict[str, Any]
) -> None:
    tell(desk, token)
    refused = tell(desk, token, **other)
    assert (refused.status, refused.json["type"]) == (409, "/problems/conflict")
    assert count(desk) == 1


def test_a_call_without_a_price_is_unpriced_and_never_nothing(desk: CostDesk, token: str) -> None:
    replied = tell(desk, token, model_name="unheard-of")
    assert (replied.status, replied.json["total_cost"], replied.json["missing"]) == (201, None, "model")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "x" * 201}, "request_id"),
        ({"model_name": " "}, "model_name"),
        ({"input_units": None}, "input_units"),
        ({"input_units": -1}, "input_units"),
        ({"input_units": 1.5}, "input_units"),
        ({"input_units": 10**15}, "input_units"),
        ({"input_units": True}, "input_units"),
        ({"input_units": "1e999999"}, "input_units"),
        ({"total_units": 1}, "total_units"),
        ({"billing_unit": "minute"}, "billing_unit"),
        ({"happened_at": "2026-11-20T04:05:01Z"}, "happened_at"),
        ({"happened_at": "1999-12-31T00:00:00Z"}, "happened_at"),
        ({"happened_at": "2026-11-20T04:00:00"}, "happened_at"),
        ({"status": "good"}, "status"),
        ({"duration_ms": -1}, "duration_ms"),
        ({"total_cost": "-1"}, "total_cost"),
        ({"cost": 1}, "cost"),
    ],
)
def test_a_call_that_is_not_right_is_refused_by_its_field(
    desk: CostDesk, token: str, fields: dict[str, Any], wrong: str
) -> None:
    replied = tell(desk, token, **fields)
    assert (replied.status, [each["field"] for each in replied.json["errors"]]) == (422, [wrong])
    assert count(desk) == 0


def test_a_clock_that_is_a_little_ahead_is_not_refused(desk: CostDesk, token: str) -> None:
    assert tell(desk, token, happened_at="2026-11-20T12:05:00+08:00").status == 201


def test_the_total_may_be_said_and_is_the_sum_of_every_kind(desk: CostDesk, token: str) -> None:
    kinds = {"cached_units": 10, "cache_write_units": 20, "reasoning_units": 30}
    assert tell(desk, token, **kinds, total_units=1560).json["total_units"] == 1560


def by_minute(desk: CostDesk) -> None:
    with desk.store.begin() as tx:
        model = tx.models.add(CostModel(CostModelId(0), "speech", "", "audio", CostType.AI_API, Unit.MINUTE, 1))
        assert model is not None
        rates = Rates(Nano(500_000_000 * 10**6), Nano(0))
        tx.prices.add(Price(PriceId(0), model.id, rates, Currency("CNY"), LONG_AGO), NOON)


def test_minutes_have_parts(desk: CostDesk, token: str) -> None:
    by_minute(desk)
    for number, units in enumerate((1.5, "1.5")):
        said = tell(desk, token, request_id=f"a{number}", model_name="speech", input_units=units, output_units=0,
                    total_units=1.5)  # fmt: skip
        assert (said.status, said.json["input_units"], said.json["total_cost"]) == (201, 1.5, "0.750000")


def test_parts_of_an_unknown_model_are_taken_when_it_is_said_what_they_are_of(desk: CostDesk, token: str) -> None:
    fields = {"model_name": "video", "input_units": "0.25", "output_units": 0}
    assert tell(desk, token, **fields).status == 422
    assert tell(desk, token, **fields, billing_unit="minute").json["input_units"] == 15_000


def test_more_than_can_be_kept_is_refused_and_is_no_bug(desk: CostDesk, token: str) -> None:
    desk.model("gold", input="9000000")
    replied = tell(desk, token, model_name="gold", input_units=10**13)
    assert (replied.status, count(desk)) == (422, 0)


def test_what_is_not_said_of_who_pays_is_known_of_the_user(desk: CostDesk, token: str) -> None:
    desk.party("han", project="p", department="d", organization="o")
    found = tell(desk, token, user_id="han", department="x").json
    assert [found[each] for each in ("user_id", "project", "department", "organization")] == ["han", "p", "x", "o"]


def test_who_is_no_operator_tells_only_of_their_own_calls(desk: CostDesk) -> None:
    desk.party("li", department="d")
    own = desk.token(Role.MEMBER, [Permission.WRITE], payer=Payer("li", project="p"))
    found = tell(desk, own).json
    assert [found[each] for each in ("user_id", "project", "department")] == ["li", "p", "d"]
    for number, said in enumerate(({"user_id": "li"}, {"department": "d"}, {"project": "p"})):
        assert tell(desk, own, request_id=f"a{number}", **said).status == 201
    for said in ({"user_id": "han"}, {"department": "other"}, {"organization": "o"}):
        refused = tell(desk, own, request_id="b", **said)
        assert (refused.status, "li" in refused.json["detail"]) == (403, True)
    assert count(desk) == 4


def test_what_a_call_cost_is_said_only_by_an_operator_who_manages(desk: CostDesk, token: str) -> None:
    said = tell(desk, token, total_cost="12.345678")
    assert (said.json["total_cost"], said.json["input_cost"], said.json["price_id"]) == ("12.345678", "0.000000", None)
    for role, permissions in ((Role.MEMBER, tuple(Permission)), (Role.OPERATOR, [Permission.WRITE])):
        other = desk.token(role, permissions)
        assert tell(desk, other, request_id="b", total_cost="0").status == 403


def test_a_reservation_is_named_only_by_an_operator(desk: CostDesk, token: str) -> None:
    own = desk.token(Role.MEMBER, [Permission.WRITE])
    assert tell(desk, own, reservation="k").status == 403
    assert tell(desk, token, reservation="k").json["reservation"] == "k"


def test_letters_that_a_database_refuses_are_kept_as_question_marks(desk: CostDesk, token: str) -> None:
    replied = tell(desk, token, request_id="a\0b", model_name="千问\0")
    assert (replied.status, replied.json["request_id"], replied.json["model_name"]) == (201, "a?b", "千问?")
    assert tell(desk, token, request_id="a\0b", model_name="千问\0").status == 200


def test_the_same_key_is_answered_the_same(desk: CostDesk, token: str) -> None:
    replies = [desk.call("POST", PATH, CALL, token, {"Idempotency-Key": "k"}) for _ in range(2)]
    assert [each.status for each in replies] == [201, 201]
    assert replies[0].json == replies[1].json
