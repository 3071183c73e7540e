"""Whether we say that calls cost what LiteLLM says, by the prices of its own map; and why not, where we do not."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

from bench.proof import WrongError
from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.money import NANO, Nano
from suanli.domain.cost.offers import Offer
from suanli.domain.cost.price_list import USD, read_map
from suanli.domain.cost.prices import CostModel, CostModelId, Price, PriceId, Rates, Tier, Unit, Usage

VERSIONS = 4
"""Prices that each model has had; the one that holds now is the map's, those before were dearer."""

_QUARTER = timedelta(days=90)
_SIXTH_DIGIT = 500
"""Amounts that are so many nano-units apart differ in the sixth digit: half of it."""


class Call(NamedTuple):
    """A call to a model, by its name in LiteLLM's map: tokens in, all of them, and out.

    Of those in, `cached` were read from the cache, and `written` were written to it.
    """

    name: str
    provider: str
    input: int
    output: int
    cached: int = 0
    written: int = 0

    @property
    def usage(self) -> Usage:
        """The same, each token counted once."""
        return Usage(self.input - self.cached - self.written, self.output, self.cached, self.written)


class Cause(StrEnum):
    """Why LiteLLM says something else; each was seen in its source and in its map."""

    HALF = "half price for Fireworks' cache"
    """It takes half the price for cached input at Fireworks, of which the map says nothing."""
    PERPLEXITY = "own formula for Perplexity"
    """It leaves out what the map has there: cached prices, tiers, and fees for a call."""
    OFF_PEAK = "time of day"
    """The map has prices by the time of day, which we do not take; the import reports that they were left out."""
    OTHER_ENTRY = "another entry"
    """The map has the name a second time, with the provider's before it, and other prices there."""
    UNKNOWN = "unexplained"


@dataclass(frozen=True, slots=True)
class PriceMap:
    """LiteLLM's map: all its names, what is charged by tokens out of it by these names, and the book of that."""

    names: frozenset[str]
    offers: Mapping[str, Offer]
    book: PriceBook

    @classmethod
    def read(cls, file: Path, now: datetime) -> Self:
        """The map in a file."""
        entries = json.loads(file.read_text("utf-8"), parse_float=Decimal)
        listing = read_map(entries, now.astimezone(UTC).date())
        offers = {_name_of(offer): offer for offer in listing.offers if offer.terms.unit is Unit.TOKEN}
        return cls(frozenset(entries), offers, _book_of(tuple(offers.values()), now))

    def bill(self, call: Call, now: datetime) -> Bill:
        """What a call costs by our book."""
        key = self.offers[call.name].key
        bill = self.book.charge(key.name, key.provider, call.usage, now)
        if not isinstance(bill, Bill):
            raise WrongError(f"{key} has no price: {bill.why}")
        return bill

    def cause(self, call: Call) -> Cause:
        """Why LiteLLM may say something else for this call than our book."""
        offer = self.offers[call.name]
        if "off_peak_pricing" in offer.not_taken:
            return Cause.OFF_PEAK
        if call.provider == "fireworks_ai" and offer.terms.rates.cached is None and call.cached:
            return Cause.HALF
        if call.provider == "perplexity":
            return Cause.PERPLEXITY
        return Cause.OTHER_ENTRY if f"{call.provider}/{call.name}" in self.names else Cause.UNKNOWN


def _name_of(offer: Offer) -> str:
    return offer.aliases[0] if offer.aliases else offer.key.name


def _book_of(offers: Sequence[Offer], now: datetime) -> PriceBook:
    """All these, each with its past."""
    models, prices = list[CostModel](), list[Price]()
    for number, offer in enumerate(offers):
        key, terms, of = offer.key, offer.terms, CostModelId(number)
        about = (key.name, key.provider, offer.model_type, offer.cost_type, terms.unit, offer.unit_size, offer.aliases)
        models.append(CostModel(of, *about))
        for age in range(VERSIONS):
            rates = _dearer(terms.rates) if age else terms.rates
            tiers = tuple(Tier(tier.above, _dearer(tier.rates)) if age else tier for tier in terms.tiers)
            begins = now - (age + 1) * _QUARTER
            ends = begins + _QUARTER if age else None
            prices.append(Price(PriceId(len(prices)), of, rates, USD, begins, ends, tiers=tiers))
    return PriceBook.of(USD, models, prices)


def _dearer(rates: Rates) -> Rates:
    return replace(rates, input=Nano(2 * rates.input + NANO), output=Nano(2 * rates.output + NANO))


def numbers(count: int) -> Sequence[tuple[int, int, int, int]]:
    """Tokens in, out, read from the cache and written to it, by lot over all lengths; every other one has a cache."""
    lot = Random(5)  # noqa: S311 the same in every run
    found = []
    for number in range(count):
        whole, out = int(10 ** lot.uniform(0, 6.2)), int(10 ** lot.uniform(0, 5))
        cached = lot.randrange(whole) if number % 2 else 0
        written = lot.randrange(whole - cached) if number % 4 == 3 else 0
        found.append((whole, out, cached, written))
    return found


@dataclass(frozen=True, slots=True)
class Compared:
    """How many amounts were the same to the sixth digit, and how many were not, by cause; of how many models."""

    models: int
    same: int
    other: Mapping[Cause, int]
    other_models: Mapping[Cause, int]


Say = Callable[[Sequence[Call]], Sequence[float | None]]
"""What somebody says that each of these calls costs, in USD; None where they do not know."""


def compare(prices: PriceMap, say: Say, tokens: Sequence[tuple[int, int, int, int]], now: datetime) -> Compared:
    """Every model that both can price, with all these numbers of tokens."""
    calls = [Call(name, offer.key.provider, *some) for name, offer in prices.offers.items() for some in tokens]
    same, models, other = 0, set[str](), list[tuple[Cause, str]]()
    for call, said in zip(calls, say(calls), strict=True):
        if said is None:
            continue
        models.add(call.name)
        apart = abs(said * NANO - prices.bill(call, now).cost.total)
        if apart < _SIXTH_DIGIT:
            same += 1
        else:
            other.append((prices.cause(call), call.name))
    return Compared(len(models), same, Counter(cause for cause, _ in other), Counter(cause for cause, _ in set(other)))
