"""What people are told about money without having asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self
from zoneinfo import ZoneInfo

from suanli.domain.chat import Target
from suanli.domain.cost.quotas import Scope

CostAlertId = NewType("CostAlertId", int)

SYSTEM = "suanli"
"""Who ended what no person did."""


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
    OVER = "over"
    """It ended by itself, with nobody resolving it."""


class Over(StrEnum):
    """Why an alert ended by itself."""

    WINDOW = "window_over"
    """The window ended whose limit it is about."""
    PRICED = "priced"
    """All calls have a price that had none."""


@dataclass(frozen=True, slots=True)
class CostAlert:
    """Something that was told. `key` is the same for the same thing, which is told once.

    `about` are the figures and names that its words are made of, as texts: amounts as nano-units, moments in ISO.
    `told` are the places where its card stands. A snoozed one comes back, told anew, after `snoozed_until` unless it
    was resolved, or is over. One that is `over` has its end, and why, where others have who resolved them and how.
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
    """How often it was told again: after a snooze, or on another day."""
    told_at: datetime | None = None
    """When it was told last; None: when it was made."""
    ends_at: datetime | None = None
    """The end of the window that it is about: from then on it is over, whoever looks."""
    over: Over | None = None

    def state(self, now: datetime) -> AlertState:
        """How far people are with it at a moment."""
        if self.resolved_at is not None:
            return AlertState.RESOLVED if self.over is None else AlertState.OVER
        if self.ends_at is not None and self.ends_at <= now:
            return AlertState.OVER
        if self.snoozed_until is not None and now < self.snoozed_until:
            return AlertState.SNOOZED
        return AlertState.OPEN if self.read_at is None else AlertState.READ

    def is_done(self, now: datetime) -> bool:
        """Whether there is nothing to do about it any more."""
        return self.state(now) in {AlertState.RESOLVED, AlertState.OVER}

    def is_due(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether something that goes on is to be told again: once a day there, and not before its snooze is over."""
        if self.is_done(now):
            return False
        if self.snoozed_until is not None:
            return self.snoozed_until <= now
        return (self.told_at or self.created_at).astimezone(zone).date() < now.astimezone(zone).date()

    def again(self, now: datetime, about: Mapping[str, str]) -> Self:
        """The same told once more, as it stands now: whoever snoozed it."""
        return replace(self, about=about, snoozed_until=None, snoozed_by="", rounds=self.rounds + 1, told_at=now)

    def ended(self, why: Over, now: datetime) -> Self:
        """The same when it has ended by itself."""
        return replace(self, resolved_at=now, resolved_by=SYSTEM, resolution=why.value, over=why)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; `subjects` None: whosever they are."""

    type: AlertType | None = None
    severity: Severity | None = None
    resolved: bool | None = None
    subjects: tuple[Scope, ...] | None = None
