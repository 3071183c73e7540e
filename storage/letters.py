"""Messages in rows of the outbox: what they say and to whom; and those that were set aside."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, Row, bindparam, func, select, update

from storage import answers
from storage.tables import OutboxRow
from suanli.domain.answer import Answer
from suanli.domain.chat import Target
from suanli.domain.delivery import DeadLetter

log = structlog.get_logger()

AnyRow = Row[*tuple[Any, ...]]

# A card that could not be drawn anew did arrive.
_DEAD = (OutboxRow.dead_at.is_not(None), OutboxRow.redraws.is_(None))
_DEAD_LETTERS = (
    select(OutboxRow.__table__)
    .where(*_DEAD, func.substr(OutboxRow.key, 1, bindparam("length")) == bindparam("prefix"))
    .order_by(OutboxRow.dead_at.desc(), OutboxRow.id.desc())
    .limit(bindparam("limit"))
)
# The platform may have forgotten its uuid, so that it can arrive a second time: somebody wants it to.
_REVIVE = (
    update(OutboxRow)
    .where(*_DEAD, OutboxRow.id == bindparam("of_number"))
    .values(dead_at=None, attempts=0, first_tried_at=None)
    .returning(OutboxRow.id)
)


class DeadLetters:
    """The messages that were set aside, of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, prefix: str, limit: int) -> Sequence[DeadLetter]:
        """Those whose key begins so, the newest first; drawings and what cannot be read left out."""
        asked = {"prefix": prefix, "length": len(prefix), "limit": limit}
        found = ((row, answer_of(row)) for row in self._connection.execute(_DEAD_LETTERS, asked))
        return tuple(_letter(row, answer) for row, answer in found if answer is not None)

    def revive(self, number: int, now: datetime) -> bool:
        """Let one be sent after all, as if it was never tried; False when it is none. Why it was set aside stays."""
        return self._connection.execute(_REVIVE, {"of_number": number, "due_at": now}).first() is not None


def written(answer: Answer) -> str:
    """The JSON of an answer; half a surrogate pair, which no platform takes, becomes `?`."""
    try:
        return answers.dump(answer)
    except ValueError:  # the one thing that text can hold and UTF-8 cannot
        text = json.dumps(asdict(answer), ensure_ascii=False, default=datetime.isoformat)
        return text.encode(errors="replace").decode()


def answer_of(row: AnyRow) -> Answer | None:
    """What a row says; None when that cannot be read, which is logged without what somebody wrote."""
    try:
        return answers.load(row.answer)
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False)[0]
        log.error("outbox_row_unreadable", key=row.key, at=mistake["loc"], mistake=mistake["msg"])  # noqa: TRY400 a traceback would show what somebody wrote
        return None


def target_of(row: AnyRow) -> Target:
    """Where a row goes."""
    return Target(row.platform, row.target_kind, row.target_id)


def _letter(row: AnyRow, answer: Answer) -> DeadLetter:
    return DeadLetter(
        number=row.id,
        key=row.key,
        target=target_of(row),
        answer=answer,
        created_at=row.created_at,
        dead_at=row.dead_at,
        error=row.error,
    )
