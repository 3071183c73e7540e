"""/cost suggest: what could be saved, and how that was worked out."""

from collections.abc import Iterator
from datetime import timedelta

from handlers.cost import suggestion_words as words
from handlers.cost.analysis import Figures
from handlers.cost.cost_arguments import FRESH, WHOSE, figures_for
from handlers.cost.cost_words import button, money, title_of, unpriced_note
from handlers.cost.kept_savings import Savings, kept
from handlers.cost.savings import LOOKED_AT, make
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Buttons, Divider, Strong, line, note
from suanli.domain.commands import Command, Risk, Turn
from suanli.domain.cost.quotas import Scope
from suanli.domain.cost.suggestions import Suggestion

KEPT_FOR = timedelta(days=1)
"""Suggestions that are older are made anew when somebody asks."""

MOST = 5
"""Of a card."""


def run(turn: Turn, fresh: bool | None, whose: Scope | None) -> Answer:  # noqa: FBT001 a word of the command
    """Suggestions, those of the last day unless new ones are wanted."""
    figures = figures_for(turn, whose)
    known = None if fresh else kept(turn.tx, figures.whose)
    if known is None or turn.now - known.made_at >= KEPT_FOR:
        known = make(figures, turn.message.sender.open_id)
    blocks = (
        *_blocks(turn, figures, known),
        note(turn.texts("cost.savings.made"), Ago(known.made_at)),
        Buttons((button(turn.texts("cost.button.new"), ("cost", "suggest", "new"), whose),)),
    )
    return Answer(turn.texts.lang, blocks, title_of(turn, figures, "cost.savings.title"))


def _blocks(turn: Turn, figures: Figures, found: Savings) -> Iterator[Block]:
    texts = turn.texts
    if not found.suggestions:
        yield line(texts("cost.savings.none", days=LOOKED_AT))
    if found.total:
        total, spent = money(turn, found.total), money(turn, found.spent)
        yield line(Strong(texts("cost.savings.total", amount=total, spent=spent, days=LOOKED_AT)))
    for suggestion in found.suggestions[:MOST]:
        yield Divider()
        yield from _one(turn, figures, suggestion)
    if len(found.suggestions) > MOST:
        yield note(texts("cost.savings.more", n=len(found.suggestions) - MOST))
    yield from unpriced_note(turn, found.unpriced)
    if found.left_out:
        yield note(texts("cost.savings.left_out"))


def _one(turn: Turn, figures: Figures, suggestion: Suggestion) -> Iterator[Block]:
    texts, currency = turn.texts, figures.site.money.currency
    head = "cost.savings.head" if words.saves(suggestion) else "cost.savings.head_quota"
    title, amount = words.title(texts, suggestion), money(turn, suggestion.savings)
    yield line(Strong(texts(head, title=title, amount=amount, percent=suggestion.percent)))
    yield line(words.description(texts, suggestion, currency))
    yield line("\n".join(f"• {each}" for each in words.recommendations(texts, suggestion)))
    yield note(words.computed(texts, suggestion, currency))


COMMAND = Command(
    name="cost suggest",
    run=run,
    role=Role.VIEWER,
    risk=Risk.READ,
    example="/cost suggest",
    aliases=("成本 建议",),
    params=(FRESH, WHOSE),
)
