"""Quotas as the API has them, under the original's names; and which of them are asked for."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, WithJsonSchema

from suanli.domain.cost.budgets import Budget
from suanli.domain.cost.forecasts import pace
from suanli.domain.cost.quotas import (
    WHOLE,
    Account,
    Level,
    Quota,
    QuotaGrant,
    Span,
    reached,
)
from suanli.domain.cost.windows import Period
from suanli.web.api.bodies import Amount, Answer, Body, MaybeAmount
from suanli.web.cost.figures import Percent

MaskedAmount = Annotated[
    MaybeAmount,
    WithJsonSchema({"type": ["string", "number", "null"], "description": "money; null: not for this token to see"}),
]
"""Money that not everybody may see, or that there is no such limit for."""

KindWord = Literal["user", "project", "department", "organization"]
"""The words for the kinds of scopes."""
_CENT = Decimal("0.01")
_ALL = 100


def percent(used: int, limit: int) -> Decimal | None:
    """How much of a limit is used, rounded down so that 100 is said when it is; None: of a limit of nothing."""
    return (Decimal(used * _ALL) / limit).quantize(_CENT, ROUND_DOWN) if limit else None


def levels(of: Quota | Budget, accounts: Sequence[Account]) -> set[Level]:
    """The levels that any of its limits has come to by what was used."""
    warning, critical = round(of.warning * WHOLE), round(of.critical * WHOLE)
    return {level for each in accounts for level in reached(each.limit, each.used, warning, critical)}


class QuotasAsked(Body):
    """Which quotas are asked for. Those that keep a budget are left out, unless they are included."""

    quota_type: KindWord | None = None
    scope_id: str = ""
    period_type: Period | None = None
    currency: str = ""
    soft: bool | None = None
    active: Literal["true", "false", "all"] = "true"
    is_warning: bool | None = None
    is_critical: bool | None = None
    is_exceeded: bool | None = None
    include: Literal["budgets"] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str = ""

    def fits(self, quota: Quota) -> bool:
        """Whether a quota is one of them, however it stands."""
        return (
            (quota.budget is None or self.include == "budgets")
            and self.quota_type in {None, quota.scope.kind.word}
            and self.scope_id in {"", quota.scope.id}
            and self.period_type in {None, quota.period}
            and self.currency in {"", quota.currency}
            and self.soft in {None, quota.soft}
            and self.active in {"all", "true" if quota.active else "false"}
        )

    def stands(self, quota: Quota, accounts: Sequence[Account]) -> bool:
        """Whether it stands as is asked."""
        found = levels(quota, accounts)
        return (
            self.is_warning in {None, Level.WARNING in found}
            and self.is_critical in {None, Level.CRITICAL in found}
            and self.is_exceeded in {None, Level.EXCEEDED in found}
        )

    @property
    def asks_states(self) -> bool:
        """Whether it matters how a quota stands."""
        return any(each is not None for each in (self.is_warning, self.is_critical, self.is_exceeded))

    @property
    def question(self) -> object:
        """What is asked, whatever the page."""
        return ("quotas", self.model_dump(exclude={"limit", "cursor"}))


class LimitAnswer(Answer):
    """A limit for a day or an hour, with what was granted on top of it. It begins anew at `resets_at`."""

    limit: Amount
    used: Amount
    held: Amount
    left: Amount
    resets_at: datetime
    pace_until: datetime | None


class GrantAnswer(Answer):
    """So much more for a limit (`window`), up to a moment that is not in it any more."""

    window: str
    amount: Amount
    expires_at: datetime
    granted_by: str
    reason: str


class QuotaAnswer(Answer):
    """A quota and how it stands now: total + granted = used + held + remaining.

    The period is half-open: from `period_start` on, up to `period_end`, which is the next one's first moment.
    `remaining_quota` is what may still be held; below nothing when bills came out higher than was held for them.
    The three states are of any of its limits. `pace_until` is when it will be used up at this pace; null: it lasts.
    Of a limit that stands above somebody all figures are shown, for they have to know what is left, and the rest
    follows from that; who used it, and who was granted more for what reason, is not. `etag` is its state, for If-Match.
    """

    id: int
    name: str
    quota_type: KindWord
    total_quota: Amount
    used_quota: Amount
    remaining_quota: Amount
    usage_percentage: Percent
    period_type: Period
    period_start: datetime
    period_end: datetime
    warning_threshold: float
    critical_threshold: float
    is_warning: bool
    is_critical: bool
    is_exceeded: bool
    scope_id: str
    held_quota: Amount
    granted_quota: Amount
    pace_until: datetime | None
    daily_limit: MaskedAmount
    daily: LimitAnswer | None
    hourly_limit: MaskedAmount
    hourly: LimitAnswer | None
    currency: str
    timezone: str
    soft: bool
    active: bool
    budget_id: int | None
    grants: list[GrantAnswer]
    etag: str

    @classmethod
    def of(cls, quota: Quota, accounts: Sequence[Account], grants: Sequence[QuotaGrant], now: datetime) -> Self:
        """A quota with its windows of now, and the grants that may be shown."""
        by_span = {each.span: each for each in accounts}
        whole = by_span[Span.PERIOD]
        return cls(
            **_whole(quota, whole, now),
            **{f"is_{level.value}": level in levels(quota, accounts) for level in Level},
            id=quota.id,
            name=quota.name,
            quota_type=quota.scope.kind.word,
            scope_id=quota.scope.id,
            period_type=quota.period,
            warning_threshold=quota.warning,
            critical_threshold=quota.critical,
            daily_limit=quota.daily_limit,
            daily=_limit(by_span.get(Span.DAY), quota.zone, now),
            hourly_limit=quota.hourly_limit,
            hourly=_limit(by_span.get(Span.HOUR), quota.zone, now),
            currency=quota.currency,
            timezone=quota.zone.key,
            soft=quota.soft,
            active=quota.active,
            budget_id=quota.budget,
            grants=[_grant(each, quota.zone) for each in grants],
            etag=tag_of(quota),
        )


def _whole(quota: Quota, account: Account, now: datetime) -> dict[str, Any]:
    return {
        "total_quota": quota.total,
        "granted_quota": account.limit - quota.total,
        "used_quota": account.used,
        "held_quota": account.held,
        "remaining_quota": account.left,
        "usage_percentage": percent(account.used, account.limit),
        "period_start": account.window.start.astimezone(quota.zone),
        "period_end": account.window.end.astimezone(quota.zone),
        "pace_until": _pace(account, quota.zone, now),
    }


def _limit(account: Account | None, zone: ZoneInfo, now: datetime) -> LimitAnswer | None:
    if account is None:
        return None
    return LimitAnswer(
        limit=account.limit,
        used=account.used,
        held=account.held,
        left=account.left,
        resets_at=account.window.end.astimezone(zone),
        pace_until=_pace(account, zone, now),
    )


def _pace(account: Account, zone: ZoneInfo, now: datetime) -> datetime | None:
    ends_at = pace(account, now)
    return None if ends_at is None else ends_at.astimezone(zone)


def _grant(grant: QuotaGrant, zone: ZoneInfo) -> GrantAnswer:
    return GrantAnswer(
        window=grant.span.word,
        amount=grant.amount,
        expires_at=grant.expires_at.astimezone(zone),
        granted_by=grant.granted_by,
        reason=grant.why,
    )


def tag_of(quota: Quota) -> str:
    """What tells this state of a quota from every other one, whatever was used of it."""
    return hashlib.blake2b(repr(quota).encode(), digest_size=12).hexdigest()
