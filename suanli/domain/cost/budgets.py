"""Budgets: how much is meant to be spent in a period, and how it is shared out.

A budget is kept by quotas of its own, one for the whole and one for each share: so it is counted in the transaction
that spends, in its own zone, and has nothing to be added up. These quotas warn and refuse nobody, unless the budget
`binds`.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import BudgetId, Quota, QuotaId, Scope, ScopeKind, check_thresholds
from suanli.domain.cost.windows import Period

UNSTORED = QuotaId(0)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a budget that is somebody's."""

    scope: Scope
    amount: Nano


@dataclass(frozen=True, slots=True)
class Budget:
    """What `scope` means to spend in each window of `period`. The shares come to no more than the whole.

    Where it `binds`, each share is a limit of whose it is: so a share is of something narrower than the whole.
    """

    id: BudgetId
    name: str
    scope: Scope
    total: Nano
    period: Period
    zone: ZoneInfo
    currency: Currency
    allocations: tuple[Allocation, ...] = ()
    binds: bool = False
    warning: float = 0.80
    critical: float = 0.95
    active: bool = True

    def __post_init__(self) -> None:
        """Refuse shares that come to more than there is, that somebody has twice or of himself, or that are wider."""
        check_thresholds(self.warning, self.critical)
        if self.total <= 0 or any(share.amount < 0 for share in self.allocations):
            raise ValueError("a budget is of more than nothing")
        if sum(share.amount for share in self.allocations) > self.total:
            raise ValueError("the allocations come to more than the budget")
        scopes = [self.scope, *(share.scope for share in self.allocations)]
        if len({*scopes}) != len(scopes):
            raise ValueError("each has one allocation, and the whole has none")
        if not all(self.may_share(share.scope) for share in self.allocations):
            raise ValueError("an allocation is of something narrower than the budget")

    def may_share(self, scope: Scope) -> bool:
        """Whether a part of it can be a scope's: a department's may be a project's or a user's, and no organisation's.

        Who is of which department says each call, so no more than the kinds can be compared.
        """
        return scope.kind < self.scope.kind

    @property
    def unallocated(self) -> Nano:
        """What is nobody's."""
        return Nano(self.total - sum(share.amount for share in self.allocations))

    def quotas(self) -> tuple[Quota, ...]:
        """The quotas that keep it, that of the whole first; they have no numbers yet."""
        amounts = [(self.scope, self.total), *((share.scope, share.amount) for share in self.allocations)]
        return tuple(
            Quota(
                UNSTORED,
                self.name,
                scope,
                amount,
                self.period,
                self.zone,
                self.currency,
                soft=not self.binds,
                warning=self.warning,
                critical=self.critical,
                active=self.active,
            )
            for scope, amount in amounts
        )


def limits_organization(*states: Budget) -> bool:
    """Whether a budget, in any of these states of it, can stop a whole organisation: its own scope's or a share's.

    Before a change and after it: to set such a limit is as much as to lift it.
    """
    return any(
        scope.kind is ScopeKind.ORGANIZATION
        for each in states
        if each.binds
        for scope in (each.scope, *(share.scope for share in each.allocations))
    )
