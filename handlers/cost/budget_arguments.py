"""Kinds of arguments that name a budget."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

from handlers.cost.budget_card import may_see
from handlers.cost.sight import sight
from suanli.domain.commands import Turn
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.quotas import BudgetId

BudgetName = NewType("BudgetName", str)

LONGEST_NAME = 60
"""Characters of the name of a budget."""

_NUMBER = re.compile(r"#([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class BudgetWhich:
    """The budgets that a word stands for, of those that somebody may see anything of."""

    word: str
    budgets: tuple[Budget, ...]


class BudgetArgument:
    """A budget, by its name or its number."""

    def read(self, word: str, turn: Turn) -> BudgetWhich | None:
        """What it stands for; a number may stand for none, any other word is a name or is not read."""
        found, number = _seen(turn), _NUMBER.fullmatch(word)
        if number:
            return BudgetWhich(word, tuple(each for each in found if each.id == BudgetId(int(number[1]))))
        named = tuple(each for each in found if each.name.casefold() == word.casefold())
        return BudgetWhich(word, named) if named else None

    def choices(self, turn: Turn) -> Sequence[str]:
        """The names of all that somebody may see."""
        return tuple(dict.fromkeys(each.name for each in _seen(turn)))


class NameArgument:
    """The name of a budget, whether there is one of it or not."""

    def read(self, word: str, turn: Turn) -> BudgetName | None:  # noqa: ARG002 the port's shape
        """The word."""
        return BudgetName(word[:LONGEST_NAME])

    def choices(self, turn: Turn) -> Sequence[str]:
        """Those that there are."""
        return BudgetArgument().choices(turn)


def _seen(turn: Turn) -> Sequence[Budget]:
    who = sight(turn)
    return [each for each in turn.tx.budgets.all() if may_see(who, each)]
