"""What a list of prices would change: shown first, and done by somebody who has seen it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction

from suanli.domain.cost.offers import ASKED, Concern, Listing, ModelKey, Offer, Terms
from suanli.domain.cost.prices import Rates

JUMP = 3
"""A price that became more than so many times as high, or as low, is looked at by somebody first."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_TENTH = Decimal("0.1")


class Kind(StrEnum):
    """What an offer is to the prices that there are."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """One rate before and after; None where the kind had none of its own, or has none any more.

    It holds for calls with more input than `above`.
    """

    rate: str
    before: int | None
    after: int | None
    above: int = 0

    @property
    def percent(self) -> Decimal | None:
        """By how much it rose, or fell, to one digit, half up; None when it was nothing, or one of them is not there.

        A price that doubled rose by 100.
        """
        if not self.before or self.after is None:
            return None
        part = _EXACT.divide(Decimal((self.after - self.before) * 100), Decimal(self.before))
        return part.quantize(_TENTH, context=_EXACT)

    @property
    def is_jump(self) -> bool:
        """Whether it changed by more than `JUMP` times, or to or from nothing."""
        if self.before is None or self.after is None or self.before == self.after:
            return False
        low, high = sorted((self.before, self.after))
        return low == 0 or Fraction(high, low) > JUMP


@dataclass(frozen=True, slots=True)
class Change:
    """An offer beside what the model costs now. `concerns` are the offer's, and the change's own."""

    offer: Offer
    kind: Kind
    before: Terms | None = None
    steps: tuple[Step, ...] = ()
    concerns: frozenset[Concern] = frozenset()

    @property
    def is_asked(self) -> bool:
        """Whether it is made only when somebody names the model."""
        return self.kind is not Kind.SAME and not ASKED.isdisjoint(self.concerns)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A list beside all prices that hold now. `removed` have one, out of an earlier list, and are not in this one."""

    changes: tuple[Change, ...]
    removed: tuple[ModelKey, ...]

    def of_kind(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)

    @property
    def suspicious(self) -> tuple[Change, ...]:
        """Those that somebody has to name."""
        return tuple(change for change in self.changes if change.is_asked)

    def accepted(self, named: Collection[ModelKey] = ()) -> tuple[Change, ...]:
        """What to do: all that is new or changed, and of what is suspicious that which somebody has named."""
        return tuple(
            change
            for change in self.changes
            if change.kind is not Kind.SAME and (not change.is_asked or change.offer.key in named)
        )


def compare(
    listing: Listing,
    held: Mapping[ModelKey, Terms],
    listed_before: Collection[ModelKey] = (),
    by_hand: Collection[ModelKey] = (),
) -> Comparison:
    """A list beside the terms that hold now, by model.

    `listed_before` are the models that earlier versions of the same list priced: of these, the ones that it does not
    have any more are `removed`. `by_hand` are those whose terms somebody has set.
    """
    offered = {offer.key for offer in listing.offers}
    removed = sorted(key for key in listed_before if key in held and key not in offered)
    changes = (_change(offer, held.get(offer.key), by_hand=offer.key in by_hand) for offer in listing.offers)
    return Comparison(tuple(changes), tuple(removed))


def _change(offer: Offer, before: Terms | None, *, by_hand: bool) -> Change:
    if before is None:
        return Change(offer, Kind.NEW, concerns=offer.concerns)
    after = offer.terms
    if before == after:
        return Change(offer, Kind.SAME, before, concerns=offer.concerns)
    concerns = offer.concerns | {Concern.BY_HAND} if by_hand else offer.concerns
    if (before.unit, before.currency) != (after.unit, after.currency):  # numbers that cannot be compared
        return Change(offer, Kind.CHANGED, before, concerns=concerns | {Concern.JUMP})
    steps = tuple(_steps(before, after))
    jumps = {Concern.JUMP} if any(step.is_jump for step in steps) else set()
    return Change(offer, Kind.CHANGED, before, steps, concerns | jumps)


def _steps(before: Terms, after: Terms) -> Iterator[Step]:
    """Every rate that differs, at the least input and above every bound that one of them has."""
    for above in sorted({0, *(tier.above for tier in (*before.tiers, *after.tiers))}):
        old, new = _rates_above(before, above), _rates_above(after, above)
        for each in fields(Rates):
            pair = getattr(old, each.name), getattr(new, each.name)
            if pair[0] != pair[1]:
                yield Step(each.name, *pair, above)


def _rates_above(terms: Terms, above: int) -> Rates:
    return next((tier.rates for tier in reversed(terms.tiers) if tier.above <= above), terms.rates)
