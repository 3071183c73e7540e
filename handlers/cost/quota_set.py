"""/quota set, reset and off: limits are made, changed, emptied and put out of force.

Operators do so; what can stop a whole organisation takes an admin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.cost.arguments import (
    Amount,
    AmountArgument,
    Field,
    Mode,
    ModeArgument,
    PeriodArgument,
    QuotaArgument,
    ScopeArgument,
    Setting,
    SettingArgument,
    Which,
)
from handlers.cost.figures import amount as shown
from handlers.cost.figures import moments
from handlers.cost.quota_card import drawn, limit_name, standing_of
from handlers.cost.quota_changes import change_quota, create_quota, reset_quota, told_of
from handlers.cost.quota_past import differing
from handlers.cost.reach import name_of, require_admin
from handlers.cost.sight import sight
from handlers.stock.arguments import ReasonArgument
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Block, Code, Facts, Tone, line, note
from suanli.domain.changes import Actor, Way, difference
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.quotas import Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.errors import UserError

LOCK = "quotas"
"""Held by whatever reads quotas in order to change one, or to make one where there is none."""

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Payee:
    """A quota by its number, or whose it is to be."""

    scope: Scope | None
    which: Which | None


class PayeeArgument:
    """Whose quota: somebody mentioned, `department:sales`, or the number of one that there is."""

    def read(self, word: str, turn: Turn) -> Payee | None:
        """Whose; a number is read whether there is such a quota or not."""
        if word.startswith("#"):
            which = QuotaArgument(numbers=False).read(word, turn)
            return None if which is None else Payee(None, which)
        scope = ScopeArgument().read(word, turn)
        return None if scope is None else Payee(scope, None)

    def choices(self, turn: Turn) -> Sequence[str]:
        """Those that are known."""
        return ScopeArgument().choices(turn)


def change(
    turn: Turn, payee: Payee, amount: Amount, period: Period | None, mode: Mode | None, setting: tuple[Setting, ...]
) -> Answer:
    """Make a quota, or change the one that there is; the answer says what was and what is."""
    turn.tx.lock(LOCK)
    before = _known(turn, payee, period)
    scope = before.scope if before else payee.scope
    if scope is None:
        raise AssertionError(payee)
    _require_say(turn, scope)
    start = before or _new(turn, scope, amount, period)
    after = _with(turn, start, amount, period, mode, setting)
    actor = Actor(turn.message.sender.open_id, Way.CHAT)
    if before is None:
        made = create_quota(turn.tx, after, actor, turn.now)
        return _said(turn, made, "quota_set.made", ())
    if after == before:
        return _said(turn, before, "quota_set.same", ())
    change_quota(turn.tx, before, after, actor, turn.now)
    return _said(turn, after, "quota_set.changed", _differences(turn, before, after))


def _known(turn: Turn, whose: Payee, period: Period | None) -> Quota | None:
    """The quota that is meant: by number, or the scope's only one, or its only one of a period."""
    if whose.which is not None:
        return _only(turn, whose.which)
    found = [
        each
        for each in turn.tx.quotas.all()
        if (each.scope, each.budget, each.currency) == (whose.scope, None, turn.site.money.currency)
        and period in (None, each.period)
    ]
    # One that is out of force comes back rather than that there are two.
    found = [each for each in found if each.active] or found[-1:]
    if len(found) > 1:
        raise UserError(turn.texts("quota_set.several", numbers=_numbers(found)))
    return found[0] if found else None


def _new(turn: Turn, scope: Scope, amount: Amount, period: Period | None) -> Quota:
    name, money = name_of(turn.tx, scope), turn.site.money
    return Quota(QuotaId(0), name, scope, amount.nano, period or Period.MONTHLY, turn.site.zone, money.currency)


def _with(
    turn: Turn, quota: Quota, amount: Amount, period: Period | None, mode: Mode | None, settings: Sequence[Setting]
) -> Quota:
    """The quota with all that was said. Raises UserError for thresholds that mean nothing."""
    fields = {_NAMES[each.field]: each.value for each in settings}
    if mode is not None:
        fields["soft"] = mode is Mode.SOFT
    try:
        return replace(
            quota,
            total=amount.nano,
            period=period or quota.period,
            active=True,
            **fields,  # type: ignore[arg-type]
        )
    except ValueError:
        raise UserError(turn.texts("quota_set.odd_thresholds")) from None


