"""Suggestions of one moment, and how they are kept: as JSON, in place of those that were made before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from handlers.cost.analysis import Whose
from suanli.domain.cost.dates import Dates
from suanli.domain.cost.money import Nano, total
from suanli.domain.cost.suggestions import Size, Suggestion, SuggestionType
from suanli.domain.ports import Transaction


@dataclass(frozen=True, slots=True)
class Savings:
    """Suggestions, made of what was `spent` on some days; `unpriced` calls are in no amount.

    `left_out` are the kinds that nobody can look for in these figures.
    """

    made_at: datetime
    made_by: str
    dates: Dates
    spent: Nano
    unpriced: int
    suggestions: tuple[Suggestion, ...]
    left_out: tuple[SuggestionType, ...] = ()

    @property
    def total(self) -> Nano:
        """What all of them save of what was spent; of several about one model, only the one that saves most counts.

        What a lower limit sets free was not spent, and is not saved.
        """
        most: dict[str, int] = {}
        for each in self.suggestions:
            if each.type is not SuggestionType.QUOTA:
                subject = each.about.get("model", each.form)
                most[subject] = max(most.get(subject, 0), each.savings)
        return total(most.values())


def keep(tx: Transaction, whose: Whose, found: Savings) -> None:
    """Keep suggestions, in place of those of before."""
    tx.facts.put(_name(whose), json.dumps(_written(found)), found.made_at)


def kept(tx: Transaction, whose: Whose) -> Savings | None:
    """The suggestions that were made last; None: none ever were."""
    known = tx.facts.get(_name(whose))
    return None if known is None else _read(json.loads(known[0]), known[1])


def _name(whose: Whose) -> str:
    # As JSON: whoever it is, the name is one that every database takes.
    return "cost.suggestions " + json.dumps({each.value: whose[each] for each in sorted(whose)})


def _written(found: Savings) -> Mapping[str, object]:
    return {
        "by": found.made_by,
        "first": found.dates.first.isoformat(),
        "last": found.dates.last.isoformat(),
        "spent": found.spent,
        "unpriced": found.unpriced,
        "left_out": found.left_out,
        "suggestions": [
            {
                "type": each.type,
                "form": each.form,
                "about": dict(each.about),
                "current": each.current,
                "savings": each.savings,
                "effort": each.effort,
                "recommendations": each.recommendations,
                "evidence": dict(each.evidence),
            }
            for each in found.suggestions
        ],
    }


def _read(said: Mapping[str, Any], made_at: datetime) -> Savings:
    return Savings(
        made_at,
        said["by"],
        Dates(date.fromisoformat(said["first"]), date.fromisoformat(said["last"])),
        Nano(said["spent"]),
        said["unpriced"],
        tuple(map(_suggestion, said["suggestions"])),
        tuple(map(SuggestionType, said["left_out"])),
    )


def _suggestion(said: Mapping[str, Any]) -> Suggestion:
    return Suggestion(
        SuggestionType(said["type"]),
        said["form"],
        said["about"],
        Nano(said["current"]),
        Nano(said["savings"]),
        Size(said["effort"]),
        tuple(said["recommendations"]),
        said["evidence"],
    )
