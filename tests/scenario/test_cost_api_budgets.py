"""Budgets by the API, over real HTTP: shared out, counted from what was spent, and shown to whom they concern."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.access import Role
from suanli.domain.cost.parties import Payer
from suanli.domain.tokens import Permission
from tests.cost_desk import CostDesk
from tests.reservation_desk import BUDGETS, desk, noted, reserve

__all__ = ["desk"]

DAY = timedelta(days=1)
SEED = {
    "name": "2024年AI算力预算",
    "total_budget": 50000.00,
    "period_type": "yearly",
    "allocations": {"sales_team": 30000.00, "marketing_team": 15000.00, "support_team": 5000.00},
}
"""The original's own example."""


def budget(desk: CostDesk, **said: Any) -> dict[str, Any]:
    replied = desk.call("POST", BUDGETS, {**SEED, **said}, desk.token(Role.ADMIN, user="boss"))
    assert replied.status == 201, replied.json
    found: dict[str, Any] = replied.json
    return found


def now(desk: CostDesk, number: int) -> dict[str, Any]:
    items = desk.get(f"{BUDGETS}?active=all", desk.token())["items"]
    found: dict[str, Any] = next(each for each in items if each["id"] == number)
    return found


def spend(desk: CostDesk, department: str, cost: str, **fields: Any) -> None:
    desk.spend("li", "qwen", cost, payer=Payer("li", "", department, "acme"), **fields)


def test_the_originals_budget_is_the_only_organisations_and_shared_by_departments(desk: CostDesk) -> None:
    made = budget(desk)
    assert (made["scope_type"], made["scope_id"], made["binds"]) == ("organization", "acme", False)
    shares = {"department:sales_team": "30000.000000", "department:marketing_team": "15000.000000",
              "department:support_team": "5000.000000"}  # fmt: skip
    assert made["allocations"] == shares
    assert (made["total_budget"], made["unallocated"], made["spent"]) == ("50000.000000", "0.000000", "0.000000")
    assert (made["period_start"], made["period_end"]) == ("2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00")
    assert noted(desk)[0] == ("budget.create", "of boss")


def test_what_was_spent_counts_by_share_be_it_before_the_budget_was_made(desk: CostDesk) -> None:
    spend(desk, "sales_team", "100", at=desk.clock.now() - 30 * DAY)
    spend(desk, "sales_team", "7000", at=desk.clock.now() - 400 * DAY)
    made = budget(desk)
    spend(desk, "sales_team", "23900")
    spend(desk, "elsewhere", "16000")
    said = now(desk, made["id"])
    assert (said["spent"], said["remaining"], said["usage_percentage"]) == ("40000.000000", "10000.000000", 80.0)
    assert (said["is_warning"], said["is_critical"], said["is_exceeded"]) == (True, False, False)
    shares = [(each["scope_id"], each["spent"], each["remaining"], each["usage_percentage"]) for each in said["shares"]]
    assert shares == [
        ("sales_team", "24000.000000", "6000.000000", 80.0),
        ("marketing_team", "0.000000", "15000.000000", 0.0),
        ("support_team", "0.000000", "5000.000000", 0.0),
    ]


def test_shares_are_of_whom_they_name(desk: CostDesk) -> None:
    shares = {"user:li": "10", "project:apollo": "20", "department:a:b": "1", "x:y": "2", "sales": "3"}
    made = budget(desk, allocations=shares)
    words = ["user:li", "project:apollo", "department:a:b", "department:x:y", "department:sales"]
    assert list(made["allocations"]) == words
    assert [each["name"] for each in made["shares"]] == ["李雷", "apollo", "a:b", "x:y", "销售部"]
    assert made["unallocated"] == "49964.000000"


def test_of_what_is_not_said_nothing_changes_and_shares_are_said_together(desk: CostDesk) -> None:
    made = budget(desk)
    spend(desk, "sales_team", "100")
    address = f"{BUDGETS}/{made['id']}"
    raised = desk.call("PUT", address, {"total_budget": "60000"}, desk.token())
    assert (raised.status, raised.json["allocations"], raised.json["spent"]) == (
        200, made["allocations"], "100.000000",
    )  # fmt: skip
    other = {"allocations": {"sales_team": "40000", "ops": "1"}}
    seen = {"If-Match": raised.headers["ETag"]}
    shared = desk.call("PUT", address, other, desk.token(), seen)
    assert [(each["scope_id"], each["amount"], each["spent"]) for each in shared.json["shares"]] == [
        ("sales_team", "40000.000000", "100.000000"),
        ("ops", "1.000000", "0.000000"),
    ]
    assert desk.call("PUT", address, other, desk.token(), seen).status == 412
    assert desk.call("PUT", address, {"scope_id": "umbrella"}, desk.token()).status == 409
    assert desk.call("PUT", f"{BUDGETS}/99", {}, desk.token()).status == 404


