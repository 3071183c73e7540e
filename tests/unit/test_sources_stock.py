"""Answers as rows of stock: every count is one that the source said, or there is an error that names it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Row
from suanli.sources.frames import Cell, FrameRow
from suanli.sources.prometheus import Point
from suanli.sources.stock import (
    DEFAULT_COLUMNS,
    Labels,
    PromqlStock,
    Queries,
    count_of,
    counts_of_points,
    joined,
    rows_of_table,
)

LABELS = Labels()


def cells(**changed: Cell) -> FrameRow:
    usual: dict[str, Cell] = {"gpu_product_name": "NVIDIA H20", "idc": "bj-a"}
    return FrameRow(usual | {"total": 16.0, "free": 5, "used": 4, "unavailable": 8} | changed, {})


def point(value: float | None, product: str = "H20", place: str = "bj-a") -> Point:
    return Point({"product": product, "place": place}, value)


def test_a_row_of_sql_is_a_row_of_stock() -> None:
    assert rows_of_table([cells()], DEFAULT_COLUMNS) == (Row("NVIDIA H20", "bj-a", 16, 5, 4, 8),)


def test_columns_may_have_other_names_and_stand_in_any_order() -> None:
    table = [FrameRow({"f": 1, "t": 2, "u": 3, "x": 4, "where": "sh", "gpu": "H20", "more": None}, {})]
    columns = replace(DEFAULT_COLUMNS, product="gpu", place="where", total="t", free="f", used="u", unavailable="x")
    assert rows_of_table(table, columns) == (Row("H20", "sh", 2, 1, 3, 4),)


def test_what_a_company_does_not_keep_is_zero_by_its_own_settings() -> None:
    columns = replace(DEFAULT_COLUMNS, place="", used="", unavailable="")
    assert rows_of_table([cells()], columns) == (Row("NVIDIA H20", "", 16, 5, 0, 0),)


def test_a_place_that_is_null_is_no_place() -> None:
    assert rows_of_table([cells(idc=None)], DEFAULT_COLUMNS)[0].place == ""


@pytest.mark.parametrize("product", [None, "", "  "])
def test_a_row_without_a_product_is_refused(product: Cell) -> None:
    with pytest.raises(RemoteError, match="gpu_product_name is NULL or empty"):
        rows_of_table([cells(gpu_product_name=product)], DEFAULT_COLUMNS)


@pytest.mark.parametrize("column", ["gpu_product_name", "idc"])
def test_a_name_that_is_a_number_is_refused(column: str) -> None:
    with pytest.raises(RemoteError, match=f"column {column} is not text"):
        rows_of_table([cells(**{column: 4090})], DEFAULT_COLUMNS)


def test_a_missing_column_is_named_with_those_that_came() -> None:
    with pytest.raises(RemoteError) as caught:
        rows_of_table([cells()], replace(DEFAULT_COLUMNS, free="idle", used="busy"))
    assert str(caught.value) == (
        "the query has no column idle, busy; its columns are gpu_product_name, idc, total, free, used, unavailable"
    )
    assert caught.value.permanent


def test_a_column_that_only_some_rows_have_is_missing() -> None:
    with pytest.raises(RemoteError, match="no column gpu_product_name"):
        rows_of_table([cells(), FrameRow({"Time": 1}, {})], DEFAULT_COLUMNS)


BAD_COUNTS: Sequence[tuple[object, str]] = [
    (None, "NULL, not a number"),
    ("3", "3, not a number"),
    (True, "True, not a number"),
    (math.nan, "nan, not a count"),
    (math.inf, "inf, not a count"),
    (-math.inf, "-inf, not a count"),
    (-1, "-1, not a count"),
    (3.5, "3.5, not a count"),
    (10**9, "1000000000, not a count"),
    (10**400, "not a count"),
]


@pytest.mark.parametrize("column", ["total", "free", "used", "unavailable"])
@pytest.mark.parametrize(("bad", "words"), BAD_COUNTS)
def test_a_bad_count_is_refused_with_its_product_and_column(column: str, bad: Cell, words: str) -> None:
    with pytest.raises(RemoteError) as caught:
        rows_of_table([cells(), cells(**{column: bad})], DEFAULT_COLUMNS)
    assert str(caught.value).startswith(f"{column} of NVIDIA H20 is ")
    assert words in str(caught.value)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_a_count_is_the_very_number_that_came_or_an_error(cell: object) -> None:
    try:
        count = count_of(cell, "H20", "free")
    except RemoteError:
        return
    assert type(count) is int
    assert count == cell
    assert count >= 0


COUNTS = st.one_of(st.integers(-2, 40), st.integers(0, 40).map(float), st.sampled_from([None, math.nan, 3.5]))


@given(st.lists(st.tuples(st.sampled_from(["H20", "H200", ""]), COUNTS, COUNTS, COUNTS, COUNTS), min_size=1))
def test_rows_hold_no_count_that_was_not_in_the_table(table: Sequence[tuple[str, Cell, Cell, Cell, Cell]]) -> None:
    names = ("gpu_product_name", "total", "free", "used", "unavailable")
    answer = [cells(**dict(zip(names, line, strict=True))) for line in table]
    try:
        rows = rows_of_table(answer, DEFAULT_COLUMNS)
    except RemoteError:
        return
    assert [(row.product, row.total, row.free, row.used, row.unavailable) for row in rows] == table


def test_series_are_counts_by_product_and_place() -> None:
    points = [point(16.0), point(4, place=""), point(8, product="H200"), Point({"product": "A100"}, 2)]
    assert counts_of_points(points, LABELS, "total") == {
        ("H20", "bj-a"): 16,
        ("H20", ""): 4,
        ("H200", "bj-a"): 8,
        ("A100", ""): 2,
    }


def test_other_labels_may_hold_product_and_place() -> None:
    points = [Point({"modelName": "NVIDIA H20", "dc": "sh", "product": "no"}, 1)]
    assert counts_of_points(points, Labels("modelName", "dc"), "total") == {("NVIDIA H20", "sh"): 1}


@pytest.mark.parametrize("labels", [{}, {"product": ""}, {"product": " ", "place": "bj"}])
def test_a_series_without_a_product_is_refused(labels: Mapping[str, str]) -> None:
    with pytest.raises(RemoteError, match="label product is absent or empty"):
        counts_of_points([Point(labels, 1)], LABELS, "total")


def test_a_product_said_twice_is_refused_and_not_overwritten() -> None:
    points = [Point({"product": "H20", "place": "bj-a", "job": job}, 8) for job in ("a", "b")]
    with pytest.raises(RemoteError, match="H20 has several series in bj-a: sum by product and place"):
        counts_of_points(points, LABELS, "total")


@pytest.mark.parametrize(("bad", "words"), [(None, "NULL"), (math.nan, "nan"), (-2.0, "-2"), (0.5, "0.5")])
def test_a_bad_value_is_refused_with_its_product_and_query(bad: float | None, words: str) -> None:
    with pytest.raises(RemoteError, match=rf"free of H20 is {words}"):
        counts_of_points([point(bad)], LABELS, "free")


H20, H200 = ("H20", "bj-a"), ("H200", "")


def test_counts_are_joined_by_product_and_place() -> None:
    rows = joined({H20: 16, H200: 4}, free={H20: 5, H200: 4}, used={H20: 4, H200: 0}, unavailable={H20: 8, H200: 0})
    assert rows == (Row("H20", "bj-a", 16, 5, 4, 8), Row("H200", "", 4, 4, 0, 0))


def test_a_count_that_is_not_kept_is_zero_by_the_settings() -> None:
    assert joined({H20: 16}, free={H20: 5}, used=None, unavailable=None) == (Row("H20", "bj-a", 16, 5, 0, 0),)


@pytest.mark.parametrize("which", ["free", "used", "unavailable"])
def test_a_product_that_a_count_does_not_name_is_refused_and_not_zero(which: str) -> None:
    whole = {H20: 16, H200: 4}
    counts = {"free": whole, "used": whole, "unavailable": whole} | {which: {H20: 5}}
    with pytest.raises(RemoteError, match=f"H200 is in the query for total and not in that for {which}"):
        joined(whole, **counts)


def test_a_product_that_only_another_count_names_is_refused() -> None:
    with pytest.raises(RemoteError, match="H20 bj-a is in the query for used and not in that for total"):
        joined({H200: 4}, free={H200: 4}, used={H200: 0, H20: 1}, unavailable=None)


KEYS = st.dictionaries(st.tuples(st.sampled_from(["H20", "H200", "A100"]), st.sampled_from(["", "bj"])), st.integers(0))


@given(KEYS, KEYS, st.none() | KEYS, st.none() | KEYS)
def test_joining_makes_no_row_and_no_count_of_its_own(
    total: dict[tuple[str, str], int],
    free: dict[tuple[str, str], int],
    used: dict[tuple[str, str], int] | None,
    unavailable: dict[tuple[str, str], int] | None,
) -> None:
    try:
        rows = joined(total, free=free, used=used, unavailable=unavailable)
    except RemoteError:
        return
    assert {(row.product, row.place): row.total for row in rows} == total
    assert {(row.product, row.place): row.free for row in rows} == free
    if used is not None:
        assert {(row.product, row.place): row.used for row in rows} == used
    if unavailable is not None:
        assert {(row.product, row.place): row.unavailable for row in rows} == unavailable


class FakePromql:
    """Answers each query from a table; an exception in it is raised."""

    def __init__(self, answers: Mapping[str, Sequence[Point] | RemoteError]) -> None:
        self._answers = answers

    def query(self, promql: str) -> Sequence[Point]:
        answer = self._answers[promql]
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    def about(self) -> str:
        return "Prometheus 0"


def test_queries_that_are_not_configured_are_not_asked() -> None:
    stock = PromqlStock("k8s", FakePromql({"T": [point(16)], "F": [point(5)]}), Queries("T", "F"))
    assert stock.fetch() == (Row("H20", "bj-a", 16, 5, 0, 0),)
    assert stock.probe() == ("Prometheus 0", "1 rows of 1 products, 16 cards")


def test_an_error_says_which_query_it_is_of_and_stays_what_it_is() -> None:
    cause = RemoteError("bad_data: parse error", permanent=True, code=400)
    stock = PromqlStock("k8s", FakePromql({"T": [point(16)], "F": cause}), Queries("T", "F"))
    with pytest.raises(RemoteError) as caught:
        stock.fetch()
    assert str(caught.value) == "the query for free: bad_data: parse error"
    assert (caught.value.permanent, caught.value.code) == (True, 400)


def test_no_data_of_one_query_is_no_data_of_the_whole() -> None:
    stock = PromqlStock("k8s", FakePromql({"T": [point(16)], "F": NoData("empty")}), Queries("T", "F"))
    with pytest.raises(NoData, match="the query for free: empty"):
        stock.fetch()
