"""The model of quotas and holds: books that are kept by adding up, one step after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from suanli.domain.cost.quotas import (
    WHOLE,
    Ask,
    HoldState,
    Level,
    Quota,
    QuotaGrant,
    QuotaGrantId,
    QuotaId,
    Scope,
    Span,
    reached,
)
from suanli.domain.cost.windows import Window, window_at

Told = tuple[QuotaId, Span, Window, Level]


@dataclass(eq=False)
class Purse:
    """What is known of a window of a limit."""

    quota: Quota
    span: Span
    window: Window
    limit: int
    granted: list[QuotaGrant]
    used: int = 0
    held: int = 0

    def limit_at(self, now: datetime) -> int:
        return self.limit + sum(each.amount for each in self.granted if now < each.expires_at)

    def has_room(self, amount: int, now: datetime) -> bool:
        return self.quota.soft or self.used + self.held + amount <= self.limit_at(now)

    def levels(self, now: datetime) -> set[Told]:
        warning, critical = round(self.quota.warning * WHOLE), round(self.quota.critical * WHOLE)
        found = reached(self.limit_at(now), self.used, warning, critical)
        return {(self.quota.id, self.span, self.window, level) for level in found}


@dataclass
class Kept:
    """What is known of a hold."""

    ask: Ask
    amount: int
    expires_at: datetime
    purses: Sequence[Purse]
    state: HoldState = HoldState.HELD
    actual: int | None = None

    def free(self) -> None:
        for purse in self.purses:
            purse.held -= self.amount


@dataclass
class Books:
    """All that was decided so far."""

    quotas: dict[QuotaId, Quota] = field(default_factory=dict)
    grants: dict[QuotaGrantId, QuotaGrant] = field(default_factory=dict)
    purses: dict[tuple[QuotaId, Span, Window], Purse] = field(default_factory=dict)
    holds: dict[str, Kept] = field(default_factory=dict)
    told: set[Told] = field(default_factory=set)

    def of(self, scopes: Sequence[Scope], now: datetime) -> list[Purse]:
        """The windows that a call of now is against."""
        binding = (quota for quota in self.quotas.values() if quota.active and quota.scope in scopes)
        return [self.window(quota, span, now) for quota in binding for span in quota.spans()]

    def window(self, quota: Quota, span: Span, now: datetime) -> Purse:
        """A window of now; it is opened if it is not."""
        period, limit = quota.spans()[span]
        window = window_at(period, quota.zone, now)
        new = Purse(quota, span, window, limit, self.running(quota.id, span))
        return self.purses.setdefault((quota.id, span, window), new)

    def opened(self, quota: Quota, now: datetime) -> list[Purse]:
        """The windows of now that are open."""
        keys = ((quota.id, span, window_at(period, quota.zone, now)) for span, (period, _) in quota.spans().items())
        return [self.purses[key] for key in keys if key in self.purses]

    def running(self, quota: QuotaId, span: Span) -> list[QuotaGrant]:
        return [each for each in self.grants.values() if (each.quota, each.span) == (quota, span) and not each.ended_at]

    def expire_due(self, now: datetime) -> None:
        for kept in self.holds.values():
            if kept.state is HoldState.HELD and kept.expires_at <= now:
                kept.state = HoldState.EXPIRED
                kept.free()

    def first_due(self, now: datetime) -> set[str]:
        """The keys of those that may be swept next."""
        due = {
            key: each.expires_at
            for key, each in self.holds.items()
            if each.state is HoldState.HELD and each.expires_at <= now
        }
        return {key for key, at in due.items() if at == min(due.values())}

    def full(self, purses: Sequence[Purse], amount: int, now: datetime) -> list[Purse]:
        """Those that have no room, what explains most first."""
        full = [purse for purse in purses if not purse.has_room(amount, now)]
        return sorted(full, key=lambda purse: (-purse.quota.scope.kind, purse.span))

    def hold(self, ask: Ask, purses: Sequence[Purse], expires_at: datetime) -> None:
        self.holds[ask.key] = Kept(ask, ask.amount, expires_at, purses)
        for purse in purses:
            purse.held += ask.amount

    def settle(self, kept: Kept, actual: int, now: datetime) -> None:
        if kept.state is HoldState.HELD:
            kept.free()
        kept.state, kept.actual = HoldState.SETTLED, actual
        for purse in kept.purses:
            self.use(purse, actual, now)

    def use(self, purse: Purse, amount: int, now: datetime) -> None:
        before = purse.levels(now)
        purse.used += amount
        self.told |= purse.levels(now) - before

    def refresh(self, quota: Quota, now: datetime) -> None:
        """Let the open windows of a quota know its limits and grants."""
        self.quotas[quota.id] = quota
        for purse in self.purses.values():
            if purse.quota.id == quota.id:
                purse.quota = quota if purse.window.end > now else purse.quota
            if purse.quota.id == quota.id and purse.window.end > now:
                limits = quota.spans()
                purse.limit = limits[purse.span][1] if purse.span in limits else purse.limit
                purse.granted = self.running(quota.id, purse.span)
                self.told |= purse.levels(now)
