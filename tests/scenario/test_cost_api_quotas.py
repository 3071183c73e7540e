"""Quotas by the API, over real HTTP: as the original has them, masked, changed by who may, and never by accident."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer
from suanli.domain.tokens import Permission
from suanli.web.cost import ENDPOINTS
from tests.cost_desk import CostDesk
from tests.fakes import FakeClock
from tests.reservation_desk import BUDGETS, ESTIMATE, QUOTAS, UNITS, desk, figures, noted, quota, reserve, shown

__all__ = ["desk"]

DAY = timedelta(days=1)
NEW = {"name": "李雷", "quota_type": "user", "scope_id": "li", "total_quota": "100", "period_type": "monthly"}


def test_a_quota_is_what_the_original_shows_field_for_field(sqlite_store: SqlStore) -> None:
    clock = FakeClock(datetime(2024, 1, 15, 4, tzinfo=UTC))
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        desk.party("zhang", department="sales")
        made = quota(desk, "department", "sales", "5000", name="销售团队月度配额", timezone="UTC")
        desk.spend("zhang", "gpt-4", "4250")
        (said,) = desk.get(f"{QUOTAS}?money=number", desk.token())["items"]
    example = {
        "id": made["id"],
        "name": "销售团队月度配额",
        "quota_type": "department",
        "total_quota": 5000.00,
        "used_quota": 4250.00,
        "remaining_quota": 750.00,
        "usage_percentage": 85.0,
        "period_type": "monthly",
        "period_start": "2024-01-01T00:00:00Z",
        "period_end": "2024-02-01T00:00:00Z",  # half-open: the original's 23:59:59 leaves a second to nobody
        "warning_threshold": 0.8,
        "critical_threshold": 0.95,
        "is_warning": True,
        "is_critical": False,
        "is_exceeded": False,
    }
    assert {name: said[name] for name in example} == example


def test_a_new_quota_counts_at_once_and_is_noted(desk: CostDesk) -> None:
    boss = desk.token(Role.OPERATOR, user="boss")
    made = desk.call("POST", QUOTAS, {**NEW, "daily_limit": "40.5", "hourly_limit": 10}, boss)
    assert (made.status, made.headers["ETag"]) == (201, f'"{made.json["etag"]}"')
    assert (made.json["currency"], made.json["timezone"], made.json["soft"]) == ("CNY", "Asia/Shanghai", False)
    desk.spend("li", "qwen", "4")
    said = shown(desk, made.json["id"])
    limits = [(each["limit"], each["used"], each["left"]) for each in (said["daily"], said["hourly"])]
    assert limits == [("40.500000", "4.000000", "36.500000"), ("10.000000", "4.000000", "6.000000")]
    assert (said["daily"]["resets_at"], said["hourly"]["resets_at"]) == (
        "2026-11-21T00:00:00+08:00", "2026-11-20T13:00:00+08:00",
    )  # fmt: skip
    assert noted(desk) == [("quota.create", "of boss")]


def test_the_same_scope_and_period_is_not_limited_twice_by_a_slip(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "100")
    again = desk.call("POST", QUOTAS, NEW, desk.token())
    assert (again.status, again.json["quota_id"]) == (409, made["id"])
    assert desk.call("POST", QUOTAS, {**NEW, "period_type": "weekly"}, desk.token()).status == 201


def test_asked_twice_under_one_key_one_quota_is_made(desk: CostDesk) -> None:
    token, key = desk.token(), {"Idempotency-Key": "once"}
    first, second = (desk.call("POST", QUOTAS, NEW, token, key) for _ in range(2))
    assert (first.status, second.status, first.json) == (201, 201, second.json)
    assert first.headers["ETag"] == second.headers["ETag"]
    assert len(desk.get(QUOTAS, token)["items"]) == 1


def test_of_what_is_not_said_nothing_changes(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "100", daily_limit="40", hourly_limit="10", soft=True)
    changed = desk.call("PUT", f"{QUOTAS}/{made['id']}", {"total_quota": "200", "hourly_limit": None}, desk.token())
    assert changed.status == 200
    others = {"total_quota", "remaining_quota", "hourly_limit", "hourly", "etag"}
    assert {name for name in made if made[name] != changed.json[name]} == others
    assert (changed.json["total_quota"], changed.json["hourly"]) == ("200.000000", None)
    same = desk.call("PUT", f"{QUOTAS}/{made['id']}", {"total_quota": "200", "quota_type": "user"}, desk.token())
    assert (same.status, same.json["etag"]) == (200, changed.json["etag"])
    assert [what for what, _ in noted(desk)] == ["quota.change", "quota.create"]


def test_a_change_meant_for_another_state_is_refused(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "100")
    address, seen = f"{QUOTAS}/{made['id']}", {"If-Match": f'"{made["etag"]}"'}
    assert desk.call("PUT", address, {"total_quota": "50"}, desk.token(), seen).status == 200
    late = desk.call("PUT", address, {"total_quota": "500"}, desk.token(), seen)
    assert (late.status, late.json["type"]) == (412, "/problems/changed")
    assert desk.call("POST", f"{address}/reset", {"reason": "x"}, desk.token(), seen).status == 412
    assert shown(desk, made["id"])["total_quota"] == "50.000000"


def test_what_a_quota_is_of_stays(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "100")
    for said in ({"scope_id": "han"}, {"quota_type": "project"}, {"currency": "USD"}):
        assert desk.call("PUT", f"{QUOTAS}/{made['id']}", said, desk.token()).status == 409
    assert desk.call("PUT", f"{QUOTAS}/99", {}, desk.token()).status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_quota", "-1"),
        ("total_quota", "0.0000000001"),
        ("total_quota", "1e300"),
        ("total_quota", True),
        ("warning_threshold", 0.99),
        ("critical_threshold", 80),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("currency", "USD"),
        ("quota_type", "team"),
        ("scope_id", " "),
        ("period_type", "fortnightly"),
        ("unknown", 1),
    ],
)
def test_what_means_nothing_is_refused_by_its_field(desk: CostDesk, field: str, value: object) -> None:
    replied = desk.call("POST", QUOTAS, {**NEW, field: value}, desk.token())
    assert replied.status == 422
    assert [error["field"] for error in replied.json["errors"]] == [field]


def test_a_reset_says_why_and_takes_what_was_used_once(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "100", daily_limit="50")
    desk.spend("li", "qwen", "30")
    address, token = f"{QUOTAS}/{made['id']}/reset", desk.token(user="boss")
    assert desk.call("POST", address, {}, token).status == 422
    assert desk.call("POST", address, {"reason": " "}, token).status == 422
    done = desk.call("POST", address, {"reason": "账单更正"}, token)
    taken = [("period", "-30.000000"), ("day", "-30.000000")]
    assert [(each["window"], each["amount"]) for each in done.json["taken"]] == taken
    assert done.json["quota"]["used_quota"] == "0.000000"
    assert desk.call("POST", address, {"reason": "再来"}, token).json["taken"] == []
    with desk.store.begin() as tx:
        last = tx.changes.newest(1, f"quota {made['id']}")
    assert last[0].what == "quota.reset"


def test_who_may_not_change_quotas_does_not(desk: CostDesk) -> None:
    made = quota(desk, "organization", "acme", "1000")
    address = f"{QUOTAS}/{made['id']}"
    for token in (desk.token(Role.MEMBER), desk.token(Role.OPERATOR, [Permission.READ, Permission.RESERVE])):
        assert desk.call("POST", QUOTAS, NEW, token).status == 403
        assert desk.call("PUT", address, {"total_quota": "1"}, token).status == 403
        assert desk.call("POST", f"{address}/reset", {"reason": "x"}, token).status == 403
    operator = desk.token(Role.OPERATOR)
    assert desk.call("PUT", address, {"total_quota": "1"}, operator).status == 403
    assert desk.call("POST", f"{address}/reset", {"reason": "x"}, operator).status == 403
    company = {**NEW, "quota_type": "organization", "scope_id": "acme", "period_type": "daily"}
    assert desk.call("POST", QUOTAS, company, operator).status == 403
    assert desk.call("GET", QUOTAS).status == 401
    assert shown(desk, made["id"])["total_quota"] == "1000.000000"


def test_others_see_how_what_binds_them_stands_and_not_who_used_it(desk: CostDesk) -> None:
    own, theirs = quota(desk, "user", "li", "100"), quota(desk, "department", "sales", "500", hourly_limit="100")
    quota(desk, "user", "han", "100"), quota(desk, "project", "apollo", "7")
    desk.spend("li", "qwen", "10")
    desk.spend("han", "qwen", "20")
    mine, wider = desk.get(QUOTAS, desk.token(Role.MEMBER))["items"]
    assert (mine["id"], mine["used_quota"], mine["usage_percentage"]) == (own["id"], "10.000000", 10.0)
    assert (wider["id"], wider["remaining_quota"], wider["hourly"]["left"]) == (
        theirs["id"], "470.000000", "70.000000",
    )  # fmt: skip
    # What is left they have to know, and the rest follows from that.
    assert (wider["used_quota"], wider["held_quota"], wider["usage_percentage"]) == ("30.000000", "0.000000", 6.0)
    assert (wider["hourly"]["used"], wider["hourly"]["held"]) == ("30.000000", "0.000000")
    everything = desk.get(QUOTAS, desk.token(Role.OPERATOR))["items"]
    assert [each["used_quota"] for each in everything] == ["10.000000", "30.000000", "20.000000", "0.000000"]
    apollo = desk.token(Role.MEMBER, payer=Payer("li", project="apollo"))
    assert [each["scope_id"] for each in desk.get(QUOTAS, apollo)["items"]] == ["li", "sales", "apollo"]


def test_filters_and_pages(desk: CostDesk) -> None:
    numbers = [quota(desk, "project", f"p{n}", "10")["id"] for n in range(5)]
    soft = quota(desk, "user", "li", "10", soft=True)["id"]
    desk.spend("li", "qwen", "10", payer=Payer("li", "p1"))
    desk.spend("han", "qwen", "8", payer=Payer("han", "p2"))
    desk.call("PUT", f"{QUOTAS}/{numbers[4]}", {"active": False}, desk.token())
    token = desk.token()

    def found(asked: str) -> list[int]:
        return [each["id"] for each in desk.get(f"{QUOTAS}?{asked}", token)["items"]]

    assert found("quota_type=project") == numbers[:4]
    assert found("active=all&quota_type=project") == numbers
    assert found("scope_id=p3") == [numbers[3]]
    assert found("is_exceeded=true") == [numbers[1], soft]
    assert found("is_warning=true&is_exceeded=false") == [numbers[2]]
    assert found("soft=true") == [soft]
    assert found("period_type=yearly") == []
    first = desk.get(f"{QUOTAS}?limit=3&quota_type=project", token)
    rest = desk.get(f"{QUOTAS}?limit=3&quota_type=project&cursor={first['next_cursor']}", token)
    assert [each["id"] for page in (first, rest) for each in page["items"]] == numbers[:4]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    other = desk.call("GET", f"{QUOTAS}?limit=3&cursor={first['next_cursor']}", token=token)
    assert other.status == 422


def test_what_keeps_a_budget_is_left_out_and_changed_with_that_only(desk: CostDesk) -> None:
    boss = desk.token(Role.ADMIN)
    budget = {"name": "年度", "total_budget": "100", "period_type": "yearly", "scope_id": "acme", "binds": True}
    number = desk.call("POST", BUDGETS, budget, boss).json["id"]
    assert desk.get(QUOTAS, boss)["items"] == []
    (kept,) = desk.get(f"{QUOTAS}?include=budgets", boss)["items"]
    assert (kept["budget_id"], kept["total_quota"]) == (number, "100.000000")
    refused = desk.call("PUT", f"{QUOTAS}/{kept['id']}", {"total_quota": "1"}, boss)
    assert (refused.status, refused.json["budget_id"]) == (409, number)


def test_what_only_counts_for_a_budget_is_not_for_others_to_see(desk: CostDesk) -> None:
    """The budget does not say what was spent of it, so neither do its quotas, wherever they are listed."""
    li, budget = desk.token(Role.MEMBER), {"total_budget": "100", "period_type": "yearly", "scope_type": "department"}
    for name, binds in (("counts", False), ("binds", True)):
        said = {"name": name, "scope_id": "sales", "binds": binds, **budget}
        assert desk.call("POST", BUDGETS, said, desk.token(Role.ADMIN)).status == 201
    desk.spend("han", "qwen", "40")
    listed = desk.get(f"{QUOTAS}?include=budgets", li)["items"]
    assert [(each["name"], each["used_quota"]) for each in listed] == [("binds", "40.000000")]
    assert [each["name"] for each in desk.call("POST", ESTIMATE, UNITS, li).json["quotas"]] == ["binds"]
    held = reserve(desk, li, "a", **UNITS).json
    assert [(each["name"], each["left"]) for each in held["accounts"]] == [("binds", "57.000000")]
    spent = {each["name"]: each["spent"] for each in desk.get(BUDGETS, li)["items"]}
    assert spent == {"counts": None, "binds": "40.000000"}
    assert len(desk.get(f"{QUOTAS}?include=budgets", desk.token())["items"]) == 2


def test_one_that_comes_back_is_no_second_limit_of_the_same_kind(desk: CostDesk) -> None:
    first = quota(desk, "department", "sales", "10")["id"]
    boss, off = desk.token(Role.ADMIN), {"active": False}
    assert desk.call("PUT", f"{QUOTAS}/{first}", off, boss).status == 200
    second = quota(desk, "department", "sales", "20")["id"]
    weekly = quota(desk, "department", "sales", "5", period_type="weekly")["id"]
    for number, change in ((first, {"active": True}), (weekly, {"period_type": "monthly"})):
        refused = desk.call("PUT", f"{QUOTAS}/{number}", change, boss)
        assert (refused.status, refused.json["quota_id"]) == (409, second)
    assert desk.call("PUT", f"{QUOTAS}/{first}", {"total_quota": "7"}, boss).status == 200
    assert desk.call("PUT", f"{QUOTAS}/{second}", {"total_quota": "21", "active": True}, boss).status == 200


def test_a_day_ends_where_the_quota_is(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "10", period_type="daily", timezone="America/New_York")
    assert (made["period_start"], made["period_end"]) == (
        "2026-11-19T00:00:00-05:00", "2026-11-20T00:00:00-05:00",
    )  # fmt: skip
    desk.spend("li", "qwen", "9")
    desk.clock.advance(timedelta(minutes=59))  # 23:59 in New York, and long another day in Shanghai
    assert figures(desk, made["id"])[0] == "9.000000"
    desk.clock.advance(timedelta(minutes=1))
    assert figures(desk, made["id"])[0] == "0.000000"


def test_the_pace_says_when_it_will_be_used_up(desk: CostDesk) -> None:
    made = quota(desk, "user", "li", "16", period_type="daily")
    desk.spend("li", "qwen", "12")  # in the twelve hours since midnight
    assert shown(desk, made["id"])["pace_until"] == "2026-11-20T16:00:00+08:00"


def test_who_is_bound_by_nothing_sees_nothing(desk: CostDesk) -> None:
    quota(desk, "department", "sales", "10")
    assert desk.get(f"{QUOTAS}?cursor=", desk.token(Role.VIEWER, user="nobody"))["items"] == []
