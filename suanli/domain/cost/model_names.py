"""Which model a call went to, by the names that it says. Nothing is guessed: rather unpriced than mispriced."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from suanli.domain.cost.charges import Missing
from suanli.domain.cost.prices import CostModel

_Models = Mapping[str, tuple[CostModel, ...]]


@dataclass(frozen=True, slots=True)
class ModelNames:
    """All models that may be charged, by their own names, and by their aliases and with the provider's before theirs.

    A model's own name comes before what others go by. Capitals tell names apart, as they do at the providers.
    """

    own: _Models
    other: _Models

    @classmethod
    def of(cls, models: Iterable[CostModel]) -> Self:
        """The names of these models, of which the ones that were deleted have none."""
        own: dict[str, list[CostModel]] = defaultdict(list)
        other: dict[str, list[CostModel]] = defaultdict(list)
        for model in models:
            if model.active:
                own[model.name].append(model)
                for alias in {f"{model.provider}/{model.name}", *model.aliases}:
                    other[alias].append(model)
        return cls(*({name: tuple(found) for name, found in names.items()} for names in (own, other)))

    def find(self, name: str, provider: str = "") -> CostModel | Missing:
        """The model of this name, of this provider if one is said; or why nobody can tell."""
        for names in (self.own, self.other):
            found = names.get(name, ())
            if provider:
                found = tuple(model for model in found if model.provider == provider)
            if found:
                return found[0] if len(found) == 1 else Missing.PROVIDER
        return Missing.MODEL
