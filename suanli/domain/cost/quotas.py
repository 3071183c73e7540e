"""Who may spend how much: limits over scopes and windows, and holds against them before money is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.windows import Period, Window

QuotaId = NewType("QuotaId", int)


class ScopeKind(IntEnum):
    """Whose money it is. The number is the order in which windows are locked, the hottest last (cost.md §7.4)."""

    USER = 0
    PROJECT = 1
    DEPARTMENT = 2
    ORGANIZATION = 3

    @property
    def word(self) -> str:
        """The name used in the store, in chat and by the API."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A user, a project, a department or an organisation, by its id."""

    kind: ScopeKind
    id: str


class Span(IntEnum):
    """Which of a quota's limits a window is for: the whole period's, the day's or the hour's."""

    PERIOD = 0
    DAY = 1
    HOUR = 2


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a scope may spend in each window of `period`, and besides in a day and in an hour, if these say so.

    `total` and the limits are nano-units of `currency`; `zone` is where its days begin. A soft one warns and refuses
    nobody. Thresholds are parts of the limit at which people are told, each once a window.
    """

    id: QuotaId
    name: str
    scope: Scope
    total: Nano
    period: Period
    zone: ZoneInfo
    currency: Currency
    daily_limit: Nano | None = None
    hourly_limit: Nano | None = None
    soft: bool = False
    warning: float = 0.80
    critical: float = 0.95
    active: bool = True

    def spans(self) -> Mapping[Span, tuple[Period, Nano]]:
        """The limits there are, each with the period that its windows have."""
        found = {Span.PERIOD: (self.period, self.total)}
        if self.daily_limit is not None:
            found[Span.DAY] = (Period.DAILY, self.daily_limit)
        if self.hourly_limit is not None:
            found[Span.HOUR] = (Period.HOURLY, self.hourly_limit)
        return found


@dataclass(frozen=True, slots=True)
class Account:
    """One window of one limit, as it stands: what was settled, and what is held for calls that are under way.

    `limit` is the quota's own and what was granted on top for this window.
    """

    quota: QuotaId
    name: str
    scope: Scope
    span: Span
    window: Window
    limit: Nano
    used: Nano
    held: Nano
    soft: bool = False

    @property
    def left(self) -> int:
        """What may still be held; less than nothing when a bill came out higher than was held for it."""
        return self.limit - self.used - self.held


class HoldState(StrEnum):
    """The life of a hold. An expired one may still be settled: a bill that comes late is money all the same."""

    HELD = "held"
    SETTLED = "settled"
    REFUNDED = "refunded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Hold:
    """Money put aside for a call, against every account at once, by the caller's own key for it.

    `fingerprint` tells what was asked for, so that the same key for something else is found out.
    """

    key: str
    fingerprint: str
    amount: Nano
    currency: Currency
    state: HoldState
    created_at: datetime
    expires_at: datetime
    actual: Nano | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The hold stands; `replayed`: it stood before."""

    hold: Hold
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """There is not enough left in `account`, the first of all that are full, when so much was `asked` for."""

    account: Account
    asked: Nano


@dataclass(frozen=True, slots=True)
class Conflict:
    """The key stands for another hold."""

    key: str


Decision = Granted | Refused | Conflict


def first_full(accounts: Sequence[Account], amount: int) -> Account | None:
    """The account that has no room for so much; of several, the widest scope's, for it explains most."""
    full = [account for account in accounts if not account.soft and account.left < amount]
    return max(full, key=lambda account: (account.scope.kind, -account.span), default=None)
