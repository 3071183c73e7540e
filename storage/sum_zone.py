"""The zone by whose days sums were put by. Of a site that has moved to another zone, they are to be made anew."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from storage.tables import SumZoneRow
from storage.upserts import insert_new

_ONE = 1
_TAKE = insert_new(SumZoneRow)
_ZONE = select(SumZoneRow.zone).where(SumZoneRow.id == _ONE)


class OtherZoneError(RuntimeError):
    """Sums were put by with the days of another zone than the site's; `rebuild` makes them right again."""

    def __init__(self, made: str, now: ZoneInfo) -> None:
        super().__init__(f"sums have the days of {made}, not of {now.key}, and need to be rebuilt")


def demand_zone(connection: Connection, zone: ZoneInfo, *, takes: bool = False) -> None:
    """Raise OtherZoneError when sums have the days of another zone. With `takes`, they have those of this from now."""
    if takes:
        connection.execute(_TAKE, {"id": _ONE, "zone": zone.key})
    made = connection.execute(_ZONE).scalar()
    if made is not None:
        refuse_other(made, zone)


def is_other(connection: Connection, zone: ZoneInfo) -> bool:
    """Whether sums have the days of another zone."""
    made = connection.execute(_ZONE).scalar()
    return made is not None and made != zone.key


def refuse_other(made: str, zone: ZoneInfo) -> None:
    """Raise OtherZoneError unless it is this zone."""
    if made != zone.key:
        raise OtherZoneError(made, zone)


def set_zone(connection: Connection, zone: ZoneInfo) -> None:
    """Let there be sums with the days of this zone only."""
    connection.execute(delete(SumZoneRow))
    connection.execute(insert(SumZoneRow), {"id": _ONE, "zone": zone.key})
