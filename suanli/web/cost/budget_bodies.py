"""Budgets as the API has them, under the original's names; and what may be said of one."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.forecasts import pace
from suanli.domain.cost.money import Currency
from suanli.domain.cost.quotas import Account, BudgetId, Level, Scope, ScopeKind
from suanli.domain.cost.windows import Period
from suanli.domain.site import Site
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, Name
from suanli.web.cost.figures import Percent
from suanli.web.cost.quota_bodies import KindWord, MaskedAmount, levels, percent
from suanli.web.cost.quota_edits import Code, Threshold, Zone, said_fields, scope_of

Shares = Annotated[dict[Name, GivenAmount], Field(max_length=500)]
_APART = ":"
_NAMES = {
    "name": "name",
    "total_budget": "total",
    "period_type": "period",
    "timezone": "zone",
    "binds": "binds",
    "warning_threshold": "warning",
    "critical_threshold": "critical",
    "active": "active",
}


def share_of(word: str) -> Scope:
    """KindWord share it is: `department:sales`, or plainly a department's id."""
    kind, apart, name = word.partition(_APART)
    is_kind = apart and name and kind in {each.word for each in ScopeKind}
    return scope_of(kind, name) if is_kind else Scope(ScopeKind.DEPARTMENT, word)


def word_of(scope: Scope) -> str:
    """The same the other way round."""
    return f"{scope.kind.word}{_APART}{scope.id}"


def _allocations(shares: Mapping[str, GivenAmount]) -> tuple[Allocation, ...]:
    return tuple(Allocation(share_of(word), amount) for word, amount in shares.items())


class BudgetsAsked(Body):
    """Which budgets are asked for."""

    name: str = ""
    scope_type: KindWord | None = None
    scope_id: str = ""
    period_type: Period | None = None
    active: Literal["true", "false", "all"] = "true"
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: str = ""

    def fits(self, budget: Budget) -> bool:
        """Whether a budget is one of them."""
        return (
            self.name.casefold() in budget.name.casefold()
            and self.scope_type in {None, budget.scope.kind.word}
            and self.scope_id in {"", budget.scope.id}
            and self.period_type in {None, budget.period}
            and self.active in {"all", "true" if budget.active else "false"}
        )

    @property
    def question(self) -> object:
        """What is asked, whatever the page."""
        return ("budgets", self.model_dump(exclude={"limit", "cursor"}))


class NewBudget(Body):
    """A budget; without a scope it is the only organisation's. It warns, and refuses nobody unless it `binds`.

    `allocations` are amounts by `department:sales`, `project:apollo`…, or plainly by a department's id.
    """

    name: Name
    total_budget: GivenAmount
    period_type: Period
    allocations: Shares = Field(default_factory=dict)
    scope_type: KindWord = "organization"
    scope_id: Name | None = None
    binds: bool = False
    timezone: Zone | None = None
    currency: Code | None = None
    warning_threshold: Threshold = 0.80
    critical_threshold: Threshold = 0.95
    active: bool = True

    def to_domain(self, site: Site, scope: Scope) -> Budget:
        """The budget, which has no number yet. Raises ValueError for shares and thresholds that mean nothing."""
        return Budget(
            BudgetId(0),
            self.name,
            scope,
            self.total_budget,
            self.period_type,
            self.timezone or site.zone,
            Currency(self.currency or site.money.currency),
            _allocations(self.allocations),
            self.binds,
            self.warning_threshold,
            self.critical_threshold,
            self.active,
        )