@pytest.mark.parametrize(
    "said",
    [
        {"total_budget": "0", "allocations": {}},
        {"total_budget": "49999.999999999"},
        {"allocations": {"organization:acme": "1"}},
        {"allocations": {"sales": "1", "department:sales": "1"}},
        {"allocations": {"sales": "-1"}},
        {"warning_threshold": 0.99},
        {"currency": "EUR"},
        {"scope_type": "department"},
    ],
)
def test_what_means_nothing_is_refused(desk: CostDesk, said: dict[str, Any]) -> None:
    replied = desk.call("POST", BUDGETS, {**SEED, **said}, desk.token(Role.ADMIN))
    assert replied.status == 422, replied.json
    assert replied.json["errors"]
    assert desk.get(BUDGETS, desk.token())["items"] == []


def test_a_change_that_means_nothing_leaves_it_as_it_is(desk: CostDesk) -> None:
    made = budget(desk)
    assert desk.call("PUT", f"{BUDGETS}/{made['id']}", {"total_budget": "49999"}, desk.token()).status == 422
    assert now(desk, made["id"]) == made


def test_a_budget_is_made_once(desk: CostDesk) -> None:
    made = budget(desk)
    again = desk.call("POST", BUDGETS, SEED, desk.token())
    assert (again.status, again.json["budget_id"]) == (409, made["id"])


def test_one_that_binds_a_whole_organisation_takes_an_admin(desk: CostDesk) -> None:
    binding = {**SEED, "binds": True}
    assert desk.call("POST", BUDGETS, binding, desk.token(Role.OPERATOR)).status == 403
    assert desk.call("POST", BUDGETS, SEED, desk.token(Role.MEMBER)).status == 403
    assert desk.call("POST", BUDGETS, SEED, desk.token(Role.ADMIN, [Permission.READ])).status == 403
    made = budget(desk)
    assert desk.call("PUT", f"{BUDGETS}/{made['id']}", {"binds": True}, desk.token(Role.OPERATOR)).status == 403


@pytest.mark.parametrize("kind", ["user", "project", "department"])
def test_no_budget_limits_what_is_wider_than_itself(desk: CostDesk, kind: str) -> None:
    """A share of a budget that binds is a limit of whose it is: nothing for the company would stop everybody."""
    said = {**SEED, "scope_type": kind, "scope_id": "sales", "binds": True}
    wider = {"allocations": {"organization:acme": "0"}}
    assert desk.call("POST", BUDGETS, {**said, **wider}, desk.token(Role.OPERATOR)).status == 422
    made = budget(desk, **{**said, "allocations": {}})
    assert desk.call("PUT", f"{BUDGETS}/{made['id']}", wider, desk.token(Role.OPERATOR)).status == 422
    assert reserve(desk, desk.token(Role.MEMBER, user="han"), "a", amount="1").status == 201


def test_one_that_binds_refuses_and_one_that_does_not_warns_only(desk: CostDesk) -> None:
    said = {"name": "项目", "total_budget": "5", "scope_type": "department", "scope_id": "sales", "allocations": {}}
    made, token = budget(desk, **said), desk.token(Role.MEMBER)
    assert reserve(desk, token, "a", amount="6").status == 201
    assert now(desk, made["id"])["remaining"] == "-1.000000"
    desk.call("PUT", f"{BUDGETS}/{made['id']}", {"binds": True}, desk.token())
    refused = reserve(desk, token, "b", amount="1")
    assert (refused.status, refused.json["scope"], refused.json["quota_name"]) == (429, "department", "项目")
    assert refused.json["left"] == "0.000000"


def test_others_see_their_part_and_nobody_elses(desk: CostDesk) -> None:
    budget(desk, allocations={"user:li": "10", "user:han": "20", "sales": "30"})
    spend(desk, "sales", "4")
    (mine,) = desk.get(BUDGETS, desk.token(Role.MEMBER))["items"]
    assert [(each["scope_id"], each["spent"]) for each in mine["shares"]] == [("li", "4.000000"), ("sales", None)]
    assert list(mine["allocations"]) == ["user:li", "department:sales"]
    assert [mine[name] for name in ("spent", "remaining", "usage_percentage", "is_warning")] == [None] * 4
    assert desk.get(BUDGETS, desk.token(Role.MEMBER, user="stranger"))["items"] == []


def test_filters_and_pages(desk: CostDesk) -> None:
    numbers = [budget(desk, name=f"预算{n}", period_type="monthly")["id"] for n in range(3)]
    off = budget(desk, name="旧的", active=False)["id"]
    token = desk.token()
    first = desk.get(f"{BUDGETS}?limit=2", token)
    rest = desk.get(f"{BUDGETS}?limit=2&cursor={first['next_cursor']}", token)
    assert [each["id"] for page in (first, rest) for each in page["items"]] == numbers
    assert [each["id"] for each in desk.get(f"{BUDGETS}?active=false", token)["items"]] == [off]
    assert [each["id"] for each in desk.get(f"{BUDGETS}?name=2", token)["items"]] == [numbers[2]]
    assert desk.get(f"{BUDGETS}?scope_type=user", token)["items"] == []
