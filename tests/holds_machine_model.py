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
from suanli.domain.cost.records import Fate
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
    in_force: bool = True
    """Not so once the quota has this window no more."""
    gone: set[str] = field(default_factory=set)
    """The holds whose calls were reset away."""

    @property
    def refuses(self) -> bool:
        return self.in_force and not self.quota.soft

    def limit_at(self, now: datetime) -> int:
        return self.limit + sum(each.amount for each in self.granted if now < each.expires_at)

    def has_room(self, amount: int, now: datetime) -> bool:
        return not self.refuses or self.used + self.held + amount <= self.limit_at(now)

    def levels(self, now: datetime) -> set[Told]:
        warning, critical = round(self.quota.warning * WHOLE), round(self.quota.critical * WHOLE)
        found = reached(self.limit_at(now), self.used, warning, critical) if self.in_force else ()
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
    bills: list[int | None] = field(default_factory=list)
    """What its call was told to cost; None: nobody knew."""
    is_unpriced: bool = False

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
    told: dict[Told, bool] = field(default_factory=dict)
    """The levels that were reached, and whether people were told of each."""

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

    def tell(self, kept: Kept, actual: int | None, now: datetime) -> Fate:
        """What becomes of the record of a hold's call, which is the only way in which a hold is settled.

        It counts in the windows of its hold, whatever was held and however late it comes, and does so once: the same
        call again is known, and another one, or one of a hold that was given back, is in conflict with it.
        """
        if kept.state not in {HoldState.HELD, HoldState.EXPIRED}:
            return Fate.KNOWN if actual in kept.bills else Fate.CONFLICT
        if kept.state is HoldState.HELD:
            kept.free()
        charged = kept.amount if actual is None else actual
        kept.state, kept.actual, kept.is_unpriced = HoldState.SETTLED, charged, actual is None
        kept.bills.append(actual)
        for purse in kept.purses:
            self.use(purse, charged, now)
        return Fate.NEW

    def price(self, kept: Kept, amount: int, now: datetime) -> None:
        """What a call costs after all; where it was reset away, what it costs less was given back then."""
        more = amount - (kept.actual or 0)
        kept.actual, kept.is_unpriced = amount, False
        for purse in kept.purses:
            if more > 0 or kept.ask.key not in purse.gone:
                self.use(purse, more, now)

    def use(self, purse: Purse, amount: int, now: datetime) -> None:
        before = purse.levels(now)
        purse.used += amount
        self.reach(purse.levels(now) - before)

    def reach(self, levels: set[Told]) -> None:
        for level in levels:
            self.told.setdefault(level, False)

    def reset(self, purse: Purse) -> None:
        """Nothing is used of it, and people are told of it as of a new one."""
        purse.used = 0
        purse.gone |= {key for key, kept in self.holds.items() if kept.bills and purse in kept.purses}
        self.forget(purse, set())

    def forget(self, purse: Purse, but: set[Told]) -> None:
        for level in Level:
            told = (purse.quota.id, purse.span, purse.window, level)
            if told not in but:
                self.told.pop(told, None)

    @staticmethod
    def limit_of(quota: Quota, span: Span, window: Window) -> int | None:
        """The limit that a quota has in a window."""
        period, limit = quota.spans().get(span, (None, None))
        return limit if period and window_at(period, quota.zone, window.start) == window else None

    def refresh(self, quota: Quota, now: datetime) -> None:
        """Let the windows of a quota know its limits and grants; those that it has no more are out of force."""
        self.quotas[quota.id] = quota
        for purse in self.purses.values():
            if purse.quota.id != quota.id:
                continue
            limit = self.limit_of(quota, purse.span, purse.window) if quota.active else None
            if limit is None:
                purse.in_force = purse.in_force and purse.window.end <= now and not purse.held
            elif purse.window.end > now:
                purse.quota, purse.limit, purse.in_force = quota, limit, True
                purse.granted = self.running(quota.id, purse.span)
                self.forget(purse, purse.levels(now))
                self.reach(purse.levels(now))
