"""Alerts of other systems."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from storage.batches import batches
from storage.tables import AlertRow
from storage.upserts import insert_or_set
from suanli.domain.stock.external import Alert, Fingerprint

_KNOWN = select(AlertRow.__table__).where(AlertRow.fingerprint.in_(bindparam("fingerprints", expanding=True)))
_SAVE = insert_or_set(
    AlertRow, "starts_at", "firing", "heard_at", "labels", "annotations", "link", "count", "told_at"
)  # fmt: skip


class SqlAlerts:
    """The `Alerts` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, fingerprints: Sequence[Fingerprint]) -> Mapping[Fingerprint, Alert]:
        """What is remembered of these alerts."""
        found: dict[Fingerprint, Alert] = {}
        for some in batches(fingerprints):
            found |= {row.fingerprint: _alert(row) for row in self._connection.execute(_KNOWN, {"fingerprints": some})}
        return found

    def save(self, alerts: Sequence[Alert]) -> None:
        """Remember alerts, each in place of what was known of it."""
        rows = [
            {
                "fingerprint": alert.fingerprint,
                "starts_at": alert.starts_at,
                "firing": alert.firing,
                "heard_at": alert.heard_at,
                "labels": _json(alert.labels),
                "annotations": _json(alert.annotations),
                "link": alert.link,
                "count": alert.count,
                "told_at": alert.told_at,
            }
            for alert in alerts
        ]
        if rows:
            self._connection.execute(_SAVE, rows)

    def forget_before(self, moment: datetime) -> int:
        """Drop alerts last heard of before `moment`; how many."""
        return self._connection.execute(delete(AlertRow).where(AlertRow.heard_at < moment)).rowcount


def _alert(row: Row[*tuple[Any, ...]]) -> Alert:
    fingerprint, starts_at, firing, heard_at, labels, annotations, *told = row
    return Alert(fingerprint, starts_at, firing, heard_at, json.loads(labels), json.loads(annotations), *told)


def _json(words: Mapping[str, str]) -> str:
    return json.dumps(dict(words), ensure_ascii=False)
