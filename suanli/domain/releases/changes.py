"""What happened to an item: the kinds of changes, the words people choose them by, and a name for each."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from suanli.domain.releases.items import PARTS, Hub, Item, Part, Place

Fingerprint = NewType("Fingerprint", str)
"""32 hex digits that name a change for good; people type the first 8 after a #."""

SHORT = 8


class Change(StrEnum):
    """A kind of change. MATCHED is none that a hub knows: an item came to match somebody's filter."""

    ISSUE_OPENED = "issue_opened"
    ISSUE_CLOSED = "issue_closed"
    ISSUE_REOPENED = "issue_reopened"
    PR_OPENED = "pr_opened"
    PR_READY = "pr_ready"
    PR_MERGED = "pr_merged"
    PR_CLOSED = "pr_closed"
    PR_REOPENED = "pr_reopened"
    LABELED = "labeled"
    EDITED = "edited"
    PRERELEASED = "prereleased"
    RELEASED = "released"
    PROMOTED = "promoted"
    RELEASE_EDITED = "release_edited"
    WITHDRAWN = "withdrawn"
    TAGGED = "tagged"
    RETAGGED = "retagged"
    MODEL_ADDED = "model_added"
    WEIGHTS = "weights"
    CARD = "card"
    DATASET_ADDED = "dataset_added"
    DATASET_CHANGED = "dataset_changed"
    SPACE_ADDED = "space_added"
    SPACE_CHANGED = "space_changed"
    GATED = "gated"
    UNGATED = "ungated"
    DISABLED = "disabled"
    RENAMED = "renamed"
    REMOVED = "removed"
    FOUND = "found"
    """An item older than the watch over its resource, seen for the first time because something was done to it."""
    MATCHED = "matched"


C = Change

GROUPS: Mapping[str, frozenset[Change]] = {
    "issue": frozenset({C.ISSUE_OPENED}),
    "pr": frozenset({C.PR_OPENED, C.PR_MERGED}),
    "release": frozenset({C.RELEASED, C.PROMOTED}),
    "prerelease": frozenset({C.PRERELEASED}),
    "tag": frozenset({C.TAGGED}),
    "model": frozenset({C.MODEL_ADDED, C.WEIGHTS, C.REMOVED, C.RENAMED}),
    "dataset": frozenset({C.DATASET_ADDED}),
    "space": frozenset({C.SPACE_ADDED}),
    "all": frozenset(Change) - {C.FOUND, C.MATCHED},
    "bots": frozenset(),
}
"""Words for several changes at once; every change is a word of its own too, but for FOUND and MATCHED.

`bots` is none: it lets pass what machines write, which is left out otherwise (releases.md §2.9).
"""

BOTS = "bots"

_PARTS: Mapping[Part, frozenset[Change]] = {
    Part.ISSUES: frozenset(
        {
            C.ISSUE_OPENED, C.ISSUE_CLOSED, C.ISSUE_REOPENED, C.PR_OPENED, C.PR_READY, C.PR_MERGED, C.PR_CLOSED,
            C.PR_REOPENED, C.LABELED, C.EDITED,
        }
    ),
    Part.RELEASES: frozenset({C.PRERELEASED, C.RELEASED, C.PROMOTED, C.RELEASE_EDITED, C.WITHDRAWN}),
    Part.TAGS: frozenset({C.TAGGED, C.RETAGGED}),
    Part.MODELS: frozenset(
        {C.MODEL_ADDED, C.WEIGHTS, C.CARD, C.GATED, C.UNGATED, C.DISABLED, C.RENAMED, C.REMOVED}
    ),
    Part.DATASETS: frozenset(
        {C.DATASET_ADDED, C.DATASET_CHANGED, C.GATED, C.UNGATED, C.DISABLED, C.RENAMED, C.REMOVED}
    ),
    Part.SPACES: frozenset({C.SPACE_ADDED, C.SPACE_CHANGED, C.DISABLED, C.RENAMED, C.REMOVED}),
}  # fmt: skip

DEFAULTS: Mapping[Hub, tuple[str, ...]] = {
    Hub.GITHUB: ("release",),
    Hub.HUGGINGFACE: ("model",),
    Hub.MODELSCOPE: ("model",),
}
"""What is told of a place when nobody chose; with a filter, of a repository also issues and pull requests."""


def words_for(hub: Hub, *, filtered: bool) -> tuple[str, ...]:
    """The default words for a place of this hub."""
    return ("issue", "pr", "release") if hub is Hub.GITHUB and filtered else DEFAULTS[hub]


def meaning(words: Iterable[str]) -> frozenset[Change]:
    """The changes that words stand for. Raises KeyError, with the word, for one that is none."""
    found: set[Change] = set()
    for word in words:
        found |= GROUPS[word] if word in GROUPS else {_change(word)}
    return frozenset(found)


def _change(word: str) -> Change:
    if word not in CHOICES:
        raise KeyError(word)
    return Change(word)


CHOICES: tuple[str, ...] = (*GROUPS, *(c.value for c in Change if c not in {C.FOUND, C.MATCHED}))
"""Every word there is."""


def parts_of(hub: Hub, words: Iterable[str]) -> tuple[Part, ...]:
    """What must be read of a place so that these words are told of; `model` reads the models, and so on.

    A word that several parts know (`removed`) reads only what other words read already; all of those if none does.
    """
    own = {part: _PARTS[part] for part in PARTS[hub]}
    sure: set[Part] = set()
    open_to_several: list[set[Part]] = []
    for word in words:
        knowing = [{part for part, known in own.items() if change in known} for change in meaning([word])]
        alone = set[Part]().union(*(parts for parts in knowing if len(parts) == 1))
        sure |= alone
        if not alone:
            open_to_several.append(set[Part]().union(*knowing))
    chosen = sure.union(*(parts for parts in open_to_several if not parts & sure))
    return tuple(part for part in PARTS[hub] if part in chosen)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an item, as it was after that. `detail` is what is gone: an earlier name, or labels that were added.

    `occurred_at` is the hub's time, None where it gives none; `observed_at` is ours. `older_branch`: a release that
    is newer in time than the newest one and older in version.
    """

    fingerprint: Fingerprint
    place: Place
    part: Part
    change: Change
    item: Item
    occurred_at: datetime | None
    observed_at: datetime
    detail: str = ""
    older_branch: bool = False

    @property
    def short(self) -> str:
        """What people type: `#a1b2c3d4`."""
        return f"#{self.fingerprint[:SHORT]}"


def fingerprint(place_key: str, native_id: str, change: Change, version: str) -> Fingerprint:
    """The name of a change. `place_key` names the place through renames; `version` tells changes of a kind apart."""
    name = f"{place_key}|{native_id}|{change}|{version}"
    return Fingerprint(hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32])
