"""Asking for more: a person asks in chat, the one who answers for the money decides with a click."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from suanli.domain.chat import Target
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import QuotaGrantId, QuotaId, Span

QuotaRequestId = NewType("QuotaRequestId", int)


class RequestState(StrEnum):
    """How far a request is."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    LAPSED = "lapsed"
    """Nobody decided while the window lasted that it was asked for."""


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """Somebody asks for so much more in one limit, up to `until`, which is the end of the window unless it is said.

    `asked_by` is the private chat of who asks, `user` their id among the payers. `told` are the places where a card
    of it stands. `granted` is what was given of it.
    """

    id: QuotaRequestId
    quota: QuotaId
    span: Span
    amount: Nano
    asked_by: Target
    user: str
    why: str
    asked_at: datetime
    until: datetime
    state: RequestState = RequestState.PENDING
    decided_by: str = ""
    decided_at: datetime | None = None
    granted: Nano | None = None
    grant: QuotaGrantId | None = None
    note: str = ""
    told: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        """Refuse to ask for nothing."""
        if self.amount <= 0:
            raise ValueError("a request is for more than nothing")

    def state_at(self, now: datetime) -> RequestState:
        """The state; what nobody decided in time has lapsed, written down or not."""
        is_over = self.state is RequestState.PENDING and now >= self.until
        return RequestState.LAPSED if is_over else self.state


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests are meant: those that fit all that is said. `state` is the one of the moment that is asked at."""

    user: str | None = None
    quota: QuotaId | None = None
    state: RequestState | None = None
