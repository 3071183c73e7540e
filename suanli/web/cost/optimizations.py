"""GET /api/v1/cost/optimizations and POST …/generate: what could be spent better, as it was looked for last."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from handlers.cost import suggestion_words as words
from handlers.cost.analysis import Figures
from handlers.cost.kept_savings import Savings, kept
from handlers.cost.savings import make
from suanli.domain.cost.money import Currency
from suanli.domain.cost.suggestions import Size, Suggestion, SuggestionType
from suanli.domain.tokens import Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import Amount, Answer, MaybeAmount
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.cost.figures import Percent, figures_of


class Optimization(Answer):
    """A suggestion: the original's fields, and how its saving was worked out.

    Of a quota, `current_cost` is its limit and `potential_savings` what of it could be set free: nobody spent that.
    """

    title: str
    description: str
    type: SuggestionType
    current_cost: Amount
    potential_savings: Amount
    savings_percentage: Percent
    recommendations: list[str]
    effort: Size
    priority: Size
    computed: str
    evidence: dict[str, str]
    """Figures and names: amounts are nano-units."""

    @classmethod
    def of(cls, suggestion: Suggestion, texts: Texts, currency: Currency) -> Self:
        """A suggestion in a language."""
        return cls(
            title=words.title(texts, suggestion),
            description=words.description(texts, suggestion, currency),
            type=suggestion.type,
            current_cost=suggestion.current,
            potential_savings=suggestion.savings,
            savings_percentage=suggestion.percent,
            recommendations=list(words.recommendations(texts, suggestion)),
            effort=suggestion.effort,
            priority=suggestion.priority,
            computed=words.computed(texts, suggestion, currency),
            evidence={**suggestion.about, **suggestion.evidence},
        )


class Optimizations(Answer):
    """Suggestions as they were made at `generated_at`; null: nobody has let them be made yet."""

    items: list[Optimization]
    generated_at: datetime | None
    generated_by: str
    age_seconds: int | None
    start_date: date | None
    end_date: date | None
    total_cost: MaybeAmount
    total_potential_savings: MaybeAmount
    unpriced_requests: int
    not_looked_for: list[SuggestionType]
    currency: str


def _read(visit: Visit) -> Reply:
    figures = figures_of(visit)
    found = kept(visit.tx, figures.whose)
    return Reply(Optimizations(**(_nothing(figures) if found is None else _said(visit, figures, found))))


def _generate(visit: Visit) -> Reply:
    figures = figures_of(visit)
    return Reply(Optimizations(**_said(visit, figures, make(figures, visit.who))))


def _said(visit: Visit, figures: Figures, found: Savings) -> Mapping[str, object]:
    currency = visit.site.money.currency
    return {
        "items": [Optimization.of(each, visit.texts, currency) for each in found.suggestions],
        "generated_at": found.made_at.astimezone(visit.site.zone),
        "generated_by": found.made_by,
        "age_seconds": int((figures.now - found.made_at).total_seconds()),
        "start_date": found.dates.first,
        "end_date": found.dates.last,
        "total_cost": found.spent,
        "total_potential_savings": found.total,
        "unpriced_requests": found.unpriced,
        "not_looked_for": list(found.left_out),
        "currency": currency,
    }


def _nothing(figures: Figures) -> Mapping[str, object]:
    return {
        "items": [],
        "generated_at": None,
        "generated_by": "",
        "age_seconds": None,
        "start_date": None,
        "end_date": None,
        "total_cost": None,
        "total_potential_savings": None,
        "unpriced_requests": 0,
        "not_looked_for": [],
        "currency": figures.site.money.currency,
    }


ENDPOINTS = (
    Endpoint("GET", "/api/v1/cost/optimizations", "list_optimizations", Permission.READ, _read, reply=Optimizations),
    Endpoint(
        "POST",
        "/api/v1/cost/optimizations/generate",
        "generate_optimizations",
        Permission.READ,
        _generate,
        reply=Optimizations,
    ),
)
