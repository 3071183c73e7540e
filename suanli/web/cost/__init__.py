"""Endpoints about money, one module for those of a kind; each has its tuple ENDPOINTS, and all of them stand here."""

from suanli.web.cost import analytics, export, ingest, litellm, models, optimizations, overview, records

ENDPOINTS = (
    *overview.ENDPOINTS,
    *models.ENDPOINTS,
    *records.ENDPOINTS,
    *export.ENDPOINTS,
    *ingest.ENDPOINTS,
    *litellm.ENDPOINTS,
    *analytics.ENDPOINTS,
    *optimizations.ENDPOINTS,
)
