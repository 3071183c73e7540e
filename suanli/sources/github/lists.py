"""Pages of issues and pull requests: their items, the newest version of each, and what to remember of a first page."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from suanli.domain.ports.releases import Recall
from suanli.domain.releases import Item, Validator
from suanli.domain.releases.resources import OVERLAP
from suanli.sources.conditional import Page
from suanli.sources.github.bodies import Issue, read
from suanli.sources.github.visit import Visit


def items_of(page: Page, *, are_pulls: bool = False) -> list[Item]:
    """What is on a page, as it stands there. Raises Drift."""
    what = "pull requests" if are_pulls else "issues"
    return [issue.to_domain(is_pull=are_pulls) for issue in read(list[Issue], page.body, what)]


def is_of(visit: Visit, items: Sequence[Item], recall: Recall) -> bool:
    """Whether a first page is of the repository that is remembered: something on it was there before, made then.

    Numbers alone say nothing, for every repository begins with the same.
    """
    if not items:
        return visit.tracked.cursor is None
    known = recall([item.native_id for item in items])
    return any(item.native_id in known and item.created_at == known[item.native_id].created_at for item in items)


def newest(items: Iterable[Item]) -> datetime | None:
    """The moment of the last change of all; None of none."""
    return max((item.updated_at for item in items if item.updated_at), default=None)


def oldest(items: Iterable[Item]) -> datetime | None:
    """The moment of the earliest change of all; None of none."""
    return min((item.updated_at for item in items if item.updated_at), default=None)


def latest(items: Iterable[Item]) -> tuple[Item, ...]:
    """One of each, the one that changed last; of equals, the one that was read last."""
    found: dict[str, Item] = {}
    for item in items:
        before = found.get(item.native_id)
        if before is None or not before.updated_at or not item.updated_at or before.updated_at <= item.updated_at:
            found[item.native_id] = item
    return tuple(found.values())


def keep(visit: Visit, page: Page, on_it: Sequence[Item], final: Iterable[Item]) -> None:
    """Remember how to ask whether a first page, newest first, changed; if every change can be seen on it.

    What a replica did not know yet shows up at its moment. While that may be behind the first page, which stays the
    same then, or if what was read after the page is of the same moment and different (`final`), and so perhaps older,
    the page is to be read again whatever the server says.
    """
    earliest, now = oldest(on_it), _server_time(page) or newest(on_it)
    settled = not page.next_url or (earliest is not None and now is not None and earliest < now - OVERLAP)
    shown = {item.native_id: item for item in on_it}
    agreed = all(
        item == shown[item.native_id] or item.updated_at != shown[item.native_id].updated_at
        for item in final
        if item.native_id in shown
    )
    visit.kept.append(page.validator if settled and agreed else blind(page.validator))


def blind(validator: Validator) -> Validator:
    """A validator with which a page is read again in any case."""
    return replace(validator, etag="", last_modified="")


def _server_time(page: Page) -> datetime | None:
    try:
        return parsedate_to_datetime(page.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
