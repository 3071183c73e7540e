"""Reservations by the API, over real HTTP: held, settled, refunded, prolonged, expired, and each of them twice."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import ScopeKind
from suanli.domain.tokens import Permission
from tests.cost_desk import CostDesk, Replied
from tests.reservation_desk import RESERVATIONS, UNITS, desk, figures, quota, reserve

__all__ = ["desk"]

MINUTE = timedelta(minutes=1)
USED = {"input_units": 500, "output_units": 100}
"""What a call came to: 0.7 yuan."""


def end(desk: CostDesk, token: str, key: str, how: str, said: Any = None, asked: str = "") -> Replied:
    return desk.call("POST", f"{RESERVATIONS}/{key}/{how}{asked}", said, token)


def recorded(desk: CostDesk, request_id: str) -> Any:
    with desk.store.begin() as tx:
        return tx.records.find(request_id)


def test_from_the_hold_to_the_bill(desk: CostDesk) -> None:
    number, token = quota(desk, "department", "sales", "10")["id"], desk.token(Role.MEMBER)
    held = reserve(desk, token, "job-1", **UNITS)
    assert (held.status, held.headers["Location"]) == (201, f"{RESERVATIONS}/job-1")
    assert (held.json["amount"], held.json["state"], held.json["key"]) == ("3.000000", "held", "job-1")
    assert held.json["expires_at"] == "2026-11-20T12:10:00+08:00"
    (account,) = held.json["accounts"]
    assert (account["quota_id"], account["window"], account["left"]) == (number, "period", "7.000000")
    assert figures(desk, number) == ("0.000000", "3.000000", "7.000000")
    assert desk.get(f"{RESERVATIONS}/job-1", token) == held.json
    done = end(desk, token, "job-1", "settle", USED)
    assert (done.status, done.json["actual"], done.json["total_cost"], done.json["priced"]) == (
        200, "0.700000", "0.700000", True,
    )  # fmt: skip
    assert figures(desk, number) == ("0.700000", "0.000000", "9.300000")
    record = recorded(desk, done.json["request_id"])
    assert (record.id, record.call.model_name, record.call.payer) == (
        done.json["record_id"], "qwen", Payer("li", "", "sales", "acme"),
    )  # fmt: skip
    assert desk.get(f"{RESERVATIONS}/job-1", token)["state"] == "settled"


def test_the_same_key_is_answered_as_before_whatever_is_left_by_now(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "3")["id"], desk.token(Role.MEMBER)
    first = reserve(desk, token, "job", **UNITS)
    again = reserve(desk, token, "job", **UNITS)
    assert (first.status, again.status, again.json) == (201, 200, first.json)
    desk.model("qwen", "ali", since=desk.clock.now(), input="100", output="100")
    assert reserve(desk, token, "job", **UNITS).json == first.json
    assert figures(desk, number) == ("0.000000", "3.000000", "0.000000")
    (model,) = desk.get("/api/v1/cost/models", token)["items"]
    assert desk.call("DELETE", f"/api/v1/cost/models/{model['id']}", token=desk.token()).status == 204
    assert reserve(desk, token, "job", **UNITS).json == first.json
    assert reserve(desk, token, "new", **UNITS).json["type"] == "/problems/unpriced"
    other = reserve(desk, token, "job", **UNITS, amount="3")
    assert (other.status, other.json["type"]) == (409, "/problems/conflict")


def test_the_key_may_be_in_the_header(desk: CostDesk) -> None:
    token, key = desk.token(Role.MEMBER), {"Idempotency-Key": "from-header"}
    held, again = (desk.call("POST", RESERVATIONS, {"amount": "1"}, token, key) for _ in range(2))
    assert (held.status, held.json["key"], again.status) == (201, "from-header", 200)
    assert ("Idempotent-Replayed" in held.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert desk.call("POST", RESERVATIONS, {"amount": "2"}, token, key).status == 409
    for said in ({"amount": "1"}, {"amount": "1", "request_id": "a/b"}, {"amount": "1", "request_id": "键"}):
        assert desk.call("POST", RESERVATIONS, said, token).status == 422
    assert desk.call("POST", RESERVATIONS, {"amount": "1"}, token, {"Idempotency-Key": "../x"}).status == 422


def test_equal_keys_of_two_users_never_meet(desk: CostDesk) -> None:
    li, han = desk.token(Role.MEMBER), desk.token(Role.MEMBER, user="han")
    odd = desk.token(Role.MEMBER, user="li:a")
    assert reserve(desk, li, "a:b", amount="1").status == 201
    assert reserve(desk, han, "a:b", amount="2").status == 201
    assert reserve(desk, odd, "b", amount="3").status == 201
    assert [desk.get(f"{RESERVATIONS}/a:b", token)["amount"] for token in (li, han)] == ["1.000000", "2.000000"]
    assert [end(desk, token, "a:b", "settle", {"total_cost": "1"}).status for token in (li, han)] == [200, 200]
    assert end(desk, han, "b", "refund").status == 404
    assert desk.get(f"{RESERVATIONS}/b", odd)["state"] == "held"


def test_whose_money_it_is(desk: CostDesk) -> None:
    member, operator = desk.token(Role.MEMBER), desk.token(Role.OPERATOR, user="gate")
    for field, other in (("user_id", "han"), ("department", "ops"), ("organization", "x"), ("project", "apollo")):
        said: dict[str, Any] = {"amount": "1", field: other}
        assert reserve(desk, member, "no", **said).status == 403
    assert reserve(desk, member, "yes", amount="1", user_id="li", department="sales").status == 201
    held = reserve(desk, operator, "his", amount="1", user_id="han", project="apollo")
    payers = ("user_id", "project", "department", "organization")
    assert [held.json[name] for name in payers] == ["han", "apollo", "sales", "acme"]
    assert desk.call("GET", f"{RESERVATIONS}/his?user_id=gate", token=member).status == 403
    assert desk.get(f"{RESERVATIONS}/yes?user_id=li", operator)["amount"] == "1.000000"
    assert end(desk, operator, "yes", "settle", {"total_cost": "1"}, "?user_id=li").status == 200
    desk.party("han", department="moved")
    end(desk, operator, "his", "settle", {"total_cost": "2"})
    assert recorded(desk, "reservation:gate:his").call.payer == Payer("han", "apollo", "sales", "acme")
    assert desk.call("POST", RESERVATIONS, {"amount": "1"}, desk.token(Role.ADMIN, [Permission.READ])).status == 403


def test_settled_again_the_same_nothing_changes_and_otherwise_it_is_a_conflict(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "job", **UNITS)
    done = end(desk, token, "job", "settle", USED)
    desk.clock.advance(MINUTE)
    assert end(desk, token, "job", "settle", USED).json == done.json
    other = end(desk, token, "job", "settle", {**USED, "input_units": 501})
    assert (other.status, other.json["state"]) == (409, "settled")
    assert end(desk, token, "job", "refund").status == 409
    assert end(desk, token, "job", "extend", {"expires_in": 60}).json["state"] == "settled"
    assert figures(desk, number) == ("0.700000", "0.000000", "9.300000")
    late = reserve(desk, token, "job", **UNITS)
    assert (late.status, late.json["state"]) == (409, "settled")
    assert "已结算" in late.json["detail"]


def test_a_refund_gives_back_once_and_leaves_no_record(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "job", **UNITS)
    for _ in range(2):
        given = end(desk, token, "job", "refund")
        assert (given.status, given.json["state"], given.json["accounts"][0]["left"]) == (200, "refunded", "10.000000")
    assert figures(desk, number) == ("0.000000", "0.000000", "10.000000")
    assert end(desk, token, "job", "settle", USED).json["state"] == "refunded"
    assert recorded(desk, "reservation:li:job") is None


def test_an_expired_one_comes_back_by_itself_and_its_late_bill_counts(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "3")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "slow", **UNITS, expires_in=60)
    assert reserve(desk, token, "next", amount="3").status == 429
    desk.clock.advance(MINUTE)
    assert desk.get(f"{RESERVATIONS}/slow", token)["state"] == "expired"
    assert (again := reserve(desk, token, "slow", **UNITS, expires_in=60)).status == 409
    assert again.json["state"] == "expired"
    assert end(desk, token, "slow", "extend", {"expires_in": 60}).json["state"] == "expired"
    assert reserve(desk, token, "next", amount="3").status == 201
    assert end(desk, token, "slow", "settle", USED).status == 200
    assert figures(desk, number) == ("0.700000", "3.000000", "-0.700000")
    assert reserve(desk, token, "more", amount="0.000001").status == 429


def test_a_bill_that_is_higher_than_what_was_held_is_told_as_it_is(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "3")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "job", amount="1", model_name="qwen")
    done = end(desk, token, "job", "settle", {"input_units": 4000, "output_units": 0})
    assert (done.json["amount"], done.json["actual"]) == ("1.000000", "4.000000")
    assert figures(desk, number) == ("4.000000", "0.000000", "-1.000000")


def test_it_is_raised_and_prolonged_but_never_the_other_way(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    reserve(desk, token, "job", amount="4")
    raised = end(desk, token, "job", "extend", {"amount": "6", "expires_in": 1200})
    assert (raised.json["amount"], raised.json["expires_at"]) == ("6.000000", "2026-11-20T12:20:00+08:00")
    same = end(desk, token, "job", "extend", {"amount": "1", "expires_in": 1})
    assert (same.json["amount"], same.json["expires_at"]) == ("6.000000", "2026-11-20T12:20:00+08:00")
    refused = end(desk, token, "job", "extend", {"amount": "10.5"})
    assert (refused.status, refused.json["requested"], refused.json["left"]) == (429, "4.500000", "4.000000")
    assert figures(desk, number) == ("0.000000", "6.000000", "4.000000")
    assert end(desk, token, "none", "extend", {"amount": "1"}).status == 404


def test_the_most_an_answer_may_have_is_held_at_the_worst_case(desk: CostDesk) -> None:
    desk.model("thinker", "acme", input="1", cached="0.1", cache_write="1.25", output="2", reasoning="4")
    token = desk.token(Role.MEMBER)
    exact = reserve(desk, token, "a", model_name="thinker", input_units=1000, output_units=1000)
    worst = reserve(desk, token, "b", model_name="thinker", input_units=1000, max_output_units=1000)
    assert (exact.json["amount"], worst.json["amount"]) == ("3.000000", "5.250000")
    both: dict[str, Any] = {"model_name": "thinker", "output_units": 1, "max_output_units": 1}
    assert reserve(desk, token, "c", **both).json["errors"][0]["field"] == "max_output_units"


def test_without_a_price_nothing_is_held_unless_an_amount_is_said(desk: CostDesk) -> None:
    number, token = quota(desk, "user", "li", "10")["id"], desk.token(Role.MEMBER)
    unknown: dict[str, Any] = {**UNITS, "model_name": "mystery"}
    refused = reserve(desk, token, "job", **unknown)
    assert (refused.status, refused.json["type"], refused.json["missing"]) == (422, "/problems/unpriced", "model")
    assert "mystery" in refused.json["detail"]
    assert reserve(desk, token, "job", **unknown, amount="2").json["amount"] == "2.000000"
    done = end(desk, token, "job", "settle", USED)
    assert (done.json["priced"], done.json["total_cost"], done.json["actual"]) == (False, None, "2.000000")
    assert figures(desk, number) == ("2.000000", "0.000000", "8.000000")
    assert recorded(desk, "reservation:li:job").is_priced is False


def test_by_its_amount_alone_it_is_settled_by_a_bill_or_with_its_model(desk: CostDesk) -> None:
    token = desk.token(Role.MEMBER)
    reserve(desk, token, "a", amount="1")
    assert end(desk, token, "a", "settle", USED).json["errors"][0]["field"] == "model_name"
    assert end(desk, token, "a", "settle", {}).status == 422
    assert end(desk, token, "a", "settle", {"total_cost": "0.25", "request_id": "mine"}).json["actual"] == "0.250000"
    assert recorded(desk, "mine").call.hold == "li:a"
    reserve(desk, token, "b", amount="1")
    taken = end(desk, token, "b", "settle", {"total_cost": "0.5", "request_id": "mine"})
    assert (taken.status, desk.get(f"{RESERVATIONS}/b", token)["state"]) == (409, "held")
    assert end(desk, token, "b", "settle", {**USED, "model_name": "qwen"}).json["actual"] == "0.700000"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"model_name": "qwen"},
        {"amount": "-1"},
        {"amount": "0.0000000001"},
        {"amount": "1", "expires_in": 0},
        {"amount": "1", "expires_in": 86401},
        {"model_name": "qwen", "input_units": 1.5},
        {"model_name": "qwen", "input_units": -1},
        {"amount": "1", "colour": "red"},
    ],
)
def test_what_cannot_be_held_is_refused(desk: CostDesk, said: dict[str, Any]) -> None:
    assert reserve(desk, desk.token(Role.MEMBER), "job", **said).status == 422


def test_who_is_bound_by_nothing_is_not_refused(desk: CostDesk) -> None:
    desk.party("free")
    quota(desk, "department", "sales", "0", soft=True)
    token = desk.token(Role.MEMBER, user="free")
    held = reserve(desk, token, "job", amount="1000000")
    assert (held.status, held.json["accounts"]) == (201, [])
    warned = reserve(desk, desk.token(Role.MEMBER), "job", amount="5")
    assert (warned.status, warned.json["accounts"][0]["left"], warned.json["accounts"][0]["soft"]) == (
        201, "-5.000000", True,
    )  # fmt: skip
    desk.party("x" * 200, kind=ScopeKind.PROJECT)
    assert reserve(desk, desk.token(), "y" * 200, amount="0", project="x" * 200, user_id="键 /?#").status == 201
    assert reserve(desk, token, "huge", amount="9999999999").status == 422
