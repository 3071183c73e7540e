"""What was answered under an Idempotency-Key: its headers in the first line, then its body."""

import json
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from storage.prepared import Prepared
from storage.tables import ReplyRow
from storage.upserts import insert_new
from suanli.domain.tokens import KeptReply, TokenId

_APART = "\n"
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

    def find(self, token: TokenId, key: str) -> KeptReply | None:
        """What was answered."""
        rows = _FIND.run(self._connection, {"of_token": token, "of_key": key})
        if not rows:
            return None
        fingerprint, status, kept = rows[0]
        head, _, body = kept.partition(_APART)
        return KeptReply(fingerprint, status, body, json.loads(head))

    def keep(self, token: TokenId, key: str, reply: KeptReply, now: datetime) -> bool:
        """Remember an answer; False when another one stands under this key, for which it waits.

        Who asked the same at the same moment waits here for the first one's end. After False, what this transaction
        did is done twice unless it is rolled back.
        """
        row = {
            "token": token,
            "key": key,
            "fingerprint": reply.fingerprint,
            "status": reply.status,
            "body": f"{json.dumps(dict(reply.headers))}{_APART}{reply.body}",
            "kept_at": now,
        }
        return bool(_KEEP.run(self._connection, row))

    def forget_before(self, moment: datetime) -> int:
        """Drop older ones; how many."""
        return self._connection.execute(_FORGET, {"moment": moment}).rowcount
