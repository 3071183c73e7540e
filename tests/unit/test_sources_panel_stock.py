"""Stock by a panel, against the stand-in over HTTP: the dashboard is read now and then, and its errors are told."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from suanli.clock import SystemClock
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Row
from suanli.sandbox.fleet import Node, NodeState
from suanli.sandbox.grafana import SQL_UID, TOKEN, Fault, GrafanaStandIn
from suanli.sandbox.grafana_boards import SQL_PANEL, STOCK_BOARD
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.grafana import Grafana
from suanli.sources.http import Http
from suanli.sources.panel import FRESH, Panel
from suanli.sources.panel_stock import PanelStock, Refs, panel_promql_stock, panel_sql_stock
from tests.fakes import FakeClock

NODES = (
    Node("n1", "NVIDIA H20", "bj-a", used=3),
    Node("n2", "NVIDIA H20", "bj-a", state=NodeState.CORDONED),
    Node("n3", "NVIDIA H200", "sh-b", state=NodeState.LOST),
)
H20 = Row("NVIDIA H20", "bj-a", 16, 5, 3, 8)
H200 = Row("NVIDIA H200", "sh-b", 8, 0, 0, 8)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stand_in() -> GrafanaStandIn:
    return GrafanaStandIn(lambda: NODES, clock=SystemClock())


@pytest.fixture
def url(stand_in: GrafanaStandIn) -> Iterator[str]:
    with LoopbackServer(stand_in.app) as server:
        yield server.url


@pytest.fixture
def stock(url: str, clock: FakeClock) -> PanelStock:
    return stock_at(url, clock)


def stock_at(url: str, clock: FakeClock, token: str = TOKEN, uid: str = "gpu-stock") -> PanelStock:
    headers = {"Authorization": f"Bearer {token}"}
    endpoint = Endpoint("Grafana", url, "GRAFANA_URL", "GRAFANA_API_KEY", headers)
    return panel_sql_stock("grafana", Panel(Grafana(Http(endpoint, clock=clock)), uid, SQL_PANEL, clock), "A")


def edited(sql: Callable[[str], str], **variable: Any) -> dict[str, Any]:
    """The stand-in's dashboard with another text in its SQL panel."""
    board: dict[str, Any] = copy.deepcopy(dict(STOCK_BOARD))
    (panel,) = (panel for panel in board["panels"] if panel["id"] == SQL_PANEL)
    panel["targets"][0]["rawSql"] = sql(panel["targets"][0]["rawSql"])
    board["templating"]["list"] += [{"name": name} | each for name, each in variable.items()]
    return board


def only(place: str) -> Callable[[str], str]:
    return lambda sql: sql.replace("WHERE", f"WHERE idc = {place} AND $__timeFilter(CURRENT_TIMESTAMP) AND")


def refusal(ask: Callable[[], Any]) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        ask()
    assert TOKEN not in str(caught.value)
    return caught.value


def test_cordoned_and_lost_machines_are_unavailable_and_not_free(stock: PanelStock) -> None:
    assert sorted(stock.fetch(), key=str) == [H20, H200]


def test_a_probe_names_the_dashboard_and_the_panel(stock: PanelStock) -> None:
    assert stock.probe() == (
        "Grafana 13.0.1, database ok",
        "dashboard 'GPU 库存', panel '各型号各机房'",
        "columns: gpu_product_name, idc, total, free, used, unavailable",
        "2 rows of 2 products, 24 cards",
    )


def test_an_edit_takes_effect_when_ten_minutes_are_over_and_not_before(
    stand_in: GrafanaStandIn, stock: PanelStock, clock: FakeClock
) -> None:
    assert len(stock.fetch()) == 2
    stand_in.save(edited(only("'sh-b'")))
    clock.advance(FRESH - timedelta(seconds=1))
    assert len(stock.fetch()) == 2
    clock.advance(timedelta(seconds=1))
    assert stock.fetch() == (H200,)


def test_a_dashboard_that_is_closed_is_not_noticed_while_it_is_fresh(
    stand_in: GrafanaStandIn, stock: PanelStock, clock: FakeClock
) -> None:
    stock.fetch()
    stand_in.break_with(Fault.DASHBOARD_CLOSED)
    assert len(stock.fetch()) == 2
    clock.advance(FRESH)
    refusal(stock.fetch)
    stand_in.mend()
    assert len(stock.fetch()) == 2


def test_setting_the_clock_neither_keeps_nor_drops_what_was_read(
    stand_in: GrafanaStandIn, stock: PanelStock, clock: FakeClock
) -> None:
    stock.fetch()
    stand_in.save(edited(only("'sh-b'")))
    clock.step_to(clock.now() + timedelta(days=400))
    assert len(stock.fetch()) == 2
    clock.step_to(clock.now() - timedelta(days=800))
    clock.advance(FRESH)
    assert stock.fetch() == (H200,)


@pytest.mark.parametrize("fault", [Fault.VIEWER, Fault.EMPTY, Fault.RAGGED, Fault.NAN, Fault.LOGIN_PAGE])
def test_after_a_query_that_failed_the_dashboard_is_read_anew(
    stand_in: GrafanaStandIn, stock: PanelStock, fault: Fault
) -> None:
    stock.fetch()
    stand_in.save(edited(only("'bj-a'")))
    stand_in.break_with(fault)
    refusal(stock.fetch)
    stand_in.mend()
    assert stock.fetch() == (H20,)


def test_a_query_that_became_wrong_is_told_until_it_is_mended(stand_in: GrafanaStandIn, stock: PanelStock) -> None:
    stand_in.save(edited(lambda _: "SELECT FROM"))
    assert "syntax error" in str(refusal(stock.fetch))
    stand_in.save(edited(only("'bj-a'")))
    assert stock.fetch() == (H20,)


