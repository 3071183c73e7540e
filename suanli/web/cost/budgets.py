"""GET and POST /api/v1/cost/budgets, PUT /api/v1/cost/budgets/{id}: what is meant to be spent, and who has how much.

What a budget is of stays. One that binds a whole organisation takes an admin.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from handlers.cost.budget_set import LOCK
from handlers.cost.quota_changes import change_budget, create_budget
from suanli.domain.access import Role
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.budgets import Budget, limits_organization
from suanli.domain.cost.quotas import Account, BudgetId, Quota, QuotaId, Scope, ScopeKind
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Answer
from suanli.web.api.cursors import cursor_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.budget_bodies import BudgetAnswer, BudgetChange, BudgetsAsked, NewBudget, share_answer, tag_of
from suanli.web.cost.pages import begins_after
from suanli.web.cost.payers import own_payer
from suanli.web.cost.quota_edits import scope_of
from suanli.web.cost.refusals import wrong

PATH = "/api/v1/cost/budgets"
_ONE = f"{PATH}/<int:id>"


class BudgetsAnswer(Answer):
    """A page of budgets, by number."""

    items: list[BudgetAnswer]
    next_cursor: str | None
    has_more: bool


def _list(visit: Visit) -> Reply:
    asked: BudgetsAsked = visit.query
    after, mine = begins_after(visit, asked.cursor, asked.question), _scopes(visit)
    fitting = [
        each
        for each in visit.tx.budgets.all()
        if each.id > after and asked.fits(each) and (mine is None or (each.active and mine & _whose(each)))
    ]
    shown, more = fitting[: asked.limit], len(fitting) > asked.limit
    quotas = {each.id: each for each in visit.tx.quotas.all() if each.budget is not None} if shown else {}
    standing = _standing(visit, shown, quotas)
    items = [_answer(visit, each, mine, standing[each.id]) for each in shown]
    cursor = cursor_of((items[-1].id,), asked.question) if more else None
    return Reply(BudgetsAnswer(items=items, next_cursor=cursor, has_more=more))


def _scopes(visit: Visit) -> set[Scope] | None:
    """Whose budgets are shown; None: everybody's."""
    return None if visit.sees_all else {*own_payer(visit, visit.tx).scopes}


def _whose(budget: Budget) -> set[Scope]:
    return {budget.scope, *(share.scope for share in budget.allocations)}


def _create(visit: Visit) -> Reply:
    said: NewBudget = visit.body
    visit.tx.lock(LOCK)
    scope = _scope(visit, said)
    wanted = _checked(visit, lambda: said.to_domain(visit.site, scope))
    currency = visit.site.money.currency
    if wanted.currency != currency:
        raise wrong(visit, "currency", visit.texts("api.quota.currency", currency=currency))
    _require_say(visit, wanted, wanted)
    twin = next((each for each in visit.tx.budgets.all() if _is_twin(each, wanted)), None)
    if twin is not None and wanted.active:
        raise Problem("conflict", visit.texts("api.quota.there_is_budget", n=twin.id), {"budget_id": twin.id})
    return _reply(visit, create_budget(visit.tx, wanted, Actor(visit.who, Way.API), visit.now), 201)


def _scope(visit: Visit, said: NewBudget) -> Scope:
    """Whose it is; where nobody says so, it is the only organisation's."""
    if said.scope_id is not None:
        return scope_of(said.scope_type, said.scope_id)
    kind = ScopeKind[said.scope_type.upper()]
    known = [party.scope for party in visit.tx.parties.all() if party.scope.kind is kind]
    if kind is not ScopeKind.ORGANIZATION or len(known) != 1:
        raise wrong(visit, "scope_id", visit.texts("api.quota.whose"))
    return known[0]


def _is_twin(known: Budget, wanted: Budget) -> bool:
    return known.active and (known.name, known.scope) == (wanted.name, wanted.scope)


def _change(visit: Visit) -> Reply:
    said: BudgetChange = visit.body
    visit.tx.lock(LOCK)
    number = visit.path["id"]
    before = visit.tx.budgets.find(BudgetId(number))
    if before is None:
        raise visit.missing(visit.texts("api.what.budget", n=number))
    if said.moves(before):
        raise Problem("conflict", visit.texts("api.quota.scope_stays"))
    visit.expect(tag_of(before))
    after = _checked(visit, lambda: said.changed(before))
    _require_say(visit, before, after)
    return _reply(visit, change_budget(visit.tx, before, after, Actor(visit.who, Way.API), visit.now), 200)


def _checked(visit: Visit, meant: Callable[[], Budget]) -> Budget:
    try:
        return meant()
    except ValueError:
        raise wrong(visit, "allocations", visit.texts("api.quota.odd_budget")) from None


def _require_say(visit: Visit, before: Budget, after: Budget) -> None:
    if limits_organization(before, after):
        visit.require(Role.ADMIN)


def _reply(visit: Visit, budget: Budget, status: int) -> Reply:
    ids = visit.tx.budgets.quotas(budget.id)
    quotas = {each: quota for each in ids if (quota := visit.tx.quotas.find(each)) is not None}
    answer = _answer(visit, budget, None, _standing(visit, [budget], quotas)[budget.id])
    return Reply(answer, status, {"ETag": f'"{answer.etag}"'})


def _answer(visit: Visit, budget: Budget, mine: Collection[Scope] | None, accounts: Sequence[Account]) -> BudgetAnswer:
    """A budget; of others' shares nothing is shown to who sees only those of some scopes (`mine`).

    How a part of these stands is shown where it is one's own, or binds: who can be refused has to know what is left.
    """

    def may_see(scope: Scope) -> bool:
        return visit.sees_all or scope == visit.own or (budget.binds and mine is not None and scope in mine)

    whole, *others = accounts
    pairs = [
        (share, account)
        for share, account in zip(budget.allocations, others, strict=True)
        if mine is None or share.scope in mine
    ]
    names = visit.tx.parties.names([share.scope for share, _ in pairs])
    shares = [
        share_answer(share, names.get(share.scope, share.scope.id), account, is_seen=may_see(share.scope))
        for share, account in pairs
    ]
    return BudgetAnswer.of(budget, whole, shares, visit.now, is_seen=may_see(budget.scope))


def _standing(
    visit: Visit, budgets: Sequence[Budget], quotas: Mapping[QuotaId, Quota]
) -> Mapping[BudgetId, Sequence[Account]]:
    """Of each budget the windows of now: of the whole, and of the shares in their order."""
    kept = {each.id: visit.tx.budgets.quotas(each.id) for each in budgets}
    accounts = visit.tx.quotas.all_accounts([quotas[each] for ids in kept.values() for each in ids], visit.now)
    return {budget: [accounts[each][0] for each in ids] for budget, ids in kept.items()}


_MANAGE = Permission.MANAGE

ENDPOINTS = (
    Endpoint("GET", PATH, "list_budgets", Permission.READ, _list, query=BudgetsAsked, reply=BudgetsAnswer),
    Endpoint(
        "POST", PATH, "create_budget", _MANAGE, _create,
        body=NewBudget, reply=BudgetAnswer, status=201, role=Role.OPERATOR, problems=("conflict",),
    ),
    Endpoint(
        "PUT", _ONE, "change_budget", _MANAGE, _change,
        body=BudgetChange, reply=BudgetAnswer, role=Role.OPERATOR, problems=("not-found", "conflict", "changed"),
    ),
)  # fmt: skip
