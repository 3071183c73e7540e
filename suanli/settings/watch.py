"""Whom to tell when cards run low, as suanli.toml states it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from suanli.domain.stock import Fleet, Model, Scope
from suanli.domain.stock.rules import Watch
from suanli.settings.fleet import Info, fleet_of, model_in
from suanli.settings.kinds import CheckTime
from suanli.settings.problems import nearest, problem
from suanli.settings.recipients import WatchList
from suanli.settings.rules import Limit, OneAModel, RuleEntry, rules_of
from suanli.settings.wording import Loc, Mistake, refuse


def _told_to_known(limits: dict[str, Limit], info: Info) -> dict[str, Limit]:
    refuse(_strangers((((name,), limit) for name, limit in limits.items()), info))
    return limits


def _whole(rules: tuple[RuleEntry, ...], info: Info) -> tuple[RuleEntry, ...]:
    thresholds: Mapping[str, Limit] | None = info.data.get("thresholds")
    if not rules and thresholds == {}:
        raise ValueError("thresholds 和 rules 至少要写一条 / needs at least one of thresholds and rules")
    placed = [((n,), rule) for n, rule in enumerate(rules)]
    refuse([*_strangers(placed, info), *_same_scopes(thresholds or {}, rules, fleet_of(info))])
    return rules


def _strangers(limits: Iterable[tuple[Loc, Limit]], info: Info) -> Iterator[Mistake]:
    """Recipients of a rule whom the watch list does not have; none while the list itself has mistakes."""
    listed = {entry.id for entry in info.data.get("recipients", ())}
    for loc, limit in limits:
        for n, recipient in enumerate(limit.recipients):
            if listed and recipient not in listed:
                yield (*loc, "recipients", n), "不在 stock.watch.recipients 里 / is not in stock.watch.recipients"


def _same_scopes(
    thresholds: Mapping[str, Limit], rules: tuple[RuleEntry, ...], fleet: Fleet | None
) -> Iterator[Mistake]:
    found = {Scope(model_in(fleet, name)): f"thresholds.{name}" for name in thresholds}
    for n, rule in enumerate(rules):
        first = found.setdefault(rule.scope, f"rules[{n}]")
        if first != f"rules[{n}]":
            words = " ".join(rule.scope.words)
            yield (n,), f"和 {first} 管的都是 {words}，只留一个 / is about {words} just as {first}; keep one"


class WatchTable(BaseModel):
    """`[stock.watch]`: in place of the original program's inventory_alert_config.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipients: WatchList
    check_time: CheckTime = "10:00"
    thresholds: Annotated[dict[str, Limit], OneAModel, AfterValidator(_told_to_known)] = {}
    rules: Annotated[tuple[RuleEntry, ...], AfterValidator(_whole), Field(validate_default=True)] = ()

    def to_domain(self, fleet: Fleet) -> Watch:
        """The rules and the watch list by the fleet's models, regions and clock classes."""
        return Watch(
            (*rules_of(self.thresholds, fleet), *(entry.rule(entry.scope, fleet) for entry in self.rules)),
            tuple(entry.to_domain() for entry in self.recipients),
            self.check_time,
        )


def unlisted(watch: Watch, fleet: Fleet) -> tuple[str, ...]:
    """A warning for each model that is not in the fleet: matching is exact, so it may never be met."""
    listed = {product.model for product in fleet.products}
    wished = chain.from_iterable(sorted(recipient.models) for recipient in watch.recipients)
    named = dict.fromkeys(chain((rule.scope.model for rule in watch.rules), wished))
    return tuple(_stray(model, listed) for model in named if model not in listed)


def _stray(model: Model, listed: set[Model]) -> str:
    match = nearest(model, listed)
    zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
    return problem(
        model,
        f"型号表里没有它，只有数据源里的产品名和它完全一样时才会提醒{zh}"
        f" / not in the model table; told of only if a product has exactly this name{en}",
    )
