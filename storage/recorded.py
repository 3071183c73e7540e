"""What records add up to, told in SQL; `storage/record_sums.py` says the same of a single call."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Integer, String, case, cast, extract, func, literal_column

from storage.sum_tail import QUARTER
from storage.tables import RecordRow
from suanli.domain.cost.records import Ending

_here = RecordRow.__table__.c
_NOTHING: ColumnElement[int] = literal_column("0")
_ONE: ColumnElement[int] = literal_column("1")
_SECONDS: ColumnElement[int] = literal_column(str(QUARTER), Integer)

NAMES: Sequence[ColumnElement[str]] = (
    _here.user,
    _here.project,
    _here.department,
    _here.organization,
    _here.model_name,
    _here.provider_name,
    _here.request_type,
    cast(_here.cost_type, String),
)
"""Who paid for what, in the order of a `SumKey`."""


def _one_if(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return case((holds, _ONE), else_=_NOTHING)


def _known(amount: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(amount, _NOTHING)


_into = _here.input_units + _here.cached_units + _here.cache_write_units
_out = _here.output_units + _here.reasoning_units
AMOUNTS_OF_ONE: Mapping[str, ColumnElement[int]] = {
    "requests": _ONE,
    "unpriced": _one_if(_here.total_cost.is_(None)),
    "failed": _one_if(_here.ending == literal_column(f"'{Ending.FAILED}'")),
    "input_units": _into,
    "output_units": _out,
    "cached_units": _here.cached_units,
    "total_units": _into + _out,
    "input_cost": _known(_here.input_cost),
    "output_cost": _known(_here.output_cost),
    "total_cost": _known(_here.total_cost),
    "took": _known(_here.took),
    "timed": _one_if(_here.took.is_not(None)),
}
"""The fields of the `Sum` of one record, by name."""


def quarter(connection: Connection) -> ColumnElement[int]:
    """The number of the quarter of an hour in which a record happened, as `sum_tail` has it."""
    if connection.dialect.name == "postgresql":
        return cast(func.floor(extract("epoch", _here.happened_at) / _SECONDS), Integer)
    # Without its fraction: SQLite rounds it, and what happened in the last half millisecond would be in the next one.
    whole = func.substr(_here.happened_at, _ONE, literal_column("19"))
    return cast(func.strftime(literal_column("'%s'"), whole), Integer) // _SECONDS
