"""Who pays for a call that is meant: the token's own payer, or somebody else where an operator says so."""

from handlers.cost.reach import is_limit
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Quota, Scope, ScopeKind
from suanli.domain.ports import Transaction
from suanli.web.api.bodies import Body
from suanli.web.api.endpoints import Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.told import Label, Teller, said_of


class PaidBody(Body):
    """What says who pays: what is left out is known of the user, and the user is the token's own."""

    user_id: Label = ""
    project: Label = ""
    department: Label = ""
    organization: Label = ""


def payer_said(visit: Visit, tx: Transaction, said: PaidBody) -> Payer:
    """Whom a call is paid by. Raises Problem for another one's money, which takes an operator."""
    teller = Teller(visit.token, visit.texts)
    user = teller.user(said.user_id)
    try:
        return teller.payer(user, tx.parties.find(Scope(ScopeKind.USER, user)), said_of(said))
    except Problem:
        raise visit.refused(visit.texts("api.quota.only_own", user=visit.own.id)) from None


def is_shown(visit: Visit, quota: Quota) -> bool:
    """Whether somebody has to know how a limit stands: what only counts for a budget refuses nobody."""
    return visit.sees_all or quota.scope == visit.own or is_limit(quota)


def own_payer(visit: Visit, tx: Transaction) -> Payer:
    """Whom the token's own calls are paid by."""
    return payer_said(visit, tx, PaidBody())
