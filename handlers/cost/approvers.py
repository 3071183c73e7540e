"""Who decides when somebody asks for more: the contact of what the money is part of, or whoever runs this."""

from collections.abc import Sequence

from handlers.cost.sight import Sight, private_chat
from handlers.stock.board import operators_of
from suanli.domain.access import Role
from suanli.domain.chat import Target
from suanli.domain.commands import Turn
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.requests import QuotaRequest
from suanli.domain.errors import Forbidden
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.domain.stock.rules import target_of


def deciding(tx: Transaction, scope: Scope) -> Sequence[Scope]:
    """The scopes whose contacts decide about this one's money, the nearest first; a user's own is not among them."""
    party = tx.parties.find(scope)
    ids = {
        ScopeKind.PROJECT: party.project if party else "",
        ScopeKind.DEPARTMENT: party.department if party else "",
        ScopeKind.ORGANIZATION: party.organization if party else "",
    }
    wider = tuple(Scope(kind, name) for kind, name in ids.items() if name and kind > scope.kind)
    return wider if scope.kind is ScopeKind.USER else (scope, *wider)


def asked(tx: Transaction, site: Site, scope: Scope, asker: Target) -> Sequence[Target]:
    """Who gets the card of a request: the nearest contact but the asker, else those who run this.

    A user's project is not asked: it shares the department's money, and the department's contact answers for that.
    """
    for each in deciding(tx, scope):
        party = tx.parties.find(each)
        contact = None if party is None else party.contact
        is_passed = each.kind is ScopeKind.PROJECT and scope.kind is ScopeKind.USER
        if contact is not None and contact != asker and not is_passed:
            return (contact,)
    everybody = tuple(dict.fromkeys(target_of(each) for each in operators_of(tx, site)))
    return tuple(each for each in everybody if each != asker) or everybody


def may_decide(tx: Transaction, sight: Sight, scope: Scope) -> bool:
    """Whether somebody decides about this scope's money."""
    return sight.sees_all or any(sight.answers(each) for each in deciding(tx, scope))


def require_say(turn: Turn, sight: Sight, request: QuotaRequest, scope: Scope) -> None:
    """Let pass who decides about a request. Raises Forbidden, which says who does.

    What somebody asked for themselves somebody else decides, unless they are an admin.
    """
    if not may_decide(turn.tx, sight, scope):
        raise Forbidden(turn.texts("quota_request.not_yours", id=request.id))
    own = private_chat(turn.message.origin.platform, turn.message.sender.open_id)
    if request.asked_by == own and turn.role < Role.ADMIN:
        raise Forbidden(turn.texts("quota_request.own", id=request.id))
