"""/cost forecast: what this month will have cost, between which bounds, and how well such bounds held before."""

from collections.abc import Iterator

from handlers.cost.analysis import Figures
from handlers.cost.analytics import Ahead, ahead
from handlers.cost.cost_arguments import WHOSE, figures_for
from handlers.cost.cost_words import age, money, next_steps, title_of, unpriced_note
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Chart, Facts, Point, Strong, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.cost.dates import month_of
from suanli.domain.cost.forecasts import MonthEnd
from suanli.domain.cost.money import decimal
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.spending import NotEnough
from suanli.domain.cost.sums import Grain


def run(turn: Turn, whose: Scope | None) -> Answer:
    """The forecast."""
    figures = figures_for(turn, whose)
    found = ahead(figures)
    blocks = (
        *_blocks(turn, figures, found),
        *unpriced_note(turn, found.unpriced),
        age(turn, figures.newest()),
        next_steps(turn, whose, "top", "suggest"),
    )
    return Answer(turn.texts.lang, blocks, title_of(turn, figures, "cost.ahead.title"))


def _blocks(turn: Turn, figures: Figures, found: Ahead) -> Iterator[Block]:
    texts, expected = turn.texts, found.expected
    if isinstance(expected, NotEnough):
        yield line(texts("cost.ahead.not_enough", n=expected.days, needed=expected.needed))
        return
    low, high = money(turn, expected.low), money(turn, expected.high)
    level = round(expected.ahead.level * 100)
    yield _chart(turn, figures, expected)
    yield Facts(
        (
            (texts("cost.ahead.spent"), (money(turn, expected.spent),)),
            (texts("cost.ahead.expected"), (Strong(money(turn, expected.expected)),)),
            (texts("cost.ahead.interval", level=level), (texts("cost.ahead.between", low=low, high=high),)),
        )
    )
    yield note(_coverage(turn, expected))
    yield note(texts("cost.ahead.method"))


def _coverage(turn: Turn, expected: MonthEnd) -> str:
    coverage = expected.ahead.coverage
    if coverage.part is None:
        return turn.texts("cost.ahead.no_coverage")
    percent = round(coverage.part * 100)
    return turn.texts("cost.ahead.coverage", tried=coverage.origins, held=coverage.held, percent=percent)


def _chart(turn: Turn, figures: Figures, expected: MonthEnd) -> Chart:
    texts = turn.texts
    dates = month_of(figures.today)
    spent = {each.day: each.sum.total_cost for each in figures.lines(dates, Grain.DAY)}
    # A line of a chart is drawn, and nothing is worked out from it.
    actual = [
        Point(f"{day:%m-%d}", texts("cost.ahead.actual"), float(decimal(spent.get(day, 0)))) for day in dates.days
    ]
    to_come = [
        Point(f"{day.on:%m-%d}", texts("cost.ahead.forecast"), float(decimal(day.amount)))
        for day in expected.ahead.days
    ]
    summary = texts("cost.ahead.summary", spent=money(turn, expected.spent), expected=money(turn, expected.expected))
    return Chart(texts("cost.ahead.chart", currency=turn.site.money.currency), (*actual, *to_come), summary)


COMMAND = Command(
    name="cost forecast",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/cost forecast",
    aliases=("成本 预测",),
    params=(WHOSE,),
)
