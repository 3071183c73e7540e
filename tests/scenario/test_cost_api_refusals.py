"""What is said to who is refused, and what to who asks before."""

from datetime import timedelta

from suanli.domain.access import Role
from tests.cost_desk import CostDesk
from tests.reservation_desk import ESTIMATE, RESERVATIONS, UNITS, desk, figures, quota, reserve

__all__ = ["desk"]


def test_a_refusal_says_which_limit_what_is_left_when_it_begins_anew_and_how_to_ask_for_more(desk: CostDesk) -> None:
    made = quota(desk, "department", "sales", "500", name="销售", daily_limit="50")
    desk.spend("han", "qwen", "49.1")
    operator = desk.token(Role.OPERATOR)
    assert reserve(desk, operator, "a", amount="0.8").status == 201
    refused = reserve(desk, operator, "b", amount="0.35")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "43200")
    assert refused.headers["Content-Type"] == "application/problem+json"
    detail = refused.json.pop("detail")
    assert refused.json == {
        "type": "/problems/quota-exceeded",
        "title": "超出配额",
        "status": 429,
        "instance": RESERVATIONS,
        "quota_id": made["id"],
        "quota_name": "销售",
        "scope": "department",
        "scope_id": "sales",
        "window": "day",
        "period_type": "daily",
        "limit": "50.000000",
        "used": "49.100000",
        "reserved": "0.800000",
        "requested": "0.350000",
        "left": "0.100000",
        "currency": "CNY",
        "resets_at": "2026-11-21T00:00:00+08:00",
        "request_more": "/api/v1/cost/quota-requests",
    }
    for said in ("销售", "部门 sales", "每天", "50.000000 CNY", "还剩 0.100000", "2026-11-21 00:00", "/quota request"):
        assert said in detail


def test_it_is_said_in_the_language_that_is_asked_for(desk: CostDesk) -> None:
    quota(desk, "department", "sales", "5", name="Sales", timezone="America/New_York")
    desk.spend("han", "qwen", "4")
    refused = reserve(desk, desk.token(Role.MEMBER), "a", {"Accept-Language": "en"}, **UNITS)
    assert (refused.json["title"], refused.json["used"], refused.json["reserved"]) == (
        "Quota exceeded", "4.000000", "0.000000",
    )  # fmt: skip
    assert (refused.json["window"], refused.json["period_type"]) == ("period", "monthly")
    assert refused.json["resets_at"] == "2026-12-01T00:00:00-05:00"
    for said in ("Sales", "department sales", "monthly", "1.000000 of 5.000000 CNY", "2026-12-01 00:00"):
        assert said in refused.json["detail"]
    never = reserve(desk, desk.token(Role.MEMBER), "a", {"Accept-Language": "en"}, amount="5.01")
    assert "waiting does not help" in never.json["detail"]


def test_of_several_full_limits_the_widest_is_named(desk: CostDesk) -> None:
    for kind, who in (("user", "li"), ("department", "sales"), ("organization", "acme")):
        quota(desk, kind, who, "1", hourly_limit="1")
    refused = reserve(desk, desk.token(Role.MEMBER), "a", amount="2")
    assert (refused.json["scope"], refused.json["window"]) == ("organization", "period")


def test_a_refusal_is_not_remembered(desk: CostDesk) -> None:
    quota(desk, "user", "li", "3", hourly_limit="1")
    token = desk.token(Role.MEMBER)
    assert reserve(desk, token, "a", amount="1").status == 201
    refused = reserve(desk, token, "b", amount="0.5")
    assert (refused.status, refused.headers["Retry-After"], refused.json["window"]) == (429, "3600", "hour")
    desk.clock.advance(timedelta(seconds=3599.5))
    assert reserve(desk, token, "b", amount="1.5").headers["Retry-After"] == "1"
    desk.clock.advance(timedelta(seconds=0.5))
    assert reserve(desk, token, "b", amount="0.5").status == 201


def test_an_estimate_says_what_it_costs_and_whether_there_is_room(desk: CostDesk) -> None:
    own, wide = quota(desk, "user", "li", "2.5"), quota(desk, "department", "sales", "10", daily_limit="3")
    token = desk.token(Role.MEMBER)
    said = desk.call("POST", ESTIMATE, UNITS, token).json
    parts = ("input_cost", "output_cost", "base_cost", "total_cost", "hold_amount")
    assert [said[name] for name in parts] == ["1.000000", "2.000000", "0.000000", "3.000000", "3.000000"]
    assert (said["priced"], said["valid_from"], said["valid_to"]) == (True, "2026-01-01T00:00:00Z", None)
    assert (said["currency"], said["price_id"], said["cost_model_id"], said["fits"]) == ("CNY", 1, 1, False)
    room = [(each["quota_id"], each["window"], each["left"], each["fits"]) for each in said["quotas"]]
    assert room == [
        (own["id"], "period", "2.500000", False),
        (wide["id"], "period", "10.000000", True),
        (wide["id"], "day", "3.000000", True),
    ]
    assert figures(desk, own["id"]) == ("0.000000", "0.000000", "2.500000")
    assert desk.call("POST", ESTIMATE, {**UNITS, "output_units": 700}, token).json["fits"] is True


def test_an_estimate_of_what_has_no_price_is_no_number(desk: CostDesk) -> None:
    quota(desk, "user", "li", "1")
    desk.model("twin", "one", input="1"), desk.model("twin", "two", input="1")
    for model, why in (("mystery", "model"), ("twin", "provider")):
        said = desk.call("POST", ESTIMATE, {**UNITS, "model_name": model}, desk.token(Role.MEMBER)).json
        assert (said["priced"], said["missing"], said["total_cost"], said["fits"]) == (False, why, None, None)
        assert said["why"]
        assert said["quotas"][0]["fits"] is None
    assert desk.call("POST", ESTIMATE, {"input_units": 1}, desk.token()).status == 422
    assert desk.call("POST", ESTIMATE, {**UNITS, "user_id": "han"}, desk.token(Role.MEMBER)).status == 403
