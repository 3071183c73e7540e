"""/quota request and /quota requests: ask for more, and what waits to be decided."""

from collections.abc import Sequence
from itertools import chain

from handlers.cost import requests
from handlers.cost.approvers import asked, may_decide
from handlers.cost.arguments import Amount, AmountArgument, QuotaArgument, Which
from handlers.cost.figures import amount as shown
from handlers.cost.figures import moments, person
from handlers.cost.quota_card import left_part, limit_name
from handlers.cost.reach import binding, name_of
from handlers.cost.sight import Sight, private_chat, sight
from handlers.stock.arguments import ReasonArgument
from suanli.domain.access import Role
from suanli.domain.answer import Ago, Answer, Block, Buttons, Code, Paragraph, Span, Tone, line, note, run_button
from suanli.domain.chat import Target
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.quotas import Account, Quota, first_full
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId
from suanli.domain.errors import UserError

MOST_TIMES = 10
"""So many times its limit may be asked for, and no more: what is beyond is a slip of the keyboard."""

LONGEST_REASON = 300
SHOWN = 20
MOST_BUTTONS = 5


def request(turn: Turn, amount: Amount, quota: Which | None, reason: tuple[str, ...]) -> Answer:
    """Ask for so much more in the limit that stands in the way; whoever decides gets a card."""
    turn.tx.lock(requests.LOCK)
    seen, asker = sight(turn), private_chat(turn.message.origin.platform, turn.message.sender.open_id)
    which, account = _tightest(turn, _meant(turn, quota, seen))
    _refuse_odd(turn, which, account, amount)
    known = _waiting(turn, account, asker)
    if known is not None:
        said = turn.texts("quota_request.waiting", id=known.id, amount=shown(known.amount), currency=which.currency)
        return Answer(turn.texts.lang, (line(said, *_people(turn, known.told)),), tone=Tone.INFO)
    made = requests.write(turn.tx, turn.site, _new(turn, which, account, amount, reason, asker, seen), which, turn.now)
    said = turn.texts(
        "quota_request.sent",
        id=made.id,
        amount=shown(made.amount),
        currency=which.currency,
        name=f"{name_of(turn.tx, which.scope)} #{which.id}",
        limit=limit_name(turn.texts, which, account.span),
        until=moments(turn).said(made.until, which.zone),
    )
    return Answer(turn.texts.lang, (line(said, *_people(turn, made.told)),), tone=Tone.GOOD)


def _meant(turn: Turn, quota: Which | None, seen: Sight) -> Sequence[Quota]:
    """The hard limits that are meant: those of a quota that was named, else all that bind who asks."""
    named = binding(turn.tx, seen) if quota is None else quota.quotas
    if quota is not None and not named:
        raise UserError(turn.texts("quota.unknown", word=quota.word))
    in_force = [each for each in named if each.active]
    hard = [each for each in in_force if not each.soft]
    if not hard:
        key = "only_soft" if in_force else "not_in_force" if named else "nothing_binds"
        raise UserError(turn.texts(f"quota_request.{key}"))
    return hard


def _tightest(turn: Turn, quotas: Sequence[Quota]) -> tuple[Quota, Account]:
    """The limit that stands in the way: of full ones the widest, as a refusal says it, else the one with least left."""
    accounts = tuple(chain.from_iterable(turn.tx.quotas.accounts(each.id, turn.now) for each in quotas))
    found = first_full(accounts, 1) or min(accounts, key=left_part)
    return next(each for each in quotas if each.id == found.quota), found


def _refuse_odd(turn: Turn, quota: Quota, account: Account, amount: Amount) -> None:
    if amount.nano <= 0:
        raise UserError(turn.texts("quota_request.nothing"))
    most = quota.spans()[account.span][1] * MOST_TIMES
    if 0 < most < amount.nano:
        said = turn.texts("quota_request.too_much", most=shown(most), currency=quota.currency, n=MOST_TIMES)
        raise UserError(said)


def _waiting(turn: Turn, account: Account, asker: Target) -> QuotaRequest | None:
    """What the same person asked for of the same limit and nobody has decided."""
    pending = requests.still_open(turn.tx, turn.site, turn.tx.quota_requests.pending(account.quota), turn.now)
    return next((each for each in pending if (each.asked_by, each.span) == (asker, account.span)), None)


