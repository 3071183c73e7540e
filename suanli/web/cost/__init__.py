"""Endpoints about money, one module for those of a kind; all of them stand here."""

from suanli.web.api.endpoints import Endpoint
from suanli.web.cost import (
    alerts,
    analytics,
    books,
    budgets,
    estimate,
    export,
    ingest,
    litellm,
    models,
    optimizations,
    overview,
    quota_requests,
    quotas,
    records,
    reservations,
)
from suanli.web.cost.reservations import Put


def endpoints(put: Put | None = None) -> tuple[Endpoint, ...]:
    """All endpoints; `put` is by what money is put aside, otherwise each does so in a transaction of its own."""
    return (
        *overview.ENDPOINTS,
        *models.ENDPOINTS,
        *records.ENDPOINTS,
        *export.ENDPOINTS,
        *ingest.ENDPOINTS,
        *litellm.ENDPOINTS,
        *quotas.ENDPOINTS,
        *budgets.ENDPOINTS,
        *estimate.ENDPOINTS,
        *reservations.endpoints(put),
        *quota_requests.ENDPOINTS,
        *alerts.ENDPOINTS,
        *books.ENDPOINTS,
        *analytics.ENDPOINTS,
        *optimizations.ENDPOINTS,
    )


ENDPOINTS = endpoints()
