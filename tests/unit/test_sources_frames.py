"""Grafana's data frames, read without inventing anything."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.errors import RemoteError
from suanli.sources.frames import Cell, FrameRow, frames_of, query_error, rows_of

Json = dict[str, Any]


def frame(columns: Mapping[str, Sequence[object]], *, labels: Mapping[str, str] | None = None, **data: object) -> Json:
    """A frame of these columns; `labels` stand on the last one, as Prometheus' do."""
    fields: list[Json] = [{"name": name, "type": "number", "typeInfo": {"frame": "float64"}} for name in columns]
    if labels is not None:
        fields[-1]["labels"] = labels
    return {
        "schema": {"refId": "A", "meta": {"type": "numeric-multi", "typeVersion": [0, 1]}, "fields": fields},
        "data": {"values": list(columns.values())} | data,
    }


def reply(*frames: Json, **result: object) -> Json:
    return {"results": {"A": {"status": 200, "frames": list(frames)} | result}}


def read(*frames: Json) -> tuple[FrameRow, ...]:
    return rows_of(frames_of(reply(*frames)))


def refusal(answer: object) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        rows_of(frames_of(answer))
    return caught.value


def test_a_table_becomes_rows_in_the_order_of_its_columns() -> None:
    rows = read(frame({"gpu": ["H20", None], "free": [3.0, 4], "total": [8, 8.5]}))
    assert rows == (
        FrameRow({"gpu": "H20", "free": 3.0, "total": 8}, {}),
        FrameRow({"gpu": None, "free": 4, "total": 8.5}, {}),
    )
    assert list(rows[0].cells) == ["gpu", "free", "total"]


def test_each_series_of_prometheus_keeps_its_own_labels() -> None:
    rows = read(
        frame({"Time": [1795307640000], "Value": [41]}, labels={"product": "RTX-4090"}),
        frame({"Time": [1795307640000], "Value": [6]}, labels={"product": "H100"}),
    )
    assert [(row.labels["product"], row.cells["Value"]) for row in rows] == [("RTX-4090", 41), ("H100", 6)]


def test_numbers_that_json_cannot_say_are_put_back() -> None:
    table = frame(
        {"gpu": ["a", "b", "c", "d"], "free": [None, None, None, None]},
        entities=[None, {"NaN": [0], "Inf": [1], "NegInf": [2]}],
    )
    values = [row.cells["free"] for row in read(table)]
    assert isinstance(values[0], float)
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, None]


def test_a_frame_without_rows_is_no_rows() -> None:
    nothing = {"schema": {"refId": "A", "fields": []}, "data": {"values": []}}
    assert read(nothing) == ()
    assert read({"schema": {"refId": "A"}, "data": {}}) == ()
    assert read(frame({"gpu": [], "free": []})) == ()
    assert rows_of(frames_of({"results": {"A": {"frames": None}}})) == ()


@pytest.mark.parametrize(
    "ragged",
    [
        frame({"gpu": ["a", "b"], "free": [1]}),
        {"schema": {"fields": [{"name": "gpu"}, {"name": "free"}]}, "data": {"values": [["a"]]}},
        {"schema": {"fields": [{"name": "gpu"}]}, "data": {"values": [["a"], [1]]}},
        {"schema": {"fields": []}, "data": {"values": [["a"]]}},
    ],
    ids=["a shorter column", "a column too few", "a column too many", "columns without names"],
)
def test_a_ragged_frame_is_refused(ragged: Json) -> None:
    assert "ragged" in str(refusal(reply(ragged)))


def test_two_columns_of_one_name_are_refused() -> None:
    fields = {"fields": [{"name": "free"}, {"name": "free"}]}
    error = refusal(reply({"schema": fields, "data": {"values": [[1], [2]]}}))
    assert "the same name: free, free" in str(error)