def _new(
    turn: Turn, quota: Quota, account: Account, amount: Amount, reason: tuple[str, ...], asker: Target, seen: Sight
) -> QuotaRequest:
    return QuotaRequest(
        QuotaRequestId(0),
        quota.id,
        account.span,
        amount.nano,
        asker,
        seen.user.scope.id if seen.user else asker.id,
        " ".join(reason)[:LONGEST_REASON],
        turn.now,
        account.window.end,
    )


def _people(turn: Turn, told: Sequence[Target]) -> tuple[Span, ...]:
    """Who was asked; where nobody could be, what to do."""
    if not told:
        return (turn.texts("quota_request.nobody"),)
    return tuple(span for each in told for span in (" ", person(each.id)))


def waiting(turn: Turn) -> Answer:
    """Requests that whoever asks may decide, and their own that wait."""
    texts, seen = turn.texts, sight(turn)
    own = private_chat(turn.message.origin.platform, turn.message.sender.open_id)
    turn.tx.lock(requests.LOCK)
    pending = requests.still_open(turn.tx, turn.site, turn.tx.quota_requests.pending(), turn.now)
    known = {each.id: turn.tx.quotas.find(each.quota) for each in pending}
    found = [(each, quota) for each in pending if (quota := known[each.id]) is not None]
    mine = [(each, quota) for each, quota in found if each.asked_by == own]
    theirs = [
        (each, quota) for each, quota in found
        if each.asked_by != own and may_decide(turn.tx, seen, quota.scope)
    ]  # fmt: skip
    if not (mine or theirs):
        return Answer(texts.lang, (line(texts("quota_request.none")),), texts("quota_request.list"))
    blocks: list[Block] = []
    for at, (each, quota) in enumerate(theirs[:SHOWN]):
        blocks.append(_line(turn, each, quota))
        blocks += [_buttons(turn, each)] if at < MOST_BUTTONS else []
    blocks += [note(texts("quota.more", n=len(theirs) - SHOWN))] if len(theirs) > SHOWN else []
    blocks += [line(texts("quota_request.mine"))] if mine else []
    blocks += [_line(turn, each, quota) for each, quota in mine[:SHOWN]]
    return Answer(texts.lang, tuple(blocks), texts("quota_request.list"), Tone.WARNING if theirs else Tone.INFO)


def _line(turn: Turn, request: QuotaRequest, quota: Quota) -> Paragraph:
    said = turn.texts(
        "quota_request.line",
        amount=shown(request.amount),
        currency=quota.currency,
        name=f"{name_of(turn.tx, quota.scope)} #{quota.id}",
        limit=limit_name(turn.texts, quota, request.span),
        why=request.why,
    )
    who = person(request.asked_by.id)
    return line(Code(f"{request.id}"), " ", who, " ", said, " · ", Ago(request.asked_at))


def _buttons(turn: Turn, request: QuotaRequest) -> Buttons:
    approve = run_button(turn.texts("quota_request.approve", id=request.id), f"/quota approve {request.id}")
    deny = run_button(turn.texts("quota_request.deny_one", id=request.id), f"/quota deny {request.id}")
    return Buttons((approve, deny))


def contacts(turn: Turn, quota: Quota) -> tuple[Span, ...]:
    """Who would get the card of a request by whoever asks now."""
    own = private_chat(turn.message.origin.platform, turn.message.sender.open_id)
    return _people(turn, asked(turn.tx, turn.site, quota.scope, own))


COMMANDS = (
    Command(
        name="quota request",
        run=request,
        role=Role.VIEWER,
        risk=Risk.CHANGE,
        example="/quota request 500 月底压测",
        aliases=("配额 申请",),
        params=(
            Param("amount", AmountArgument()),
            Param("quota", QuotaArgument(numbers=False), optional=True),
            Param("reason", ReasonArgument(), many=True, rest=True),
        ),
        clickable=True,
    ),
    Command(
        name="quota requests",
        run=waiting,
        role=Role.VIEWER,
        risk=Risk.READ,
        example="/quota requests",
        aliases=("配额 待批",),
    ),
)