class BudgetChange(Body):
    """What is to be another: of what is not said, nothing changes. `allocations` that are said are all of them."""

    name: Name | None = None
    total_budget: GivenAmount | None = None
    period_type: Period | None = None
    allocations: Shares | None = None
    scope_type: KindWord | None = None
    scope_id: Name | None = None
    binds: bool | None = None
    timezone: Zone | None = None
    currency: Code | None = None
    warning_threshold: Threshold | None = None
    critical_threshold: Threshold | None = None
    active: bool | None = None

    def moves(self, budget: Budget) -> bool:
        """Whether it says another scope or currency."""
        said = (self.scope_type, self.scope_id, self.currency)
        known = (budget.scope.kind.word, budget.scope.id, budget.currency)
        return any(each not in {None, stays} for each, stays in zip(said, known, strict=True))

    def changed(self, budget: Budget) -> Budget:
        """The budget as it is to be. Raises ValueError for shares and thresholds that mean nothing."""
        shares = budget.allocations if self.allocations is None else _allocations(self.allocations)
        return replace(budget, **said_fields(self, _NAMES), allocations=shares)


class ShareAnswer(Answer):
    """Somebody's part of a budget, and how it stands now."""

    scope_type: KindWord
    scope_id: str
    name: str
    amount: Amount
    spent: MaskedAmount
    held: MaskedAmount
    remaining: MaskedAmount
    usage_percentage: Percent


class BudgetAnswer(Answer):
    """A budget and how it stands now: what was spent counts from its window's first moment, whenever it was made.

    The period is half-open. `allocations` are the shares by whose they are, `shares` the same with what was spent.
    What others spent is null, and others' shares are left out, for who may not see them. `etag` is for If-Match.
    """

    id: int
    name: str
    total_budget: Amount
    period_type: Period
    allocations: dict[str, Amount]
    spent: MaskedAmount
    held: MaskedAmount
    remaining: MaskedAmount
    unallocated: Amount
    usage_percentage: Percent
    period_start: datetime
    period_end: datetime
    pace_until: datetime | None
    is_warning: bool | None
    is_critical: bool | None
    is_exceeded: bool | None
    shares: list[ShareAnswer]
    scope_type: KindWord
    scope_id: str
    binds: bool
    warning_threshold: float
    critical_threshold: float
    currency: str
    timezone: str
    active: bool
    etag: str

    @classmethod
    def of(cls, budget: Budget, whole: Account, shares: Sequence[ShareAnswer], now: datetime, *, is_seen: bool) -> Self:
        """A budget with its window of now; not `is_seen`: without what was spent of the whole."""
        ends_at = pace(whole, now) if is_seen else None
        found = levels(budget, [whole])
        return cls(
            **_spent(whole, is_seen=is_seen),
            **{f"is_{level.value}": level in found if is_seen else None for level in Level},
            id=budget.id,
            name=budget.name,
            total_budget=budget.total,
            period_type=budget.period,
            allocations={f"{each.scope_type}{_APART}{each.scope_id}": each.amount for each in shares},
            unallocated=budget.unallocated,
            period_start=whole.window.start.astimezone(budget.zone),
            period_end=whole.window.end.astimezone(budget.zone),
            pace_until=ends_at and ends_at.astimezone(budget.zone),
            shares=list(shares),
            scope_type=budget.scope.kind.word,
            scope_id=budget.scope.id,
            binds=budget.binds,
            warning_threshold=budget.warning,
            critical_threshold=budget.critical,
            currency=budget.currency,
            timezone=budget.zone.key,
            active=budget.active,
            etag=tag_of(budget),
        )


def share_answer(share: Allocation, name: str, account: Account, *, is_seen: bool) -> ShareAnswer:
    """A share with its window of now."""
    return ShareAnswer(
        **_spent(account, is_seen=is_seen),
        scope_type=share.scope.kind.word,
        scope_id=share.scope.id,
        name=name,
        amount=share.amount,
    )


def _spent(account: Account, *, is_seen: bool) -> dict[str, object]:
    if not is_seen:
        return dict.fromkeys(("spent", "held", "remaining", "usage_percentage"))
    return {
        "spent": account.used,
        "held": account.held,
        "remaining": account.left,
        "usage_percentage": percent(account.used, account.limit),
    }


def tag_of(budget: Budget) -> str:
    """What tells this state of a budget from every other one, whatever was spent of it."""
    return hashlib.blake2b(repr(budget).encode(), digest_size=12).hexdigest()
