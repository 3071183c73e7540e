"""By which rates of a price a call is charged, or why nobody knows what it costs.

A call without a price is `Unpriced`. That is no cost of nothing: it has no amount, cannot be added up, and gets its
cost once its model has a price for the moment of the call (cost.md §2.4, 1: what counts as nothing is found out by
the invoice).
"""

from dataclasses import dataclass
from enum import StrEnum

from suanli.domain.cost.prices import Price, Rates, Usage


class Missing(StrEnum):
    """Why a call has no price."""

    MODEL = "model"
    """Nobody has told what this model is."""
    PROVIDER = "provider"
    """Several providers have a model of this name, and the call does not say which of them it went to."""
    PRICE = "price"
    """The model is known, and had no price at that moment."""
    EXCHANGE = "exchange"
    """It had a price, in a currency of which nobody has said how much it is in the site's."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """What the call costs is not known."""

    why: Missing


def rates_for(price: Price, usage: Usage) -> Rates:
    """The rates of a price that a call is charged by: those of the highest tier that it reaches."""
    if price.tiers:
        whole = usage.whole_input
        for tier in reversed(price.tiers):
            if whole > tier.above:
                return tier.rates
    return price.rates
