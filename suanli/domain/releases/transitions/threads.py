"""Issues and pull requests: opened, made ready, merged, closed, opened again, labelled, edited."""

from suanli.domain.releases.changes import Change
from suanli.domain.releases.items import Item, Kind, State
from suanli.domain.releases.transitions.ground import Ground, Happening, iso, text_of

C = Change

_OPENED = {Kind.ISSUE: C.ISSUE_OPENED, Kind.PULL: C.PR_OPENED}
_CLOSED = {Kind.ISSUE: C.ISSUE_CLOSED, Kind.PULL: C.PR_CLOSED}
_REOPENED = {Kind.ISSUE: C.ISSUE_REOPENED, Kind.PULL: C.PR_REOPENED}
_LIVE = frozenset({State.OPEN, State.DRAFT})
_ENDED = frozenset({State.CLOSED, State.MERGED})


def at_first_sight(item: Item, ground: Ground) -> tuple[Happening, ...]:
    """What there is to tell of one that was unknown; how it stands now, too.

    One that is older than the watch is only found, for it was only out of sight.
    """
    # In a repository that had none at all, every one is new; a day at most, for issues can be switched on again.
    is_new = item.created_at is None or ground.is_after(item.created_at, wide=ground.cursor is None)
    ended = (_end(item),) if item.state in _ENDED and (is_new or ground.is_after(item.ended_at)) else ()
    if is_new:
        return Happening(_OPENED[item.kind], "", item.created_at), *ended
    return Happening(C.FOUND, "", item.updated_at), *ended


def differences(before: Item, item: Item) -> tuple[Happening, ...]:
    """What happened to one that was known."""
    return *_steps(before, item), *_labels(before, item), *_edits(before, item)


def _steps(before: Item, item: Item) -> tuple[Happening, ...]:
    at = item.updated_at
    if item.state is State.MERGED:
        return () if before.state is State.MERGED else (_end(item),)
    if item.state is State.CLOSED:
        return (_end(item),) if before.state in _LIVE or _ended_again(before, item) else ()
    if before.state is State.CLOSED:
        return (Happening(_REOPENED[item.kind], iso(at), at),)
    if before.state is State.DRAFT and item.state is State.OPEN:
        return (Happening(C.PR_READY, iso(at), at),)
    return ()


def _end(item: Item) -> Happening:
    at = item.ended_at or item.updated_at
    if item.state is State.MERGED:
        return Happening(C.PR_MERGED, iso(at), at)
    return Happening(_CLOSED[item.kind], iso(at), at, item.reason)


def _ended_again(before: Item, item: Item) -> bool:
    """Whether it was opened and closed between two looks."""
    if before.state is not State.CLOSED or before.ended_at is None or item.ended_at is None:
        return False
    return item.ended_at > before.ended_at


def _labels(before: Item, item: Item) -> tuple[Happening, ...]:
    added = [label for label in item.labels if label not in before.labels]
    if not added:
        return ()
    return (Happening(C.LABELED, "\0".join(sorted(item.labels)), item.updated_at, ", ".join(added)),)


def _edits(before: Item, item: Item) -> tuple[Happening, ...]:
    if before.text == item.text:
        return ()
    earlier = before.title if before.title != item.title else ""
    return (Happening(C.EDITED, text_of(item), item.updated_at, earlier),)
