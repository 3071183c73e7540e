"""GET /api/v1/cost/dashboard: the overview, under the original's names."""

from datetime import date

from handlers.cost.overview import Overview, overview
from suanli.domain.cost.reports import cost_per_request
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Amount, Answer
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.cost.figures import Average, Others, Part, Percent, Stand, figures_of, parts, stand


class OfDay(Answer):
    """A day's cost; that of today is not over yet."""

    date: date
    cost: Amount
    requests: int
    unpriced_requests: int


class Dashboard(Stand):
    """The original's fields, and after them ours.

    Amounts are the known ones: with unpriced requests beside them they are least ones. Averages are of what has a
    price. `cost_trend_percentage` is this month so far against the whole last one; `cost_trend_same_days_percentage`
    is against as many of its days.
    """

    total_cost_today: Amount
    total_cost_this_month: Amount
    total_cost_last_month: Amount
    cost_trend_percentage: Percent
    total_requests_today: int
    total_tokens_today: int
    avg_cost_per_request: Average
    avg_cost_per_token: Average
    active_quotas: int
    exceeded_quotas: int
    warning_quotas: int
    cost_by_type: dict[str, Amount]
    cost_by_user: list[Part]
    daily_cost_trend: list[OfDay]
    active_alerts: int
    cost_trend_same_days_percentage: Percent
    unpriced_requests_today: int
    unpriced_requests_this_month: int
    failed_requests_today: int
    other_users: Others


def _run(visit: Visit) -> Reply:
    figures = figures_of(visit)
    found = overview(figures)
    return Reply(Dashboard(**stand(figures, found.newest), **_amounts(found), **_lists(found)))


def _amounts(found: Overview) -> dict[str, object]:
    return {
        "total_cost_today": found.today.cost,
        "total_cost_this_month": found.month.cost,
        "total_cost_last_month": found.last_month.cost,
        "cost_trend_percentage": found.change,
        "cost_trend_same_days_percentage": found.change_of_same_days,
        "total_requests_today": found.today.requests,
        "total_tokens_today": found.tokens.all,
        "avg_cost_per_request": cost_per_request(found.today),
        "avg_cost_per_token": found.tokens.each,
        "unpriced_requests_today": found.today.unpriced,
        "unpriced_requests_this_month": found.month.unpriced,
        "failed_requests_today": found.today.failed,
    }


def _lists(found: Overview) -> dict[str, object]:
    return {
        "active_quotas": found.quotas.active,
        "exceeded_quotas": found.quotas.exceeded,
        "warning_quotas": found.quotas.warning,
        "cost_by_type": {share.value: share.sum.cost for share in found.by_type},
        "cost_by_user": parts(found.by_user, found.names),
        "other_users": Others.of(found.by_user),
        "daily_cost_trend": [
            OfDay(date=each.start, cost=each.sum.cost, requests=each.sum.requests, unpriced_requests=each.sum.unpriced)
            for each in found.days
        ],
        "active_alerts": found.alerts,
    }


ENDPOINTS = (Endpoint("GET", "/api/v1/cost/dashboard", "show_dashboard", Permission.READ, _run, reply=Dashboard),)