def test_variables_of_the_dashboard_are_replaced(stand_in: GrafanaStandIn, stock: PanelStock) -> None:
    stand_in.save(edited(only("$idc"), idc={"type": "query", "multi": True, "current": {"value": ["sh-b"]}}))
    assert stock.fetch() == (H200,)
    stand_in.save(edited(only("'${idc}'"), idc={"type": "query", "current": {"value": ["sh-b", "bj-a"]}}))
    assert "the variable idc needs" in str(refusal(stock_again(stock).fetch))


def stock_again(stock: PanelStock) -> PanelStock:
    """The same, with nothing read yet."""
    known = stock.panel
    return panel_sql_stock(stock.name, Panel(known.grafana, "gpu-stock", SQL_PANEL, FakeClock()), "A")


@pytest.mark.parametrize(
    ("fault", "words", "permanent"),
    [
        (Fault.LOGIN_PAGE, "a web page where JSON was expected", True),
        (Fault.REDIRECT, "redirects to https://sso.example.com/login (", True),
        (Fault.VIEWER, "HTTP 403: it forbids this: check what the token of GRAFANA_API_KEY may do", True),
        (Fault.DASHBOARD_CLOSED, "dashboard gpu-stock: the token may not read it", True),
        (Fault.DASHBOARD_GONE, "dashboard gpu-stock: the token's organisation has none of this uid", True),
        (Fault.BAD_GATEWAY, "HTTP 502", False),
        (Fault.RAGGED, "ragged", False),
        (Fault.NAN, "unavailable of NVIDIA H20 is nan", False),
    ],
)
def test_each_fault_is_told_in_words(
    stand_in: GrafanaStandIn, stock: PanelStock, fault: Fault, words: str, *, permanent: bool
) -> None:
    stand_in.break_with(fault)
    error = refusal(stock.fetch)
    assert words in str(error)
    assert error.permanent is permanent
    assert not isinstance(error, NoData)


def test_an_answer_without_rows_is_no_data(stand_in: GrafanaStandIn, stock: PanelStock) -> None:
    stand_in.break_with(Fault.EMPTY)
    assert isinstance(refusal(stock.fetch), NoData)


def test_a_wrong_token_is_told_by_its_setting(url: str, clock: FakeClock) -> None:
    error = refusal(stock_at(url, clock, "glsa_wrong_token").fetch)
    assert (error.code, error.permanent) == (401, True)
    assert "GRAFANA_API_KEY" in str(error)


@pytest.mark.parametrize("uid", ["nobody", "a/../b", "a?b#c", "..", ""])
def test_a_dashboard_that_is_not_there_is_told(url: str, clock: FakeClock, uid: str) -> None:
    error = refusal(stock_at(url, clock, uid=uid).fetch)
    assert (error.code, error.permanent) == (404, True)
    assert "take the uid from the dashboard's address" in str(error)


def test_a_dashboard_in_the_new_layout_is_told(stand_in: GrafanaStandIn, stock: PanelStock) -> None:
    stand_in.save({"uid": "gpu-stock", "title": "GPU"}, "v2beta1")
    error = refusal(stock.fetch)
    assert (error.code, error.permanent) == (406, True)
    assert "save a copy in the classic layout" in str(error)


def test_counts_by_queries_that_are_not_promql_are_refused(stock: PanelStock) -> None:
    error = refusal(panel_promql_stock("grafana", stock.panel, Refs("A", "B")).fetch)
    assert "the query for total: dashboard 'GPU 库存', panel '各型号各机房': the query A is not PromQL" in str(error)


def ask(url: str, path: str, token: str = TOKEN) -> requests.Response:
    return requests.get(f"{url}/api/dashboards{path}", headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_the_stand_in_gives_a_dashboard_as_it_was_saved_last(stand_in: GrafanaStandIn, url: str) -> None:
    first = ask(url, "/uid/gpu-stock").json()
    assert first["dashboard"] == json.loads(json.dumps(STOCK_BOARD)) | {"id": 1, "version": 1}
    stand_in.save({"uid": "gpu-stock", "title": "other"})
    again = ask(url, "/uid/gpu-stock").json()
    assert again["dashboard"] == {"uid": "gpu-stock", "title": "other", "id": 1, "version": 2}
    assert again["meta"]["version"] == 2


def test_the_stand_in_wants_its_token_and_a_uid_it_knows(stand_in: GrafanaStandIn, url: str) -> None:
    assert ask(url, "/uid/gpu-stock", token="other").status_code == 401
    assert ask(url, "/uid/nobody").status_code == 404
    assert ask(url, "/gpu-stock").status_code == 404
    stand_in.break_with(Fault.DASHBOARD_CLOSED)
    assert ask(url, "/uid/gpu-stock").status_code == 403


@pytest.mark.parametrize("board", [{}, {"uid": "a b", "title": "x"}, {"uid": "a", "title": " "}, {"uid": "x" * 41}])
def test_the_stand_in_keeps_nothing_that_grafana_would_not(stand_in: GrafanaStandIn, board: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"uid contains|title cannot be empty"):
        stand_in.save(board)


def test_the_stand_in_replaces_macros_and_no_variable(url: str) -> None:
    def status(sql: str) -> int:
        query = {"refId": "A", "datasource": {"type": "mysql", "uid": SQL_UID}, "format": "table", "rawSql": sql}
        body = {"from": "now-5m", "to": "now", "queries": [query]}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.post(f"{url}/api/ds/query", json=body, headers=headers, timeout=5).status_code

    assert status("SELECT 1 WHERE $__timeFilter(CURRENT_TIMESTAMP)") == 200
    assert status("SELECT 1 WHERE 'a' = $idc") == 400
    assert status("SELECT 1 WHERE 'a' = ${idc}") == 400
