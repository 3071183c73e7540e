"""Whose watches a command is about, and who may change them."""

from collections.abc import Sequence

from suanli.domain.access import Role
from suanli.domain.chat import ChatKind, Platform, Target, TargetKind
from suanli.domain.commands import Turn
from suanli.domain.errors import Forbidden, UserError
from suanli.domain.releases import Place, Watch, WatchNumber

LOCK = "release-watches"
"""Held by whatever reads watches in order to change them."""


def target_here(turn: Turn) -> Target:
    """Where what is asked for here is told: this group, or in private, this person."""
    return _own(turn)[0] if turn.message.origin.chat_kind is ChatKind.PRIVATE else _chat(turn)


def watches_here(turn: Turn) -> Sequence[Watch]:
    """The watches of this group, or in private, of this person; by number."""
    targets = _own(turn) if turn.message.origin.chat_kind is ChatKind.PRIVATE else (_chat(turn),)
    found = (watch for target in targets for watch in turn.tx.watches.of_target(target))
    return sorted(found, key=lambda watch: watch.number)


def watch_of(turn: Turn, number: WatchNumber) -> Watch:
    """A watch that may be seen here: this chat's, one's own, and for operators any.

    Raises UserError for others as if there were none, so that nobody learns what someone else follows.
    """
    watch = turn.tx.watches.find(number)
    if watch is None or (watch.target not in {*_own(turn), _chat(turn)} and turn.role < Role.OPERATOR):
        raise UserError(turn.texts("releases.no_watch", number=number))
    return watch


def watch_to_change(turn: Turn, number: WatchNumber, *, declared: bool = False) -> Watch:
    """A watch of which it is changed what its people are told. Raises UserError for whom that is not up to.

    What the settings declare is changed there, but for what is `declared` to be possible here too.
    """
    turn.tx.lock(LOCK)
    watch = watch_of(turn, number)
    require_say(turn, watch.target)
    if watch.declared is not None and not declared:
        raise UserError(turn.texts("releases.declared", number=number))
    return watch


def require_say(turn: Turn, target: Target) -> None:
    """Let pass who may decide what a target is told: for themselves everybody, for a group its members by role.

    Raises Forbidden.
    """
    if target not in _own(turn) and turn.role < Role.MEMBER:
        raise Forbidden(turn.texts("releases.group_needs_member"))


def same_place(one: Place, other: Place) -> bool:
    """Whether two names are of one place, for hubs take them in any case."""
    return one.hub is other.hub and one.name.casefold() == other.name.casefold()


def _own(turn: Turn) -> tuple[Target, ...]:
    """Where somebody is written to alone: by the id that is used for that, and by those that settings may name.

    It does not depend on where they are: of a click the platform does not say in what kind of chat it was.
    """
    sender, platform = turn.message.sender, turn.message.origin.platform
    if platform is Platform.WELINK:
        return (Target(platform, TargetKind.USER_ID, sender.open_id),)
    ids = {
        TargetKind.OPEN_ID: sender.open_id,
        TargetKind.USER_ID: sender.user_id,
        TargetKind.UNION_ID: sender.union_id,
    }
    return tuple(Target(platform, kind, name) for kind, name in ids.items() if name)


def _chat(turn: Turn) -> Target:
    origin = turn.message.origin
    return origin.answers_to or Target(origin.platform, TargetKind.CHAT, origin.chat_id or "")
