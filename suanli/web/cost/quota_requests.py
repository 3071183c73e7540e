"""GET and POST /api/v1/cost/quota-requests, POST …/{id}/approve and …/deny: the API's way of asking for more.

Whoever decides gets the same card as for what is asked in chat, and who asked is told in their own chat.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from handlers.cost import requests
from handlers.cost.quota_decision import LONGEST_GRANT
from handlers.cost.quota_request import MOST_TIMES
from suanli.domain.access import Role
from suanli.domain.changes import Actor, Way
from suanli.domain.chat import Target
from suanli.domain.cost.quotas import Account, Quota, QuotaId, Span
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestFilter, RequestState
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, Id, MaybeAmount, Moment
from suanli.web.api.cursors import cursor_of
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.problems import Problem
from suanli.web.cost.pages import begins_after
from suanli.web.cost.payers import own_payer
from suanli.web.cost.quota_edits import Reason
from suanli.web.cost.refusals import REQUEST_MORE, wrong

_ONE = f"{REQUEST_MORE}/<int:id>"
WindowWord = Literal["period", "day", "hour"]


class RequestsAsked(Body):
    """Which requests are asked for; the newest first."""

    state: RequestState | None = None
    quota_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str = ""

    @property
    def question(self) -> object:
        """What is asked, whatever the page."""
        return ("quota requests", self.state, self.quota_id)


class NewRequest(Body):
    """So much more in one limit of a quota, up to the end of its window unless `until` says otherwise."""

    quota_id: Id
    amount: GivenAmount
    reason: Reason
    window: WindowWord = "period"
    until: Moment | None = None


class Approval(Body):
    """As much as was asked for, and as long, unless less or another end is said."""

    amount: GivenAmount | None = None
    until: Moment | None = None


class Denial(Body):
    """Why not."""

    reason: Reason


class RequestAnswer(Answer):
    """A request for more. `granted_amount` is what was given of it, up to `until`, which is not in it any more."""

    id: int
    quota_id: int
    quota_name: str | None
    window: str
    amount: Amount
    currency: str | None
    reason: str
    user_id: str
    state: RequestState
    asked_at: datetime
    until: datetime
    decided_by: str | None
    decided_at: datetime | None
    granted_amount: MaybeAmount
    grant_id: int | None
    note: str | None


class RequestsAnswer(Answer):
    """A page of them."""

    items: list[RequestAnswer]
    next_cursor: str | None
    has_more: bool


def _list(visit: Visit) -> Reply:
    asked: RequestsAsked = visit.query
    quota = None if asked.quota_id is None else QuotaId(asked.quota_id)
    which = RequestFilter(None if visit.sees_all else visit.own.id, quota, asked.state)
    last = begins_after(visit, asked.cursor, asked.question)
    before = QuotaRequestId(last) if last else None
    found = visit.tx.quota_requests.page(which, visit.now, before=before, limit=asked.limit + 1)
    shown, more = found[: asked.limit], len(found) > asked.limit
    known = {number: visit.tx.quotas.find(number) for number in {each.quota for each in shown}}
    cursor = cursor_of((shown[-1].id,), asked.question) if more else None
    items = [_answer(visit, each, known[each.quota]) for each in shown]
    return Reply(RequestsAnswer(items=items, next_cursor=cursor, has_more=more))


def _ask(visit: Visit) -> Reply:
    said: NewRequest = visit.body
    visit.tx.lock(requests.LOCK)
    quota, account = _limit(visit, said)
    asker = _contact(visit)
    _refuse_waiting(visit, quota, account, asker)
    request = QuotaRequest(
        QuotaRequestId(0), quota.id, account.span, said.amount, asker, visit.own.id, said.reason, visit.now,
        _end(visit, said.until) or account.window.end,
    )  # fmt: skip
    made = requests.write(visit.tx, visit.site, request, quota, visit.now)
    return Reply(_answer(visit, made, quota), 201)


def _limit(visit: Visit, said: NewRequest) -> tuple[Quota, Account]:
    """The limit that is to be raised. Raises Problem for one that binds somebody else, or nobody."""
    quota = visit.tx.quotas.find(QuotaId(said.quota_id))
    is_mine = quota is not None and quota.scope in own_payer(visit, visit.tx).scopes
    if quota is None or not (is_mine or visit.sees_all):
        raise visit.missing(visit.texts("api.what.quota", n=said.quota_id))
    if quota.soft or not quota.active:
        key = "only_soft" if quota.active else "not_in_force"
        raise Problem("conflict", visit.texts(f"quota_request.{key}"))
    span = Span[said.window.upper()]
    if span not in quota.spans():
        raise wrong(visit, "window", visit.texts("api.quota.no_such_limit"))
    most = quota.spans()[span][1] * MOST_TIMES
    if said.amount <= 0 or 0 < most < said.amount:
        raise wrong(visit, "amount", visit.texts("api.quota.odd_amount", n=MOST_TIMES))
    accounts = visit.tx.quotas.accounts(quota.id, visit.now)
    return quota, next(each for each in accounts if each.span is span)


def _contact(visit: Visit) -> Target:
    """The chat in which who asks is told what became of it."""
    party = visit.tx.parties.find(visit.own)
    if party is None or party.contact is None:
        raise Problem("conflict", visit.texts("api.quota.no_chat", user=visit.own.id))
    return party.contact


def _refuse_waiting(visit: Visit, quota: Quota, account: Account, asker: Target) -> None:
    pending = requests.still_open(visit.tx, visit.site, visit.tx.quota_requests.pending(quota.id), visit.now)
    known = next((each for each in pending if (each.asked_by, each.span) == (asker, account.span)), None)
    if known is not None:
        raise Problem("conflict", visit.texts("api.quota.waiting", n=known.id), {"request_id": known.id})


def _end(visit: Visit, until: datetime | None) -> datetime | None:
    """The end that is said. Raises Problem for one that is over, or too far."""
    if until is not None and not visit.now < until <= visit.now + LONGEST_GRANT:
        raise wrong(visit, "until", visit.texts("api.quota.odd_until", days=LONGEST_GRANT.days))
    return until


def _approve(visit: Visit) -> Reply:
    said: Approval = visit.body
    known, quota = _to_decide(visit)
    amount = known.amount if said.amount is None else said.amount
    if not 0 < amount <= known.amount:
        raise wrong(visit, "amount", visit.texts("api.quota.no_more_than_asked"))
    until = _end(visit, said.until) or known.until
    if not quota.active or known.span not in quota.spans():
        raise Problem("conflict", visit.texts("quota_request.limit_gone", id=known.id))
    actor = Actor(visit.who, Way.API)
    made = requests.approve(visit.tx, visit.site, known, quota, amount, until, actor, visit.now)
    return Reply(_answer(visit, made, quota))


def _deny(visit: Visit) -> Reply:
    said: Denial = visit.body
    known, quota = _to_decide(visit)
    made = requests.deny(visit.tx, visit.site, known, quota, said.reason, Actor(visit.who, Way.API), visit.now)
    return Reply(_answer(visit, made, quota))


def _to_decide(visit: Visit) -> tuple[QuotaRequest, Quota]:
    """The request and its quota; nobody else decides meanwhile. What is decided already is a conflict.

    What somebody asked for themselves somebody else decides, unless they are an admin.
    """
    visit.tx.lock(requests.LOCK)
    number = visit.path["id"]
    known = visit.tx.quota_requests.find(QuotaRequestId(number))
    quota = None if known is None else visit.tx.quotas.find(known.quota)
    if known is None or quota is None:
        raise visit.missing(visit.texts("api.what.quota_request", n=number))
    if known.user == visit.own.id and visit.token.role < Role.ADMIN:
        raise visit.refused(visit.texts("quota_request.own", id=known.id))
    state = known.state_at(visit.now)
    if state is not RequestState.PENDING:
        raise Problem(
            "conflict",
            visit.texts("api.quota.decided", n=number, state=visit.texts(f"api.request_state.{state}")),
            {"state": state.value},
        )
    return known, quota


def _answer(visit: Visit, request: QuotaRequest, quota: Quota | None) -> RequestAnswer:
    zone = quota.zone if quota else visit.site.zone
    return RequestAnswer(
        id=request.id,
        quota_id=request.quota,
        quota_name=quota and quota.name,
        window=request.span.word,
        amount=request.amount,
        currency=quota and quota.currency,
        reason=request.why,
        user_id=request.user,
        state=request.state_at(visit.now),
        asked_at=request.asked_at.astimezone(zone),
        until=request.until.astimezone(zone),
        decided_by=request.decided_by or None,
        decided_at=request.decided_at and request.decided_at.astimezone(zone),
        granted_amount=request.granted,
        grant_id=request.grant,
        note=request.note or None,
    )


ENDPOINTS = (
    Endpoint(
        "GET", REQUEST_MORE, "list_quota_requests", Permission.READ, _list, query=RequestsAsked, reply=RequestsAnswer
    ),
    Endpoint(
        "POST", REQUEST_MORE, "request_quota", Permission.RESERVE, _ask,
        body=NewRequest, reply=RequestAnswer, status=201, problems=("not-found", "conflict"),
    ),
    Endpoint(
        "POST", f"{_ONE}/approve", "approve_quota_request", Permission.MANAGE, _approve,
        body=Approval, reply=RequestAnswer, role=Role.OPERATOR, problems=("not-found", "conflict"),
    ),
    Endpoint(
        "POST", f"{_ONE}/deny", "deny_quota_request", Permission.MANAGE, _deny,
        body=Denial, reply=RequestAnswer, role=Role.OPERATOR, problems=("not-found", "conflict"),
    ),
)  # fmt: skip
