"""The chart of /cost: today hour by hour, longer times day by day, in one curve or in one for each that has most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.cost.analysis import Figures
from handlers.cost.cost_arguments import When
from handlers.cost.cost_words import money
from suanli.domain.answer import Chart, Point
from suanli.domain.commands import Turn
from suanli.domain.cost.dates import Dates
from suanli.domain.cost.money import decimal
from suanli.domain.cost.spending import start_of_hour
from suanli.domain.cost.sums import Dimension, Grain, Line

LEAST_DRAWN = 2
"""Points of which a line can be drawn."""

_HOUR = timedelta(hours=1)

Place = date | datetime
"""Where on the axis: the day, or the beginning of the hour."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What was spent at each place, in nano-units."""

    name: str
    amounts: Mapping[Place, int]


def grain_of(when: When) -> Grain:
    """What a chart of this time is parted into."""
    return Grain.HOUR if when is When.TODAY else Grain.DAY


def curve(name: str, lines: Sequence[Line]) -> Curve:
    """A curve of lines by day, or by hour."""
    found: dict[Place, int] = {}
    for each in lines:
        at = each.hour or each.day
        if at is not None:
            found[at] = found.get(at, 0) + each.sum.total_cost
    return Curve(name, found)


def curves(figures: Figures, dates: Dates, when: When, by: Dimension, names: Mapping[str, str]) -> Sequence[Curve]:
    """One for each of these values; none where nobody knows their hours."""
    parts = {value: figures.of({by: value}) for value in names}
    if when is When.TODAY and not all(part.knows_hours for part in parts.values()):
        return ()
    return [curve(names[value], part.lines(dates, grain_of(when))) for value, part in parts.items()]


def chart(turn: Turn, figures: Figures, dates: Dates, when: When, drawn: Sequence[Curve]) -> Chart | None:
    """The chart; None where there is too little to be drawn. Where nothing was spent, nothing is what is drawn."""
    places = tuple(_hours(figures, dates)) if when is When.TODAY else dates.days
    spent = [amount for each in drawn for amount in each.amounts.values() if amount]
    if len(places) < LEAST_DRAWN or not spent:
        return None
    points = [
        # A line of a chart is drawn, and nothing is worked out from it: this is the one place for a float.
        Point(_label(turn, at), each.name, float(decimal(each.amounts.get(at, 0))))
        for each in drawn
        for at in places
    ]
    key = "cost.chart_hours" if when is When.TODAY else "cost.chart_days"
    return Chart(turn.texts(key, currency=turn.site.money.currency), tuple(points), _summary(turn, places, drawn))


def _summary(turn: Turn, places: Sequence[Place], drawn: Sequence[Curve]) -> str:
    whole = {at: sum(each.amounts.get(at, 0) for each in drawn) for at in places}
    most = max(places, key=lambda at: whole[at])
    first, last = _label(turn, places[0]), _label(turn, places[-1])
    return turn.texts(
        "cost.chart_summary", first=first, last=last, most=money(turn, whole[most]), at=_label(turn, most)
    )


def _hours(figures: Figures, dates: Dates) -> Iterator[datetime]:
    at, _ = dates.moments(figures.site.zone)
    at = start_of_hour(at)
    while at <= figures.now:
        yield at
        at += _HOUR


def _label(turn: Turn, at: Place) -> str:
    return f"{at.astimezone(turn.site.zone):%H:%M}" if isinstance(at, datetime) else f"{at:%m-%d}"
