"""POST /api/v1/cost/reconcile: whether quotas, records and sums agree. Nothing is corrected by asking."""

from datetime import datetime, timedelta

from suanli.domain.access import Role
from suanli.domain.cost.quotas import Drift
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Amount, Answer
from suanli.web.api.endpoints import Endpoint, Reply, Visit

RECENT = timedelta(days=3)
"""How far back it looks, as the job does every hour; `suanli cost reconcile --all` looks at everything."""

_MOST = 1000


class AccountDrift(Answer):
    """A window of a quota that does not say what its entries say."""

    quota_id: int
    name: str
    window: str
    window_start: datetime
    window_end: datetime
    used: Amount
    recorded_used: Amount
    held: Amount
    recorded_held: Amount


class RecordFault(Answer):
    """A record that was changed by hand, or does not agree with its reservation."""

    id: int
    request_id: str
    fault: str


class DayDrift(Answer):
    """A day whose sums are not those of its records."""

    date: str
    summed: Amount
    recorded: Amount
    summed_requests: int
    recorded_requests: int


class Books(Answer):
    """What does not agree, a thousand of each at the most, and how much was looked at."""

    clean: bool
    as_of: datetime
    since: datetime
    accounts_seen: int
    records_seen: int
    accounts: list[AccountDrift]
    records: list[RecordFault]
    days: list[DayDrift]


def reconcile(visit: Visit) -> Reply:
    """Compare the books of the last days."""
    since = visit.now - RECENT
    with visit.store.read() as tx:
        found = tx.books.reconcile(visit.now, since)
    return Reply(
        Books(
            clean=found.is_clean,
            as_of=visit.now,
            since=since,
            accounts_seen=found.accounts_seen,
            records_seen=found.records_seen,
            accounts=[_account(each) for each in found.accounts[:_MOST]],
            records=[
                RecordFault(id=each.record, request_id=each.request_id, fault=each.fault)
                for each in found.records[:_MOST]
            ],
            days=[
                DayDrift(
                    date=each.day,
                    summed=each.summed,
                    recorded=each.recorded,
                    summed_requests=each.summed_requests,
                    recorded_requests=each.recorded_requests,
                )
                for each in found.sums[:_MOST]
            ],
        )
    )


def _account(drift: Drift) -> AccountDrift:
    account = drift.account
    return AccountDrift(
        quota_id=account.quota,
        name=account.name,
        window=account.span.word,
        window_start=account.window.start,
        window_end=account.window.end,
        used=account.used,
        recorded_used=drift.used,
        held=account.held,
        recorded_held=drift.held,
    )


ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/cost/reconcile", "reconcile_books", Permission.MANAGE, reconcile, reply=Books,
        role=Role.OPERATOR, alone=True, quiet=True,
    ),
)  # fmt: skip
