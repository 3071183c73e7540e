"""A panel in the JSON of a dashboard: its query and data source as Grafana itself would ask, or an error in words."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.errors import RemoteError
from suanli.sources.panel import Target, View, view_of

MYSQL = {"type": "mysql", "uid": "sql-1"}
PROM = {"type": "prometheus", "uid": "prom-1"}
MIXED = {"type": "datasource", "uid": "-- Mixed --"}
SELECT = {"refId": "A", "rawSql": "SELECT 1", "format": "table", "rawQuery": True}
SUM = {"refId": "B", "expr": "sum(x)", "legendFormat": "{{product}}"}


def panel(**changed: Any) -> dict[str, Any]:
    return {"id": 2, "title": "Cards", "type": "table", "datasource": MYSQL, "targets": [SELECT]} | changed


def source_variable(name: str, uid: Any, kind: Any = "mysql") -> dict[str, Any]:
    return {"name": name, "type": "datasource", "query": kind, "current": {"text": "x", "value": uid}}


def view(*panels: Any, variables: Any = (), number: int = 2, **more: Any) -> View:
    board = {"title": "GPU", "panels": list(panels), "templating": {"list": list(variables)}}
    return view_of({"meta": {}, "dashboard": board | more}, number)


def refusal(ask: Callable[[], Any]) -> str:
    with pytest.raises(RemoteError) as caught:
        ask()
    assert caught.value.permanent
    return str(caught.value)


def test_a_query_comes_with_its_data_source() -> None:
    found = view({"id": 1, "type": "text"}, panel())
    assert found.sql("A") == Target("mysql", "sql-1", "SELECT 1")
    assert str(found) == "dashboard 'GPU', panel 'Cards'"


def test_panels_are_found_in_rows_folded_rows_and_the_newer_form() -> None:
    wanted, other = panel(), panel(id=1, targets=[])
    places: list[dict[str, Any]] = [
        {"panels": [other, {"id": 9, "type": "row", "collapsed": True, "panels": [wanted]}]},
        {"rows": [{"title": "old", "panels": [other]}, {"title": "row", "panels": [wanted]}]},
        {"panels": None, "rows": [{"panels": None}, {"panels": [{"id": 9, "type": "row", "panels": [wanted]}]}]},
    ]
    for place in places:
        for reply in ({"dashboard": place}, {"kind": "Dashboard", "metadata": {"name": "u"}, "spec": place}):
            assert view_of(reply, 2).sql("A").text == "SELECT 1"


def test_a_panel_that_is_not_there_is_told_with_those_that_are() -> None:
    folded = {"id": 7, "type": "row", "title": "Row", "panels": [panel(id=8, title="Inside")]}
    assert refusal(lambda: view(panel(id=1), folded, number=5)) == (
        "the dashboard 'GPU' has no panel 5; its panels are: 1 'Cards', 7 'Row', 8 'Inside'"
    )
    assert refusal(view).endswith("its panels are: none")


def test_a_dashboard_in_the_new_layout_is_told_as_such() -> None:
    spec = {"title": "GPU", "elements": {"panel-2": {"kind": "Panel"}}, "layout": {}}
    assert "new layout (v2)" in refusal(lambda: view_of({"spec": spec}, 2))


@pytest.mark.parametrize("reply", [[], "x", None, {}, {"message": "hello"}, {"dashboard": [1]}, {"dashboard": None}])
def test_what_is_no_dashboard_is_an_error(reply: Any) -> None:
    assert "not a dashboard of Grafana" in refusal(lambda: view_of(reply, 2))


@pytest.mark.parametrize("bad", [{"targets": {}}, {"targets": ["x"]}, {"datasource": 5}, {"title": 1}])
def test_a_panel_of_another_form_is_an_error_and_only_when_it_is_asked_for(bad: dict[str, Any]) -> None:
    assert "not a dashboard of Grafana: panel 2" in refusal(lambda: view(panel(**bad)))
    assert view(panel(id=1, **bad), 5, None, panel()).sql("A").text == "SELECT 1"


def test_a_query_that_is_not_there_is_told_with_those_that_are() -> None:
    both = panel(targets=[SELECT, SUM])
    assert refusal(lambda: view(both).sql("C")).endswith("it has no query C; its queries are: A, B")
    assert refusal(lambda: view(panel(targets=None)).sql("A")).endswith("its queries are: none")


def test_a_hidden_query_and_a_library_panel_are_refused() -> None:
    hidden, library = (
        panel(targets=[SELECT | {"hide": True}]),
        {"id": 2, "title": "Cards", "libraryPanel": {"uid": "l"}},
    )
    assert "the query A is hidden" in refusal(lambda: view(hidden).sql("A"))
    assert "library panel" in refusal(lambda: view(library).sql("A"))
    assert view(panel(targets=[SELECT | {"hide": False}], libraryPanel={"uid": "l"})).sql("A").uid == "sql-1"


@pytest.mark.parametrize(
    ("panels", "own", "found"),
    [
        (MYSQL, None, MYSQL),
        (None, MYSQL, MYSQL),
        (MIXED, MYSQL, MYSQL),
        ("-- Mixed --", MYSQL, MYSQL),
        ("MySQL by name", MYSQL, MYSQL),
        (MYSQL, {"type": "mysql", "uid": "of an earlier choice"}, MYSQL),
        (MYSQL, {"type": "mysql", "uid": "${gone}"}, MYSQL),
        ({"type": "mysql", "uid": "${ds}"}, {"type": "mysql", "uid": "stale"}, {"type": "mysql", "uid": "sql-2"}),
        ("$ds", None, {"type": "mysql", "uid": "sql-2"}),
        ({"uid": "${ds:raw}"}, None, {"type": "mysql", "uid": "sql-2"}),
        ("[[ds]]", None, {"type": "mysql", "uid": "sql-2"}),
        (MIXED, {"uid": "$ds"}, {"type": "mysql", "uid": "sql-2"}),
    ],
)
def test_the_data_source_is_the_one_that_grafana_would_ask(panels: Any, own: Any, found: dict[str, str]) -> None:
    drawn = panel(datasource=panels, targets=[SELECT | {"datasource": own}])
    target = view(drawn, variables=[source_variable("ds", "sql-2")]).sql("A")
    assert {"type": target.kind, "uid": target.uid} == found


@pytest.mark.parametrize(
    ("panels", "own", "words"),
    [
        (None, None, "no data source that can be asked (none"),
        (MIXED, None, "no data source that can be asked (none"),
        (MIXED, MIXED, "(-- Mixed --)"),
        ("MySQL by name", None, "an old dashboard's name"),
        ({"type": "mysql"}, None, "no data source that can be asked (none"),
        ({"type": "datasource", "uid": "grafana"}, None, "(grafana)"),
        ("-- Grafana --", None, "(-- Grafana --)"),
        ({"type": "datasource", "uid": "-- Dashboard --"}, None, "(-- Dashboard --)"),
        (MYSQL, {"type": "__expr__", "uid": "__expr__"}, "an expression"),
        (MIXED, {"uid": "__expr__"}, "an expression"),
        ({"uid": "sql-1"}, None, "the type of the data source of the query A is not said"),
        ("${nobody}", None, "its data source: the dashboard has no variable nobody"),
        ("${several}", None, "its data source: the variable several needs a single plain value and 2 values is saved"),
        ("${usual}", None, "(default)"),
    ],
)
def test_a_data_source_that_cannot_be_asked_is_told(panels: Any, own: Any, words: str) -> None:
    known = [source_variable("several", ["a", "b"]), source_variable("usual", "default")]
    drawn = view(panel(datasource=panels, targets=[SELECT | {"datasource": own}]), variables=known)
    said = refusal(lambda: drawn.sql("A"))
    assert said.startswith("dashboard 'GPU', panel 'Cards': ")
    assert words in said


def test_promql_of_a_prometheus_or_a_vendors_edition_of_it() -> None:
    for kind in ("prometheus", "grafana-amazonprometheus-datasource"):
        drawn = view(panel(datasource={"type": kind, "uid": "p"}, targets=[SUM]))
        assert drawn.promql("B") == Target(kind, "p", "sum(x)")


def test_a_query_in_another_language_is_refused() -> None:
    sql, promql = view(panel()), view(panel(datasource=PROM, targets=[SUM | {"rawSql": "SELECT left behind"}]))
    loki = view(panel(datasource={"type": "loki", "uid": "l"}, targets=[SUM]))
    assert "the query A is not PromQL: its data source is of type mysql" in refusal(lambda: sql.promql("A"))
    assert "the query B is not SQL: its data source is of type prometheus" in refusal(lambda: promql.sql("B"))
    assert "the query B is not PromQL: its data source is of type loki" in refusal(lambda: loki.promql("B"))


@pytest.mark.parametrize("nothing", [None, "", "  ", 5, {}])
def test_a_query_without_a_text_is_refused(nothing: Any) -> None:
    assert "not SQL" in refusal(lambda: view(panel(targets=[SELECT | {"rawSql": nothing}])).sql("A"))
    empty = panel(datasource=PROM, targets=[SUM | {"expr": nothing}])
    assert "not PromQL" in refusal(lambda: view(empty).promql("B"))


def test_variables_are_replaced_and_one_that_cannot_be_is_named_with_its_query() -> None:
    query = SELECT | {"rawSql": "SELECT $n WHERE $__timeFilter(t)"}
    n = {"name": "n", "type": "textbox", "current": {"value": "5"}}
    assert view(panel(targets=[query]), variables=[n]).sql("A").text == "SELECT 5 WHERE $__timeFilter(t)"
    several = view(panel(targets=[query]), variables=[n | {"current": {"value": ["5", "6"]}}])
    said = refusal(lambda: several.sql("A"))
    assert said.startswith("dashboard 'GPU', panel 'Cards': the query A: the variable n needs a single plain value")


def test_filters_that_grafanas_page_puts_into_promql_are_refused_and_not_forgotten() -> None:
    adhoc = {"name": "filters", "type": "adhoc", "datasource": PROM, "filters": [{"key": "idc", "value": "bj"}]}
    drawn = panel(datasource=PROM, targets=[SUM])
    assert "the filters of the variable filters" in refusal(lambda: view(drawn, variables=[adhoc]).promql("B"))
    assert view(drawn, variables=[adhoc | {"filters": []}]).promql("B").text == "sum(x)"


def test_titles_cannot_break_out_of_their_line() -> None:
    long = view(panel(title="a\n\x1b[31m" + "b" * 500), title="库存")
    assert str(long).startswith(r"dashboard '库存', panel 'a\n\x1b[31mbbb")
    assert len(str(long)) < 200


JUNK = st.sampled_from([None, True, 0, 2, "", "x", "${ds}", [], ["A"], {}, {"id": 2}])


def paths(tree: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each place inside a tree."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [here, *(path for key, each in inside for path in paths(each, (*here, key)))]


def reply() -> dict[str, Any]:
    board = {"title": "GPU", "panels": [{"id": 1}, panel(datasource={"uid": "${ds}"})]}
    return copy.deepcopy({"dashboard": board | {"templating": {"list": [source_variable("ds", "sql-1")]}}})


@given(st.sampled_from(paths(reply())[1:]), JUNK)
def test_a_dashboard_that_is_wrong_somewhere_gives_its_query_or_an_error(path: tuple[Any, ...], junk: Any) -> None:
    broken: Any = reply()
    at = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = junk
    try:
        target = view_of(broken, 2).sql("A")
    except RemoteError:
        return
    for part in (target.kind, target.uid, target.text):
        assert isinstance(part, str)
        assert part
