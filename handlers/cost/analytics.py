"""Analytics of some days: trends, shares, habits, what models give for their money, and what the month comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.cost.analysis import Figures
from handlers.cost.used import used_models
from suanli.domain.cost.dates import Dates, last_days, month_of
from suanli.domain.cost.forecasts import TRIED_DAYS, MonthEnd, month_end
from suanli.domain.cost.money import Nano
from suanli.domain.cost.reports import (
    Efficiency,
    Patterns,
    Point,
    Shares,
    Step,
    Tokens,
    added,
    efficiencies,
    hourly,
    patterns,
    shares,
    tokens,
    trend,
)
from suanli.domain.cost.spending import Day, NotEnough
from suanli.domain.cost.suggestions import Suggestion, cheaper_models
from suanli.domain.cost.sums import Dimension, Grain, Line, Sum

MOST_DAYS = 1100
"""Days of a report: three years."""

MOST_DAYS_OF_HOURS = 366
"""Days, above which nobody is told at which hours they spend."""

MOST_DAYS_BY_HOUR = 31
"""Days of a trend by hours."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How spending is shared out among the values of a dimension; `names` are what people call them."""

    shares: Shares
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the month will have cost. `unpriced` calls of the past are in no amount, so with some it is a least one."""

    expected: MonthEnd | NotEnough
    unpriced: int


@dataclass(frozen=True, slots=True)
class Analytics:
    """A report at one moment. `patterns` is None where hours are not known, or the days are too many."""

    at: datetime
    newest: datetime | None
    dates: Dates
    step: Step
    whole: Sum
    tokens: Tokens
    trend: Sequence[Point]
    distributions: Mapping[Dimension, Distribution]
    patterns: Patterns | None
    rankings: Sequence[Efficiency]
    cheaper: Sequence[Suggestion]
    ahead: Ahead


def analytics(
    figures: Figures, dates: Dates, step: Step = Step.DAY, by: Sequence[Dimension] = tuple(Dimension), most: int = 20
) -> Analytics:
    """The report. Raises ValueError for hours of too many days, or of what no hours are known of."""
    days = figures.lines(dates, Grain.DAY)
    of_ai, counts = figures.of_ai(dates), figures.counter()
    hours = _hours(figures, dates, step)
    return Analytics(
        at=figures.now,
        newest=figures.newest(),
        dates=dates,
        step=step,
        whole=added(line.sum for line in days),
        tokens=tokens(of_ai, counts),
        trend=hourly(hours or (), figures.now) if step is Step.HOUR else trend(days, step, dates, figures.today),
        distributions={each: _distribution(figures, each, dates, most) for each in by},
        patterns=None if hours is None else patterns(hours, figures.site.zone),
        rankings=efficiencies(of_ai, counts),
        cheaper=cheaper_models(used_models(figures, dates)),
        ahead=ahead(figures),
    )


def _hours(figures: Figures, dates: Dates, step: Step) -> Sequence[Line] | None:
    """What was spent hour by hour; None where nobody can say, or is asked to."""
    most = MOST_DAYS_BY_HOUR if step is Step.HOUR else MOST_DAYS_OF_HOURS
    if figures.knows_hours and len(dates) <= most:
        return figures.lines(dates, Grain.HOUR)
    if step is Step.HOUR:
        raise ValueError("there is no trend by hours of so many days, or of what no hours are known of")
    return None


def _distribution(figures: Figures, by: Dimension, dates: Dates, most: int) -> Distribution:
    found = shares(figures.lines(dates, by=by), most)
    return Distribution(found, figures.names(by, [share.value for share in found.most]))


def ahead(figures: Figures) -> Ahead:
    """What the month of today will have cost."""
    today = figures.today
    lines = figures.lines(last_days(today, TRIED_DAYS + 1), Grain.DAY)
    spent = sum(line.sum.total_cost for line in lines if line.day in month_of(today).days)
    series = [Day(line.day, line.sum.cost) for line in lines if line.day is not None]
    return Ahead(month_end(Nano(spent), series, today), sum(line.sum.unpriced for line in lines))
