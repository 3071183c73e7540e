"""What is to be sent: rows that wait, are claimed under a lease, and are settled by whoever holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, literal_column, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.batches import batches
from storage.claims import WAITING, Claims
from storage.lanes import SqlLanes
from storage.letters import DeadLetters, answer_of, target_of, written
from storage.prepared import Prepared
from storage.tables import OutboxRow
from storage.upserts import insert_new
from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId, Platform
from suanli.domain.delivery import DeadLetter, Draft, OutboxDepth, Parcel, Rates, Receipt, fallback_key, uuid_of

AnyRow = Row[*tuple[Any, ...]]

_COLUMNS = (
    "key", "uuid", "platform", "target_kind", "target_id", "lane", "reply_to", "urgent", "alert", "answer", "as_text",
    "created_at", "due_at", "attempts", "error", "redraws",
)  # fmt: skip
_POST = Prepared(insert_new(OutboxRow).returning(OutboxRow.id), inserts=_COLUMNS)
_POST_ALL = Prepared(insert_new(OutboxRow), inserts=_COLUMNS)
_NEWER = insert(OutboxRow)
# A lease is left alone: what is on its way arrives before the newer drawing follows.
_REDRAW = Prepared(
    _NEWER.on_conflict_do_update(
        index_elements=[OutboxRow.key],
        set_={
            "answer": _NEWER.excluded.answer,
            "urgent": _NEWER.excluded.urgent,
            "alert": _NEWER.excluded.alert,
            "created_at": _NEWER.excluded.created_at,
            "due_at": _NEWER.excluded.due_at,
            "as_text": _NEWER.excluded.as_text,
            "error": _NEWER.excluded.error,
            "sent_at": null(),
            "dead_at": null(),
            "revision": OutboxRow.revision + literal_column("1"),
        },
    ),
    inserts=_COLUMNS,
)

_CLAIMED = (
    OutboxRow.id == bindparam("claimed_id"),
    OutboxRow.owner == bindparam("claimed_by"),
    OutboxRow.attempts == bindparam("claimed_as"),
    OutboxRow.leased_revision == bindparam("claimed_revision"),
    WAITING,
)
_FREE = update(OutboxRow).where(*_CLAIMED).values(owner=None, lease_until=None).returning(OutboxRow.id)
_SETTLE = _FREE.where(OutboxRow.revision == OutboxRow.leased_revision)
_RECEIPTS = select(
    OutboxRow.key,
    OutboxRow.platform,
    OutboxRow.target_kind,
    OutboxRow.target_id,
    OutboxRow.sent_at,
    OutboxRow.dead_at,
    OutboxRow.error,
).where(OutboxRow.key.in_(bindparam("keys", expanding=True)))
_DEPTH = select(
    select(func.count()).where(WAITING).scalar_subquery(),
    select(func.min(OutboxRow.created_at)).where(WAITING).scalar_subquery(),
    # A card that could not be drawn anew did arrive: that is nothing to be counted here.
    select(func.count()).where(OutboxRow.dead_at.is_not(None), OutboxRow.redraws.is_(None)).scalar_subquery(),
)


class SqlOutbox:
    """The `Outbox` of one transaction."""

    __slots__ = ("_connection", "_dumped")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dumped: dict[int, tuple[Answer, str]] = {}

    def post(self, draft: Draft, now: datetime) -> bool:
        """Write a message; False when its key is there already.

        A draft that redraws a message replaces what was last drawn there, sent or not, and is always written: it is due
        at once, its tries count from the beginning. If the last drawing is on its way, the new one goes after it.
        """
        if draft.redraws is not None:
            self.redraw([draft], now)
            return True
        return bool(_POST.run(self._connection, self._row(draft, now)))

    def post_all(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Write messages, none of which redraws one; those whose key is there already are left alone."""
        if any(draft.redraws is not None for draft in drafts):
            raise ValueError("a drawing takes the place of the last one: it is for `redraw`")
        if drafts:
            _POST_ALL.run_for_each(self._connection, [self._row(draft, now) for draft in drafts])

    def redraw(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Write drafts that all redraw a message, as `post` does."""
        _REDRAW.run_for_each(self._connection, [self._row(draft, now) for draft in drafts])

    def _row(self, draft: Draft, now: datetime) -> Mapping[str, Any]:
        return {
            "key": draft.key,
            "uuid": uuid_of(draft.key),
            "platform": draft.target.platform,
            "target_kind": draft.target.kind,
            "target_id": draft.target.id,
            "lane": draft.target.lane,
            "reply_to": draft.reply_to,
            "urgent": draft.urgent,
            "alert": draft.alert,
            "answer": self._dump(draft.answer),
            "as_text": False,
            "created_at": now,
            "due_at": now,
            "attempts": 0,
            "error": "",
            "redraws": draft.redraws,
        }

    def _dump(self, answer: Answer) -> str:
        # In one transaction, many people may be told the very same. (It is kept, so that its id stays its own.)
        known = self._dumped.get(id(answer))
        if known is None:
            known = self._dumped[id(answer)] = answer, written(answer)
        return known[1]

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, rates: Mapping[Platform, Rates]
    ) -> Sequence[Parcel]:
        """Take due rows of the platforms that `rates` names, at most one a lane, within each lane's and platform's.

        Urgent rows come first, then older ones. A row whose answer cannot be read is set aside: it would otherwise
        stop all that wait behind it.
        """
        claims = Claims(self._connection)
        rows = claims.take(owner=owner, now=now, lease=lease, limit=limit, rates=rates)
        drawn = claims.drawn(rows)
        parcels = (self._parcel(row, drawn.get(row.redraws), now) for row in rows)
        return tuple(parcel for parcel in parcels if parcel is not None)

    def _parcel(self, row: AnyRow, drawn: MessageId | None, now: datetime) -> Parcel | None:
        answer = answer_of(row)
        if answer is None:
            self._settle(row, dead_at=now, error="its stored answer cannot be read")
            return None
        return Parcel(
            id=row.id,
            key=row.key,
            uuid=row.uuid,
            target=target_of(row),
            answer=answer,
            reply_to=row.reply_to,
            attempts=row.attempts,
            as_text=row.as_text,
            created_at=row.created_at,
            first_tried_at=row.first_tried_at,
            owner=row.owner,
            alert=row.alert,
            redraws=row.redraws,
            drawn=drawn,
            revision=row.revision,
            progress=row.progress,
        )

    def sent(self, parcel: Parcel, message_id: MessageId | None, now: datetime) -> bool:
        """Settle as sent; False when the lease was lost to another owner in the meantime.

        False as well, from here on, when it was drawn anew in the meantime: then nothing is settled, and the newer
        drawing may go at once.
        """
        return self._settle(parcel, sent_at=now, message_id=message_id)

    def again(
        self,
        parcel: Parcel,
        *,
        due_at: datetime,
        error: str,
        as_text: bool,
        counts: bool,
        progress: int | None = None,
    ) -> bool:
        """Settle as to be retried; `counts` False when the platform only asked for patience.

        Such a try is given back: a row that was tried only this once counts as never tried. Text stays text, and what
        has arrived of a message in parts (`progress`) stays arrived. False when the lease was lost.
        """
        untried = not counts and parcel.attempts == 1
        return self._settle(
            parcel,
            due_at=due_at,
            error=error,
            as_text=as_text or parcel.as_text,
            attempts=parcel.attempts if counts else parcel.attempts - 1,
            first_tried_at=None if untried else parcel.first_tried_at,
            progress=max(parcel.progress, progress or 0),
        )

    def dead(self, parcel: Parcel, error: str, now: datetime) -> bool:
        """Settle as set aside; False when the lease was lost."""
        return self._settle(parcel, dead_at=now, error=error)

    def _settle(self, claimed: Parcel | AnyRow, **outcome: object) -> bool:
        claim = {
            "claimed_id": claimed.id,
            "claimed_by": claimed.owner,
            "claimed_as": claimed.attempts,
            "claimed_revision": claimed.revision,
        }
        if self._connection.execute(_SETTLE, claim | outcome).first() is not None:
            return True
        if claimed.redraws is not None:
            self._connection.execute(_FREE, claim)
        return False

    def pause(self, platform: Platform, lane: str | None, until: datetime) -> None:
        """Let a lane, or with None the whole platform, rest until then, or longer if it rests already."""
        SqlLanes(self._connection).pause(platform, lane, until)

    def receipts(self, keys: Sequence[str]) -> Mapping[str, Receipt]:
        """What became of these messages, and of what was sent in their place; one never posted is left out."""
        asked = [each for key in keys for each in (key, fallback_key(key))]
        found = {
            row.key: Receipt(row.key, target_of(row), row.sent_at, row.dead_at, row.error)
            for some in batches(asked)
            for row in self._connection.execute(_RECEIPTS, {"keys": some})
        }
        instead = {key: found.get(fallback_key(key)) for key in keys}
        return {key: replace(found[key], instead=instead[key]) for key in keys if key in found}

    def dead_letters(self, prefix: str, limit: int) -> Sequence[DeadLetter]:
        """Messages that were set aside and whose key begins so, the newest first; drawings left out."""
        return DeadLetters(self._connection).newest(prefix, limit)

    def revive(self, number: int, now: datetime) -> bool:
        """Let a message that was set aside be sent after all, as if it was never tried; False when it is none."""
        return DeadLetters(self._connection).revive(number, now)

    def depth(self) -> OutboxDepth:
        """How much waits, since when, and how much is set aside."""
        return OutboxDepth(*self._connection.execute(_DEPTH).one())

    def forget_before(self, moment: datetime) -> int:
        """Drop rows that were sent or set aside earlier than `moment`; how many."""
        old = delete(OutboxRow).where(or_(OutboxRow.sent_at < moment, OutboxRow.dead_at < moment))
        return self._connection.execute(old).rowcount
