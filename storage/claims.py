"""Which messages may go now: due rows, one a lane, within every rate, taken under a lease."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, not_, or_, select, update

from storage.columns import UtcDateTime
from storage.lanes import HORIZON, Lane, SqlLanes, latest_full, rate_lanes
from storage.tables import LaneRow, OutboxRow
from suanli.domain.chat import MessageId, Platform
from suanli.domain.delivery import Rates

AnyRow = Row[*tuple[Any, ...]]

_NOW = bindparam("now", type_=UtcDateTime())
_FAR = bindparam("far", type_=UtcDateTime())
_FULL = bindparam("full", type_=UtcDateTime())
_PLATFORMS = OutboxRow.platform.in_(bindparam("platforms", expanding=True))

WAITING = and_(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
_LEASED = and_(OutboxRow.lease_until > _NOW, OutboxRow.lease_until <= _FAR)
_DUE = and_(
    WAITING,
    or_(OutboxRow.due_at <= _NOW, OutboxRow.due_at > _FAR),
    or_(OutboxRow.lease_until.is_(None), not_(_LEASED)),
)
_ANY_DUE = select(OutboxRow.id).where(_DUE, _PLATFORMS).limit(1)

_LEASED_LANES = select(OutboxRow.lane).where(WAITING, _LEASED)
_RESTING_LANES = select(LaneRow.name).where(
    LaneRow.ready_at > _NOW, LaneRow.ready_at <= _FAR, or_(LaneRow.full_at.is_(None), LaneRow.full_at <= _FULL)
)
_PLACED = (
    select(
        OutboxRow.id,
        OutboxRow.platform,
        OutboxRow.lane,
        OutboxRow.urgent,
        func.row_number()
        .over(partition_by=OutboxRow.lane, order_by=(OutboxRow.urgent.desc(), OutboxRow.id))
        .label("place"),
    )
    .where(_DUE, _PLATFORMS, OutboxRow.lane.not_in(_LEASED_LANES), OutboxRow.lane.not_in(_RESTING_LANES))
    .subquery()
)
_CANDIDATES = (
    select(_PLACED.c.id, _PLACED.c.platform, _PLACED.c.lane)
    .where(_PLACED.c.place == 1)
    .order_by(_PLACED.c.urgent.desc(), _PLACED.c.id)
    .limit(bindparam("limit"))
)
# Chosen first and locked here: PostgreSQL would choose anew for each row that it might lock. A row that somebody is
# settling at this moment, past its lease, is skipped: it may be sent in an instant.
_CHOSEN = OutboxRow.id.in_(bindparam("ids", expanding=True))
_FREE = select(OutboxRow.id).where(_CHOSEN, _DUE).with_for_update(skip_locked=True).correlate(None)
# What was drawn anew since its last claim is tried for the first time.
_TRIED = OutboxRow.leased_revision == OutboxRow.revision
_TAKE = (
    update(OutboxRow)
    .where(_CHOSEN, OutboxRow.id.in_(_FREE))
    .values(
        leased_revision=OutboxRow.revision,
        attempts=case((_TRIED, OutboxRow.attempts + 1), else_=1),
        first_tried_at=case((_TRIED, func.coalesce(OutboxRow.first_tried_at, _NOW)), else_=_NOW),
    )
    .returning(OutboxRow.__table__)
)
_DRAWN = select(OutboxRow.key, OutboxRow.message_id).where(OutboxRow.key.in_(bindparam("keys", expanding=True)))


class Claims:
    """The claims of one transaction."""

    __slots__ = ("_connection", "_lanes")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lanes = SqlLanes(connection)

    def take(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, rates: Mapping[Platform, Rates]
    ) -> Sequence[AnyRow]:
        """The rows that may go now, urgent ones first, then older ones; they are `owner`'s until the lease ends."""
        ids = self._choose(now, limit, rates)
        if not ids:
            return ()
        claim = {"ids": ids, "owner": owner, "lease_until": now + lease, "now": now, "far": now + HORIZON}
        rows = self._connection.execute(_TAKE, claim).all()
        return sorted(rows, key=lambda row: ids.index(row.id))

    def drawn(self, rows: Sequence[AnyRow]) -> Mapping[str, MessageId | None]:
        """The ids on the platform of the messages that these rows draw anew, by key."""
        keys = [row.redraws for row in rows if row.redraws is not None]
        found = self._connection.execute(_DRAWN, {"keys": keys}) if keys else ()
        return {row.key: row.message_id for row in found}

    def _choose(self, now: datetime, limit: int, rates: Mapping[Platform, Rates]) -> Sequence[int]:
        far = now + HORIZON
        if self._connection.execute(_ANY_DUE, {"now": now, "far": far, "platforms": list(rates)}).first() is None:
            return ()
        lanes = self._hold(now, rates)
        # One that is at its limit is not even asked, so that its many messages do not stand before the others' few.
        able = [name for name, its in rates.items() if all(lanes[each].is_open(now) for each in _lanes_of(name, its))]
        full = max(latest_full(its.lane, now) for its in rates.values())
        query = {"now": now, "far": far, "full": full, "platforms": able, "limit": limit}
        candidates = self._connection.execute(_CANDIDATES, query).all()
        if not candidates:
            return ()
        lanes.update(self._lanes.read(sorted({row.lane for row in candidates})))
        chosen = _within_rates(candidates, lanes, now, rates)
        self._lanes.save(lanes.values())
        return chosen

    def _hold(self, now: datetime, rates: Mapping[Platform, Rates]) -> dict[str, Lane]:
        """The lanes of these platforms, as of now."""
        lanes = self._lanes.hold({platform: len(its.whole) for platform, its in rates.items()})
        for platform, its in rates.items():
            for name, rate in zip(_lanes_of(platform, its), (None, *its.whole), strict=True):
                lanes[name].set_back(now, rate)
        return lanes


def _lanes_of(platform: Platform, rates: Rates) -> tuple[str, ...]:
    return (platform, *rate_lanes(platform, len(rates.whole)))


def _within_rates(
    candidates: Sequence[AnyRow], lanes: Mapping[str, Lane], now: datetime, rates: Mapping[Platform, Rates]
) -> list[int]:
    """The ids of those candidates, in order, that may go now; each is counted in its lanes."""
    chosen: list[int] = []
    for row in candidates:
        its = rates[row.platform]
        names = (row.lane, *rate_lanes(row.platform, len(its.whole)))
        limits = [(lanes[name], rate) for name, rate in zip(names, (its.lane, *its.whole), strict=True)]
        limits[0][0].set_back(now, its.lane)
        if all(each.is_open(now) for each, _ in limits):
            for each, rate in limits:
                each.pass_one(rate, now)
            chosen.append(row.id)
    return chosen