_NAMES = {
    Field.DAILY: "daily_limit",
    Field.HOURLY: "hourly_limit",
    Field.WARNING: "warning",
    Field.CRITICAL: "critical",
    Field.ZONE: "zone",
    Field.NAME: "name",
}


def _differences(turn: Turn, before: Quota, after: Quota) -> tuple[Block, ...]:
    old, new = difference(told_of(before), told_of(after))
    return (line("\n".join(differing(turn, old, new, after))),)


def _said(turn: Turn, quota: Quota, key: str, blocks: tuple[Block, ...]) -> Answer:
    texts = turn.texts
    standing = standing_of(turn.tx, quota, sight(turn), turn.now)
    known = turn.tx.parties.find(quota.scope) is not None
    stranger = () if known else (note(texts("quota_set.stranger", scope=f"{quota.scope.kind.word}:{quota.scope.id}")),)
    shown_now = drawn(texts, standing, moments(turn))
    return Answer(
        texts.lang, (line(texts(key)), *blocks, shown_now, *stranger), texts("quota.title_one", id=quota.id), Tone.GOOD
    )


def reset(turn: Turn, quota: Which, reason: tuple[str, ...]) -> Answer:
    """Let nothing be used in the windows of now; what is held stays held."""
    turn.tx.lock(LOCK)
    found = _only(turn, quota)
    _require_say(turn, found.scope)
    why = " ".join(reason)[:LONGEST_REASON]
    taken = reset_quota(turn.tx, found, Actor(turn.message.sender.open_id, Way.CHAT), why, turn.now)
    texts = turn.texts
    pairs = tuple((limit_name(texts, found, each.span), (f"{shown(each.amount)} {found.currency}",)) for each in taken)
    blocks: tuple[Block, ...] = (Facts(pairs),) if pairs else (line(texts("quota_set.nothing_used")),)
    return _said(turn, found, "quota_set.reset", blocks)


def off(turn: Turn, quota: Which) -> Answer:
    """Put a quota out of force; nothing of it is forgotten."""
    turn.tx.lock(LOCK)
    found = _only(turn, quota)
    _require_say(turn, found.scope)
    actor = Actor(turn.message.sender.open_id, Way.CHAT)
    change_quota(turn.tx, found, replace(found, active=False), actor, turn.now)
    again = note(turn.texts("quota_set.again"), " ", Code(f"/quota set #{found.id} {shown(found.total)}"))
    said = line(turn.texts("quota_set.off", name=f"{name_of(turn.tx, found.scope)} #{found.id}"))
    return Answer(turn.texts.lang, (said, again), tone=Tone.GOOD)


def _only(turn: Turn, which: Which) -> Quota:
    """The one quota that a word stands for, as it is now; one of a budget is changed with that. The lock is held."""
    if not which.quotas:
        raise UserError(turn.texts("quota.unknown", word=which.word))
    if len(which.quotas) > 1:
        raise UserError(turn.texts("quota_set.several", numbers=_numbers(which.quotas)))
    if which.quotas[0].budget is not None:
        raise UserError(turn.texts("quota_set.of_budget"))
    # Read anew, now that nobody else changes it: it was named before the lock was held.
    return turn.tx.quotas.find(which.quotas[0].id) or which.quotas[0]


def _numbers(quotas: Sequence[Quota]) -> str:
    return " ".join(f"#{each.id}" for each in quotas)


def _require_say(turn: Turn, scope: Scope) -> None:
    if scope.kind is ScopeKind.ORGANIZATION:
        require_admin(turn)


_QUOTA = Param("quota", QuotaArgument())

COMMANDS = (
    Command(
        name="quota set",
        run=change,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/quota set department:sales 5000 monthly daily=500",
        aliases=("配额 设置",),
        params=(
            Param("payee", PayeeArgument()),
            Param("amount", AmountArgument()),
            Param("period", PeriodArgument(), optional=True),
            Param("mode", ModeArgument(), optional=True),
            Param("setting", SettingArgument(), optional=True, many=True),
        ),
    ),
    Command(
        name="quota reset",
        run=reset,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/quota reset #3 账单更正",
        aliases=("配额 清零",),
        params=(_QUOTA, Param("reason", ReasonArgument(), many=True, rest=True)),
    ),
    Command(
        name="quota off",
        run=off,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/quota off #3",
        aliases=("配额 停用",),
        params=(_QUOTA,),
    ),
)
