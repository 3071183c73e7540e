"""Asking for more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update

from storage.tables import QuotaRequestRow
from storage.targets import dump_targets, load_targets
from suanli.domain.chat import Target
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import QuotaGrantId, QuotaId
from suanli.domain.cost.requests import QuotaRequest, QuotaRequestId

_NEW = insert(QuotaRequestRow).returning(QuotaRequestRow.id)
_ALL = select(QuotaRequestRow.__table__)
_FIND = _ALL.where(QuotaRequestRow.id == bindparam("of_id"))
_CHANGE = update(QuotaRequestRow).where(QuotaRequestRow.id == bindparam("of_id"))
# As text, not as a parameter: only then do databases see that the index of pending ones has all of these.
_PENDING = _ALL.where(text("state = 'pending'")).order_by(QuotaRequestRow.id)
_PENDING_OF = _PENDING.where(QuotaRequestRow.quota == bindparam("of_quota"))
_NEWEST = _ALL.order_by(QuotaRequestRow.id.desc()).limit(bindparam("most"))


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

    def newest(self, limit: int) -> Sequence[QuotaRequest]:
        """The last ones, newest first."""
        return tuple(map(_request_of, self._connection.execute(_NEWEST, {"most": limit})))


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
