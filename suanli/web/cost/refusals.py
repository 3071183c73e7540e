"""What is said to who is refused: which limit, what is left of it, when it begins anew, and how to ask for more."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from suanli.domain.cost.money import shown
from suanli.domain.cost.quotas import Account, Quota, Refused, Span
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Transaction
from suanli.web.api.endpoints import Visit
from suanli.web.api.problems import Problem

REQUEST_MORE = "/api/v1/cost/quota-requests"

_SECOND = timedelta(seconds=1)
_PERIODS = {Span.DAY: Period.DAILY, Span.HOUR: Period.HOURLY}


def wrong(visit: Visit, field: str, message: str) -> Problem:
    """The problem of a field that is not right."""
    return Problem("invalid", visit.texts("api.invalid"), {"errors": [{"field": field, "message": message}]})


def period_of(quota: Quota, account: Account) -> Period:
    """How long a limit's windows are."""
    return _PERIODS.get(account.span, quota.period)


def over_quota(visit: Visit, tx: Transaction, refused: Refused, now: datetime) -> Problem:
    """The problem of a call that a limit has no room for. `Retry-After` is the end of its window, in seconds."""
    account = refused.account
    quota = tx.quotas.find(account.quota)
    if quota is None:
        raise AssertionError(account)
    wait = max(1, ceil((account.window.end - now) / _SECOND))
    more = _figures(refused, quota)
    return Problem("quota-exceeded", _words(visit, refused, quota), more, {"Retry-After": str(wait)})


def _figures(refused: Refused, quota: Quota) -> dict[str, Any]:
    account = refused.account
    return {
        "quota_id": account.quota,
        "quota_name": account.name,
        "scope": account.scope.kind.word,
        "scope_id": account.scope.id,
        "window": account.span.word,
        "period_type": period_of(quota, account),
        "limit": shown(account.limit),
        "used": shown(account.used),
        "reserved": shown(account.held),
        "requested": shown(refused.asked),
        "left": shown(max(0, account.left)),
        "currency": quota.currency,
        "resets_at": account.window.end.astimezone(quota.zone).isoformat(),
        "request_more": REQUEST_MORE,
    }


def _words(visit: Visit, refused: Refused, quota: Quota) -> str:
    texts, account = visit.texts, refused.account
    said = texts(
        "api.quota.refused",
        name=account.name,
        kind=texts(f"quota.kind.{account.scope.kind.word}"),
        scope=account.scope.id,
        window=texts(f"quota.period.{period_of(quota, account)}"),
        limit=shown(account.limit),
        left=shown(max(0, account.left)),
        asked=shown(refused.asked),
        currency=quota.currency,
        at=f"{account.window.end.astimezone(quota.zone):%Y-%m-%d %H:%M}",
        zone=quota.zone.key,
    )
    return said + (texts("api.quota.never_fits") if refused.asked > account.limit else "")
