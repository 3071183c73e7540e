"""How prices follow each other: what held once is never changed, and no two hold at the same moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from suanli.domain.cost.prices import Price, PriceError, price_at


@dataclass(frozen=True, slots=True)
class Succession:
    """What is to be stored: the price that is `added`, and the one that ends where it begins, if one held then."""

    added: Price
    ended: Price | None = None


def succession(prices: Sequence[Price], new: Price, now: datetime) -> Succession:
    """How a new price takes its place among those of its model.

    Where another one holds, or will, the new one begins no sooner than now, and holds in its stead up to where that
    one was to end. Where none does, which may lie in the past, it fills the gap. Raises PriceError otherwise.
    """
    if any(price.model != new.model for price in prices):
        raise PriceError("prices of different models do not follow each other")
    before = price_at(prices, new.valid_from)
    if before is None:
        return Succession(replace(new, valid_to=_end_of_gap(prices, new)))
    if new.valid_from < now:
        why = "what held before now is not changed: a price begins now or later, or where there is none"
        raise PriceError(why, "past")
    if new.valid_from == before.valid_from:
        raise PriceError("another price begins at the same moment", "twice")
    if new.valid_to not in {None, before.valid_to}:
        raise PriceError("a price ends where the one in whose stead it holds was to end", "ends")
    return Succession(replace(new, valid_to=before.valid_to), replace(before, valid_to=new.valid_from))


def _end_of_gap(prices: Sequence[Price], new: Price) -> datetime | None:
    ends = [price.valid_from for price in prices if price.valid_from > new.valid_from]
    if new.valid_to is not None:
        ends.append(new.valid_to)
    return min(ends, default=None)
