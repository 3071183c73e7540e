"""/budget set and /budget share: what is meant to be spent, and whose it is.

Operators do so; a budget that binds a whole organisation, and so can stop it, takes an admin.
"""

from dataclasses import replace

from handlers.cost.arguments import Amount, AmountArgument, Mode, ModeArgument, PeriodArgument, ScopeArgument
from handlers.cost.budget_arguments import BudgetArgument, BudgetName, BudgetWhich, NameArgument
from handlers.cost.budget_card import drawn, standing_of
from handlers.cost.figures import amount as shown
from handlers.cost.figures import moments
from handlers.cost.quota_changes import change_budget, create_budget
from handlers.cost.reach import require_admin
from handlers.cost.sight import sight
from suanli.domain.access import Role
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.changes import Actor, Way
from suanli.domain.commands import Command, Param, Risk, Turn
from suanli.domain.cost.budgets import Allocation, Budget, limits_organization
from suanli.domain.cost.quotas import BudgetId, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.errors import UserError

LOCK = "budgets"
"""Held by whatever reads budgets in order to change one, or to make one where there is none."""


def change(
    turn: Turn, budget_name: BudgetName, amount: Amount, period: Period | None, scope: Scope | None, mode: Mode | None
) -> Answer:
    """Make a budget, or change the one of this name."""
    turn.tx.lock(LOCK)
    before = _named(turn, budget_name)
    start = before or _new(turn, budget_name, amount, period, scope)
    if scope not in (None, start.scope):
        raise UserError(turn.texts("budget.other_scope", name=start.name))
    after = _with(turn, start, amount, period, mode)
    _require_say(turn, start, after)
    actor = Actor(turn.message.sender.open_id, Way.CHAT)
    if before is None:
        return _said(turn, create_budget(turn.tx, after, actor, turn.now), "budget.made")
    return _said(turn, change_budget(turn.tx, before, after, actor, turn.now), "budget.changed", before)


def _named(turn: Turn, name: BudgetName) -> Budget | None:
    """The budget of this name, or number; one that is out of force only where there is no other."""
    which = BudgetArgument().read(name, turn)
    if which is None:
        return None
    found = [each for each in which.budgets if each.active] or list(which.budgets[-1:])
    return _only(turn, BudgetWhich(which.word, tuple(found)))


def _new(turn: Turn, name: BudgetName, amount: Amount, period: Period | None, scope: Scope | None) -> Budget:
    """A budget of this name; where nobody says whose it is, it is the only organisation's."""
    known = [party.scope for party in turn.tx.parties.all() if party.scope.kind is ScopeKind.ORGANIZATION]
    whose = scope or (known[0] if len(known) == 1 else None)
    if whose is None:
        raise UserError(turn.texts("budget.whose", name=name))
    _refuse_nothing(turn, amount)
    money = turn.site.money
    return Budget(BudgetId(0), name, whose, amount.nano, period or Period.MONTHLY, turn.site.zone, money.currency)


def _with(turn: Turn, budget: Budget, amount: Amount, period: Period | None, mode: Mode | None) -> Budget:
    _refuse_nothing(turn, amount)
    shared = budget.total - budget.unallocated
    if amount.nano < shared:
        raise UserError(turn.texts("budget.below_shares", shared=shown(shared), currency=budget.currency))
    binds = budget.binds if mode is None else mode is Mode.HARD
    return replace(budget, total=amount.nano, period=period or budget.period, binds=binds, active=True)


def _refuse_nothing(turn: Turn, amount: Amount) -> None:
    if amount.nano <= 0:
        raise UserError(turn.texts("budget.of_nothing"))


def share(turn: Turn, budget: BudgetWhich, scope: Scope, amount: Amount) -> Answer:
    """Let so much of a budget be somebody's; nothing at all takes their share away."""
    turn.tx.lock(LOCK)
    before = _only(turn, budget)
    if scope == before.scope:
        raise UserError(turn.texts("budget.own_share", name=before.name))
    if not before.may_share(scope):
        raise UserError(turn.texts("budget.wider_share", name=before.name))
    others = sum(each.amount for each in before.allocations if each.scope != scope)
    if others + amount.nano > before.total:
        left = shown(before.total - others)
        raise UserError(turn.texts("budget.too_much", left=left, currency=before.currency))
    after = replace(before, allocations=_shares(before, Allocation(scope, amount.nano)))
    _require_say(turn, before, after)
    actor = Actor(turn.message.sender.open_id, Way.CHAT)
    return _said(turn, change_budget(turn.tx, before, after, actor, turn.now), "budget.shared", before)


def _shares(budget: Budget, given: Allocation) -> tuple[Allocation, ...]:
    """The shares with this one in its place, or at the end; one of nothing goes."""
    is_known = any(each.scope == given.scope for each in budget.allocations)
    kept = [given if each.scope == given.scope else each for each in budget.allocations]
    shares = kept if is_known else [*kept, given]
    return tuple(each for each in shares if each.scope != given.scope or given.amount)


def _only(turn: Turn, which: BudgetWhich) -> Budget:
    if not which.budgets:
        raise UserError(turn.texts("budget.unknown", word=which.word))
    if len(which.budgets) > 1:
        raise UserError(turn.texts("budget.several", numbers=" ".join(f"#{each.id}" for each in which.budgets)))
    # Read anew, now that nobody else changes it: it was named before the lock was held.
    return turn.tx.budgets.find(which.budgets[0].id) or which.budgets[0]


def _said(turn: Turn, budget: Budget, key: str, before: Budget | None = None) -> Answer:
    texts = turn.texts
    if budget == before:
        key = "budget.same"
    standing = standing_of(turn.tx, budget, sight(turn), turn.now)
    total = before.total if before else budget.total
    was = (
        texts("budget.was", before=shown(total), after=shown(budget.total), currency=budget.currency)
        if total != budget.total
        else ""
    )
    blocks = (line(texts(key), was), drawn(texts, standing, moments(turn)))
    return Answer(texts.lang, blocks, texts("budget.title_one", name=budget.name), Tone.GOOD)


def _require_say(turn: Turn, before: Budget, after: Budget) -> None:
    if limits_organization(before, after):
        require_admin(turn)


COMMANDS = (
    Command(
        name="budget set",
        run=change,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/budget set 研发 10万 yearly organization:acme",
        aliases=("预算 设置",),
        params=(
            Param("budget_name", NameArgument()),
            Param("amount", AmountArgument()),
            Param("period", PeriodArgument(), optional=True),
            Param("scope", ScopeArgument(), optional=True),
            Param("mode", ModeArgument(), optional=True),
        ),
    ),
    Command(
        name="budget share",
        run=share,
        role=Role.OPERATOR,
        risk=Risk.CHANGE,
        example="/budget share 研发 department:sales 3万",
        aliases=("预算 分配",),
        params=(
            Param("budget", BudgetArgument()),
            Param("scope", ScopeArgument()),
            Param("amount", AmountArgument()),
        ),
    ),
)