@pytest.mark.parametrize(
    "entities",
    [[None, {"NaN": [1]}], [None, {"NaN": [-1]}], [None, {"NaN": [0]}], [None, {"Nought": [2]}]],
    ids=["a row with a number", "the last row from behind", "the first row", "an unknown word"],
)
def test_entities_that_contradict_the_values_are_refused(entities: object) -> None:
    error = refusal(reply(frame({"gpu": ["a", "b", "c"], "free": [1, 2, None]}, entities=entities)))
    assert "contradicts itself" in str(error)


def test_merged_labels_are_refused_with_the_way_out() -> None:
    merged = frame({"Time": [1, 1], "Value": [41, 6]}, labels={"product": "H100"})
    merged["schema"]["meta"]["type"] = "timeseries-long"
    assert "ask with format=time_series" in str(refusal(reply(merged)))


def test_several_labelled_columns_in_one_frame_are_refused() -> None:
    wide = frame({"Time": [1], "a": [2], "b": [3]}, labels={"product": "b"})
    wide["schema"]["fields"][1]["labels"] = {"product": "a"}
    assert "ask with format=time_series" in str(refusal(reply(wide)))


@pytest.mark.parametrize("severity", ["warning", "error"])
def test_a_warning_makes_the_answer_unfit_to_count(severity: str) -> None:
    limited = frame({"free": [1]})
    limited["schema"]["meta"]["notices"] = [{"severity": severity, "text": "Results have been limited to 1 row"}]
    assert "may be partial: Results have been limited" in str(refusal(reply(limited)))


def test_a_remark_is_no_warning() -> None:
    remarked = frame({"free": [1]})
    remarked["schema"]["meta"]["notices"] = [{"severity": "info", "text": "cached"}]
    assert len(read(remarked)) == 1


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (403, True), (429, False), (500, False), (504, False), (None, False)]
)
def test_the_error_of_a_query_stands_in_a_good_reply(status: int | None, permanent: bool) -> None:  # noqa: FBT001 a row of the table
    answer = reply(status=status, error="bad_data:\n no such thing", errorSource="downstream")
    error = refusal(answer)
    assert str(error) == "Grafana could not run the query: bad_data: no such thing"
    assert error.permanent is permanent


def test_a_bad_status_without_words_is_an_error_too() -> None:
    assert "does not say why" in str(refusal(reply(frame({"free": [1]}), status=500)))


def test_the_status_of_the_reply_counts_where_the_query_has_none() -> None:
    error = query_error(reply(status=None, error="bad"), 400)
    assert error is not None
    assert error.permanent


@pytest.mark.parametrize("answer", [None, [], {"message": "bad request data"}, "results"])
def test_a_reply_without_results_has_no_error_of_a_query(answer: object) -> None:
    assert query_error(answer, 400) is None
    assert "/api/ds/query" in str(refusal(answer))


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"results": []}, "results"),
        ({"results": {"A": {"frames": [{}]}}}, "results.A.frames.0.schema"),
        ({"results": {"A": {"frames": [{"schema": {"fields": [{}]}, "data": {}}]}}}, "schema.fields.0.name"),
        ({"results": {"A": {"frames": [{"schema": {}, "data": {"values": [[["secret"]]]}}]}}}, "data.values.0.0"),
    ],
)
def test_what_is_not_a_frame_is_refused_with_its_place_and_without_its_text(answer: object, place: str) -> None:
    assert place in str(refusal(answer))
    assert "secret" not in str(refusal(answer))


def test_a_result_for_another_query_is_not_ours() -> None:
    assert "without a result" in str(refusal({"results": {"B": {"frames": []}}}))


CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)


@given(st.integers(0, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)))
def test_every_cell_comes_out_where_it_went_in(table: list[list[Cell]]) -> None:
    names = [f"c{number}" for number in range(len(table[0]) if table else 0)]
    columns = {name: [row[at] for row in table] for at, name in enumerate(names)}
    rows = read(frame(columns))
    assert [[(type(cell), cell) for cell in row.cells.values()] for row in rows] == [
        [(type(cell), cell) for cell in row] for row in table if row
    ]
