"""The overview, the report and the suggestions by the API, over real HTTP."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import CostType, Usage
from suanli.domain.cost.quotas import ScopeKind
from suanli.domain.tokens import Permission
from suanli.i18n import Lang, texts_in
from suanli.web.api.document import document
from suanli.web.cost import analytics, optimizations, overview
from tests.contract.cost_kit import SALES, ZHANG, quota
from tests.cost_desk import CostDesk
from tests.fakes import NOON, FakeClock

ENDPOINTS = (*overview.ENDPOINTS, *analytics.ENDPOINTS, *optimizations.ENDPOINTS)
DASHBOARD, ANALYTICS = "/api/v1/cost/dashboard", "/api/v1/cost/analytics"
OPTIMIZATIONS = "/api/v1/cost/optimizations"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def desk(sqlite_store: SqlStore, clock: FakeClock) -> Iterator[CostDesk]:
    with CostDesk(sqlite_store, clock, ENDPOINTS) as desk:
        yield desk


def months(desk: CostDesk) -> None:
    """Noon of Friday 20 November: 6 today, 30 this month, 24 in October, of which 4 after its twentieth."""
    desk.party("ou_zhang", "张三", department="sales")
    desk.spend("ou_zhang", "gpt-4", "4", usage=Usage(700, 300), provider_name="openai")
    desk.spend("ou_li", "qwen", "2", usage=Usage(600, 400), provider_name="ali")
    desk.spend("ou_zhang", "gpt-4", "23", NOON - 10 * DAY, provider_name="openai")
    desk.spend("ou_li", "oss", "1", NOON - 12 * DAY, cost_type=CostType.STORAGE, usage=Usage(10**9))
    desk.spend("ou_li", "qwen", "20", NOON - 40 * DAY)
    desk.spend("ou_li", "qwen", "4", NOON - 22 * DAY)


def test_without_any_call_everything_is_nothing_and_averages_are_unknown(desk: CostDesk) -> None:
    said = desk.get(DASHBOARD, desk.token())
    assert (said["total_cost_today"], said["total_requests_today"], said["cost_by_user"]) == ("0.000000", 0, [])
    unknown = ("cost_trend_percentage", "avg_cost_per_request", "avg_cost_per_token", "newest_call_at")
    assert [said[name] for name in unknown] == [None] * 4
    assert len(said["daily_cost_trend"]) == 30


def test_the_overview_has_the_originals_fields(desk: CostDesk) -> None:
    months(desk)
    said = desk.get(DASHBOARD, desk.token())
    amounts = ("total_cost_today", "total_cost_this_month", "total_cost_last_month")
    assert [said[name] for name in amounts] == ["6.000000", "30.000000", "24.000000"]
    assert (said["cost_trend_percentage"], said["cost_trend_same_days_percentage"]) == (25.0, 50.0)
    assert (said["total_requests_today"], said["total_tokens_today"]) == (2, 2000)
    assert (said["avg_cost_per_request"], said["avg_cost_per_token"]) == ("3.000000000", "0.003000000")
    assert said["cost_by_type"] == {"ai_api": "29.000000", "storage": "1.000000"}
    assert [(each["name"], each["cost"]) for each in said["cost_by_user"]] == [
        ("张三", "27.000000"),
        ("ou_li", "3.000000"),
    ]
    assert said["daily_cost_trend"][-1] == {
        "date": "2026-11-20", "cost": "6.000000", "requests": 2, "unpriced_requests": 0,
    }  # fmt: skip
    assert (said["as_of"], said["newest_call_at"]) == ("2026-11-20T12:00:00+08:00",) * 2
    assert (said["currency"], said["timezone"]) == ("CNY", "Asia/Shanghai")


def test_whoever_wants_numbers_gets_the_originals_numbers(desk: CostDesk) -> None:
    months(desk)
    said = desk.get(f"{DASHBOARD}?money=number", desk.token())
    assert (said["total_cost_today"], said["avg_cost_per_token"]) == (6.0, 0.003)
    assert desk.get(f"{ANALYTICS}?money=number", desk.token())["summary"]["total_cost"] == 34.0


def test_a_call_without_a_price_is_counted_beside_and_makes_no_average_cheaper(desk: CostDesk) -> None:
    desk.spend("ou_li", "qwen", "2", usage=Usage(600, 400))
    desk.spend("ou_li", "new-model", None, usage=Usage(9_000))
    said = desk.get(DASHBOARD, desk.token())
    assert (said["total_requests_today"], said["unpriced_requests_today"]) == (2, 1)
    assert (said["avg_cost_per_request"], said["avg_cost_per_token"]) == ("2.000000000", "0.002000000")
    assert said["total_tokens_today"] == 10_000
    (row,) = said["cost_by_user"]
    assert (row["cost"], row["unpriced_requests"]) == ("2.000000", 1)


def test_quotas_are_counted_by_how_far_they_are_used(desk: CostDesk) -> None:
    with desk.store.begin() as tx:
        for scope, total in ((ZHANG, 10), (ZHANG, 5), (SALES, 4)):
            tx.quotas.add(quota(scope, Nano(total * 10**9), soft=True))
        tx.quotas.add(quota(SALES, 1, active=False))
    desk.party("ou_zhang", "张三", department="sales")
    desk.spend("ou_zhang", "gpt-4", "4")
    said = desk.get(DASHBOARD, desk.token())
    assert (said["active_quotas"], said["exceeded_quotas"], said["warning_quotas"]) == (3, 1, 1)
    his = desk.get(DASHBOARD, desk.token(Role.VIEWER, user="ou_zhang"))
    assert (his["active_quotas"], his["exceeded_quotas"], his["warning_quotas"]) == (2, 0, 1)


def test_a_viewer_sees_nobody_elses_figures(desk: CostDesk) -> None:
    months(desk)
    hers = desk.token(Role.VIEWER, user="ou_li")
    assert desk.get(DASHBOARD, hers)["total_cost_this_month"] == "3.000000"
    said = desk.get(ANALYTICS, hers)
    assert (said["summary"]["total_cost"], set(said["distributions"])) == ("7.000000", {
        "by_user", "by_project", "by_department", "by_organization", "by_model", "by_provider", "by_request_type",
        "by_cost_type",
    })  # fmt: skip
    assert [each["id"] for each in said["distributions"]["by_user"]] == ["ou_li"]
    assert desk.call("GET", f"{ANALYTICS}?user=ou_zhang", token=hers).status == 403
    assert desk.call("GET", f"{ANALYTICS}?user=ou_li&model=qwen", token=hers).status == 200


def test_who_may_not_read_and_who_is_nobody_get_nothing(desk: CostDesk) -> None:
    for path in (DASHBOARD, ANALYTICS, OPTIMIZATIONS):
        assert desk.call("GET", path).status == 401
        assert desk.call("GET", path, token=desk.token(permissions=(Permission.RESERVE,))).status == 403


def test_the_report_has_the_originals_parts(desk: CostDesk) -> None:
    months(desk)
    said = desk.get(f"{ANALYTICS}?start_date=2026-11-01&end_date=2026-11-20", desk.token())
    summary = said["summary"]
    assert (summary["total_cost"], summary["total_requests"], summary["period_days"]) == ("30.000000", 4, 20)
    # A thousand million bytes of storage are no tokens.
    assert summary["total_tokens"] == 2000 + 150
    assert said["trends"][-1] == {
        "period": "2026-11-20", "total_cost": "6.000000", "total_requests": 2, "avg_cost_per_request": "3.000000000",
        "change_percentage": None, "unpriced_requests": 0, "complete": False,
    }  # fmt: skip
    models = said["distributions"]["by_model"]
    assert [(each["name"], each["cost"], each["requests"], each["percentage"]) for each in models] == [
        ("gpt-4", "27.000000", 2, 90.0), ("qwen", "2.000000", 1, 6.7), ("oss", "1.000000", 1, 3.3),
    ]  # fmt: skip
    assert said["usage_patterns"]["peak_hours"] == [12]
    assert said["forecast"]["status"] == "ok"
    assert [each["model"] for each in said["efficiency"]["model_rankings"]] == ["qwen", "gpt-4"]


def test_days_weeks_and_months_are_the_sites_and_a_cut_one_compares_with_none(desk: CostDesk) -> None:
    midnight = NOON - 12 * HOUR
    desk.spend("ou_li", "qwen", "1", midnight - 19 * DAY - HOUR)  # 31 October, 23:00 in Shanghai
    desk.spend("ou_li", "qwen", "2", midnight - 19 * DAY)  # 1 November, 00:00 in Shanghai, 31 October in UTC
    said = desk.get(f"{ANALYTICS}?start_date=2026-09-15&end_date=2026-11-20&period=month", desk.token())
    trends = [(each["period"], each["total_cost"], each["complete"]) for each in said["trends"]]
    assert trends == [("2026-09", "0.000000", False), ("2026-10", "1.000000", True), ("2026-11", "2.000000", False)]
    assert [each["change_percentage"] for each in said["trends"]] == [None] * 3


def test_a_report_can_be_of_some_and_by_what_is_asked(desk: CostDesk) -> None:
    months(desk)
    said = desk.get(f"{ANALYTICS}?model=gpt-4&group_by=user,%20department&limit=1", desk.token())
    assert said["summary"]["total_cost"] == "27.000000"
    (row,) = said["distributions"]["by_department"]
    assert (set(said["distributions"]), row["name"]) == ({"by_user", "by_department"}, "sales")
    all_users = desk.get(f"{ANALYTICS}?group_by=user&limit=1", desk.token())
    assert (len(all_users["distributions"]["by_user"]), all_users["others"]["by_user"]["count"]) == (1, 1)


def test_hours_are_told_of_who_pays_or_of_what_for_but_not_of_both(desk: CostDesk) -> None:
    months(desk)
    today = f"{ANALYTICS}?start_date=2026-11-20&period=hour"
    said = desk.get(today, desk.token())
    assert [(each["period"], each["complete"]) for each in said["trends"]] == [("2026-11-20T12:00:00+08:00", False)]
    assert desk.call("GET", f"{today}&user=ou_li&model=qwen", token=desk.token()).status == 422
    both = desk.get(f"{ANALYTICS}?start_date=2026-11-20&user=ou_li&model=qwen", desk.token())
    assert both["usage_patterns"] is None


@pytest.mark.parametrize(
    "query",
    [
        "start_date=2026-11-20&end_date=2026-11-19",
        "start_date=2020-01-01",
        "start_date=2026-10-01&period=hour",
        "start_date=yesterday",
        "period=decade",
        "group_by=planet",
        "limit=0",
        "usr=ou_li",
    ],
)
def test_what_cannot_be_asked_is_refused_and_says_where(desk: CostDesk, query: str) -> None:
    replied = desk.call("GET", f"{ANALYTICS}?{query}", token=desk.token())
    assert (replied.status, replied.headers["Content-Type"]) == (422, "application/problem+json")
    assert replied.json["detail"]


def test_days_to_come_are_not_reported(desk: CostDesk) -> None:
    said = desk.get(f"{ANALYTICS}?start_date=2026-11-18&end_date=2026-12-31", desk.token())
    assert (said["summary"]["end_date"], len(said["trends"])) == ("2026-11-20", 3)


def test_the_document_describes_all_of_it() -> None:
    for lang in Lang:
        said = document(ENDPOINTS, texts_in(lang), "1")
        assert {(method, path) for path, each in said["paths"].items() for method in each} == {
            ("get", DASHBOARD), ("get", ANALYTICS), ("get", OPTIMIZATIONS), ("post", f"{OPTIMIZATIONS}/generate"),
        }  # fmt: skip
        assert json.loads(json.dumps(said)) == said
        names = [each["name"] for each in said["paths"][ANALYTICS]["get"]["parameters"]]
        assert len(names) == len(set(names))


def dear(desk: CostDesk) -> None:
    """A dear model and a cheap one in use, the dear one at night too, and it has a price for batches."""
    desk.model("gpt-4", "openai", input="0.03", output="0.06", batch_input="0.015", batch_output="0.03")
    desk.model("mini", "openai", input="0.003", output="0.006")
    night = NOON - 12 * HOUR
    for number in range(25):
        for model, at in (("gpt-4", NOON - DAY), ("mini", NOON - DAY), ("gpt-4", night)):
            desk.use(
                "ou_zhang", model, at - number * timedelta(minutes=1), provider_name="openai", usage=Usage(1000, 0)
            )


def test_suggestions_stay_as_they_were_made_and_say_when_and_by_whom(desk: CostDesk) -> None:
    dear(desk)
    token = desk.token()
    assert desk.get(OPTIMIZATIONS, token)["generated_at"] is None
    replied = desk.call("POST", f"{OPTIMIZATIONS}/generate", token=token)
    assert replied.status == 200
    first = replied.json["items"][0]
    assert set(first) >= {
        "title", "description", "type", "current_cost", "potential_savings", "savings_percentage", "recommendations",
        "effort", "priority",
    }  # fmt: skip
    assert (first["type"], first["current_cost"], first["potential_savings"]) == (
        "model_optimization", "1.500000", "1.350000",
    )  # fmt: skip
    assert (first["savings_percentage"], first["priority"]) == (90.0, "high")
    batch = replied.json["items"][1]
    assert (batch["type"], batch["potential_savings"]) == ("usage_pattern", "0.375000")
    # What the one saves, the other cannot save as well.
    assert replied.json["total_potential_savings"] == "1.350000"
    desk.clock.advance(HOUR)
    kept = desk.get(OPTIMIZATIONS, token)
    assert (kept["items"], kept["age_seconds"]) == (replied.json["items"], 3600)
    assert kept["generated_by"].startswith("token ")


def test_suggestions_of_one_are_not_those_of_another(desk: CostDesk) -> None:
    dear(desk)
    desk.call("POST", f"{OPTIMIZATIONS}/generate", token=desk.token())
    hers, his = desk.token(Role.VIEWER, user="ou_li"), desk.token(Role.VIEWER, user="ou_zhang")
    assert desk.get(OPTIMIZATIONS, hers)["generated_at"] is None
    assert desk.call("POST", f"{OPTIMIZATIONS}/generate", token=hers).json["items"] == []
    said: Any = desk.call("POST", f"{OPTIMIZATIONS}/generate", token=his).json
    assert [each["type"] for each in said["items"]] == ["model_optimization"]
    assert said["not_looked_for"] == ["usage_pattern"]
    assert desk.get(OPTIMIZATIONS, hers)["items"] == []


def test_a_quota_that_was_never_half_used_is_found_by_its_windows_that_are_over(desk: CostDesk) -> None:
    with desk.store.begin() as tx:
        tx.quotas.add(quota(ZHANG, Nano(100 * 10**9)))
    desk.party("ou_zhang", "张三", ScopeKind.USER)
    months_back = [NOON - timedelta(days=30 * n) for n in range(4, -1, -1)]
    for at in months_back:
        desk.clock.step_to(at)
        desk.spend("ou_zhang", "gpt-4", "10", at)
    said = desk.call("POST", f"{OPTIMIZATIONS}/generate", token=desk.token()).json
    (found,) = said["items"]
    assert (found["type"], found["potential_savings"]) == ("quota_adjustment", "88.000000")
    assert found["evidence"]["windows"] == "4"
    # Nobody spent that, so nothing is saved.
    assert said["total_potential_savings"] == "0.000000"
