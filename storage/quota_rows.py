"""Quotas and what is granted on top of them, as rows."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import WHOLE, BudgetId, Quota, QuotaGrant, QuotaGrantId, QuotaId, Scope

AnyRow = Row[*tuple[Any, ...]]


def quota_of(row: AnyRow) -> Quota:
    """The quota of a row."""
    return Quota(
        id=QuotaId(row.id),
        name=row.name,
        scope=Scope(row.scope_kind, row.scope_id),
        total=Nano(row.total),
        period=row.period,
        zone=ZoneInfo(row.zone),
        currency=Currency(row.currency),
        daily_limit=row.daily_limit,
        hourly_limit=row.hourly_limit,
        soft=row.soft,
        warning=row.warning / WHOLE,
        critical=row.critical / WHOLE,
        active=row.active,
        budget=None if row.budget is None else BudgetId(row.budget),
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
