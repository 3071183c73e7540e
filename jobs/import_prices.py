"""Takes over lists of prices: what that changes is said first, and then done in one transaction."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from suanli.domain.changes import Actor, Change
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import Currency, decimal
from suanli.domain.cost.offers import Listing, Offer, Terms
from suanli.domain.cost.price_changes import Kind
from suanli.domain.cost.price_imports import (
    Plan,
    PriceImport,
    PriceImportId,
    draw_up,
    is_among,
    key_of,
    narrowed,
    priced_by,
    terms_of,
)
from suanli.domain.cost.prices import PER, CostModel, CostModelId, Price, PriceError, PriceId, price_at
from suanli.domain.cost.rates import for_units
from suanli.domain.errors import UserError
from suanli.domain.ports import Store, Transaction

_NAMED = 20

LOCK = "prices"
"""Held by who compares a list with the prices that there are, up to where it is written."""


@dataclass(frozen=True, slots=True)
class Order:
    """A list that somebody (`actor`) wants taken over, for calls from `since` on.

    `catalogue` is the list that it is a version of, `source` the file, `sha256` that of its bytes; a price that is set
    by hand comes from no catalogue. `only` are the providers and models it is about, all if none are named, and
    `accept` the models that are taken although they are suspicious.
    """

    listing: Listing
    since: datetime
    actor: Actor
    catalogue: str = ""
    source: str = ""
    sha256: str = ""
    only: frozenset[str] = field(default_factory=frozenset)
    accept: frozenset[str] = field(default_factory=frozenset)


def look_at(store: Store, order: Order, currency: Currency) -> Plan:
    """What taking over a list would come to."""
    with store.read() as tx:
        return _plan(tx, order, tx.prices.book(currency))


def take_over(store: Store, order: Order, currency: Currency, now: datetime) -> Plan:
    """Take over a list; what was done. Nothing is, when something named is not in the list, or cannot be taken.

    It is compared where nobody waits for that, and anew only if somebody has changed a price meanwhile. Raises
    UserError when a price cannot begin at that moment.
    """
    with store.read() as tx:
        book = tx.prices.book(currency)
        plan = _plan(tx, order, book)
    if not plan.is_possible or plan.is_empty:
        return plan
    with store.begin() as tx:
        tx.lock(LOCK)
        known = tx.prices.book(currency)
        if known is not book:
            plan = _plan(tx, order, known)
            if not plan.is_possible or plan.is_empty:
                return plan
        taken_from = _note_import(tx, order, plan, now) if order.catalogue else None
        tx.changes.note(_change(order, plan, now))
        for model in plan.aliases:
            tx.models.change(model)
        for change in plan.taken:
            _take(tx, change.offer, order, taken_from, now)
    return plan


def _plan(tx: Transaction, order: Order, book: PriceBook) -> Plan:
    listed, by_hand = priced_by(book, tx.prices.origins(), order.since)
    before = {key for key in listed.get(order.catalogue, ()) if is_among(key, order.only)}
    listing = narrowed(order.listing, order.only)
    found = draw_up(
        listing, book, order.since, before=before, by_hand=by_hand if order.catalogue else (), accept=order.accept
    )
    # A model that the list has no more may be named too: then it is said that it is gone.
    there = {offer.key for offer in listing.offers} | before
    nowhere = sorted(each for each in order.only if not any(is_among(key, {each}) for key in there))
    return replace(found, unknown=(*nowhere, *found.unknown))


def _note_import(tx: Transaction, order: Order, plan: Plan, now: datetime) -> PriceImportId:
    kinds = [change.kind for change in plan.taken]
    taken = tx.prices.note_import(
        PriceImport(
            id=PriceImportId(0),
            catalogue=order.catalogue,
            source=order.source,
            sha256=order.sha256,
            actor=order.actor.who,
            at=now,
            new=kinds.count(Kind.NEW),
            changed=kinds.count(Kind.CHANGED),
            removed=len(plan.comparison.removed),
            left_out=len(narrowed(order.listing, order.only).left_out),
        )
    )
    return taken.id


def _change(order: Order, plan: Plan, now: datetime) -> Change:
    """What is said of it where changes are noted: of a list how much it was, of a price that was set what it was."""
    actor = order.actor
    if order.catalogue:
        names = ", ".join(str(change.offer.key) for change in plan.taken[:_NAMED])
        said = {"source": order.source, "sha256": order.sha256, "prices": str(len(plan.taken)), "models": names}
        return Change(now, actor.who, actor.way, "prices.import", f"prices {order.catalogue}", after=said)
    (change,) = plan.taken
    before = {} if change.before is None else _told(change.before)
    after = {**_told(change.offer.terms), "from": order.since.isoformat()}
    return Change(now, actor.who, actor.way, "prices.set", f"model {change.offer.key}", before, after)


def _told(terms: Terms) -> dict[str, str]:
    """Prices for a million units, and for a call."""
    rates = {name: rate for name, rate in asdict(terms.rates).items() if rate is not None}
    shown = {name: decimal(rate) if name == "base" else for_units(rate, PER) for name, rate in rates.items()}
    said = {name: f"{price.normalize():f}" if price else "0" for name, price in shown.items()}
    return {"currency": terms.currency, "unit": terms.unit, **said}


def _take(tx: Transaction, offer: Offer, order: Order, taken_from: PriceImportId | None, now: datetime) -> None:
    model, terms = _model(tx, offer), offer.terms
    held = price_at(tx.prices.of(model.id), order.since)
    if held is not None and terms_of(model, held) == terms:  # of a model that was deleted, and is back
        return
    price = Price(
        PriceId(0),
        model.id,
        terms.rates,
        terms.currency,
        order.since,
        source=offer.source or order.source,
        set_by=order.actor.who,
        tiers=terms.tiers,
    )
    try:
        tx.prices.add(price, now, taken_from)
    except PriceError as error:
        raise UserError(f"{key_of(model)}: {error}") from None


def _model(tx: Transaction, offer: Offer) -> CostModel:
    """The model of an offer: the one that there is, or a new one."""
    known = tx.models.named(offer.key.provider, offer.key.name)
    if known is not None and known.active:
        if known.unit is not offer.terms.unit:  # it has no price yet: the plan has seen to that
            known = replace(known, unit=offer.terms.unit, unit_size=offer.unit_size)
            tx.models.change(known)
        return known
    made = tx.models.add(
        CostModel(
            CostModelId(0),
            offer.key.name,
            offer.key.provider,
            offer.model_type,
            offer.cost_type,
            offer.terms.unit,
            offer.unit_size,
            offer.aliases,
        )
    )
    if made is None:
        raise RuntimeError(f"{offer.key} is there and is not")
    return made
