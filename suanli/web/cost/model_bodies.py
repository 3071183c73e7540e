"""Models as the API has them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from suanli.domain.cost.money import decimal
from suanli.domain.cost.prices import PER, CostModel, CostModelId, CostType, Price, Unit, price_at
from suanli.domain.cost.rates import for_units
from suanli.web.api.bodies import Answer, Body, GivenPrice, Moment, Name
from suanli.web.cost.price_bodies import GivenPrices, PriceAnswer, Prices, prices_said

Size = Annotated[int, Field(ge=1, le=1_000_000_000)]
Aliases = Annotated[tuple[Name, ...], Field(max_length=50)]
_STAYS = ("name", "provider")


class ModelsAsked(Body):
    """Which models are asked for; `name` is any part of a name."""

    name: str = ""
    provider: str = ""
    model_type: str = ""
    cost_type: CostType | None = None
    active: Literal["true", "false", "all"] = "true"
    include: Literal["history"] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: str = ""

    def fits(self, model: CostModel) -> bool:
        """Whether a model is one of them."""
        return (
            self.active in {"all", "true" if model.active else "false"}
            and self.name.casefold() in model.name.casefold()
            and self.provider in {"", model.provider}
            and self.model_type in {"", model.model_type}
            and self.cost_type in {None, model.cost_type}
        )

    @property
    def question(self) -> object:
        """What is asked, whatever the page."""
        return ("models", self.model_dump(exclude={"limit", "cursor", "include"}))


class ModelAnswer(Prices):
    """A model with the price that holds now. `etag` is its state, for If-Match; `history` all its prices, if asked."""

    id: int
    name: str
    provider: str
    model_type: str
    cost_type: str
    billing_unit: str
    unit_size: int
    aliases: list[str]
    active: bool
    priced: bool
    etag: str
    history: list[PriceAnswer] | None = None

    @classmethod
    def of(cls, model: CostModel, prices: Sequence[Price], now: datetime, *, history: bool = False) -> Self:
        """A model with all the prices that it ever had."""
        price = price_at(prices, now)
        return cls(
            **prices_said(price, model),
            id=model.id,
            name=model.name,
            provider=model.provider,
            model_type=model.model_type,
            cost_type=model.cost_type,
            billing_unit=model.unit,
            unit_size=model.unit_size,
            aliases=list(model.aliases),
            active=model.active,
            priced=price is not None,
            etag=tag_of(model, prices),
            history=[PriceAnswer.of(each, model) for each in prices] if history else None,
        )


class ModelsAnswer(Answer):
    """A page of models, by number."""

    items: list[ModelAnswer]
    next_cursor: str | None
    has_more: bool


class NewModel(GivenPrices):
    """A model with its first price; what is paid for by tokens needs one for its output too."""

    name: Name
    provider: Name
    input_price: GivenPrice
    model_type: Name = "chat"
    cost_type: CostType = CostType.AI_API
    billing_unit: Unit = Unit.TOKEN
    unit_size: Size = 1000
    aliases: Aliases = ()
    valid_from: Moment | None = None

    def model(self) -> CostModel:
        """The model, which has no number yet."""
        return CostModel(
            CostModelId(0), self.name, self.provider, self.model_type, self.cost_type, self.billing_unit,
            self.unit_size, self.aliases,
        )  # fmt: skip


class ModelChange(GivenPrices):
    """What is to be another: of what is not said, nothing changes. Name and provider may be said, as they are."""

    name: Name | None = None
    provider: Name | None = None
    model_type: Name | None = None
    cost_type: CostType | None = None
    billing_unit: Unit | None = None
    unit_size: Size | None = None
    aliases: Aliases | None = None
    active: bool | None = None
    valid_from: Moment | None = None

    def renames(self, model: CostModel) -> bool:
        """Whether it says another name, or another provider."""
        return any(getattr(self, each) not in {None, getattr(model, each)} for each in _STAYS)

    def changed(self, model: CostModel) -> CostModel:
        """The model as it is to be."""
        names = {"billing_unit": "unit"}
        said = {
            names.get(each, each): value
            for each in ("model_type", "cost_type", "billing_unit", "unit_size", "aliases", "active")
            if (value := getattr(self, each)) is not None
        }
        return replace(model, **said)


def tag_of(model: CostModel, prices: Sequence[Price]) -> str:
    """What tells this state of a model, and of its prices, from every other one."""
    return hashlib.blake2b(repr((model, tuple(prices))).encode(), digest_size=12).hexdigest()


def told_of(model: CostModel) -> Mapping[str, str]:
    """A model as a note of a change has it."""
    return {
        "name": f"{model.provider}/{model.name}",
        "model_type": model.model_type,
        "cost_type": model.cost_type.value,
        "unit": model.unit.value,
        "unit_size": str(model.unit_size),
        "aliases": ", ".join(model.aliases),
        "active": str(model.active).lower(),
    }


def told_of_price(price: Price | None) -> Mapping[str, str]:
    """A price as a note of a change has it: for a million units, and for a call."""
    if price is None:
        return {}
    rates: dict[str, Any] = {name: getattr(price.rates, name) for name in price.rates.__dataclass_fields__}
    shown = {
        name: decimal(rate) if name == "base" else for_units(rate, PER)
        for name, rate in rates.items()
        if rate is not None
    }
    said = {f"price.{name}": f"{each.normalize():f}" if each else "0" for name, each in shown.items()}
    tiers = ", ".join(str(tier.above) for tier in price.tiers)
    return {**said, "currency": price.currency, **({"tiers": tiers} if tiers else {})}
