"""One look at a resource: what is to be remembered of it, and what happened since the last one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from suanli.domain.releases.changes import Change, Event, fingerprint
from suanli.domain.releases.items import Item, Kind, Known, Part, State
from suanli.domain.releases.resources import APART, GONE_AFTER, Reading, Tracked
from suanli.domain.releases.transitions import publications, repositories, threads
from suanli.domain.releases.transitions.ground import Ground, Happening
from suanli.domain.releases.transitions.publications import Branches

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a look found.

    `remembered` is what to write back: items that are new or stand otherwise than before. `events` are in the order
    they occurred in, those without a moment last. `before` has the remembered items that were known, as they were, by
    their native ids.
    """

    remembered: tuple[Known, ...]
    events: tuple[Event, ...]
    before: Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Step:
    """One item of a look: as it is remembered from now on, and what happened to it."""

    known: Known
    found: tuple[Happening, ...]


def observe(tracked: Tracked, known: Mapping[str, Known], reading: Reading, now: datetime) -> Observed:
    """What a reading says about a resource, as it stood before.

    `known` are the remembered items among those that were read: of releases and tags, of a whole reading, and of an
    unchanged one after which something was missing, all. The first reading is remembered and told to nobody. The same
    reading again finds nothing.
    """
    seen = _newest_of_each(reading.items)
    ground = Ground.of(tracked, reading)
    branches = Branches.of(known, seen.values()) if tracked.part in {Part.RELEASES, Part.TAGS} else Branches()
    apart = _is_apart(tracked, now)
    steps = [
        *(step for item in seen.values() if (step := _seen(known.get(item.native_id), item, ground, branches, now))),
        *(_unseen(known[native_id]) for native_id in _missing(known, seen, reading, apart=apart) if ground),
    ]
    steps.sort(key=lambda step: step.known.item.native_id)
    place = _placed(tracked, reading)
    events = (_event(place, step.known.item, one, branches, now) for step in steps for one in step.found)
    return Observed(
        tuple(step.known for step in steps),
        tuple(sorted(events, key=lambda event: (event.occurred_at is None, event.occurred_at or _NEVER))),
        {i: known[i].item for step in steps if (i := step.known.item.native_id) in known},
    )


def _newest_of_each(items: Iterable[Item]) -> Mapping[str, Item]:
    """The items by their ids. Pages that move while they are read show an item twice; the order says nothing."""
    found: dict[str, Item] = {}
    for item in items:
        other = found.get(item.native_id)
        found[item.native_id] = item if other is None else max(other, item, key=_age)
    return found


def _age(item: Item) -> tuple[datetime, datetime, datetime, str]:
    # What differs at the same moment is chosen by its text, so that it is chosen the same way the next time.
    return item.updated_at or _NEVER, item.ended_at or _NEVER, item.published_at or _NEVER, repr(item)


def _seen(was: Known | None, item: Item, ground: Ground | None, branches: Branches, now: datetime) -> Step | None:
    """An item that was read, None when that says nothing new."""
    if was is None:
        found = _at_first_sight(item, ground, branches) if ground and not ground.was_told(item) else ()
        return Step(Known(_kept(item), now, quiet_until=repositories.quiet_until(None, found, now)), found)
    if _is_stale(was.item, item):
        return None
    item = repositories.completed(was.item, item) if item.is_from_hub else item
    if item == was.item:
        return Step(replace(was, missing=0), ()) if was.missing else None
    found = repositories.rested(was, _differences(was.item, item, ground), now) if ground else ()
    quiet_until = repositories.quiet_until(was, found, now)
    return Step(replace(was, item=_kept(item), missing=0, quiet_until=quiet_until), found)


def _kept(item: Item) -> Item:
    """The item without what a reading found out about it; that is true of this one change."""
    return item if item.weights_changed is None else replace(item, weights_changed=None)


def _is_stale(before: Item, item: Item) -> bool:
    """Whether a replica that lags behind gave an earlier state; two states of one moment are a change."""
    return before.updated_at is not None and item.updated_at is not None and item.updated_at < before.updated_at


def _at_first_sight(item: Item, ground: Ground, branches: Branches) -> tuple[Happening, ...]:
    match item.kind:
        case Kind.ISSUE | Kind.PULL:
            return threads.at_first_sight(item, ground)
        case Kind.RELEASE:
            return publications.release_at_first_sight(item, ground)
        case Kind.TAG:
            return publications.tag_at_first_sight(item, ground, branches)
        case _:
            return repositories.at_first_sight(item, ground)


def _differences(before: Item, item: Item, ground: Ground) -> tuple[Happening, ...]:
    if item.kind is Kind.TAG:
        return publications.tag_differences(before, item)
    if before.state is State.GONE:
        # It is back: what it was like before that is no measure of what happened.
        return ()
    match item.kind:
        case Kind.ISSUE | Kind.PULL:
            return threads.differences(before, item)
        case Kind.RELEASE:
            return publications.release_differences(before, item)
        case _:
            return repositories.differences(before, item, ground)


def _missing(known: Mapping[str, Known], seen: Mapping[str, Item], reading: Reading, *, apart: bool) -> Iterable[str]:
    """The ids of what a reading shows to be missing.

    One that found nothing changed confirms the listing before it, and with it only what was missing there. So that
    what is missing for the first time is never left out; one that is not `apart` from the last confirms nothing.
    """
    if not reading.whole and not reading.unchanged:
        return ()
    return (
        native_id
        for native_id, one in known.items()
        if native_id not in seen
        and one.item.state is not State.GONE
        and (apart if one.missing else not reading.unchanged)
    )


def _is_apart(tracked: Tracked, now: datetime) -> bool:
    """Whether the last reading was long enough ago; one that is yet to come was before the clock was set back."""
    return tracked.read_at is None or not timedelta() <= now - tracked.read_at < APART


def _unseen(was: Known) -> Step:
    """An item that is missing once more: replicas leave things out, so it is gone only after several times."""
    missing = was.missing + 1
    if missing < GONE_AFTER:
        return Step(replace(was, missing=missing), ())
    gone = replace(was.item, state=State.GONE)
    found = publications.withdrawn(was.item) if gone.kind is Kind.RELEASE else ()
    if gone.is_from_hub:
        found = (Happening(Change.REMOVED, "", None),)
    return Step(replace(was, item=gone, missing=missing), found)


def _placed(tracked: Tracked, reading: Reading) -> Tracked:
    """The resource under the number and name that this reading gave: the changes it brings carry those at once."""
    identity = reading.identity
    if identity is None:
        return tracked
    return replace(tracked, native_id=identity.native_id, place=replace(tracked.place, name=identity.name))


def _event(tracked: Tracked, item: Item, one: Happening, branches: Branches, now: datetime) -> Event:
    return Event(
        fingerprint=fingerprint(tracked.key, item.native_id, one.change, one.version),
        place=tracked.place,
        part=tracked.part,
        change=one.change,
        item=item,
        occurred_at=one.occurred_at,
        observed_at=now,
        detail=one.detail,
        older_branch=branches.are_ahead_of(item, one.change),
    )
