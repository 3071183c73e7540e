"""Asking for more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from storage.tables import QuotaRequestRow
from storage.targets import dump_targets, load_targets
from suanli.domain.chat import Target
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import QuotaGrantId, QuotaId
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId, RequestFilter, RequestState

_NEW = insert(QuotaRequestRow).returning(QuotaRequestRow.id)
_ALL = select(QuotaRequestRow.__table__)
_FIND = _ALL.where(QuotaRequestRow.id == bindparam("of_id"))
_CHANGE = update(QuotaRequestRow).where(QuotaRequestRow.id == bindparam("of_id"))
# As text, not as a parameter: only then do databases see that the index of pending ones has all of these.
_PENDING = _ALL.where(text("state = 'pending'")).order_by(QuotaRequestRow.id)
_PENDING_OF = _PENDING.where(QuotaRequestRow.quota == bindparam("of_quota"))


class SqlQuotaRequests:
    """The `QuotaRequests` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: QuotaRequest) -> QuotaRequest:
        """Write one down; it gets its number."""
        number = self._connection.execute(_NEW, _columns_of(request)).scalar_one()
        return replace(request, id=QuotaRequestId(number))

    def change(self, request: QuotaRequest) -> None:
        """Write one back."""
        self._connection.execute(_CHANGE, {**_columns_of(request), "of_id": request.id})

    def find(self, request: QuotaRequestId) -> QuotaRequest | None:
        """One of them."""
        row = self._connection.execute(_FIND, {"of_id": request}).first()
        return None if row is None else _request_of(row)

    def pending(self, quota: QuotaId | None = None) -> Sequence[QuotaRequest]:
        """Those that nobody has decided, by number."""
        asked = _PENDING if quota is None else _PENDING_OF
        return tuple(map(_request_of, self._connection.execute(asked, {} if quota is None else {"of_quota": quota})))

    def page(
        self, which: RequestFilter, now: datetime, *, before: QuotaRequestId | None, limit: int
    ) -> Sequence[QuotaRequest]:
        """The newest first, behind `before`, in the states of `now`."""
        asked = _ALL.where(*_fitting(which, now)).order_by(QuotaRequestRow.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(QuotaRequestRow.id < before)
        return tuple(map(_request_of, self._connection.execute(asked)))


def _fitting(which: RequestFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    if which.user is not None:
        yield QuotaRequestRow.user == which.user
    if which.quota is not None:
        yield QuotaRequestRow.quota == which.quota
    if which.state is None:
        return
    is_written = QuotaRequestRow.state == which.state
    # The same as `QuotaRequest.state_at`: what nobody decided in time has lapsed, swept up or not.
    match which.state:
        case RequestState.PENDING:
            yield and_(is_written, QuotaRequestRow.until > now)
        case RequestState.LAPSED:
            yield or_(is_written, and_(QuotaRequestRow.state == RequestState.PENDING, QuotaRequestRow.until <= now))
        case _:
            yield is_written


def _request_of(row: Row[*tuple[Any, ...]]) -> QuotaRequest:
    return QuotaRequest(
        id=QuotaRequestId(row.id),
        quota=QuotaId(row.quota),
        span=row.span,
        amount=Nano(row.amount),
        asked_by=Target(row.asked_platform, row.asked_kind, row.asked_id),
        user=row.user,
        why=row.why,
        asked_at=row.asked_at,
        until=row.until,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        granted=None if row.granted is None else Nano(row.granted),
        grant=None if row.grant is None else QuotaGrantId(row.grant),
        note=row.note,
        told=load_targets(row.told),
    )


def _columns_of(request: QuotaRequest) -> Mapping[str, Any]:
    return {
        "quota": request.quota,
        "span": request.span,
        "amount": request.amount,
        "asked_platform": request.asked_by.platform,
        "asked_kind": request.asked_by.kind,
        "asked_id": request.asked_by.id,
        "user": request.user,
        "why": request.why,
        "asked_at": request.asked_at,
        "until": request.until,
        "state": request.state,
        "decided_by": request.decided_by,
        "decided_at": request.decided_at,
        "granted": request.granted,
        "grant": request.grant,
        "note": request.note,
        "told": dump_targets(request.told),
    }
