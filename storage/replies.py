"""What was answered under an Idempotency-Key."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from storage.prepared import Prepared
from storage.tables import ReplyRow
from storage.upserts import insert_new
from suanli.domain.tokens import TokenId

_FIND = Prepared(
    select(ReplyRow.fingerprint, ReplyRow.status, ReplyRow.body).where(
        ReplyRow.token == bindparam("of_token"), ReplyRow.key == bindparam("of_key")
    )
)
_KEEP = Prepared(
    insert_new(ReplyRow).returning(ReplyRow.token),
    inserts=("token", "key", "fingerprint", "status", "body", "kept_at"),
)
_FORGET = delete(ReplyRow).where(ReplyRow.kept_at < bindparam("moment"))


class SqlReplies:
    """The `Replies` of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, token: TokenId, key: str) -> tuple[str, int, str] | None:
        """The fingerprint of what was asked, the status and the body that were answered."""
        rows = _FIND.run(self._connection, {"of_token": token, "of_key": key})
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def keep(self, token: TokenId, key: str, fingerprint: str, status: int, body: str, now: datetime) -> bool:
        """Remember an answer; False when another one stands under this key, for which it waits.

        Who asked the same at the same moment waits here for the first one's end. After False, what this transaction
        did is done twice unless it is rolled back.
        """
        row = {"token": token, "key": key, "fingerprint": fingerprint, "status": status, "body": body, "kept_at": now}
        return bool(_KEEP.run(self._connection, row))

    def forget_before(self, moment: datetime) -> int:
        """Drop older ones; how many."""
        return self._connection.execute(_FORGET, {"moment": moment}).rowcount
