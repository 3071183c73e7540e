"""The card of a request for more: who asks for what and why, how the limit stands, and what was decided."""

from collections.abc import Iterator
from datetime import datetime

from handlers.cost.figures import Moments, amount, bar, percent, person
from handlers.cost.quota_card import figures, limit_name
from handlers.cost.reach import name_of
from suanli.domain.answer import (
    Ago,
    Answer,
    Block,
    Button,
    Buttons,
    Code,
    Facts,
    Form,
    Input,
    Span,
    Tone,
    line,
    note,
)
from suanli.domain.cost.quotas import Quota, Scope, ScopeKind
from suanli.domain.cost.requests import QuotaRequest, RequestState
from suanli.domain.lines import write
from suanli.domain.ports import Transaction
from suanli.domain.site import Site
from suanli.i18n import Texts

_TONES = {
    RequestState.PENDING: Tone.WARNING,
    RequestState.APPROVED: Tone.GOOD,
    RequestState.DENIED: Tone.BAD,
    RequestState.LAPSED: Tone.MUTED,
}


def card(tx: Transaction, texts: Texts, site: Site, request: QuotaRequest, quota: Quota, now: datetime) -> Answer:
    """What who decides sees: while it waits, with the means to decide."""
    pairs: list[tuple[str, tuple[Span, ...]]] = [
        (texts("quota_request.who"), _asker(tx, request)),
        (texts("quota_request.what"), (_what(tx, texts, request, quota),)),
        (texts("quota_request.why"), (request.why,)),
        (texts("quota_request.asked"), (Ago(request.asked_at),)),
    ]
    blocks: list[Block] = [Facts(tuple(pairs))]
    if request.state is RequestState.PENDING:
        blocks += [
            *_standing(tx, texts, request, quota, now),
            *_controls(texts, Moments(now, site.zone), request, quota),
        ]
    else:
        blocks.append(line(*outcome(texts, Moments(now, site.zone), request, quota)))
    title = texts(f"quota_request.title.{request.state}", id=request.id)
    return Answer(texts.lang, tuple(blocks), title, _TONES[request.state])


def told(tx: Transaction, texts: Texts, site: Site, request: QuotaRequest, quota: Quota, now: datetime) -> Answer:
    """What who asked is told of the decision."""
    blocks: list[Block] = [
        line(_what(tx, texts, request, quota)),
        line(*outcome(texts, Moments(now, site.zone), request, quota)),
    ]
    if request.state is RequestState.APPROVED:
        blocks.append(note(texts("quota_request.try_again"), " ", Code("/quota")))
    if request.state is RequestState.LAPSED:
        blocks += _next(texts, request, quota)
    title = texts(f"quota_request.told.{request.state}", id=request.id)
    return Answer(texts.lang, tuple(blocks), title, _TONES[request.state])


def _next(texts: Texts, request: QuotaRequest, quota: Quota) -> Iterator[Block]:
    """What who asked can do when nobody decided: ask for the same once more, and tell who decides."""
    asked = f"/quota request {amount(request.amount)} #{quota.id} {' '.join(request.why.split())}"
    yield note(texts("quota_request.ask_again"), " ", Code(asked))
    if request.told:
        people = (span for each in request.told for span in (" ", person(each.id)))
        yield note(texts("quota_request.who_decides"), *people)


def outcome(texts: Texts, moments: Moments, request: QuotaRequest, quota: Quota) -> Iterator[Span]:
    """What was decided, by whom and when."""
    if request.state is RequestState.LAPSED:
        yield texts("quota_request.lapsed", at=moments.said(request.until, quota.zone))
        return
    if request.state is RequestState.APPROVED:
        until = moments.said(request.until, quota.zone)
        granted = amount(request.granted or 0)
        yield texts("quota_request.approved", amount=granted, currency=quota.currency, until=until)
    else:
        yield texts("quota_request.denied")
    yield " · "
    yield person(request.decided_by)
    if request.decided_at is not None:
        yield f" {moments.said(request.decided_at, moments.home)}"
    if request.note:
        yield f"\n{texts('quota_request.note', note=request.note)}"


def _asker(tx: Transaction, request: QuotaRequest) -> tuple[Span, ...]:
    who, name = person(request.asked_by.id), name_of(tx, Scope(ScopeKind.USER, request.user))
    return (who,) if name == request.asked_by.id else (who, f" ({name})")


def _what(tx: Transaction, texts: Texts, request: QuotaRequest, quota: Quota) -> str:
    return texts(
        "quota_request.more",
        amount=amount(request.amount),
        currency=quota.currency,
        kind=texts(f"quota.kind.{quota.scope.kind.word}"),
        owner=name_of(tx, quota.scope),
        name=f"{quota.name} #{quota.id}",
        limit=limit_name(texts, quota, request.span),
    )


def _standing(tx: Transaction, texts: Texts, request: QuotaRequest, quota: Quota, now: datetime) -> Iterator[Block]:
    account = next((each for each in tx.quotas.accounts(quota.id, now) if each.span is request.span), None)
    if account is not None:
        taken = account.used + account.held
        drawn = f"{bar(taken, account.limit)} {percent(taken, account.limit)} · "
        yield line(drawn + figures(texts, account, quota))


def _controls(texts: Texts, moments: Moments, request: QuotaRequest, quota: Quota) -> Iterator[Block]:
    approve, deny = (write(("quota", verb, str(request.id))) for verb in ("approve", "deny"))
    amount_field, until_field, why_field = (f"{name}_{request.id}" for name in ("amount", "until", "why"))
    whole = texts("quota_request.approve_all", amount=amount(request.amount), currency=quota.currency)
    yield Buttons((Button(whole, {"run": approve}, "primary"),))
    yield Form(
        f"request_{request.id}",
        (
            Input(amount_field, texts("quota_request.field_amount", currency=quota.currency), "number"),
            Input(until_field, texts("quota_request.field_until"), "date"),
            Input(why_field, texts("quota_request.field_why")),
        ),
        (
            Button(
                texts("quota_request.approve_so"),
                {"run": approve, "fields": f"{amount_field} {until_field}"},
                "primary",
            ),
            Button(texts("quota_request.deny"), {"run": deny, "fields": why_field}, "danger"),
        ),
    )
    yield note(texts("quota_request.until_note", at=moments.said(request.until, quota.zone)))
