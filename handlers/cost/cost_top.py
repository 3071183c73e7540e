"""/cost top: the users, the models and the calls that cost most."""

from collections.abc import Iterator

from handlers.cost.analysis import PAYERS, Figures
from handlers.cost.cost_arguments import WHEN, WHOSE, When, figures_for
from handlers.cost.cost_words import age, hides, money, names_shown, next_steps, table, title_of, unpriced_note
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Column, Strong, Table, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.cost.dates import Dates
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.records import Record, RecordFilter, Sort
from suanli.domain.cost.reports import added, shares
from suanli.domain.cost.sums import Dimension

ROWS = 5


def run(turn: Turn, when: When | None, whose: Scope | None) -> Answer:
    """The dearest, of this month unless another time is said."""
    figures, chosen = figures_for(turn, whose), when or When.MONTH
    dates = chosen.dates(figures.today)
    blocks = tuple(_lists(turn, figures, dates)) or (line(turn.texts("cost.nothing")),)
    hidden = (note(turn.texts("cost.masked_note")),) if hides(turn) and Dimension.USER not in figures.whose else ()
    unpriced = added(each.sum for each in figures.lines(dates)).unpriced
    after = (*hidden, age(turn, figures.newest()), next_steps(turn, whose, "forecast", "suggest"))
    title = title_of(turn, figures, "cost.top.title", chosen)
    return Answer(turn.texts.lang, (*blocks, *unpriced_note(turn, unpriced), *after), title)


def _lists(turn: Turn, figures: Figures, dates: Dates) -> Iterator[Block]:
    for by, key in ((Dimension.USER, "cost.top.users"), (Dimension.MODEL, "cost.top.models")):
        found = shares(figures.lines(dates, by=by), ROWS)
        if found.most and by not in figures.whose:
            names = names_shown(turn, figures, by, [share.value for share in found.most])
            yield line(Strong(turn.texts(key)))
            yield table(turn, found, names, turn.texts(f"cost.by.{by}"))
    calls = _dearest(figures, dates)
    if calls:
        yield line(Strong(turn.texts("cost.top.calls")))
        yield _calls(turn, figures, calls)


def _dearest(figures: Figures, dates: Dates) -> tuple[Record, ...]:
    since, until = dates.moments(figures.site.zone)
    user, project, department, organization = (figures.whose.get(each, "") for each in PAYERS)
    which = RecordFilter(since, until, user, project, department, organization, is_priced=True)
    page = figures.tx.records.page(which, Sort.TOTAL_COST, ascending=False, after=None, limit=ROWS)
    return page.records


def _calls(turn: Turn, figures: Figures, calls: tuple[Record, ...]) -> Table:
    texts = turn.texts
    columns = (
        Column(texts("cost.top.at")),
        Column(texts("cost.by.user")),
        Column(texts("cost.by.model")),
        Column(texts("cost.spent"), number=True),
        Column(texts("cost.tokens"), number=True),
    )
    names = names_shown(turn, figures, Dimension.USER, [each.call.payer.user for each in calls])
    counts = figures.counter()
    return Table(
        columns,
        tuple(
            (
                f"{each.call.happened_at.astimezone(turn.site.zone):%m-%d %H:%M}",
                names[each.call.payer.user],
                each.call.model_name,
                money(turn, each.cost.total) if each.cost else texts("cost.unknown"),
                f"{each.call.usage.total:,}" if counts(each.call.model_name) else "",
            )
            for each in calls
        ),
    )


COMMAND = Command(
    name="cost top",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/cost top week",
    aliases=("成本 排行",),
    params=(WHEN, WHOSE),
)
