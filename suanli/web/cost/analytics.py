"""GET /api/v1/cost/analytics: the report of some days, under the original's names."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from handlers.cost import suggestion_words as words
from handlers.cost.analysis import Figures
from handlers.cost.analytics import MOST_DAYS, MOST_DAYS_BY_HOUR, Ahead, Analytics, analytics
from suanli.domain.cost.dates import Dates, last_days
from suanli.domain.cost.forecasts import MonthEnd
from suanli.domain.cost.reports import Habit, Patterns, Point, Step, cost_per_request
from suanli.domain.cost.sums import Dimension
from suanli.domain.tokens import Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import Amount, Answer, MaybeAmount
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.mistakes import MistakeError
from suanli.web.api.problems import Problem
from suanli.web.cost.figures import Average, Others, Part, Percent, Query, Stand, figures_of, parts, stand

_DAYS = 30
_Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9000, 1, 1))]
"""A day that has others around it, as far as any period goes."""
_LISTED = WithJsonSchema({"type": "string", "description": ", ".join(Dimension), "examples": ["user,model"]})


class Asked(Query):
    """The days (the last thirty, unless some are named), the length of a trend's periods, and what is meant of all.

    `group_by` names the distributions that are wanted, parted by commas; all of them, unless it is said.
    """

    start_date: _Day | None = None
    end_date: _Day | None = None
    period: Step = Step.DAY
    group_by: Annotated[tuple[Dimension, ...], _LISTED] = tuple(Dimension)
    limit: Annotated[int, Field(ge=1, le=1000)] = 20
    user: str | None = None
    project: str | None = None
    department: str | None = None
    organization: str | None = None
    model: str | None = None
    provider: str | None = None
    request_type: str | None = None
    cost_type: str | None = None

    @field_validator("group_by", mode="before")
    @classmethod
    def _parted(cls, said: object) -> object:
        return tuple(each.strip() for each in said.split(",") if each.strip()) if isinstance(said, str) else said

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise MistakeError("dates")
        return self

    def dates(self, today: date) -> Dates:
        """The days that are meant: none that are still to come, unless all of them are."""
        last = self.end_date or max(today, self.start_date or today)
        first = self.start_date or last_days(last, _DAYS).first
        return Dates(first, max(first, min(last, today)))

    def where(self) -> Mapping[Dimension, str]:
        """What of all is meant."""
        said = {each: getattr(self, each.value) for each in Dimension}
        return {each: value for each, value in said.items() if value is not None}


class Summary(Answer):
    """All of it. Averages are of what has a price; an amount with unpriced requests beside it is a least one."""

    total_cost: Amount
    total_requests: int
    total_tokens: int
    avg_cost_per_request: Average
    avg_cost_per_token: Average
    period_days: int
    start_date: date
    end_date: date
    unpriced_requests: int
    failed_requests: int


class OfPeriod(Answer):
    """A period of the trend; one that is not `complete` compares with none."""

    period: str
    total_cost: Amount
    total_requests: int
    avg_cost_per_request: Average
    change_percentage: Percent
    unpriced_requests: int
    complete: bool


class OfHabit(Answer):
    """An hour of the day, or a weekday (Monday 1); `days` are those on which anything was spent then."""

    at: int
    cost: Amount
    requests: int
    days: int

    @classmethod
    def of(cls, habit: Habit, first: int) -> Self:
        """The first of them has this number."""
        cost, requests = habit.sum.cost, habit.sum.requests
        return cls(at=habit.at + first, cost=cost, requests=requests, days=habit.times)


class UsagePatterns(Answer):
    """When it is spent, on the site's clocks; `peak_percentage` is the part of the peak hours."""

    by_hour: list[OfHabit]
    by_weekday: list[OfHabit]
    peak_hours: list[int]
    peak_percentage: Percent


class Ranking(Answer):
    """What a model gives: `efficiency` is thousands of tokens for one of the currency."""

    model: str
    efficiency: float
    cost_per_token: Average
    requests: int
    total_cost: Amount
    total_tokens: int


class Efficiencies(Answer):
    """Models, the cheapest by the token first, of those all of whose calls have a price."""

    model_rankings: list[Ranking]
    recommendations: list[str]


class Forecast(Answer):
    """What this month will have cost, between `low` and `high` with a probability of `confidence_level`.

    `status` is `ok`, or `not_enough_data`: then there are `history_days` of the `needed_days`. Of `coverage_tried`
    forecasts of the past, `coverage_held` were within their interval.
    """

    status: str
    spent_this_month: MaybeAmount = None
    expected: MaybeAmount = None
    low: MaybeAmount = None
    high: MaybeAmount = None
    confidence_level: float | None = None
    coverage_held: int | None = None
    coverage_tried: int | None = None
    measured_coverage: float | None = None
    history_days: int | None = None
    needed_days: int | None = None
    unpriced_requests: int


