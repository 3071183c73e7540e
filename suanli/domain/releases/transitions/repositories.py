"""Models, datasets and spaces: added, changed (the weights apart from the card), gated, disabled, renamed."""

from dataclasses import replace
from datetime import datetime, timedelta

from suanli.domain.releases.changes import Change
from suanli.domain.releases.items import Item, Kind, Known, State
from suanli.domain.releases.transitions.ground import Ground, Happening, iso

C = Change

REST = timedelta(hours=6)
"""After a model was told of, changes of its card alone are not for so long (releases.md §2.9)."""

_ADDED = {Kind.MODEL: C.MODEL_ADDED, Kind.DATASET: C.DATASET_ADDED, Kind.SPACE: C.SPACE_ADDED}
_CHANGED = {Kind.MODEL: C.CARD, Kind.DATASET: C.DATASET_CHANGED, Kind.SPACE: C.SPACE_CHANGED}
_RESTING = frozenset(_CHANGED.values())
_TELLING = frozenset({*_ADDED.values(), *_RESTING, C.WEIGHTS})


def at_first_sight(item: Item, ground: Ground) -> tuple[Happening, ...]:
    """What there is to tell of one that was unknown: nothing, if it may only have been out of sight."""
    if not ground.whole and not ground.is_after(item.created_at):
        return ()
    return (Happening(_ADDED[item.kind], "", item.created_at),)


def differences(before: Item, item: Item, ground: Ground) -> tuple[Happening, ...]:
    """What happened to one that was known."""
    return *_content(before, item, ground), *_access(before, item), *_name(before, item)


def completed(before: Item, item: Item) -> Item:
    """An item with what its listing could not say.

    A listing without moments and revisions (the page that people see) proves only that the item is there.
    """
    if item.updated_at is None and not item.revision and (before.updated_at or before.revision):
        return replace(before, state=item.state) if before.state is State.GONE else before
    if not item.weights and (item.revision == before.revision or item.weights_changed is False):
        return replace(item, weights=before.weights)
    return item


def rested(was: Known | None, found: tuple[Happening, ...], now: datetime) -> tuple[Happening, ...]:
    """What of it is told: no change of the card while that rests."""
    until = was.quiet_until if was else None
    # A rest that is longer than there are any began before the clock was set back, and is over.
    if until is None or not now < until <= now + REST:
        return found
    return tuple(one for one in found if one.change not in _RESTING)


def quiet_until(was: Known | None, told: tuple[Happening, ...], now: datetime) -> datetime | None:
    """Until when the card rests, after this was told."""
    if any(one.change in _TELLING for one in told):
        return now + REST
    return was.quiet_until if was else None


def _content(before: Item, item: Item, ground: Ground) -> tuple[Happening, ...]:
    if not before.revision or not item.revision or before.revision == item.revision:
        return ()
    if item.kind is Kind.MODEL and _weighs_otherwise(before, item):
        return (Happening(C.WEIGHTS, item.revision, item.updated_at),)
    # Each way of listing has revisions of its own; those of two ways differ without anything having changed.
    return (Happening(_CHANGED[item.kind], item.revision, item.updated_at),) if ground.same_way else ()


def _weighs_otherwise(before: Item, item: Item) -> bool:
    if item.weights_changed is not None:
        return item.weights_changed
    return bool(before.weights and item.weights) and before.weights != item.weights


def _access(before: Item, item: Item) -> tuple[Happening, ...]:
    change = _turn(before.state, item.state)
    version = iso(item.updated_at) or item.revision
    return (Happening(change, version, item.updated_at),) if change else ()


def _turn(before: State, state: State) -> Change | None:
    match before, state:
        case State.PUBLIC, State.GATED:
            return C.GATED
        case State.GATED, State.PUBLIC:
            return C.UNGATED
        case ((State.PUBLIC | State.GATED), State.DISABLED):
            return C.DISABLED
        case _:
            return None


def _name(before: Item, item: Item) -> tuple[Happening, ...]:
    if before.name == item.name:
        return ()
    return (Happening(C.RENAMED, item.name, item.updated_at, before.name),)
