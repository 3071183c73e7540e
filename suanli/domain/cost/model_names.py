"""Which model a call went to, by the names that it says. Nothing is guessed: rather unpriced than mispriced."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from suanli.domain.cost.charges import Missing
from suanli.domain.cost.prices import CostModel

_Models = Mapping[str, Sequence[CostModel]]


@dataclass(frozen=True, slots=True)
class ModelNames:
    """All models that may be charged, by their own names, and by their aliases and with the provider's before theirs.

    A model's own name comes before what others go by. Capitals tell names apart, as they do at the providers. What
    each name means, with each provider and with none, is settled when the names are put together: a call asks once.
    """

    meant: Mapping[tuple[str, str], CostModel | Missing]

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
        meant: dict[tuple[str, str], CostModel | Missing] = {}
        for names in (own, other):
            for question, answer in _answers(names):
                meant.setdefault(question, answer)
        return cls(meant)

    def find(self, name: str, provider: str = "") -> CostModel | Missing:
        """The model of this name, of this provider if one is said; or why nobody can tell."""
        return self.meant.get((name, provider), Missing.MODEL)


def _answers(names: _Models) -> Iterable[tuple[tuple[str, str], CostModel | Missing]]:
    for name, models in names.items():
        yield (name, ""), _one_of(models)
        of_provider: dict[str, list[CostModel]] = defaultdict(list)
        for model in models:
            of_provider[model.provider].append(model)
        for provider, found in of_provider.items():
            yield (name, provider), _one_of(found)


def _one_of(models: Sequence[CostModel]) -> CostModel | Missing:
    return models[0] if len(models) == 1 else Missing.PROVIDER
