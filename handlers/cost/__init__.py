"""/quota, /cost and /budget, and what the API does the same way; one module for those of a kind."""

from handlers.cost import (
    alert,
    budget,
    budget_set,
    cost,
    cost_anomalies,
    cost_forecast,
    cost_suggest,
    cost_top,
    quota,
    quota_decision,
    quota_request,
    quota_set,
)

COMMANDS = (
    cost.COMMAND,
    cost_top.COMMAND,
    cost_forecast.COMMAND,
    cost_anomalies.COMMAND,
    cost_suggest.COMMAND,
    *alert.COMMANDS,
    *quota.COMMANDS,
    *quota_request.COMMANDS,
    *quota_decision.COMMANDS,
    *quota_set.COMMANDS,
    budget.COMMAND,
    *budget_set.COMMANDS,
)
