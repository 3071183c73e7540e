"""Purchases: what was requested, ordered, and has arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from storage.scopes import asked, columns_of, of_scope, scope_of
from storage.tables import TicketRow
from suanli.domain.chat import OpenId
from suanli.domain.stock import Scope
from suanli.domain.stock.purchases import OPEN, Step, Ticket

_ALL = select(TicketRow.__table__).order_by(TicketRow.number)
_FIND = _ALL.where(TicketRow.number == bindparam("number"))
_OPEN = _ALL.where(TicketRow.stage.in_(OPEN))
_OPEN_OF_SCOPE = _OPEN.where(*of_scope(TicketRow))
_NEW = insert(TicketRow).returning(TicketRow.number)
_CHANGE = update(TicketRow).where(TicketRow.number == bindparam("of_number"))


class SqlTickets:
    """The `Tickets` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, ticket: Ticket) -> Ticket:
        """Write a ticket; a new one gets its number."""
        if ticket.number:
            self._connection.execute(_CHANGE, {**_row(ticket), "of_number": ticket.number})
            return ticket
        return replace(ticket, number=self._connection.execute(_NEW, _row(ticket)).scalar_one())

    def find(self, number: int) -> Ticket | None:
        """A ticket by its number."""
        row = self._connection.execute(_FIND, {"number": number}).first()
        return None if row is None else _ticket(row)

    def open(self, scope: Scope | None = None) -> Sequence[Ticket]:
        """Those requested or ordered, of one scope or of all, oldest first."""
        if scope is None:
            return tuple(map(_ticket, self._connection.execute(_OPEN)))
        return tuple(map(_ticket, self._connection.execute(_OPEN_OF_SCOPE, asked(scope))))

    def all(self) -> Sequence[Ticket]:
        """Every ticket, oldest first."""
        return tuple(map(_ticket, self._connection.execute(_ALL)))


def _row(ticket: Ticket) -> Mapping[str, Any]:
    return {
        **columns_of(ticket.scope),
        "stage": ticket.stage,
        "quantity": ticket.quantity,
        "requested_by": ticket.requested.by,
        "requested_at": ticket.requested.at,
        "episode": ticket.episode,
        "eta": ticket.eta,
        "ordered_by": ticket.ordered and ticket.ordered.by,
        "ordered_at": ticket.ordered and ticket.ordered.at,
        "ended_by": ticket.ended and ticket.ended.by,
        "ended_at": ticket.ended and ticket.ended.at,
    }


def _ticket(row: Row[*tuple[Any, ...]]) -> Ticket:
    return Ticket(
        scope=scope_of(row),
        stage=row.stage,
        quantity=row.quantity,
        requested=Step(row.requested_by, row.requested_at),
        number=row.number,
        episode=row.episode,
        eta=row.eta,
        ordered=_step(row.ordered_by, row.ordered_at),
        ended=_step(row.ended_by, row.ended_at),
    )


def _step(by: OpenId | None, at: datetime | None) -> Step | None:
    return None if by is None or at is None else Step(by, at)
