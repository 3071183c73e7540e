"""Scopes in rows: three columns, in every table about one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam
from sqlalchemy.sql.expression import ColumnElement

from storage.tables import BurnRow, EpisodeRow, OverrideRow, StandingRow, TicketRow
from suanli.domain.stock import Scope

AboutScope = type[BurnRow] | type[EpisodeRow] | type[OverrideRow] | type[StandingRow] | type[TicketRow]


def columns_of(scope: Scope) -> Mapping[str, str]:
    """A scope as a row has it."""
    return {"model": scope.model, "region": scope.region, "clock": scope.clock}


def scope_of(row: Row[*tuple[Any, ...]]) -> Scope:
    """The scope that a row is about."""
    return Scope(row.model, row.region, row.clock)


def of_scope(row: AboutScope) -> tuple[ColumnElement[bool], ...]:
    """The condition that a row is about the scope that `asked` names."""
    return (
        row.model == bindparam("of_model"),
        row.region == bindparam("of_region"),
        row.clock == bindparam("of_clock"),
    )


def asked(scope: Scope) -> Mapping[str, str]:
    """The parameters of `of_scope`."""
    return {"of_model": scope.model, "of_region": scope.region, "of_clock": scope.clock}
