"""Grafana's data frames: the reply of /api/ds/query as rows (gpu.md §1.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from suanli.domain.errors import RemoteError
from suanli.sources.border import read
from suanli.sources.endpoint import is_permanent

REF = "A"
"""The refId of the one query that a request carries."""

Cell = StrictInt | StrictFloat | StrictStr | StrictBool | None

_SPECIAL = {"NaN": float("nan"), "Inf": float("inf"), "NegInf": float("-inf")}
_PARTIAL = frozenset({"warning", "error"})


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A row of a frame: its cells by column name, in the query's order, and the labels of its series.

    None is SQL's NULL or a gap; NaN and the infinities are floats.
    """

    cells: Mapping[str, Cell]
    labels: Mapping[str, str]


class _Field(BaseModel):
    name: str
    labels: dict[str, str] = {}


class _Notice(BaseModel):
    severity: str = ""
    text: str = ""


class _Meta(BaseModel):
    type: str = ""
    notices: list[_Notice] | None = None


class _Layout(BaseModel):
    meta: _Meta | None = None
    fields: list[_Field] = []


class _Data(BaseModel):
    values: list[list[Cell]] = []
    entities: list[dict[str, list[StrictInt]] | None] | None = None


class Frame(BaseModel):
    """One table, stored by columns."""

    layout: _Layout = Field(alias="schema")
    data: _Data = _Data()


class _Result(BaseModel):
    status: int | None = None
    error: str = ""
    frames: list[Frame] | None = None


class _Reply(BaseModel):
    results: dict[str, _Result]


def query_error(reply: Any, http_status: int) -> RemoteError | None:
    """The error of the query inside a reply, which may stand in a 200, 207 or 400; None when there is none."""
    if not isinstance(reply, dict) or "results" not in reply:
        return None
    result = _result(reply)
    status = result.status or http_status
    if not result.error and status < 400:  # noqa: PLR2004 the classes of errors
        return None
    words = " ".join(result.error.split())[:300] or "it does not say why"
    return RemoteError(f"Grafana could not run the query: {words}", permanent=is_permanent(status), code=status)


def frames_of(reply: Any) -> tuple[Frame, ...]:
    """The frames of a reply. Raises RemoteError for the query's own error and for what is not such a reply."""
    error = query_error(reply, 200)
    if error:
        raise error
    return tuple(_result(reply).frames or ())


def _result(reply: Any) -> _Result:
    found = read(_Reply, reply, "an answer of Grafana's /api/ds/query").results.get(REF)
    if found is None:
        raise RemoteError("Grafana answered without a result for the query")
    return found


def rows_of(frames: Sequence[Frame]) -> tuple[FrameRow, ...]:
    """Every row of the frames, in order; none is fine. Raises RemoteError for a frame that could be misread."""
    return tuple(row for frame in frames for row in _rows(frame))


def _rows(frame: Frame) -> list[FrameRow]:
    meta, fields, columns = frame.layout.meta or _Meta(), frame.layout.fields, frame.data.values
    labels = _labels(meta, fields)
    _refuse_partial(meta)
    if not columns:
        return []
    names = [field.name for field in fields]
    entities = frame.data.entities or [None] * len(columns)
    if not len(names) == len(columns) == len(entities) or len({len(column) for column in columns}) > 1:
        raise RemoteError(f"Grafana answered with a ragged frame: the columns of {_list(names)} differ in length")
    if len(set(names)) != len(names):
        raise RemoteError(f"two columns of the query have the same name: {_list(names)}", permanent=True)
    restored = [_restored(column, special or {}) for column, special in zip(columns, entities, strict=True)]
    return [FrameRow(dict(zip(names, cells, strict=True)), labels) for cells in zip(*restored, strict=True)]


def _labels(meta: _Meta, fields: Sequence[_Field]) -> Mapping[str, str]:
    labelled = [field.labels for field in fields if field.labels]
    if meta.type == "timeseries-long" and labelled:
        raise RemoteError("the labels of all series are merged in the answer: ask with format=time_series")
    if len(labelled) > 1:
        raise RemoteError("several series stand in one frame: ask with format=time_series")
    return labelled[0] if labelled else {}


def _refuse_partial(meta: _Meta) -> None:
    # A row limit that was reached, or a store behind Prometheus that was silent: sums would be too small.
    said = [notice.text for notice in meta.notices or () if notice.severity in _PARTIAL]
    if said:
        raise RemoteError(f"Grafana warns, so its answer may be partial: {said[0][:300]}")


def _restored(column: Sequence[Cell], special: Mapping[str, Sequence[int]]) -> list[Cell]:
    """The column with the numbers that JSON cannot say back in their places, where `values` has null."""
    cells = list(column)
    for word, places in special.items():
        for place in places:
            if word not in _SPECIAL or not 0 <= place < len(cells) or column[place] is not None:
                raise RemoteError(f"Grafana's frame contradicts itself: {word:.20} at row {place}")
            cells[place] = _SPECIAL[word]
    return cells


def _list(names: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in names[:20])
