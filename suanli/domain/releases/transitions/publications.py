"""Releases and tags: published, promoted, edited, withdrawn, moved to another commit; and which are of an old line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from suanli.domain.releases.changes import Change
from suanli.domain.releases.items import Item, Known, State
from suanli.domain.releases.transitions.ground import Ground, Happening, iso, text_of
from suanli.domain.releases.versions import Version, key

C = Change

PUBLISHED: Mapping[State, Change] = {State.STABLE: C.RELEASED, State.PRERELEASE: C.PRERELEASED}
_NOT_FINAL = frozenset({State.DRAFT, State.PRERELEASE, State.GONE})
_FINAL = frozenset({C.RELEASED, C.PROMOTED, C.TAGGED})


@dataclass(frozen=True, slots=True)
class Numbered:
    """Which of the items has which version; `published_at` is None of those that were final before this reading."""

    native_id: str
    version: Version
    published_at: datetime | None = None

    @classmethod
    def of(cls, items: Iterable[Item], *, fresh: bool) -> tuple[Self, ...]:
        """Those of the items that are final and have a version."""
        found = (
            (item, key(item.name)) for item in items if item.state not in {State.DRAFT, State.GONE, State.PRERELEASE}
        )
        return tuple(
            cls(item.native_id, version, item.published_at if fresh else None)
            for item, version in found
            if version and not version.is_prerelease
        )


@dataclass(frozen=True, slots=True)
class Branches:
    """The final versions of a repository: `known` before a reading, and `fresh` ones that came with it."""

    known: tuple[Numbered, ...] = ()
    fresh: tuple[Numbered, ...] = ()

    @classmethod
    def of(cls, known: Mapping[str, Known], items: Iterable[Item]) -> Self:
        """The versions of what is remembered, and of what was read."""
        finals = Numbered.of((one.item for one in known.values()), fresh=False)
        return cls(finals, Numbered.of(items, fresh=True))

    def are_ahead_of(self, item: Item, change: Change) -> bool:
        """Whether this comes from an older line that is kept up: higher versions were out before it."""
        if change not in _FINAL or item.state is State.PRERELEASE:
            return False
        version = key(item.name)
        if version is None or version.is_prerelease:
            return False
        return any(other.version > version for other in self._before(item) if other.version.line == version.line)

    def lead_to(self, tag: Item) -> bool:
        """Whether a tag is higher than every known one of its line, of which there is one."""
        version = key(tag.name)
        line = [other.version for other in self.known if version and other.version.line == version.line]
        return bool(version and line) and all(other < version for other in line if version)

    def _before(self, item: Item) -> Iterable[Numbered]:
        yield from (other for other in self.known if other.native_id != item.native_id)
        # Of tags, which have no dates, nobody knows which of those that come together was first.
        at = item.published_at
        if at:
            yield from (other for other in self.fresh if other.published_at and other.published_at < at)


def release_at_first_sight(item: Item, ground: Ground) -> tuple[Happening, ...]:
    """What there is to tell of a release that was unknown: nothing, if it was out before the watch began.

    When it was published counts, for the hub's order and its `created_at` are the commit's.
    """
    published = PUBLISHED.get(item.state)
    at = item.published_at
    if published is None or not (ground.is_after(at, wide=ground.whole) if at else ground.whole):
        return ()
    return (Happening(published, iso(at), at),)


def release_differences(before: Item, item: Item) -> tuple[Happening, ...]:
    """What happened to a release that was known."""
    if before.state is State.DRAFT or item.state is State.DRAFT:
        return _around_draft(before, item)
    renamed = before.name != item.name
    promoted = before.state is State.PRERELEASE and item.state is State.STABLE
    found = []
    if renamed or promoted:
        version = f"{item.state}|{item.name}"
        found.append(Happening(C.PROMOTED, version, item.updated_at, before.name if renamed else ""))
    if before.text != item.text:
        earlier = before.title if before.title != item.title else ""
        found.append(Happening(C.RELEASE_EDITED, text_of(item), item.updated_at, earlier))
    return tuple(found)


def withdrawn(before: Item) -> tuple[Happening, ...]:
    """What there is to tell of a release that is gone: nothing of a draft, which nobody had seen."""
    return (Happening(C.WITHDRAWN, iso(before.published_at), None),) if before.state in PUBLISHED else ()


def _around_draft(before: Item, item: Item) -> tuple[Happening, ...]:
    if item.state is State.DRAFT:
        return withdrawn(before)
    at = item.published_at
    return (Happening(PUBLISHED[item.state], iso(at), at),) if item.state in PUBLISHED else ()


def tag_at_first_sight(item: Item, ground: Ground, branches: Branches) -> tuple[Happening, ...]:
    """What there is to tell of a tag that was unknown.

    Tags have no dates and come in the order of their names. Where not all were taken down at first, one that was out
    of sight looks like a new one; only a higher version is one for certain.
    """
    return (Happening(C.TAGGED, "", None),) if ground.whole or branches.lead_to(item) else ()


def tag_differences(before: Item, item: Item) -> tuple[Happening, ...]:
    """Whether a tag was moved; one that was gone meanwhile, too, for that is how tags are moved."""
    if not before.revision or not item.revision or before.revision == item.revision:
        return ()
    return (Happening(C.RETAGGED, item.revision, item.updated_at, before.revision),)
