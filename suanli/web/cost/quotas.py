"""GET and POST /api/v1/cost/quotas, PUT /api/v1/cost/quotas/{id} and POST …/reset: who may spend how much.

What a quota is of stays; what keeps a budget is changed with that. Limits of a whole organisation take an admin.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from handlers.cost.quota_changes import change_quota, create_quota, reset_quota
from handlers.cost.quota_set import LOCK
from suanli.domain.access import Role
from suanli.domain.changes import Actor, Way
from suanli.domain.cost.quotas import Account, Quota, QuotaGrant, QuotaId, Scope, ScopeKind
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Answer
from suanli.web.api.cursors import cursor_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.pages import begins_after
from suanli.web.cost.payers import is_shown, own_payer
from suanli.web.cost.quota_bodies import QuotaAnswer, QuotasAsked, tag_of
from suanli.web.cost.quota_edits import NewQuota, QuotaChange, Reset, ResetAnswer, Taken
from suanli.web.cost.refusals import wrong

PATH = "/api/v1/cost/quotas"
_ONE = f"{PATH}/<int:id>"


class QuotasAnswer(Answer):
    """A page of quotas, by number."""

    items: list[QuotaAnswer]
    next_cursor: str | None
    has_more: bool


def _list(visit: Visit) -> Reply:
    asked: QuotasAsked = visit.query
    after = begins_after(visit, asked.cursor, asked.question)
    fitting = [each for each in _visible(visit) if each.id > after and asked.fits(each)]
    if not asked.asks_states:  # nearly always: what is on other pages is not looked at
        fitting = fitting[: asked.limit + 1]
    accounts = visit.tx.quotas.all_accounts(fitting, visit.now)
    standing = (each for each in fitting if asked.stands(each, accounts[each.id]))
    found = list(islice(standing, asked.limit + 1))
    items = [_answer(visit, each, accounts[each.id]) for each in found[: asked.limit]]
    more = len(found) > asked.limit
    cursor = cursor_of((items[-1].id,), asked.question) if more else None
    return Reply(QuotasAnswer(items=items, next_cursor=cursor, has_more=more))


def _visible(visit: Visit) -> Sequence[Quota]:
    """All of them for an operator; for others those that bind their own calls, and none that only count."""
    if visit.sees_all:
        return visit.tx.quotas.all()
    return [each for each in visit.tx.quotas.of(own_payer(visit, visit.tx).scopes) if is_shown(visit, each)]


def _create(visit: Visit) -> Reply:
    said: NewQuota = visit.body
    visit.tx.lock(LOCK)
    wanted = _checked(visit, lambda: said.to_domain(visit.site))
    _require_say(visit, wanted.scope)
    _refuse_currency(visit, wanted)
    _refuse_twin(visit, wanted)
    return _reply(visit, create_quota(visit.tx, wanted, _actor(visit), visit.now), 201)


def _refuse_twin(visit: Visit, wanted: Quota) -> None:
    """Refuse a second quota in force of the same scope and period, be it new or one that comes back."""
    twin = next((each for each in visit.tx.quotas.of([wanted.scope]) if _is_twin(each, wanted)), None)
    if twin is not None and wanted.active:
        raise Problem("conflict", visit.texts("api.quota.there_is", n=twin.id), {"quota_id": twin.id})


def _is_twin(known: Quota, wanted: Quota) -> bool:
    return known.id != wanted.id and (known.scope, known.period, known.currency, known.budget) == (
        wanted.scope, wanted.period, wanted.currency, None,
    )  # fmt: skip


def _change(visit: Visit) -> Reply:
    said: QuotaChange = visit.body
    visit.tx.lock(LOCK)
    before = _found(visit)
    if said.moves(before):
        raise Problem("conflict", visit.texts("api.quota.scope_stays"))
    after = _checked(visit, lambda: said.changed(before))
    if not before.active or before.period is not after.period:
        _refuse_twin(visit, after)
    return _reply(visit, change_quota(visit.tx, before, after, _actor(visit), visit.now), 200)


def _reset(visit: Visit) -> Reply:
    said: Reset = visit.body
    visit.tx.lock(LOCK)
    quota = _found(visit)
    taken = reset_quota(visit.tx, quota, _actor(visit), said.reason, visit.now)
    shown = _answer(visit, quota, visit.tx.quotas.accounts(quota.id, visit.now))
    return Reply(ResetAnswer(quota=shown, taken=[Taken(window=each.span.word, amount=each.amount) for each in taken]))


def _found(visit: Visit) -> Quota:
    """The quota of the address, in the state that the caller knows, for who may change it."""
    number = visit.path["id"]
    quota = visit.tx.quotas.find(QuotaId(number))
    if quota is None:
        raise visit.missing(visit.texts("api.what.quota", n=number))
    _require_say(visit, quota.scope)
    if quota.budget is not None:
        raise Problem("conflict", visit.texts("api.quota.of_budget", n=quota.budget), {"budget_id": quota.budget})
    visit.expect(tag_of(quota))
    return quota


def _checked(visit: Visit, meant: Callable[[], Quota]) -> Quota:
    try:
        return meant()
    except ValueError:
        raise wrong(visit, "warning_threshold", visit.texts("quota_set.odd_thresholds")) from None


def _require_say(visit: Visit, scope: Scope) -> None:
    if scope.kind is ScopeKind.ORGANIZATION:
        visit.require(Role.ADMIN)


def _refuse_currency(visit: Visit, quota: Quota) -> None:
    """Refuse a limit that nothing would ever count in."""
    currency = visit.site.money.currency
    if quota.currency != currency:
        raise wrong(visit, "currency", visit.texts("api.quota.currency", currency=currency))


def _actor(visit: Visit) -> Actor:
    return Actor(visit.who, Way.API)


def _reply(visit: Visit, quota: Quota, status: int) -> Reply:
    answer = _answer(visit, quota, visit.tx.quotas.accounts(quota.id, visit.now))
    return Reply(answer, status, {"ETag": f'"{answer.etag}"'})


def _answer(visit: Visit, quota: Quota, accounts: Sequence[Account]) -> QuotaAnswer:
    is_own = visit.sees_all or quota.scope == visit.own
    return QuotaAnswer.of(quota, accounts, _running(visit, quota, accounts) if is_own else (), visit.now)


def _running(visit: Visit, quota: Quota, accounts: Sequence[Account]) -> Sequence[QuotaGrant]:
    """What is granted on top of its limits now; nothing is asked for where no limit is raised, as mostly."""
    own = quota.spans()
    if all(each.limit == own[each.span][1] for each in accounts):
        return ()
    grants = visit.tx.quotas.grants(quota.id)
    return [each for each in grants if each.ended_at is None and visit.now < each.expires_at]


_READ, _MANAGE = Permission.READ, Permission.MANAGE

ENDPOINTS = (
    Endpoint("GET", PATH, "list_quotas", _READ, _list, query=QuotasAsked, reply=QuotasAnswer),
    Endpoint(
        "POST", PATH, "create_quota", _MANAGE, _create,
        body=NewQuota, reply=QuotaAnswer, status=201, role=Role.OPERATOR, problems=("conflict",),
    ),
    Endpoint(
        "PUT", _ONE, "change_quota", _MANAGE, _change,
        body=QuotaChange, reply=QuotaAnswer, role=Role.OPERATOR, problems=("not-found", "conflict", "changed"),
    ),
    Endpoint(
        "POST", f"{_ONE}/reset", "reset_quota", _MANAGE, _reset,
        body=Reset, reply=ResetAnswer, role=Role.OPERATOR, problems=("not-found", "conflict", "changed"),
    ),
)  # fmt: skip
