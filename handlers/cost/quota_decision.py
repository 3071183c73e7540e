"""/quota approve and /quota deny: decide about a request for more, which is what the buttons of its card do."""

from datetime import date, datetime, time, timedelta

from handlers.cost import requests
from handlers.cost.approvers import require_say
from handlers.cost.arguments import Amount, AmountArgument, RequestArgument
from handlers.cost.figures import amount as shown
from handlers.cost.figures import moments
from handlers.cost.reach import name_of
from handlers.cost.request_card import outcome
from handlers.cost.sight import sight
from handlers.stock.arguments import DateArgument, ReasonArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.changes import Actor, Way
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Quota
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestState
from suanli.domain.cost.windows import Period, window_at
from suanli.domain.errors import UserError

LONGEST_GRANT = timedelta(days=366)
LONGEST_NOTE = 300
_NOON = time(12)


def approve(turn: Turn, request: QuotaRequestId, amount: Amount | None, day: date | None) -> Answer:
    """Grant what was asked for, or less of it, up to the end of its window or another day."""
    known, quota = _to_decide(turn, request)
    over = _over(turn, known, quota)
    if over is not None:
        return over
    if not quota.active or known.span not in quota.spans():
        raise UserError(turn.texts("quota_request.limit_gone", id=known.id))
    granted = _granted(turn, known, quota, amount)
    end = known.until if day is None else _end(turn, quota, day)
    actor = Actor(turn.message.sender.open_id, Way.CHAT)
    made = requests.approve(turn.tx, turn.site, known, quota, granted, end, actor, turn.now)
    said = turn.texts(
        "quota_request.done",
        id=made.id,
        amount=shown(granted),
        currency=quota.currency,
        name=f"{name_of(turn.tx, quota.scope)} #{quota.id}",
        until=moments(turn).said(end, quota.zone),
    )
    return Answer(turn.texts.lang, (line(said),), tone=Tone.GOOD)


def deny(turn: Turn, request: QuotaRequestId, reason: tuple[str, ...]) -> Answer:
    """Say no."""
    known, quota = _to_decide(turn, request)
    over = _over(turn, known, quota)
    if over is not None:
        return over
    actor, why = Actor(turn.message.sender.open_id, Way.CHAT), " ".join(reason)[:LONGEST_NOTE]
    requests.deny(turn.tx, turn.site, known, quota, why, actor, turn.now)
    return Answer(turn.texts.lang, (line(turn.texts("quota_request.denied_done", id=known.id)),), tone=Tone.GOOD)


def _to_decide(turn: Turn, number: QuotaRequestId) -> tuple[QuotaRequest, Quota]:
    """The request and its quota, for whoever decides about them; no other transaction decides meanwhile."""
    turn.tx.lock(requests.LOCK)
    known = turn.tx.quota_requests.find(number)
    quota = None if known is None else turn.tx.quotas.find(known.quota)
    if known is None or quota is None:
        raise UserError(turn.texts("quota_request.unknown", id=number))
    require_say(turn, sight(turn), known, quota.scope)
    return known, quota


def _over(turn: Turn, known: QuotaRequest, quota: Quota) -> Answer | None:
    """What is said of a request that there is nothing to decide about any more; None when there is.

    That a request has lapsed is written down here: it is said with an answer, for an error would undo it.
    """
    if known.state is RequestState.PENDING and turn.now < known.until:
        return None
    if known.state is RequestState.PENDING:
        known = requests.lapse(turn.tx, turn.site, known, turn.now)
    said = turn.texts("quota_request.over", id=known.id)
    return Answer(turn.texts.lang, (line(said, *outcome(turn.texts, moments(turn), known, quota)),), tone=Tone.WARNING)


def _granted(turn: Turn, known: QuotaRequest, quota: Quota, amount: Amount | None) -> Nano:
    if amount is None:
        return known.amount
    if not 0 < amount.nano <= known.amount:
        most = shown(known.amount)
        raise UserError(turn.texts("quota_request.not_so_much", id=known.id, most=most, currency=quota.currency))
    return amount.nano


def _end(turn: Turn, quota: Quota, day: date) -> datetime:
    """The end of a day, which counts in, where the quota is."""
    end = window_at(Period.DAILY, quota.zone, datetime.combine(day, _NOON, quota.zone)).end
    if not turn.now < end <= turn.now + LONGEST_GRANT:
        raise UserError(turn.texts("quota_request.odd_day", day=day.isoformat(), days=LONGEST_GRANT.days))
    return end


_REQUEST = Param("request", RequestArgument())

COMMANDS = (
    Command(
        name="quota approve",
        run=approve,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/quota approve 12 300 12-31",
        aliases=("配额 批准",),
        params=(
            _REQUEST,
            Param("amount", AmountArgument(), optional=True),
            Param("day", DateArgument(), optional=True),
        ),
        clickable=True,
    ),
    Command(
        name="quota deny",
        run=deny,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/quota deny 12 下个月再议",
        aliases=("配额 拒绝",),
        params=(_REQUEST, Param("reason", ReasonArgument(), optional=True, many=True, rest=True)),
        clickable=True,
    ),
)
