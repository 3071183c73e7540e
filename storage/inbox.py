"""What was received: a second delivery of the same thing is known by its key."""

from datetime import datetime

from sqlalchemy import Connection, delete

from storage.prepared import Prepared
from storage.tables import InboxRow
from storage.upserts import insert_new
from suanli.domain.chat import Origin

_ADMIT = Prepared(
    insert_new(InboxRow).returning(InboxRow.key), inserts=("platform", "key", "kind", "event_id", "received_at")
)


class SqlInbox:
    """The `Inbox` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def admit(self, origin: Origin, kind: str, now: datetime) -> bool:
        """Write it down; False when it was written down before. Atomic across processes."""
        row = {
            "platform": origin.platform,
            "key": origin.key,
            "kind": kind,
            "event_id": origin.event_id,
            "received_at": now,
        }
        return bool(_ADMIT.run(self._connection, row))

    def forget_before(self, moment: datetime) -> int:
        """Drop what was received earlier than `moment`; how many."""
        return self._connection.execute(delete(InboxRow).where(InboxRow.received_at < moment)).rowcount
