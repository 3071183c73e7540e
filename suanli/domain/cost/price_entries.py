"""One entry of a price map: its prices for single tokens, seconds and calls, as rates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from suanli.domain.cost.money import MoneyError, Nano, rounded
from suanli.domain.cost.offers import Why
from suanli.domain.cost.prices import PriceError, Rates, Tier, check_tiers
from suanli.domain.cost.rates import for_units, nearest_rate

_FIELDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_token_batches": "batch_input",
    "output_cost_per_token_batches": "batch_output",
    "cache_read_input_token_cost_batches": "batch_cached",
    "cache_creation_input_token_cost_batches": "batch_cache_write",
}
_CALL = "input_cost_per_request"
_SAME_AS = {"input_cost_per_token_cache_hit": "cache_read_input_token_cost"}
_TIERS = "tiered_pricing"
_ABOVE = re.compile(r"(\w+?)_above_([0-9]{1,9})(k?)_tokens(_batches)?")
_IS_PRICE = re.compile(r"cost|pric|multiplier|provider_specific_entry")
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
_INCLUSIVE = frozenset({"xai"})
"""Providers whose dearer price begins with the token that reaches a bound, not with the one after it."""

_MOST_TOKENS = 10**10

Kinds = dict[str, Nano]


class LeaveOut(Exception):  # noqa: N818 it ends the reading of one entry, and is no failure
    """The entry is no offer; `detail` is the key at fault, if one is."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


@dataclass(slots=True)
class Entry:
    """What a price map says of one model. It remembers which of its prices were taken, and whether one was rounded."""

    says: Mapping[str, object]
    provider: str
    taken: set[str] = field(default_factory=set)
    is_rounded: bool = False

    def text(self, key: str) -> str:
        """What it says in words; nothing when it says something else."""
        found = self.says.get(key)
        return found.strip() if isinstance(found, str) else ""

    def price(self, key: str) -> Decimal | None:
        """A price, if it has this one. Raises LeaveOut when that is not a number."""
        self.taken.add(key)
        return _price(key, self.says.get(key))

    def rate(self, price: Decimal, key: str) -> Nano:
        """The price for one unit as a rate."""
        try:
            found = nearest_rate(price, 1)
        except PriceError:
            raise LeaveOut(Why.UNREADABLE, key) from None
        self.is_rounded |= for_units(found, 1) != price
        return found

    def rates(self, *, gives_output: bool) -> tuple[Rates, tuple[Tier, ...]]:
        """What tokens cost, ordinarily and above each bound. Raises LeaveOut when input or output has no price.

        A model that `gives_output` not needs none for it.
        """
        steps = self._table() or self._beside()
        ordinary = {} if gives_output else {"output": Nano(0)}
        base = self._base()
        first, *more = ((above, _rates({**ordinary, **kinds}, base)) for above, kinds in sorted(steps.items()))
        tiers = tuple(Tier(above, rates) for above, rates in more)
        try:
            check_tiers(tiers)
        except PriceError:
            raise LeaveOut(Why.UNREADABLE, _TIERS) from None
        return first[1], tiers

    def not_taken(self) -> tuple[str, ...]:
        """The names of its other prices, those of nothing aside."""
        rest = (key for key in self.says if key not in self.taken and _IS_PRICE.search(key))
        return tuple(sorted(key[:80] for key in rest if _is_something(self.says[key])))

    def _flat(self, says: Mapping[str, object]) -> Kinds:
        found: Kinds = {}
        for key, name in _FIELDS.items():
            price = _price(key, says.get(key))
            if price is not None:
                found[name] = self.rate(price, key)
        self.taken.update(_FIELDS)
        for key, same in _SAME_AS.items():
            if _price(key, says.get(key)) in {None, _price(same, says.get(same))}:
                self.taken.add(key)
        return found

    def _base(self) -> Nano:
        price = self.price(_CALL) or Decimal(0)
        try:
            return rounded(price)
        except MoneyError:
            raise LeaveOut(Why.UNREADABLE, _CALL) from None

    def _beside(self) -> dict[int, Kinds]:
        """The ordinary prices, and those above so many tokens that stand beside them, by the bound."""
        found: dict[int, Kinds] = {}
        for key in self.says:
            match = _ABOVE.fullmatch(key)
            name = _FIELDS.get(f"{match[1]}{match[4] or ''}") if match else None
            if match is None or name is None or (price := self.price(key)) is None:
                continue
            bound = self._above(int(match[2]) * (1000 if match[3] else 1))
            if bound < 1:
                raise LeaveOut(Why.UNREADABLE, key)
            found.setdefault(bound, {})[name] = self.rate(price, key)
        kinds = self._flat(self.says)
        steps = {0: kinds}
        for bound, dearer in sorted(found.items()):
            kinds = {**kinds, **dearer}  # what is not said again stays as it was below
            steps[bound] = kinds
        return steps

    def _table(self) -> dict[int, Kinds]:
        """The prices that stand in a table, each with the span of tokens that it is for, by where that begins."""
        table = self.says.get(_TIERS)
        if not isinstance(table, list):
            return {}
        self.taken.add(_TIERS)
        found: dict[int, Kinds] = {}
        end = 0
        for row in table:
            start, after = _span(row)
            if start != end:
                raise LeaveOut(Why.UNREADABLE, _TIERS)
            found[self._above(start) if start else 0] = self._flat(row)
            end = after
        return found

    def _above(self, bound: int) -> int:
        return bound - 1 if self.provider in _INCLUSIVE else bound


def _rates(kinds: Kinds, base: Nano) -> Rates:
    if "input" not in kinds or "output" not in kinds:
        raise LeaveOut(Why.INCOMPLETE)
    return Rates(base=base, **kinds)


def _span(row: object) -> tuple[int, int]:
    span = row.get("range") if isinstance(row, dict) else None
    if not isinstance(span, list):
        raise LeaveOut(Why.OTHER_UNITS, _TIERS)
    ends = [_price(_TIERS, end) for end in span]
    match ends:
        case [Decimal() as start, Decimal() as end] if (
            start < end < _MOST_TOKENS and int(start) == start and int(end) == end
        ):
            return int(start), int(end)
        case _:
            raise LeaveOut(Why.UNREADABLE, _TIERS)


def _price(key: str, said: object) -> Decimal | None:
    if said is None:
        return None
    if isinstance(said, str) and _NUMBER.fullmatch(said):
        said = Decimal(said)
    if isinstance(said, bool) or not isinstance(said, int | Decimal):
        raise LeaveOut(Why.UNREADABLE, key)
    price = Decimal(said)
    if not price.is_finite() or price < 0:
        raise LeaveOut(Why.UNREADABLE, key)
    return price


def _is_something(said: object) -> bool:
    """Whether it holds any number that is not nothing, or what is not known to be none."""
    match said:
        case bool() | None:
            return False
        case int() | Decimal():
            return said != 0
        case dict():
            return any(_is_something(each) for each in said.values())
        case list():
            return any(_is_something(each) for each in said)
        case _:
            return isinstance(said, str) and _NUMBER.fullmatch(said) is not None
