"""Quotas and what is granted on top of them, as rows."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import WHOLE, BudgetId, Quota, QuotaGrant, QuotaGrantId, QuotaId, Scope

AnyRow = Row[*tuple[Any, ...]]


def quota_of(row: Sequence[Any]) -> Quota:
    """The quota of a whole row."""
    (
        number, name, kind, scope, total, period, zone, currency, daily_limit, hourly_limit,
        soft, warning, critical, active, budget,
    ) = row  # fmt: skip
    return Quota(
        QuotaId(number),
        name,
        Scope(kind, scope),
        Nano(total),
        period,
        ZoneInfo(zone),
        Currency(currency),
        daily_limit,
        hourly_limit,
        soft,
        warning / WHOLE,
        critical / WHOLE,
        active,
        None if budget is None else BudgetId(budget),
    )


def columns_of(quota: Quota) -> Mapping[str, Any]:
    """The row of a quota, without its number."""
    return {
        "name": quota.name,
        "scope_kind": quota.scope.kind,
        "scope_id": quota.scope.id,
        "total": quota.total,
        "period": quota.period,
        "zone": quota.zone.key,
        "currency": quota.currency,
        "daily_limit": quota.daily_limit,
        "hourly_limit": quota.hourly_limit,
        "active": quota.active,
        "budget": quota.budget,
        **tuning_of(quota),
    }


def tuning_of(quota: Quota) -> Mapping[str, Any]:
    """What the accounts of a quota are told of it besides their limit."""
    return {
        "soft": quota.soft,
        "warning": round(quota.warning * WHOLE),
        "critical": round(quota.critical * WHOLE),
    }


def grant_of(row: AnyRow) -> QuotaGrant:
    """The grant of a row."""
    return QuotaGrant(
        id=QuotaGrantId(row.id),
        quota=QuotaId(row.quota),
        span=row.span,
        amount=Nano(row.amount),
        granted_by=row.granted_by,
        why=row.why,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
