"""What could be spent better: looked for in what was spent, and kept, with when and by whom it was looked for."""

from collections.abc import Sequence
from datetime import datetime

from handlers.cost.analysis import PAYERS, Figures
from handlers.cost.kept_savings import Savings, keep
from handlers.cost.overview import quotas_of
from handlers.cost.used import used_models, used_off_hours
from suanli.domain.cost.alerts import AlertFilter, AlertType, CostAlert
from suanli.domain.cost.dates import Dates, last_days
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Span
from suanli.domain.cost.reports import added
from suanli.domain.cost.spending import start_of_hour
from suanli.domain.cost.suggestions import (
    Excess,
    Spent,
    SuggestionType,
    cheaper_models,
    fitting_quotas,
    in_batches,
    less_excess,
)

LOOKED_AT = 30
"""Days that suggestions are made of, today the last of them."""

WORK_BEGINS, WORK_ENDS = 9, 19
"""Working hours, from Monday to Friday, on the site's clocks."""

WINDOWS = 6
"""Windows that are over, which a quota is measured by."""


_MOST_ALERTS = 500
_MOST = 100


def savings(figures: Figures, by: str) -> Savings:
    """Look for all that could be spent better."""
    dates = last_days(figures.today, LOOKED_AT)
    whole = added(line.sum for line in figures.lines(dates))
    knows_models_by_hour = not figures.whose.keys() & PAYERS
    found = [*cheaper_models(used_models(figures, dates))]
    if knows_models_by_hour:
        hours = f"{WORK_BEGINS}:00–{WORK_ENDS}:00"
        found += in_batches(used_off_hours(figures, dates, WORK_BEGINS, WORK_ENDS), hours)
    found += less_excess(_excesses(figures, dates), whole.cost)
    found += fitting_quotas(_spent(figures))
    left_out = () if knows_models_by_hour else (SuggestionType.USAGE,)
    return Savings(figures.now, by, dates, whole.cost, whole.unpriced, tuple(found[:_MOST]), left_out)


def unusual(figures: Figures, dates: Dates, limit: int = _MOST_ALERTS) -> Sequence[CostAlert]:
    """What people were told of as unusual on some days, newest first."""
    since, until = dates.moments(figures.site.zone)
    which = AlertFilter(type=AlertType.ANOMALY, subjects=figures.scopes)
    page = figures.tx.cost_alerts.page(which, before=None, limit=limit)
    return [alert for alert in page if since <= alert.created_at < until]


def excess_of(alert: CostAlert) -> Excess | None:
    """What was told as unusual, in figures; None where it does not say them."""
    amount, usual = alert.about.get("amount", ""), alert.about.get("usual", "")
    return Excess(Nano(int(amount)), Nano(int(usual))) if amount.isdecimal() and usual.isdecimal() else None


def _excesses(figures: Figures, dates: Dates) -> Sequence[Excess]:
    """One for each hour: the same money may have been told as everybody's, as a user's and as a call's."""
    most: dict[datetime, Excess] = {}
    for alert in unusual(figures, dates):
        hour, found = start_of_hour(alert.created_at), excess_of(alert)
        if found is not None and (hour not in most or _over(most[hour]) < _over(found)):
            most[hour] = found
    return tuple(most.values())


def _over(excess: Excess) -> int:
    return excess.amount - excess.usual


def _spent(figures: Figures) -> Sequence[Spent]:
    quotas = [each for each in quotas_of(figures) if each.currency == figures.site.money.currency]
    past = figures.tx.quotas.past_used([each.id for each in quotas], Span.PERIOD, figures.now, WINDOWS)
    return [Spent(each, tuple(reversed(past[each.id]))) for each in quotas]


def make(figures: Figures, by: str) -> Savings:
    """Look for suggestions, and keep them."""
    found = savings(figures, by)
    keep(figures.tx, figures.whose, found)
    return found
