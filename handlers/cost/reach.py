"""Which quotas and budgets somebody can ask about: those that bind them, and those whose figures they may see."""

from collections.abc import Sequence

from handlers.cost.sight import Sight, private_chat, sight_of
from suanli.domain.access import Role
from suanli.domain.commands import Turn
from suanli.domain.cost.parties import payer_of
from suanli.domain.cost.quotas import Quota, Scope
from suanli.domain.errors import Forbidden
from suanli.domain.ports import Transaction


def binding(tx: Transaction, sight: Sight) -> Sequence[Quota]:
    """The active quotas that a person's calls are against, from the user's to the organisation's."""
    if sight.user is None:
        return ()
    scopes = payer_of(sight.user.scope.id, sight.user, {}).scopes
    return sorted(filter(is_limit, tx.quotas.of(scopes)), key=lambda quota: (quota.scope, quota.id))


def in_reach(tx: Transaction, sight: Sight) -> Sequence[Quota]:
    """Every quota that a person may ask about; those that are out of force only for who sees everything."""
    if sight.scopes is None:
        return tuple(filter(is_limit, tx.quotas.all()))
    seen = filter(is_limit, tx.quotas.of(sight.scopes) if sight.scopes else ())
    return tuple({quota.id: quota for quota in (*binding(tx, sight), *seen)}.values())


def is_limit(quota: Quota) -> bool:
    """Whether it is a limit of its own: one that only counts for a budget is shown with that."""
    return quota.budget is None or not quota.soft


def user_scope(turn: Turn, open_id: str) -> Scope:
    """Who a person of the chat is among those who pay."""
    contact = private_chat(turn.message.origin.platform, open_id)
    user = sight_of(turn.tx, contact, Role.NONE).user
    if user is None:
        raise AssertionError(open_id)
    return user.scope


def name_of(tx: Transaction, scope: Scope) -> str:
    """What people call somebody who pays."""
    return tx.parties.names([scope]).get(scope) or scope.id


def require_admin(turn: Turn) -> None:
    """Let pass admins. Raises Forbidden for others: what can stop a whole organisation is not an operator's."""
    if turn.role < Role.ADMIN:
        raise Forbidden(turn.texts("quota.organization_needs_admin"))
