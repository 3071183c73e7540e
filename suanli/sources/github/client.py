"""GitHub as a hub: which repository it is, and then what there is of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Part, Reading, Tracked, Validator
from suanli.domain.releases.resources import Status
from suanli.sources.github import issues, releases, tags
from suanli.sources.github.visit import Pages, Visit

HEADERS: Mapping[str, str] = MappingProxyType(
    {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
)
"""What goes with every request. An ETag holds for these bytes only, so a change of them reads everything once."""

IDENTIFIED_EVERY = timedelta(days=1)


class GitHub:
    """GitHub, or a server that speaks like it. `pages` is a Conditional with HEADERS.

    With `private`, what only the token may see is read too, and so told to whoever follows it.
    """

    def __init__(self, pages: Pages, *, private: bool = False) -> None:
        self._pages = pages
        self._private = private

    def read(self, tracked: Tracked, validators: Mapping[str, Validator], recall: Recall) -> Reading:
        """Read what may have changed of a resource."""
        visit = Visit(self._pages, tracked, validators, self._private)
        if _is_to_be_identified(tracked):
            visit.identify()
        match tracked.part:
            case Part.ISSUES:
                reading = issues.read(visit, recall)
            case Part.RELEASES:
                reading = releases.read(visit, recall)
            case Part.TAGS:
                reading = tags.read(visit, recall)
            case _:
                raise ValueError(f"a repository has no {tracked.part}")
        return replace(reading, identity=visit.identity, validators=tuple(visit.kept))


def _is_to_be_identified(tracked: Tracked) -> bool:
    """Whether to ask what the repository is: at first, after trouble, and daily.

    The present is taken from when the reading was due, which is never later.
    """
    if not tracked.native_id or tracked.identified_at is None or tracked.status not in {Status.WELL, Status.ARCHIVED}:
        return True
    return tracked.next_at - tracked.identified_at >= IDENTIFIED_EVERY
