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
QuotaGrantId = NewType("QuotaGrantId", int)
BudgetId = NewType("BudgetId", int)

WHOLE = 10_000
"""Thresholds are kept, and compared, in ten-thousandths of the limit."""


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

    @property
    def word(self) -> str:
        """The name used in the store."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a scope may spend in each window of `period`, and besides in a day and in an hour, if these say so.

    `total` and the limits are nano-units of `currency`; what is paid in another currency does not count. `zone` is
    where its days begin. A soft one warns and refuses nobody. Thresholds are parts of the limit at which people are
    told, each once a window, and once more when an edit has taken it below; they are kept to a ten-thousandth. One
    that keeps a `budget` is changed with that only.
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
    budget: BudgetId | None = None

    def __post_init__(self) -> None:
        """Refuse limits and thresholds that mean nothing."""
        if min(self.total, self.daily_limit or 0, self.hourly_limit or 0) < 0:
            raise ValueError("a limit is no less than nothing")
        check_thresholds(self.warning, self.critical)

    def spans(self) -> Mapping[Span, tuple[Period, Nano]]:
        """The limits there are, each with the period that its windows have."""
        found = {Span.PERIOD: (self.period, self.total)}
        if self.daily_limit is not None:
            found[Span.DAY] = (Period.DAILY, self.daily_limit)
        if self.hourly_limit is not None:
            found[Span.HOUR] = (Period.HOURLY, self.hourly_limit)
        return found


@dataclass(frozen=True, slots=True)
class QuotaGrant:
    """So much more for one limit of a quota, in each of its windows, up to `expires_at`; who gave it, and why.

    It counts up to that moment and no longer, whoever looks. `ended_at` is when that was written down.
    """

    id: QuotaGrantId
    quota: QuotaId
    span: Span
    amount: Nano
    granted_by: str
    why: str
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse to grant nothing, or for no time."""
        if self.amount <= 0 or self.expires_at <= self.granted_at:
            raise ValueError("a grant is of more than nothing, and for a while")


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


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What was added to, or with a minus taken from, the used part of an account beside what calls came to.

    Who did it, and why.
    """

    quota: QuotaId
    span: Span
    window: Window
    amount: Nano
    made_by: str
    why: str
    made_at: datetime


class Level(StrEnum):
    """How far a limit is used up."""

    WARNING = "warning"
    CRITICAL = "critical"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True)
class Crossing:
    """An account came to a level, with so much `used` of such a `limit` at that moment.

    It comes there once, unless an edit takes it below the level again.
    """

    account: Account
    level: Level
    reached_at: datetime
    used: Nano
    limit: Nano


@dataclass(frozen=True, slots=True)
class Drift:
    """An account that does not say what its holds and adjustments say: `used` and `held` are the sums of these."""

    account: Account
    used: Nano
    held: Nano


class HoldState(StrEnum):
    """The life of a hold. An expired one may still be settled: a bill that comes late is money all the same."""

    HELD = "held"
    SETTLED = "settled"
    REFUNDED = "refunded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a hold is asked for: so much, at the worst, for a call that is paid by these scopes.

    `key` is the caller's own for it. `fingerprint` tells what was asked for, so that the same key for something else
    is found out.
    """

    key: str
    fingerprint: str
    scopes: tuple[Scope, ...]
    amount: Nano
    currency: Currency

    def __post_init__(self) -> None:
        """Refuse to hold less than nothing."""
        if self.amount < 0:
            raise ValueError("a call costs no less than nothing")


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
    """The key stands for another hold, or for one that came to another end."""

    key: str


Decision = Granted | Refused | Conflict


def refuses(left: int, amount: int, *, soft: bool) -> bool:
    """Whether a limit with so much left stands in the way of so much more."""
    return not soft and left < amount


def first_full(accounts: Sequence[Account], amount: int) -> Account | None:
    """The account that has no room for so much; of several, the widest scope's, for it explains most."""
    full = [account for account in accounts if refuses(account.left, amount, soft=account.soft)]
    return max(full, key=lambda account: (account.scope.kind, -account.span), default=None)


def check_thresholds(warning: float, critical: float) -> None:
    """Refuse thresholds that mean nothing, also when they are rounded to what is kept of them. Raises ValueError."""
    if not 0 < warning <= critical <= 1 or round(warning * WHOLE) == 0:
        raise ValueError("people are warned first, and both times at a part of the limit")


def reached(limit: int, used: int, warning: int, critical: int) -> Sequence[Level]:
    """The levels that so much has come to, lowest first; thresholds in ten-thousandths. Nothing comes to none.

    A `warning` at 0 is that of an account of which nobody is told.
    """
    if used <= 0 or not warning:
        return ()
    parts = {Level.WARNING: warning, Level.CRITICAL: critical, Level.EXCEEDED: WHOLE}
    return tuple(level for level, part in parts.items() if used * WHOLE >= limit * part)
