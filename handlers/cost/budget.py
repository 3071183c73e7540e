"""/budget: what is meant to be spent, and how far it is used up."""

from handlers.cost.budget_arguments import BudgetArgument, BudgetWhich
from handlers.cost.budget_card import drawn, may_see, standing_of, tone_of
from handlers.cost.figures import moments
from handlers.cost.sight import sight
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Code, line, note
from suanli.domain.commands import Command, Param, Risk, Turn

SHOWN = 20
"""Budgets on one card."""

MOST_SHARES = 5
"""Shares of each budget where there are several."""


def run(turn: Turn, budget: BudgetWhich | None) -> Answer:
    """The budgets that one may see anything of; or one, with all its shares."""
    texts, seen = turn.texts, sight(turn)
    found = turn.tx.budgets.all() if budget is None else budget.budgets
    visible = [each for each in found if may_see(seen, each) and (each.active or budget is not None)]
    if not visible:
        hint = note(texts("budget.nothing_hint"), " ", Code("/budget set 研发 100000 yearly organization:acme"))
        return Answer(texts.lang, (line(texts("budget.nothing")), hint), texts("budget.title"))
    most = None if len(visible) == 1 else MOST_SHARES
    standings = [standing_of(turn.tx, each, seen, turn.now) for each in visible[:SHOWN]]
    blocks: list[Block] = [drawn(texts, each, moments(turn), most) for each in standings]
    blocks += [note(texts("quota.more", n=len(visible) - SHOWN))] if len(visible) > SHOWN else []
    blocks.append(note(texts("quota.now"), Ago(turn.now)))
    return Answer(texts.lang, tuple(blocks), texts("budget.title"), tone_of(standings))


COMMAND = Command(
    name="budget",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/budget",
    aliases=("预算",),
    params=(Param("budget", BudgetArgument(), optional=True),),
)
