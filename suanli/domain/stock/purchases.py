"""Purchase tickets: requested → ordered → arrived, and what is still to come."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from suanli.domain.chat import OpenId
from suanli.domain.stock.scope import Scope


class Stage(StrEnum):
    """How far a purchase is."""

    REQUESTED = "requested"
    ORDERED = "ordered"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"


OPEN = (Stage.REQUESTED, Stage.ORDERED)


@dataclass(frozen=True, slots=True)
class Step:
    """Who took a step, and when."""

    by: OpenId
    at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """A purchase of cards. `number` is 0 until it is stored; `episode` is the shortage it was made for, if any."""

    scope: Scope
    stage: Stage
    quantity: int
    requested: Step
    number: int = 0
    episode: int | None = None
    eta: date | None = None
    ordered: Step | None = None
    ended: Step | None = None

    @property
    def name(self) -> str:
        """What people call it: PO-12."""
        return f"PO-{self.number}"

    def order(self, quantity: int, eta: date, step: Step) -> "Ticket":
        """The same, ordered; ordering anew corrects quantity and date."""
        return replace(self, stage=Stage.ORDERED, quantity=quantity, eta=eta, ordered=step)

    def end(self, stage: Stage, step: Step) -> "Ticket":
        """The same, arrived or cancelled."""
        return replace(self, stage=stage, ended=step)

    def is_late(self, today: date) -> bool:
        """Whether it should have arrived before today."""
        return self.stage is Stage.ORDERED and self.eta is not None and self.eta < today


GRACE = timedelta(days=1)
"""Reminders pause until this long after the day on which cards are to arrive."""


def quiet_until(eta: date, zone: ZoneInfo) -> datetime:
    """Until when an order keeps reminders away: a day after the end of the day it is expected on."""
    return datetime.combine(eta, time(0), zone) + GRACE + timedelta(days=1)


def on_order(tickets: Iterable[Ticket], scope: Scope) -> int:
    """Cards of a scope that were ordered and have not arrived."""
    return sum(t.quantity for t in tickets if t.scope == scope and t.stage is Stage.ORDERED)


CSV_COLUMNS = (
    "ticket", "model", "region", "clock", "stage", "quantity", "eta", "episode",
    "requested_by", "requested_at", "ordered_by", "ordered_at", "ended_by", "ended_at",
)  # fmt: skip


def csv_rows(tickets: Sequence[Ticket]) -> list[tuple[str, ...]]:
    """The tickets as rows of a table, titles first; times in UTC (ISO 8601)."""
    return [CSV_COLUMNS, *(_row(ticket) for ticket in tickets)]


def _row(ticket: Ticket) -> tuple[str, ...]:
    steps = (cell for step in (ticket.requested, ticket.ordered, ticket.ended) for cell in _cells(step))
    cells = (
        ticket.name, ticket.scope.model, ticket.scope.region, ticket.scope.clock, ticket.stage.value,
        str(ticket.quantity), ticket.eta.isoformat() if ticket.eta else "", str(ticket.episode or ""), *steps,
    )  # fmt: skip
    return tuple(_harmless(cell) for cell in cells)


def _cells(step: Step | None) -> tuple[str, str]:
    return (step.by, step.at.isoformat(timespec="seconds")) if step else ("", "")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    # Some drop blanks before they look, and some read full-width signs as plain ones.
    begins = unicodedata.normalize("NFKC", cell).lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{cell}" if begins or cell[:1] in ("\t", "\r", "\n") else cell
