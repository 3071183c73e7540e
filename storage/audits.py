"""The record of what people asked for and what came of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from storage.prepared import Prepared
from storage.tables import AuditRow
from suanli.domain.audit import AuditEntry

_ADD = Prepared(
    insert(AuditRow).inline(),
    inserts=(
        "at", "platform", "tenant", "open_id", "chat_id", "chat_kind", "command", "words", "outcome", "detail",
        "latency_us", "reference",
    ),
)  # fmt: skip
_NEWEST = select(AuditRow.__table__).order_by(AuditRow.id.desc()).limit(bindparam("limit"))
_MICROSECOND = timedelta(microseconds=1)


class SqlAudits:
    """The `Audits` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: AuditEntry) -> None:
        """Write it down."""
        row = {
            "at": entry.at,
            "platform": entry.platform,
            "tenant": entry.tenant,
            "open_id": entry.open_id,
            "chat_id": entry.chat_id,
            "chat_kind": entry.chat_kind,
            "command": entry.command,
            "words": entry.words,
            "outcome": entry.outcome,
            "detail": entry.detail,
            "latency_us": entry.latency // _MICROSECOND,
            "reference": entry.reference,
        }
        _ADD.run(self._connection, row)

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        """The last entries, newest first."""
        return tuple(_entry(row) for row in self._connection.execute(_NEWEST, {"limit": limit}))

    def forget_before(self, moment: datetime) -> int:
        """Drop entries older than `moment`; how many."""
        return self._connection.execute(delete(AuditRow).where(AuditRow.at < moment)).rowcount


def _entry(row: Row[*tuple[Any, ...]]) -> AuditEntry:
    return AuditEntry(
        at=row.at,
        platform=row.platform,
        tenant=row.tenant,
        open_id=row.open_id,
        chat_id=row.chat_id,
        chat_kind=row.chat_kind,
        command=row.command,
        words=row.words,
        outcome=row.outcome,
        detail=row.detail,
        latency=row.latency_us * _MICROSECOND,
        reference=row.reference,
    )
