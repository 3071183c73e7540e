"""What a call is charged: its cost by the price that held then, or the fact that nobody has said a price yet.

A call without a price is `Unpriced`. That is no cost of nothing: it has no amount, cannot be added up, and becomes
a `Charge` once its model has a price for the moment of the call (cost.md §2.4, 1: what counts as nothing is found
out by the invoice).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from suanli.domain.cost.prices import Cost, CostModel, Price, Rates, Usage, cost, price_at


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


@dataclass(frozen=True, slots=True)
class Charge:
    """What the call costs, and the price that says so: its currency, and what the record keeps."""

    cost: Cost
    price: Price


def rates_for(price: Price, usage: Usage) -> Rates:
    """The rates of a price that a call is charged by: those of the highest tier that it reaches."""
    if price.tiers:
        whole = usage.whole_input
        for tier in reversed(price.tiers):
            if whole > tier.above:
                return tier.rates
    return price.rates


def charge(model: CostModel, prices: Sequence[Price], usage: Usage, moment: datetime) -> Charge | Unpriced:
    """What a call to a model at a moment costs, by all the prices that the model ever had.

    Raises MoneyError for more than can be kept.
    """
    price = price_at(prices, moment)
    if price is None:
        return Unpriced(Missing.PRICE)
    return Charge(cost(rates_for(price, usage), usage, model.unit), price)