class Report(Stand):
    """The original's parts, with patterns of use and a forecast; `others` are those that no distribution names."""

    summary: Summary
    trends: list[OfPeriod]
    distributions: dict[str, list[Part]]
    efficiency: Efficiencies
    usage_patterns: UsagePatterns | None
    forecast: Forecast
    others: dict[str, Others]


def _run(visit: Visit) -> Reply:
    asked: Asked = visit.query
    figures = figures_of(visit, asked.where())
    dates = asked.dates(figures.today)
    if len(dates) > MOST_DAYS:
        raise Problem("invalid", visit.texts("cost.too_many_days", most=MOST_DAYS))
    if asked.period is Step.HOUR and (len(dates) > MOST_DAYS_BY_HOUR or not figures.knows_hours):
        raise Problem("invalid", visit.texts("cost.no_hours", most=MOST_DAYS_BY_HOUR))
    found = analytics(figures, dates, asked.period, asked.group_by, asked.limit)
    return Reply(Report(**stand(figures, found.newest), **_report(found, figures, visit.texts)))


def _report(found: Analytics, figures: Figures, texts: Texts) -> Mapping[str, object]:
    distributions = found.distributions
    return {
        "summary": _summary(found),
        "trends": [_of_period(each, found.step, figures) for each in found.trend],
        "distributions": {f"by_{by}": parts(each.shares, each.names) for by, each in distributions.items()},
        "others": {f"by_{by}": Others.of(each.shares) for by, each in distributions.items()},
        "efficiency": Efficiencies(model_rankings=_rankings(found), recommendations=_advice(found, figures, texts)),
        "usage_patterns": None if found.patterns is None else _patterns(found.patterns),
        "forecast": _forecast(found.ahead),
    }


def _summary(found: Analytics) -> Summary:
    whole = found.whole
    return Summary(
        total_cost=whole.cost,
        total_requests=whole.requests,
        total_tokens=found.tokens.all,
        avg_cost_per_request=cost_per_request(whole),
        avg_cost_per_token=found.tokens.each,
        period_days=len(found.dates),
        start_date=found.dates.first,
        end_date=found.dates.last,
        unpriced_requests=whole.unpriced,
        failed_requests=whole.failed,
    )


def _of_period(point: Point, step: Step, figures: Figures) -> OfPeriod:
    start = point.start
    if isinstance(start, datetime):
        period = start.astimezone(figures.site.zone).isoformat()
    else:
        period = f"{start:%Y-%m}" if step is Step.MONTH else start.isoformat()
    return OfPeriod(
        period=period,
        total_cost=point.sum.cost,
        total_requests=point.sum.requests,
        avg_cost_per_request=cost_per_request(point.sum),
        change_percentage=point.change,
        unpriced_requests=point.sum.unpriced,
        complete=point.whole,
    )


def _rankings(found: Analytics) -> list[Ranking]:
    return [
        Ranking(
            model=each.model,
            efficiency=float(each.efficiency),
            cost_per_token=each.cost_per_unit,
            requests=each.sum.requests,
            total_cost=each.sum.cost,
            total_tokens=each.sum.total_units,
        )
        for each in found.rankings
    ]


def _advice(found: Analytics, figures: Figures, texts: Texts) -> list[str]:
    return [words.description(texts, each, figures.site.money.currency) for each in found.cheaper]


def _patterns(found: Patterns) -> UsagePatterns:
    return UsagePatterns(
        by_hour=[OfHabit.of(each, 0) for each in found.hours],
        by_weekday=[OfHabit.of(each, 1) for each in found.weekdays],
        peak_hours=list(found.peak),
        peak_percentage=found.percent,
    )


def _forecast(ahead: Ahead) -> Forecast:
    found = ahead.expected
    if not isinstance(found, MonthEnd):
        return Forecast(
            status="not_enough_data",
            history_days=found.days,
            needed_days=found.needed,
            unpriced_requests=ahead.unpriced,
        )
    coverage = found.ahead.coverage
    return Forecast(
        status="ok",
        spent_this_month=found.spent,
        expected=found.expected,
        low=found.low,
        high=found.high,
        confidence_level=float(found.ahead.level),
        coverage_held=coverage.held,
        coverage_tried=coverage.origins,
        measured_coverage=None if coverage.part is None else float(round(Decimal(coverage.held) / coverage.origins, 3)),
        unpriced_requests=ahead.unpriced,
    )


ENDPOINTS = (
    Endpoint("GET", "/api/v1/cost/analytics", "show_analytics", Permission.READ, _run, query=Asked, reply=Report),
)
