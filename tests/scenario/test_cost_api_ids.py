"""Ids of calls are one namespace of everybody: what stands for our own records there nobody else can take."""

import json
from typing import Any

import pytest

from suanli.domain.access import Role
from suanli.domain.tokens import Permission
from tests.cost_desk import CostDesk, Replied
from tests.reservation_desk import COST, RESERVATIONS, UNITS, desk, figures, quota, reserve

__all__ = ["desk"]

USED = {"input_units": 500, "output_units": 100}
SETTLEMENT, GATEWAY = "reservation:li:job-1", f"req-{'0a' * 16}"
TELLS = (Permission.WRITE,)


def told(request_id: str) -> dict[str, Any]:
    return {"request_id": request_id, "model_name": "qwen", "input_units": 0}


def tell(desk: CostDesk, token: str, request_id: str) -> Replied:
    return desk.call("POST", f"{COST}/records", told(request_id), token)


def tell_lines(desk: CostDesk, token: str, *request_ids: str) -> Replied:
    lines = "\n".join(json.dumps(told(each)) for each in request_ids).encode()
    return desk.call("POST", f"{COST}/records/batch", lines, token, {"Content-Type": "application/x-ndjson"})


def call_back(desk: CostDesk, token: str, *request_ids: str) -> Replied:
    said = [
        {"id": each, "status": "success", "startTime": 1763611200.0, "endTime": 1763611201.0, "model": "qwen",
         "call_type": "acompletion", "prompt_tokens": 1, "total_tokens": 1}
        for each in request_ids
    ]  # fmt: skip
    return desk.call("POST", f"{COST}/callbacks/litellm", said, token)


def written(desk: CostDesk, request_id: str) -> bool:
    with desk.store.read() as tx:
        return tx.records.find(request_id) is not None


def test_nobody_stands_in_the_way_of_anothers_settlement(desk: CostDesk) -> None:
    number, li = quota(desk, "user", "li", "10")["id"], desk.token(Role.VIEWER)
    reserve(desk, li, "job-1", **UNITS)
    han = desk.token(Role.VIEWER, TELLS, user="han")
    for taken in ("job-1", "li:job-1"):
        assert tell(desk, han, taken).status == 201
    assert tell(desk, han, SETTLEMENT).status == 422
    done = desk.call("POST", f"{RESERVATIONS}/job-1/settle", USED, li)
    assert (done.status, done.json["request_id"], done.json["actual"]) == (200, SETTLEMENT, "0.700000")
    assert desk.call("POST", f"{RESERVATIONS}/job-1/settle", USED, li).json == done.json
    assert figures(desk, number) == ("0.700000", "0.000000", "9.300000")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
@pytest.mark.parametrize("name", [SETTLEMENT, f"  {SETTLEMENT}", "reservation:"])
def test_no_way_of_telling_takes_the_id_of_a_settlement(desk: CostDesk, role: Role, name: str) -> None:
    token = desk.token(role)
    alone = tell(desk, token, name)
    assert (alone.status, alone.json["type"], alone.json["errors"][0]["field"]) == (
        422,
        "/problems/invalid",
        "request_id",
    )
    assert "reservation:" in alone.json["errors"][0]["message"]
    for several in (tell_lines, call_back):
        answers = several(desk, token, name, f"mine-{several.__name__}").json["results"]
        assert [each["status"] for each in answers] == ["invalid", "new"]
        assert answers[0]["errors"] == alone.json["errors"]
    assert not written(desk, name.strip())


def test_no_settlement_takes_the_id_of_another_one(desk: CostDesk) -> None:
    li, han = desk.token(Role.VIEWER), desk.token(Role.VIEWER, user="han")
    for token, key in ((li, "job-1"), (han, "other")):
        reserve(desk, token, key, **UNITS)
    for name in (SETTLEMENT, GATEWAY):
        taken = desk.call("POST", f"{RESERVATIONS}/other/settle", {**USED, "request_id": name}, han)
        assert (taken.status, taken.json["errors"][0]["field"]) == (422, "request_id")
    assert desk.get(f"{RESERVATIONS}/other", han)["state"] == "held"
    assert desk.call("POST", f"{RESERVATIONS}/job-1/settle", USED, li).status == 200


def test_the_gateways_ids_are_told_by_who_tells_of_everybody(desk: CostDesk) -> None:
    """Who calls a model hears its id at once: told of by them it would be in the way of the gateway's own record."""
    viewer, operator = desk.token(Role.VIEWER), desk.token(Role.OPERATOR)
    assert tell(desk, viewer, GATEWAY).status == 422
    assert tell_lines(desk, viewer, GATEWAY).json["invalid"] == call_back(desk, viewer, GATEWAY).json["invalid"] == 1
    assert not written(desk, GATEWAY)
    assert tell(desk, viewer, "req-1").status == 201
    assert tell(desk, operator, GATEWAY).status == 201


def test_one_id_is_one_call_whoever_tells_of_it(desk: CostDesk) -> None:
    li, han = desk.token(Role.VIEWER), desk.token(Role.VIEWER, user="han")
    assert tell(desk, li, "job-1").status == 201
    taken = tell(desk, han, "job-1")
    assert (taken.status, taken.json["type"]) == (409, "/problems/conflict")
