"""Prices that a list offers, before anybody decides to use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suanli.domain.cost.money import Currency
from suanli.domain.cost.prices import CostType, Rates, Tier, Unit


class Concern(StrEnum):
    """What people should know before they take an offer."""

    FREE = "free"
    """It says that nothing costs anything, which more often means that nobody knew."""
    INPUT_FREE = "input_free"
    OUTPUT_FREE = "output_free"
    DEPRECATED = "deprecated"
    """The provider has ended it, or has said that it would by now."""
    ROUNDED = "rounded"
    """A price was finer than is kept, which a number spoiled by binary arithmetic is: the nearest one stands for it."""
    JUMP = "jump"
    """It is several times, or a fraction of, what the model costs now; or is in another currency or unit."""
    BY_HAND = "by_hand"
    """What the model costs now was set by somebody, which a list does not undo."""


ASKED = frozenset(Concern) - {Concern.ROUNDED}
"""With one of these an offer is taken only by somebody who names it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What something costs."""

    unit: Unit
    currency: Currency
    rates: Rates
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class ModelKey:
    """What tells models apart: the provider, and the provider's own name."""

    provider: str
    name: str

    def __str__(self) -> str:
        """As people name it."""
        return f"{self.provider}/{self.name}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A model with its price, out of a list.

    `not_taken` are the list's other prices of it, for which there is no place here: a call that is charged by one of
    those costs something else than is said here.
    """

    key: ModelKey
    terms: Terms
    model_type: str
    cost_type: CostType = CostType.AI_API
    unit_size: int = 1000
    aliases: tuple[str, ...] = ()
    source: str = ""
    concerns: frozenset[Concern] = frozenset()
    not_taken: tuple[str, ...] = ()


class Why(StrEnum):
    """Why an entry of a list is no offer."""

    NOT_A_MODEL = "not_a_model"
    OTHER_UNITS = "other_units"
    """It is charged by something that is not counted here: images, pixels, characters, seconds of video…"""
    INCOMPLETE = "incomplete"
    """What goes in or what comes out has no price, and none is not nothing."""
    UNREADABLE = "unreadable"
    """One of its prices is no number, or no price."""
    TWICE = "twice"
    """An entry before has the same provider and name."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that was not understood: its calls stay unpriced. `detail` is the column or key at fault, if one is."""

    name: str
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list as it was read. `not_taken` counts the models that have a price of a kind that has no place here."""

    offers: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...] = ()
    not_taken: Mapping[str, int] = field(default_factory=dict)


def concerns_of(terms: Terms, *, gives_output: bool) -> frozenset[Concern]:
    """What is odd about prices by themselves. `gives_output`: calls have output to pay for, as embeddings have not."""
    every = (terms.rates, *(tier.rates for tier in terms.tiers))
    if all(rates.is_free for rates in every):
        return frozenset({Concern.FREE})
    found = set()
    if any(not rates.input and not rates.base for rates in every):
        found.add(Concern.INPUT_FREE)
    if gives_output and any(not rates.output and not rates.base for rates in every):
        found.add(Concern.OUTPUT_FREE)
    return frozenset(found)
