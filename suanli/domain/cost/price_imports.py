"""Lists of prices that were taken over, and what taking over one of them comes to."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import NewType

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.offers import Listing, ModelKey, Offer, Terms
from suanli.domain.cost.price_changes import Change, Comparison, compare
from suanli.domain.cost.prices import CostModel, Price, PriceId

PriceImportId = NewType("PriceImportId", int)


@dataclass(frozen=True, slots=True)
class PriceImport:
    """A version of a list that was taken over: which one (`sha256` of the file, from `source`), by whom, and how much.

    `catalogue` is the list that it is a version of: versions of one list have the same.
    """

    id: PriceImportId
    catalogue: str
    source: str
    sha256: str
    actor: str
    at: datetime
    new: int
    changed: int
    removed: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking over a list comes to; `taken` is what is done.

    `deleted` are offers for models that somebody has deleted here, and `other_units` those that count something else
    than what the model's prices are for: neither is taken. `aliases` are models that get more names. `unknown` is
    what somebody named, and the list does not have; `refused` what was named, and is of other units.
    """

    comparison: Comparison
    taken: tuple[Change, ...]
    deleted: tuple[ModelKey, ...] = ()
    other_units: tuple[Change, ...] = ()
    aliases: tuple[CostModel, ...] = ()
    unknown: tuple[str, ...] = ()
    refused: tuple[ModelKey, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.taken and not self.aliases

    @property
    def is_possible(self) -> bool:
        """Whether all that somebody named can be done."""
        return not self.unknown and not self.refused


def key_of(model: CostModel) -> ModelKey:
    """What a model is called in lists."""
    return ModelKey(model.provider, model.name)


def terms_of(model: CostModel, price: Price) -> Terms:
    """A price of a model as lists have it."""
    return Terms(model.unit, price.currency, price.rates, price.tiers)


def narrowed(listing: Listing, only: Collection[str]) -> Listing:
    """What a list says of some providers, or of some models `provider/name`; all of it if none are named."""
    if not only:
        return listing
    offers = tuple(offer for offer in listing.offers if is_among(offer.key, only))
    kinds = Counter(kind for offer in offers for kind in offer.not_taken)
    return Listing(offers, (), MappingProxyType(dict(kinds.most_common())))


def is_among(key: ModelKey, only: Collection[str]) -> bool:
    """Whether a model is one of these, each named as `provider/name` or by its provider; none named: all are."""
    return not only or key.provider in only or str(key) in only


def draw_up(
    listing: Listing,
    book: PriceBook,
    since: datetime,
    *,
    before: Collection[ModelKey] = (),
    by_hand: Collection[ModelKey] = (),
    accept: Collection[str] = (),
) -> Plan:
    """What a list changes for calls from a moment on.

    `before` are the models that earlier versions of it priced, `by_hand` those whose price somebody has set. Of what
    is suspicious, set by hand or deleted, only that is taken which somebody has named in `accept`: `provider/name`.
    """
    offered = {str(offer.key): offer.key for offer in listing.offers}
    named = {offered[each] for each in accept if each in offered}
    known = {key_of(model): model for model in book.models.values()}
    deleted = {key for key, model in known.items() if not model.active}
    left = deleted.difference(named)
    offers = tuple(offer for offer in listing.offers if offer.key not in left)
    held = {
        key: terms_of(model, price)
        for key, model in known.items()
        if key not in deleted and (price := book.price_at(model.id, since))
    }
    comparison = compare(replace(listing, offers=offers), held, before, by_hand)
    accepted = comparison.accepted(named)
    other = tuple(change for change in comparison.changes if _counts_other(change.offer, known, book))
    impossible = {change.offer.key for change in other}
    return Plan(
        comparison,
        tuple(change for change in accepted if change.offer.key not in impossible),
        tuple(offer.key for offer in listing.offers if offer.key in left),
        other,
        tuple(_more_names(offers, known)),
        tuple(sorted(each for each in accept if each not in offered)),
        tuple(sorted(impossible & named)),
    )


def priced_by(
    book: PriceBook, origins: Mapping[PriceId, str], since: datetime
) -> tuple[Mapping[str, frozenset[ModelKey]], frozenset[ModelKey]]:
    """The models that have a price at a moment: by the list that it comes from, and those where it was set by hand."""
    found: dict[str, set[ModelKey]] = {}
    by_hand = set()
    for model in book.models.values():
        price = book.price_at(model.id, since)
        if price is None:
            continue
        origin = origins.get(price.id)
        if origin is None:
            by_hand.add(key_of(model))
        else:
            found.setdefault(origin, set()).add(key_of(model))
    return {origin: frozenset(keys) for origin, keys in found.items()}, frozenset(by_hand)


def _counts_other(offer: Offer, known: Mapping[ModelKey, CostModel], book: PriceBook) -> bool:
    model = known.get(offer.key)
    return model is not None and model.unit is not offer.terms.unit and model.id in book.prices


def _more_names(offers: Iterable[Offer], known: Mapping[ModelKey, CostModel]) -> Iterable[CostModel]:
    for offer in offers:
        model = known.get(offer.key)
        more = [alias for alias in offer.aliases if model is not None and alias not in model.aliases]
        if model is not None and model.active and more:
            yield replace(model, aliases=(*model.aliases, *more))
