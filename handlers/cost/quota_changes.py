"""What is done to quotas and budgets, from chat and by the API alike: each change with its note of who made it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from suanli.domain.changes import Actor, Change, difference
from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.money import decimal
from suanli.domain.cost.quotas import Adjustment, Quota, QuotaGrant
from suanli.domain.ports import Transaction


def create_quota(tx: Transaction, quota: Quota, actor: Actor, now: datetime) -> Quota:
    """Store a new quota."""
    made = tx.quotas.add(quota)
    _note(tx, actor, "quota.create", f"quota {made.id}", {}, told_of(made), now)
    return made


def change_quota(tx: Transaction, before: Quota, after: Quota, actor: Actor, now: datetime) -> Quota:
    """Write a quota back; what is the same is not changed, and not noted. Raises LookupError when it is gone."""
    if before == after:
        return after
    if not tx.quotas.change(after, now):
        raise LookupError(f"quota {after.id}")
    _note(tx, actor, "quota.change", f"quota {after.id}", told_of(before), told_of(after), now)
    return after


def reset_quota(tx: Transaction, quota: Quota, actor: Actor, why: str, now: datetime) -> Sequence[Adjustment]:
    """Let nothing be used in the windows of now, by adjustments that say why; what it took."""
    taken = tx.quotas.reset(quota.id, made_by=actor.who, why=why, now=now)
    after = {f"taken.{each.span.word}": f"{decimal(each.amount)}" for each in taken} | {"why": why}
    _note(tx, actor, "quota.reset", f"quota {quota.id}", {}, after, now)
    return taken


def grant_more(tx: Transaction, grant: QuotaGrant, actor: Actor, now: datetime) -> QuotaGrant:
    """Raise a limit for a while. Raises LookupError when there is no such limit."""
    given = tx.quotas.grant(grant)
    after = {
        "amount": f"{decimal(given.amount)}",
        "limit": given.span.word,
        "until": given.expires_at.isoformat(),
        "why": given.why,
    }
    _note(tx, actor, "quota.grant", f"quota {given.quota}", {}, after, now)
    return given


def create_budget(tx: Transaction, budget: Budget, actor: Actor, now: datetime) -> Budget:
    """Store a new budget, with the quotas that keep it."""
    made = tx.budgets.add(budget, now)
    _note(tx, actor, "budget.create", f"budget {made.id}", {}, told_of_budget(made), now)
    return made


def change_budget(tx: Transaction, before: Budget, after: Budget, actor: Actor, now: datetime) -> Budget:
    """Write a budget back, and its quotas with it. Raises LookupError when it is gone."""
    if before == after:
        return after
    if not tx.budgets.change(after, now):
        raise LookupError(f"budget {after.id}")
    _note(tx, actor, "budget.change", f"budget {after.id}", told_of_budget(before), told_of_budget(after), now)
    return after


def told_of(quota: Quota) -> Mapping[str, str]:
    """A quota as a note of a change has it."""
    limits = {"daily_limit": quota.daily_limit, "hourly_limit": quota.hourly_limit}
    return {
        "name": quota.name,
        "scope": f"{quota.scope.kind.word} {quota.scope.id}",
        "total": f"{decimal(quota.total)} {quota.currency}",
        "period": quota.period.value,
        "zone": quota.zone.key,
        **{name: f"{decimal(limit)}" for name, limit in limits.items() if limit is not None},
        "soft": str(quota.soft).lower(),
        "warning": str(quota.warning),
        "critical": str(quota.critical),
        "active": str(quota.active).lower(),
    }


def told_of_budget(budget: Budget) -> Mapping[str, str]:
    """A budget as a note of a change has it."""
    shares = {f"{each.scope.kind.word} {each.scope.id}": f"{decimal(each.amount)}" for each in budget.allocations}
    return {
        "name": budget.name,
        "scope": f"{budget.scope.kind.word} {budget.scope.id}",
        "total": f"{decimal(budget.total)} {budget.currency}",
        "period": budget.period.value,
        "zone": budget.zone.key,
        **shares,
        "binds": str(budget.binds).lower(),
        "warning": str(budget.warning),
        "critical": str(budget.critical),
        "active": str(budget.active).lower(),
    }


def _note(
    tx: Transaction,
    actor: Actor,
    what: str,
    subject: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    now: datetime,
) -> None:
    old, new = difference(before, after)
    tx.changes.note(Change(now, actor.who, actor.way, what, subject, old, new))
