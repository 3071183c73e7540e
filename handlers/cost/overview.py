"""The overview: today, this month, the month before, who and what spends, and how the limits stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from handlers.cost.analysis import Figures
from handlers.cost.reach import is_limit
from suanli.domain.cost.alerts import AlertFilter, AlertState
from suanli.domain.cost.dates import Dates, last_days, month_before, month_of, same_days_before
from suanli.domain.cost.quotas import Level, Quota
from suanli.domain.cost.reports import (
    Point,
    Share,
    Shares,
    Step,
    Tokens,
    added,
    percent_change,
    ranked,
    shares,
    tokens,
    trend,
)
from suanli.domain.cost.sums import Dimension, Grain, Line, Sum

TREND_DAYS = 30
MOST_USERS = 10
_MOST_ALERTS = 1000
_ALL = 100
"""More types of cost than there are."""


@dataclass(frozen=True, slots=True)
class QuotaCounts:
    """How many quotas there are, of which some limit is used up now, and of which one is so far that people are warned.

    What is used up is not counted as a warning too.
    """

    active: int
    exceeded: int
    warning: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment. `newest` is when the last call happened that was told of, whoever's.

    `same_days` are those of the last month up to the day of today's number, which this month compares with.
    """

    at: datetime
    newest: datetime | None
    today: Sum
    month: Sum
    last_month: Sum
    same_days: Sum
    tokens: Tokens
    days: Sequence[Point]
    by_type: tuple[Share, ...]
    by_user: Shares
    names: Mapping[str, str]
    quotas: QuotaCounts
    alerts: int

    @property
    def change(self) -> Decimal | None:
        """This month, as far as it is, against the whole one before, in percent: as the original has it."""
        return percent_change(self.last_month.total_cost, self.month.total_cost)

    @property
    def change_of_same_days(self) -> Decimal | None:
        """This month against as much of the one before."""
        return percent_change(self.same_days.total_cost, self.month.total_cost)


def overview(figures: Figures) -> Overview:
    """The overview of these figures."""
    today = figures.today
    month, before = month_of(today), month_before(today)
    shown = last_days(today, TREND_DAYS)
    days = figures.lines(Dates(min(shown.first, before.first), today), Grain.DAY, Dimension.COST_TYPE)
    by_user = ranked(figures.outlays(month, Dimension.USER), MOST_USERS)
    return Overview(
        at=figures.now,
        newest=figures.newest(),
        today=sum_of(days, last_days(today, 1)),
        month=sum_of(days, month),
        last_month=sum_of(days, before),
        same_days=sum_of(days, same_days_before(today)),
        tokens=tokens(figures.of_ai(last_days(today, 1)), figures.counter()),
        days=trend(_within(days, shown), Step.DAY, shown, today),
        by_type=shares(_within(days, month), _ALL).most,
        by_user=by_user,
        names=figures.names(Dimension.USER, [share.value for share in by_user.most]),
        quotas=quota_counts(figures),
        alerts=open_alerts(figures),
    )


def _within(lines: Sequence[Line], dates: Dates) -> Sequence[Line]:
    return [line for line in lines if line.day is not None and dates.first <= line.day <= dates.last]


def sum_of(lines: Sequence[Line], dates: Dates) -> Sum:
    """All of some days, of lines by day."""
    return added(line.sum for line in _within(lines, dates))


def quotas_of(figures: Figures) -> Sequence[Quota]:
    """The quotas of those whose figures they are, as far as they are active; budgets that bind nobody have none."""
    quotas, scopes = figures.tx.quotas, figures.scopes
    found = [each for each in quotas.all() if each.active] if scopes is None else quotas.of(scopes)
    return tuple(filter(is_limit, found))


def quota_counts(figures: Figures) -> QuotaCounts:
    """How the limits stand."""
    quotas = quotas_of(figures)
    levels = figures.tx.quotas.levels(quotas, figures.now).values()
    exceeded = sum(level is Level.EXCEEDED for level in levels)
    return QuotaCounts(len(quotas), exceeded, len(levels) - exceeded)


def open_alerts(figures: Figures) -> int:
    """How many alerts wait for somebody; those that are snoozed or over are left out."""
    alerts, scopes = figures.tx.cost_alerts, figures.scopes
    if scopes is None:
        return alerts.open_count(figures.now)
    page = alerts.page(AlertFilter(resolved=False, subjects=scopes), before=None, limit=_MOST_ALERTS)
    return sum(each.state(figures.now) in {AlertState.OPEN, AlertState.READ} for each in page)
