"""What people are told about money without having asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from suanli.domain.chat import Target
from suanli.domain.cost.quotas import Scope

CostAlertId = NewType("CostAlertId", int)


class AlertType(StrEnum):
    """What kind of thing happened; the first six are the original's."""

    QUOTA_WARNING = "quota_warning"
    QUOTA_EXCEEDED = "quota_exceeded"
    BUDGET_WARNING = "budget_warning"
    BUDGET_EXCEEDED = "budget_exceeded"
    ANOMALY = "anomaly"
    THRESHOLD = "threshold"
    """One call cost more than a stated part of a day's limit."""
    UNPRICED = "unpriced"
    """Calls came whose price nobody knows."""
    DRIFT = "drift"
    """The books do not agree."""


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"
    EXCEEDED = "exceeded"


class AlertState(StrEnum):
    """How far people are with it."""

    OPEN = "open"
    READ = "read"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class CostAlert:
    """Something that was told. `key` is the same for the same thing, which is told once.

    `about` are the figures and names that its words are made of, as texts: amounts as nano-units, moments in ISO.
    `told` are the places where its card stands. A snoozed one comes back, told anew, after `snoozed_until` unless it
    was resolved.
    """

    id: CostAlertId
    key: str
    type: AlertType
    severity: Severity
    created_at: datetime
    subject: Scope | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    told: tuple[Target, ...] = ()
    read_at: datetime | None = None
    read_by: str = ""
    snoozed_until: datetime | None = None
    snoozed_by: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    resolution: str = ""
    rounds: int = 0
    """How often it came back after a snooze."""

    def state(self, now: datetime) -> AlertState:
        """How far people are with it at a moment."""
        if self.resolved_at is not None:
            return AlertState.RESOLVED
        if self.snoozed_until is not None and now < self.snoozed_until:
            return AlertState.SNOOZED
        return AlertState.OPEN if self.read_at is None else AlertState.READ


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; `subjects` None: whosever they are."""

    type: AlertType | None = None
    severity: Severity | None = None
    resolved: bool | None = None
    subjects: tuple[Scope, ...] | None = None
