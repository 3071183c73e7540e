"""The rules that suanli.toml and the original program's JSON state: how few cards are too few, and what follows."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from suanli.domain.stock import Fleet, Model, Scope
from suanli.domain.stock.rules import Rule
from suanli.settings.fleet import ClockWord, Info, ModelWord, RegionWord, fleet_of, model_in
from suanli.settings.kinds import CardCount, Duration, Recipients, RepeatEvery
from suanli.settings.wording import Mistake, refuse


def _at_most_min_free(value: int | None, info: Info) -> int | None:
    least = info.data.get("min_free")
    if value is not None and least is not None and value > least:
        raise ValueError(f"不能大于 min_free（{least}） / must be min_free ({least}) or less")
    return value


def _at_least_min_free(value: int | None, info: Info) -> int | None:
    least = info.data.get("min_free")
    if value is not None and least is not None and value < least:
        raise ValueError(f"不能小于 min_free（{least}） / must be min_free ({least}) or more")
    return value


Samples = Annotated[int, Field(strict=True, ge=1, le=100)]


class Terms(BaseModel):
    """What both forms say of a shortage. `critical` and `recover` None follow from `min_free`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_free: CardCount
    description: str = ""
    critical: Annotated[CardCount | None, AfterValidator(_at_most_min_free)] = None
    recover: Annotated[CardCount | None, AfterValidator(_at_least_min_free)] = None
    samples: Samples = 2
    repeat: RepeatEvery = timedelta(hours=24)
    keep: Duration = timedelta(minutes=15)
    lead_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0

    def rule(self, scope: Scope, fleet: Fleet) -> Rule:
        """The rule for `scope`; without a description the model's title, or name, and the groups' stand in."""
        title = " ".join((fleet.title_of(scope.model), *scope.words[1:]))
        return Rule(
            scope,
            self.min_free,
            self.description.strip() or title,
            critical=self.critical,
            recover=self.recover,
            samples=self.samples,
            repeat=self.repeat,
            keep=self.keep,
            lead_days=self.lead_days,
        )


class Limit(Terms):
    """`[stock.watch.thresholds.<model>]`: tell people when fewer than `min_free` cards of a whole model are free."""

    hold: Annotated[Duration | None, Field(alias="for")] = None
    recipients: Recipients = ()

    def rule(self, scope: Scope, fleet: Fleet) -> Rule:
        """The rule for `scope`."""
        return replace(super().rule(scope, fleet), hold=self.hold, recipients=self.recipients)


class RuleEntry(Limit):
    """`[[stock.watch.rules]]`: the same for a model's cards, or for those of one region or clock class only."""

    model: ModelWord
    region: RegionWord = ""
    clock: ClockWord = ""

    @property
    def scope(self) -> Scope:
        """The cards that it is about."""
        return Scope(Model(self.model), self.region, self.clock)


_Terms = TypeVar("_Terms", bound=Terms)


def _one_a_model(limits: dict[str, _Terms], info: Info) -> dict[str, _Terms]:
    refuse(_same_models(limits, fleet_of(info)))
    return limits


def _same_models(names: Iterable[str], fleet: Fleet | None) -> Iterable[Mistake]:
    found: dict[Model, str] = {}
    for name in names:
        first = found.setdefault(model_in(fleet, name), name)
        if first != name:
            yield (name,), f"和 {first} 是同一个型号，只留一个 / the same model as {first}; keep one"


OneAModel = AfterValidator(_one_a_model)
"""Marks a table of limits by names of models, of which no two may be of one model."""


def rules_of(limits: Mapping[str, Terms], fleet: Fleet) -> tuple[Rule, ...]:
    """The rules that limits by names of models state."""
    return tuple(limit.rule(Scope(model_in(fleet, name)), fleet) for name, limit in limits.items())
