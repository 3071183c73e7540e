"""Places in rows: hubs take a name in any case, so beside it stands the same in small letters, which is compared."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam
from sqlalchemy.sql.expression import ColumnElement

from storage.tables import HappeningRow, ResourceRow, WatchRow
from suanli.domain.releases import Place

AboutPlace = type[HappeningRow] | type[ResourceRow] | type[WatchRow]


def columns_of(place: Place) -> Mapping[str, Any]:
    """A place as a row has it."""
    return {"hub": place.hub, "name": place.name, "folded": place.name.casefold()}


def place_of(row: Row[*tuple[Any, ...]]) -> Place:
    """The place that a row is about."""
    return Place(row.hub, row.name)


def of_place(row: AboutPlace) -> tuple[ColumnElement[bool], ...]:
    """The condition that a row is about the place that `asked` names."""
    return row.hub == bindparam("of_hub"), row.folded == bindparam("of_folded")


def asked(place: Place) -> Mapping[str, Any]:
    """The parameters of `of_place`."""
    return {"of_hub": place.hub, "of_folded": place.name.casefold()}
