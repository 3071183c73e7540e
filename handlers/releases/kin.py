"""The same model in other places: on another hub, or in a repository that came to support it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from suanli.domain.ports import Transaction
from suanli.domain.releases import Change, Event, Item, Kind, Known, Place, State
from suanli.domain.releases.models import key_of, mentions

LOOK_BACK = timedelta(days=90)
"""Models that appeared earlier are not looked for in what repositories write: their support is no news."""

MOST = 3
"""Other places that a notice names."""

_SHORTEST_KEY = 6
"""Shorter names of models (`yi`, `gpt2`) stand in too many texts to mean the model."""

_ARRIVALS = frozenset({Change.MODEL_ADDED, Change.WEIGHTS})
_LANDINGS = frozenset({Change.PR_MERGED, Change.RELEASED, Change.PRERELEASED, Change.PROMOTED})


@dataclass(frozen=True, slots=True)
class Kin:
    """Another place where a model is, and when it came there."""

    place: Place
    item: Item
    at: datetime


def kin_of(tx: Transaction, event: Event) -> tuple[Kin, ...]:
    """Where else the model of an event is, or the models whose support it brings; mostly nowhere."""
    item = event.item
    if item.kind is Kind.MODEL and event.change in _ARRIVALS:
        return (*_elsewhere(tx, event), *_supporters(tx, event))[:MOST]
    if event.change in _LANDINGS:
        return _supported(tx, event)[:MOST]
    return ()


def _elsewhere(tx: Transaction, event: Event) -> tuple[Kin, ...]:
    return _homes(tx.resources.same_model(key_of(event.item), but=event.place.hub))


def _homes(found: Sequence[tuple[Place, Known]]) -> tuple[Kin, ...]:
    """Where a model is, places that it is gone from left out."""
    return tuple(
        Kin(place, known.item, known.item.created_at or known.first_seen_at)
        for place, known in found
        if known.item.state is not State.GONE
    )


def _supporters(tx: Transaction, event: Event) -> tuple[Kin, ...]:
    """Merged pull requests and releases that name the model."""
    key = key_of(event.item)
    if len(key) < _SHORTEST_KEY:
        return ()
    found = tx.resources.mentioning(key, event.observed_at - LOOK_BACK, limit=MOST * 10)
    return tuple(
        Kin(place, known.item, _landed_at(known.item) or known.first_seen_at)
        for place, known in found
        if known.item.state in {State.MERGED, State.STABLE, State.PRERELEASE} and _names(known.item, [key])
    )


def _supported(tx: Transaction, event: Event) -> tuple[Kin, ...]:
    keys = [key for key in tx.resources.model_keys(event.observed_at - LOOK_BACK) if len(key) >= _SHORTEST_KEY]
    return tuple(kin for key in _names(event.item, keys) for kin in _homes(tx.resources.same_model(key)))


def _names(item: Item, keys: list[str]) -> tuple[str, ...]:
    return mentions(keys, f"{item.title}\n{item.body}")


def _landed_at(item: Item) -> datetime | None:
    return item.ended_at or item.published_at
