"""What becomes of requests for more: each has its cards, is decided once, and its cards and who asked are told so."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from handlers.cost import request_card
from handlers.cost.approvers import asked
from handlers.cost.quota_changes import grant_more
from handlers.stock.board import CARDS_LIVE, texts_for
from suanli.domain.changes import Actor
from suanli.domain.chat import Platform, Target
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Quota, QuotaGrant, QuotaGrantId
from suanli.domain.cost.requests import QuotaRequest, RequestState
from suanli.domain.delivery import Draft
from suanli.domain.ports import Transaction
from suanli.domain.site import Site

LOCK = "quota-requests"
"""Held by whatever reads requests in order to change them; taken before anything of the accounts is."""


def write(tx: Transaction, site: Site, request: QuotaRequest, quota: Quota, now: datetime) -> QuotaRequest:
    """Store a new request, and send its card to who decides."""
    numbered = tx.quota_requests.add(request)
    made = replace(numbered, told=tuple(asked(tx, site, quota.scope, request.asked_by)))
    tx.quota_requests.change(made)
    for target in made.told:
        card = request_card.card(tx, texts_for(tx, site, target), site, made, quota, now)
        tx.outbox.post(Draft(_key(made, target), target, card), now)
    return made


def approve(
    tx: Transaction, site: Site, request: QuotaRequest, quota: Quota, amount: Nano, until: datetime, actor: Actor,
    now: datetime,
) -> QuotaRequest:  # fmt: skip
    """Grant what was asked for, or less of it. LookupError when the quota has no such limit any more."""
    why = f"{request.why} (request {request.id} of {request.user})"
    grant = QuotaGrant(QuotaGrantId(0), quota.id, request.span, amount, actor.who, why, now, until)
    given = grant_more(tx, grant, actor, now)
    approved = replace(
        request,
        state=RequestState.APPROVED,
        decided_by=actor.who,
        decided_at=now,
        granted=amount,
        grant=given.id,
        until=until,
    )
    _decided(tx, site, approved, quota, now)
    return approved


def deny(
    tx: Transaction, site: Site, request: QuotaRequest, quota: Quota, note: str, actor: Actor, now: datetime
) -> QuotaRequest:
    """Say no, and why."""
    denied = replace(request, state=RequestState.DENIED, decided_by=actor.who, decided_at=now, note=note)
    _decided(tx, site, denied, quota, now)
    return denied


def still_open(tx: Transaction, site: Site, requests: Iterable[QuotaRequest], now: datetime) -> list[QuotaRequest]:
    """Those of pending requests that can still be decided; the others are written down as lapsed. The lock is held."""
    found = []
    for request in requests:
        if now < request.until:
            found.append(request)
        else:
            lapse(tx, site, request, now)
    return found


def lapse(tx: Transaction, site: Site, request: QuotaRequest, now: datetime) -> QuotaRequest:
    """Write down that nobody decided in time, and tell who asked. The lock is held, under which it was pending."""
    lapsed, quota = replace(request, state=RequestState.LAPSED), tx.quotas.find(request.quota)
    tx.quota_requests.change(lapsed)
    if quota is not None:
        _redraw(tx, site, lapsed, quota, now)
        told = request_card.told(tx, texts_for(tx, site, request.asked_by), site, lapsed, quota, now)
        tx.outbox.post(Draft(f"quota-request:{request.id}:lapsed", request.asked_by, told), now)
    return lapsed


def _decided(tx: Transaction, site: Site, request: QuotaRequest, quota: Quota, now: datetime) -> None:
    tx.quota_requests.change(request)
    _redraw(tx, site, request, quota, now)
    told = request_card.told(tx, texts_for(tx, site, request.asked_by), site, request, quota, now)
    tx.outbox.post(Draft(f"quota-request:{request.id}:decided", request.asked_by, told, urgent=True), now)


def _redraw(tx: Transaction, site: Site, request: QuotaRequest, quota: Quota, now: datetime) -> None:
    """Draw every card of a request as it stands now; where cards are not drawn anew, what was said stays said."""
    if now - request.asked_at > CARDS_LIVE:
        return
    for target in request.told:
        if target.platform is Platform.FEISHU:
            key = _key(request, target)
            card = request_card.card(tx, texts_for(tx, site, target), site, request, quota, now)
            tx.outbox.post(Draft(f"redraw:{key}", target, card, redraws=key), now)


def _key(request: QuotaRequest, target: Target) -> str:
    return f"quota-request:{request.id}:{target.lane}"
