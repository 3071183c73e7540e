"""Whom to tell when cards run low, as suanli.toml states it, and what both its forms have in common."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from suanli.domain.stock import Fleet, Model, Threshold, Watch
from suanli.settings.kinds import CardCount, CheckTime, Recipients, Some
from suanli.settings.problems import SettingsError, nearest, problem


class Limit(BaseModel):
    """`[stock.watch.thresholds.<model>]`: tell people when fewer than `min_free` cards are free."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_free: CardCount
    description: str = ""


class WatchTable(BaseModel):
    """`[stock.watch]`: in place of the original program's inventory_alert_config.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: Annotated[dict[str, Limit], Some]
    recipients: Recipients
    check_time: CheckTime = "10:00"

    def to_domain(self, fleet: Fleet) -> Watch:
        """The thresholds by the fleet's models. SettingsError when two of them are of one model."""
        limits = {name: (limit.min_free, limit.description) for name, limit in self.thresholds.items()}
        return Watch(thresholds(limits, fleet), self.recipients, self.check_time)


def thresholds(limits: Mapping[str, tuple[int, str]], fleet: Fleet) -> tuple[Threshold, ...]:
    """Thresholds from names as people write them to (min_free, description).

    A name that the fleet does not know stays as it is; without a description the model's title or name stands in.
    Raises SettingsError when two names are of one model.
    """
    found: dict[Model, str] = {}
    problems = []
    for name in limits:
        model = fleet.find_model(name) or Model(name.strip())
        if model in found:
            problems.append(
                problem(name, f"和 {found[model]} 是同一个型号，只留一个 / the same model as {found[model]}; keep one")
            )
        found.setdefault(model, name)
    if problems:
        raise SettingsError(problems)
    return tuple(_threshold(model, *limits[name], fleet) for model, name in found.items())


def _threshold(model: Model, min_free: int, description: str, fleet: Fleet) -> Threshold:
    return Threshold(model, min_free, description.strip() or fleet.title_of(model))


def unlisted(watch: Watch, fleet: Fleet) -> tuple[str, ...]:
    """A warning for each threshold whose model is not in the fleet: matching is exact, so it may never be met."""
    listed = {product.model for product in fleet.products}
    return tuple(_stray(t.model, listed) for t in watch.thresholds if t.model not in listed)


def _stray(model: Model, listed: set[Model]) -> str:
    match = nearest(model, listed)
    zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
    return problem(
        model,
        f"型号表里没有它，只有数据源里的产品名和它完全一样时才会提醒{zh}"
        f" / not in the model table; told of only if a product has exactly this name{en}",
    )
