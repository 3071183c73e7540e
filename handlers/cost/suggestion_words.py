"""Suggestions in words: what to do, why, and how the saving was worked out."""

from collections.abc import Mapping, Sequence

from handlers.cost.figures import amount
from suanli.domain.cost.money import Currency
from suanli.domain.cost.suggestions import Suggestion, SuggestionType
from suanli.i18n import Texts

_AMOUNTS = {"most", "limit", "fitting", "same_units_here", "same_units_there", "unusual", "spent"}


def title(texts: Texts, suggestion: Suggestion) -> str:
    """In a few words."""
    return texts(f"cost.suggestion_title.{suggestion.form}")


def description(texts: Texts, suggestion: Suggestion, currency: Currency) -> str:
    """What could be done, with its figures."""
    return texts(f"cost.suggestion.{suggestion.form}", **_words(suggestion, currency))


def computed(texts: Texts, suggestion: Suggestion, currency: Currency) -> str:
    """How the saving was worked out."""
    return texts(f"cost.computed.{suggestion.form}", **_words(suggestion, currency))


def recommendations(texts: Texts, suggestion: Suggestion) -> Sequence[str]:
    """What to do first."""
    about = dict(suggestion.about)
    named = {"model": about.get("model", ""), "other": about.get("other", "")}
    return [texts(f"cost.advice.{each}", **named) for each in suggestion.recommendations]


def saves(suggestion: Suggestion) -> bool:
    """Whether it saves money that was spent, rather than to move a limit."""
    return suggestion.type is not SuggestionType.QUOTA


def _words(suggestion: Suggestion, currency: Currency) -> Mapping[str, str]:
    said = {**suggestion.about, **suggestion.evidence}
    said |= {"current": str(suggestion.current), "savings": str(suggestion.savings)}
    amounts = {name: f"{amount(int(each))} {currency}" for name, each in said.items() if name in _MONEY}
    return {**said, **amounts, "percent": str(suggestion.percent or 0)}


_MONEY = _AMOUNTS | {"current", "savings"}
