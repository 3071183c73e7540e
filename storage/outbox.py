"""What is to be sent: rows that wait, are claimed under a lease, and are settled by whoever holds it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, Row, and_, bindparam, delete, func, or_, select, update

from storage import answers
from storage.columns import UtcDateTime
from storage.lanes import Lane, SqlLanes, rate_lanes
from storage.prepared import Prepared
from storage.tables import LaneRow, OutboxRow
from storage.upserts import insert_new
from suanli.domain.chat import MessageId, Platform, Target
from suanli.domain.delivery import Draft, OutboxDepth, Parcel, Rate, uuid_of

log = structlog.get_logger()

AnyRow = Row[*tuple[Any, ...]]

_NOW = bindparam("now", type_=UtcDateTime())

_POST = Prepared(
    insert_new(OutboxRow).returning(OutboxRow.id),
    inserts=(
        "key", "uuid", "platform", "target_kind", "target_id", "lane", "reply_to", "urgent", "answer", "as_text",
        "created_at", "due_at", "attempts", "error",
    ),
)  # fmt: skip

_WAITING = and_(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
_DUE = and_(_WAITING, OutboxRow.due_at <= _NOW, or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until <= _NOW))
_ANY_DUE = select(OutboxRow.id).where(_DUE).limit(1)

_LEASED_LANES = select(OutboxRow.lane).where(_WAITING, OutboxRow.lease_until > _NOW)
_RESTING_LANES = select(LaneRow.name).where(LaneRow.ready_at > _NOW)
_PLACED = (
    select(
        OutboxRow.id,
        func.row_number()
        .over(partition_by=OutboxRow.lane, order_by=(OutboxRow.urgent.desc(), OutboxRow.id))
        .label("place"),
    )
    .where(
        _DUE,
        OutboxRow.platform.in_(bindparam("platforms", expanding=True)),
        OutboxRow.lane.not_in(_LEASED_LANES),
        OutboxRow.lane.not_in(_RESTING_LANES),
    )
    .subquery()
)
# A row that somebody is settling at this moment, past its lease, is skipped: it may be sent in an instant.
_CANDIDATES = (
    select(OutboxRow.id, OutboxRow.platform, OutboxRow.lane)
    .where(_DUE, OutboxRow.id.in_(select(_PLACED.c.id).where(_PLACED.c.place == 1)))
    .order_by(OutboxRow.urgent.desc(), OutboxRow.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(OutboxRow)
    .where(OutboxRow.id.in_(bindparam("ids", expanding=True)))
    .values(attempts=OutboxRow.attempts + 1, first_tried_at=func.coalesce(OutboxRow.first_tried_at, _NOW))
    .returning(OutboxRow.__table__)
)
_SETTLE = (
    update(OutboxRow)
    .where(
        _WAITING,
        OutboxRow.id == bindparam("claimed_id"),
        OutboxRow.owner == bindparam("claimed_by"),
        OutboxRow.attempts == bindparam("claimed_as"),
    )
    .values(owner=None, lease_until=None)
    .returning(OutboxRow.id)
)
_DEPTH = select(
    select(func.count()).where(_WAITING).scalar_subquery(),
    select(func.min(OutboxRow.created_at)).where(_WAITING).scalar_subquery(),
    select(func.count()).where(OutboxRow.dead_at.is_not(None)).scalar_subquery(),
)


class SqlOutbox:
    """The `Outbox` of one transaction."""

    __slots__ = ("_connection", "_lanes")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lanes = SqlLanes(connection)

    def post(self, draft: Draft, now: datetime) -> bool:
        """Write a message; False when its key is there already."""
        row = {
            "key": draft.key,
            "uuid": uuid_of(draft.key),
            "platform": draft.target.platform,
            "target_kind": draft.target.kind,
            "target_id": draft.target.id,
            "lane": draft.target.lane,
            "reply_to": draft.reply_to,
            "urgent": draft.urgent,
            "answer": answers.dump(draft.answer),
            "as_text": False,
            "created_at": now,
            "due_at": now,
            "attempts": 0,
            "error": "",
        }
        return bool(_POST.run(self._connection, row))

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, lane: Rate, whole: Sequence[Rate]
    ) -> Sequence[Parcel]:
        """Take due rows, at most one a lane, within each lane's rate and the platform's `whole` rates.

        Urgent rows come first, then older ones. A row whose answer cannot be read is set aside: it would otherwise
        stop all that wait behind it.
        """
        ids = self._choose(now, limit, lane, whole)
        if not ids:
            return ()
        claim = {"ids": ids, "owner": owner, "lease_until": now + lease, "now": now}
        rows = self._connection.execute(_TAKE, claim).all()
        parcels = (self._parcel(row, now) for row in sorted(rows, key=lambda row: ids.index(row.id)))
        return tuple(parcel for parcel in parcels if parcel is not None)

    def _choose(self, now: datetime, limit: int, lane: Rate, whole: Sequence[Rate]) -> Sequence[int]:
        if self._connection.execute(_ANY_DUE, {"now": now}).first() is None:
            return ()
        platforms = [name for name, held in self._lanes.hold(Platform).items() if held.is_open(now)]
        query = {"now": now, "platforms": platforms, "limit": limit}
        candidates = self._connection.execute(_CANDIDATES, query).all()
        if not candidates:
            return ()
        names = {name for row in candidates for name in (row.lane, *rate_lanes(row.platform, len(whole)))}
        lanes = self._lanes.read(sorted(names))
        chosen = _within_rates(candidates, lanes, now, lane, whole)
        self._lanes.save(lanes.values())
        return chosen

    def _parcel(self, row: AnyRow, now: datetime) -> Parcel | None:
        try:
            answer = answers.load(row.answer)
        except ValidationError as error:
            mistake = error.errors(include_url=False, include_input=False)[0]
            log.error("outbox_row_unreadable", key=row.key, at=mistake["loc"], mistake=mistake["msg"])  # noqa: TRY400 a traceback would show what somebody wrote
            self._settle(row, dead_at=now, error="its stored answer cannot be read")
            return None
        return Parcel(
            id=row.id,
            key=row.key,
            uuid=row.uuid,
            target=Target(row.platform, row.target_kind, row.target_id),
            answer=answer,
            reply_to=row.reply_to,
            attempts=row.attempts,
            as_text=row.as_text,
            created_at=row.created_at,
            first_tried_at=row.first_tried_at,
            owner=row.owner,
        )

    def sent(self, parcel: Parcel, message_id: MessageId | None, now: datetime) -> bool:
        """Settle as sent; False when the lease was lost to another owner in the meantime."""
        return self._settle(parcel, sent_at=now, message_id=message_id)

    def again(self, parcel: Parcel, *, due_at: datetime, error: str, as_text: bool, counts: bool) -> bool:
        """Settle as to be retried; `counts` False when the platform only asked for patience.

        Such a try is given back: a row that was tried only this once counts as never tried. Text stays text.
        False when the lease was lost.
        """
        untried = not counts and parcel.attempts == 1
        return self._settle(
            parcel,
            due_at=due_at,
            error=error,
            as_text=as_text or parcel.as_text,
            attempts=parcel.attempts if counts else parcel.attempts - 1,
            first_tried_at=None if untried else parcel.first_tried_at,
        )

    def dead(self, parcel: Parcel, error: str, now: datetime) -> bool:
        """Settle as set aside; False when the lease was lost."""
        return self._settle(parcel, dead_at=now, error=error)

    def _settle(self, claimed: Parcel | AnyRow, **outcome: object) -> bool:
        claim = {"claimed_id": claimed.id, "claimed_by": claimed.owner, "claimed_as": claimed.attempts}
        return self._connection.execute(_SETTLE, claim | outcome).first() is not None

    def pause(self, platform: Platform, lane: str | None, until: datetime) -> None:
        """Let a lane, or with None the whole platform, rest until then, or longer if it rests already."""
        self._lanes.pause(platform, lane, until)

    def depth(self) -> OutboxDepth:
        """How much waits, since when, and how much is set aside."""
        return OutboxDepth(*self._connection.execute(_DEPTH).one())

    def forget_before(self, moment: datetime) -> int:
        """Drop rows that were sent or set aside earlier than `moment`; how many."""
        old = delete(OutboxRow).where(or_(OutboxRow.sent_at < moment, OutboxRow.dead_at < moment))
        return self._connection.execute(old).rowcount


def _within_rates(
    candidates: Sequence[AnyRow], lanes: Mapping[str, Lane], now: datetime, lane: Rate, whole: Sequence[Rate]
) -> list[int]:
    """The ids of those candidates, in order, that may go now; each is counted in its lanes."""
    chosen: list[int] = []
    for row in candidates:
        names = (row.lane, *rate_lanes(row.platform, len(whole)))
        limits = [(lanes[name], rate) for name, rate in zip(names, (lane, *whole), strict=True)]
        if all(each.is_open(now) for each, _ in limits):
            for each, rate in limits:
                each.pass_one(rate, now)
            chosen.append(row.id)
    return chosen
