"""/cost: what was spent today, this week or this month, against the time before, as a chart, and told apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.cost.analysis import Figures
from handlers.cost.cost_arguments import BY, WHEN, WHOSE, When, dimension, figures_for
from handlers.cost.cost_chart import Curve, chart, curve, curves, grain_of
from handlers.cost.cost_words import (
    MOST_ROWS,
    age,
    average,
    button,
    cost_of,
    hides,
    money,
    names_shown,
    next_steps,
    signed,
    table,
    title_of,
    unpriced_note,
)
from handlers.cost.overview import sum_of
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Buttons, Facts, Span, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.cost.dates import Dates, last_days
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.reports import cost_per_request, percent_change, shares, tokens
from suanli.domain.cost.sums import Dimension, Grain, Sum

CURVES = 4
"""Of a chart that is told apart."""


@dataclass(frozen=True, slots=True)
class _Spent:
    """What was spent in the time asked about, in as much of the one before, and today."""

    whole: Sum
    before: Sum
    today: Sum


def run(turn: Turn, when: When | None, by: Sequence[Dimension | str], whose: Scope | None) -> Answer:
    """What was spent; this month, unless another time is said."""
    apart = dimension(turn, by)
    figures, chosen = figures_for(turn, whose), when or When.MONTH
    dates, before = chosen.dates(figures.today), chosen.before(figures.today)
    days = figures.lines(Dates(min(dates.first, before.first), dates.last), Grain.DAY)
    spent = _Spent(sum_of(days, dates), sum_of(days, before), sum_of(days, last_days(figures.today, 1)))
    blocks: tuple[Block, ...] = (
        *(() if spent.whole.requests else (line(turn.texts("cost.nothing")),)),
        Facts(tuple(_facts(turn, figures, chosen, dates, spent))),
        *unpriced_note(turn, spent.whole.unpriced),
        *(_apart(turn, figures, chosen, dates, apart) if apart else _curve(turn, figures, chosen, dates)),
        age(turn, figures.newest()),
        *_buttons(turn, chosen, apart, whose),
    )
    return Answer(turn.texts.lang, blocks, title_of(turn, figures, "cost.title", chosen))


def _facts(
    turn: Turn, figures: Figures, when: When, dates: Dates, spent: _Spent
) -> Iterator[tuple[str, tuple[Span, ...]]]:
    texts, whole = turn.texts, spent.whole
    yield texts("cost.total"), (cost_of(turn, whole),)
    if when is not When.TODAY:
        yield texts("cost.today_so_far"), (cost_of(turn, spent.today),)
    calls = "cost.calls_failed" if whole.failed > 0 else "cost.calls_of"
    yield texts("cost.calls"), (texts(calls, n=f"{whole.requests:,}", failed=f"{whole.failed:,}"),)
    used = tokens(figures.of_ai(dates), figures.counter())
    yield texts("cost.tokens"), (f"{used.all:,}",)
    yield texts("cost.each_call"), (average(turn, cost_per_request(whole)),)
    before = texts(f"cost.before.{when}")
    yield texts("cost.compared", before=before), (_change(turn, before, spent),)


def _change(turn: Turn, before: str, spent: _Spent) -> str:
    change = percent_change(spent.before.total_cost, spent.whole.total_cost)
    if change is None:
        key = "cost.compared_to_nothing"
        return turn.texts("cost.unknown") if spent.before.unpriced > 0 else turn.texts(key, before=before)
    return turn.texts("cost.compared_to", change=signed(change), amount=money(turn, spent.before.total_cost))


def _curve(turn: Turn, figures: Figures, when: When, dates: Dates) -> Iterator[Block]:
    if when is When.TODAY and not figures.knows_hours:
        return
    drawn = curve(turn.texts("cost.spent"), figures.lines(dates, grain_of(when)))
    found = chart(turn, figures, dates, when, [drawn])
    if found:
        yield found


def _apart(turn: Turn, figures: Figures, when: When, dates: Dates, by: Dimension) -> Iterator[Block]:
    """Curves of those that have most, and a table of more of them."""
    found = shares(figures.lines(dates, by=by), MOST_ROWS)
    if not found.most:
        return
    names = names_shown(turn, figures, by, [share.value for share in found.most])
    first = {share.value: names[share.value] for share in found.most[:CURVES]}
    drawn: Sequence[Curve] = curves(figures, dates, when, by, first)
    drawing = chart(turn, figures, dates, when, drawn)
    if drawing:
        yield drawing
    elif not drawn:
        yield note(turn.texts("cost.no_chart"))
    yield table(turn, found, names, turn.texts(f"cost.by.{by}"))
    if by is Dimension.USER and hides(turn):
        yield note(turn.texts("cost.masked_note"))


def _buttons(turn: Turn, when: When, by: Dimension | None, whose: Scope | None) -> Iterator[Block]:
    texts = turn.texts
    apart = ("by", by.value) if by else ()
    times = (each for each in When if each is not when)
    yield Buttons(tuple(button(texts(f"cost.when.{each}"), ("cost", each, *apart), whose) for each in times))
    dimensions = [each for each in (Dimension.MODEL, Dimension.USER, Dimension.PROJECT) if each is not by]
    yield Buttons(
        tuple(button(texts(f"cost.button.by_{each}"), ("cost", when, "by", each.value), whose) for each in dimensions)
    )
    yield next_steps(turn, whose, "top", "forecast", "suggest")


COMMAND = Command(
    name="cost",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/cost week by model",
    aliases=("成本", "花费"),
    params=(WHEN, BY, WHOSE),
)
