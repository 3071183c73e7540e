"""Prometheus' instant answers, read without inventing anything."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.errors import NoData, RemoteError
from suanli.sources.prometheus import Point, points_of


def vector(*series: tuple[dict[str, str], str], **more: object) -> dict[str, Any]:
    result = [{"metric": labels, "value": [1795307854.394, value]} for labels, value in series]
    return {"status": "success", "data": {"resultType": "vector", "result": result}} | more


def refusal(reply: object) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        points_of(reply)
    return caught.value


def test_values_are_read_from_their_text() -> None:
    points = points_of(vector(({"product": "H20"}, "320"), ({}, "-0.5"), ({}, "1e+21"), ({}, "+Inf"), ({}, "-Inf")))
    assert points[0] == Point({"product": "H20"}, 320.0)
    assert [point.value for point in points[1:]] == [-0.5, 1e21, math.inf, -math.inf]


def test_nan_stays_nan() -> None:
    (point,) = points_of(vector(({}, "NaN")))
    assert point.value is not None
    assert math.isnan(point.value)


@pytest.mark.parametrize("text", ["", "3 ", "1_0", "0x10", "nan", "infinity", "٣", "1e", "--1"])
def test_text_that_is_no_number_of_prometheus_is_refused(text: str) -> None:
    assert "no number" in str(refusal(vector(({}, text))))


def test_an_empty_vector_is_no_data_and_not_zero() -> None:
    with pytest.raises(NoData):
        points_of(vector())


def test_a_warning_makes_the_answer_unfit_to_count() -> None:
    assert "may be partial: store down" in str(refusal(vector(({}, "1"), warnings=["store down"])))


@pytest.mark.parametrize(
    ("kind", "permanent"), [("bad_data", True), ("execution", True), ("timeout", False), ("internal", False)]
)
def test_an_error_in_a_good_reply_is_an_error(kind: str, permanent: bool) -> None:  # noqa: FBT001 a row of the table
    error = refusal({"status": "error", "errorType": kind, "error": "parse error"})
    assert str(error) == f"Prometheus: {kind}: parse error"
    assert error.permanent is permanent


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        {"status": "success"},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, 2]}]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"a": 1}, "value": [1, "2"]}]}},
    ],
)
def test_what_is_not_an_instant_vector_is_refused(reply: object) -> None:
    error = refusal(reply)
    assert "not an instant vector" in str(error)
    assert error.permanent


LABELS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)


@given(st.lists(st.tuples(LABELS, st.integers(0, 2**53)), min_size=1, max_size=5))
def test_every_series_comes_out_with_its_own_labels_and_value(series: list[tuple[dict[str, str], int]]) -> None:
    points = points_of(vector(*((labels, str(value)) for labels, value in series)))
    assert [(point.labels, point.value) for point in points] == series
