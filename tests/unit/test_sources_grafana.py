"""The Grafana client against the stand-in over HTTP, and the stand-in's own strictness."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask, jsonify

from suanli.clock import SystemClock
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.stock import Row
from suanli.sandbox.fleet import Node, NodeState
from suanli.sandbox.grafana import SQL_UID, TOKEN, Fault, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.frames import FrameRow
from suanli.sources.grafana import Grafana, points_of_rows
from suanli.sources.http import Http
from suanli.sources.stock import DEFAULT_SQL, GrafanaSqlStock
from tests.fakes import FakeClock

NODES = (
    Node("n1", "NVIDIA H20", "bj-a", used=3),
    Node("n2", "NVIDIA H20", "bj-a", state=NodeState.CORDONED),
    Node("n3", "NVIDIA H200", "sh-b"),
)


@pytest.fixture
def stand_in() -> GrafanaStandIn:
    return GrafanaStandIn(lambda: NODES, clock=SystemClock())


@pytest.fixture
def url(stand_in: GrafanaStandIn) -> Iterator[str]:
    with LoopbackServer(stand_in.app) as server:
        yield server.url
        stand_in.released.set()


@pytest.fixture
def grafana(url: str) -> Grafana:
    return grafana_at(url)


def grafana_at(url: str, token: str = TOKEN) -> Grafana:
    headers = {"Authorization": f"Bearer {token}"}
    endpoint = Endpoint("Grafana", url, "GRAFANA_URL", "GRAFANA_API_KEY", headers)
    return Grafana(Http(endpoint, clock=FakeClock(), timeout=(3, 0.5)))


@pytest.fixture
def stock(grafana: Grafana) -> GrafanaSqlStock:
    return GrafanaSqlStock("grafana", grafana, SQL_UID)


def refusal(ask: Callable[[], Any]) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        ask()
    assert TOKEN not in str(caught.value)
    return caught.value


def test_the_originals_query_counts_machines_that_are_still_there(stock: GrafanaSqlStock) -> None:
    assert sorted(stock.fetch(), key=str) == [
        Row("NVIDIA H20", "bj-a", 16, 5, 3, 8),
        Row("NVIDIA H200", "sh-b", 8, 8, 0, 0),
    ]


def test_a_probe_tells_health_columns_and_rows(stock: GrafanaSqlStock) -> None:
    assert stock.probe() == (
        "Grafana 13.0.1, database ok",
        "columns: gpu_product_name, idc, total, free, used, unavailable",
        "2 rows of 2 products, 24 cards",
    )


@pytest.mark.parametrize(
    ("fault", "words", "permanent"),
    [
        (Fault.LOGIN_PAGE, "a web page where JSON was expected", True),
        (Fault.REDIRECT, "redirects to https://sso.example.com/login (", True),
        (Fault.VIEWER, "HTTP 403", True),
        (Fault.BAD_GATEWAY, "HTTP 502", False),
        (Fault.SLOW, "did not answer within", False),
        (Fault.RAGGED, "ragged", False),
        (Fault.NAN, "unavailable of NVIDIA H20 is nan", False),
    ],
)
def test_each_fault_is_told_in_words(
    stand_in: GrafanaStandIn, stock: GrafanaSqlStock, fault: Fault, words: str, *, permanent: bool
) -> None:
    stand_in.break_with(fault)
    error = refusal(stock.fetch)
    assert words in str(error)
    assert error.permanent is permanent
    assert not isinstance(error, NoData)


def test_a_gateway_that_stumbles_once_is_not_noticed(stand_in: GrafanaStandIn, stock: GrafanaSqlStock) -> None:
    stand_in.break_with(Fault.BAD_GATEWAY, times=1)
    assert len(stock.fetch()) == 2


def test_an_answer_without_rows_is_no_data(stand_in: GrafanaStandIn, stock: GrafanaSqlStock) -> None:
    stand_in.break_with(Fault.EMPTY)
    assert isinstance(refusal(stock.fetch), NoData)
    stand_in.mend()
    assert len(stock.fetch()) == 2


def test_a_model_that_is_missing_has_no_row_and_not_zero(stand_in: GrafanaStandIn, stock: GrafanaSqlStock) -> None:
    stand_in.break_with(Fault.MODEL_MISSING)
    assert {row.product for row in stock.fetch()} == {"NVIDIA H200"}


def test_a_wrong_token_is_told_by_its_setting(url: str) -> None:
    error = refusal(GrafanaSqlStock("grafana", grafana_at(url, "glsa_wrong_token"), SQL_UID).fetch)
    assert (error.code, error.permanent) == (401, True)
    assert "GRAFANA_API_KEY" in str(error)
    assert "glsa_wrong_token" not in str(error)


@pytest.mark.parametrize("uid", ["nobody", "a/../b", "a?b#c"])
def test_an_unknown_data_source_is_an_error_on_every_way(grafana: Grafana, uid: str) -> None:
    assert refusal(lambda: grafana.query("mysql", uid, {"rawSql": "SELECT 1", "format": "table"})).permanent
    assert refusal(lambda: grafana.proxied(uid, "/api/v1/query", {"query": "up"})).code == 404


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1; SELECT 2", "SELECT x FROM nexus.nexus_nodes_v2"])
def test_a_refused_query_is_told_in_the_databases_words(grafana: Grafana, sql: str) -> None:
    error = refusal(GrafanaSqlStock("grafana", grafana, SQL_UID, sql=sql).fetch)
    assert str(error).startswith("Grafana could not run the query: db query error: ")
    assert (error.code, error.permanent) == (400, True)


def test_a_database_that_is_not_well_is_told() -> None:
    app = Flask("ill")
    app.add_url_rule("/api/health", view_func=lambda: jsonify({"database": "failing", "version": "13.0.1"}))
    with LoopbackServer(app) as server:
        assert "database is 'failing'" in str(refusal(grafana_at(server.url).about))


def test_an_answer_of_something_else_is_not_taken_for_health() -> None:
    app = Flask("other")
    app.add_url_rule("/api/health", view_func=lambda: jsonify({"status": "UP"}))
    with LoopbackServer(app) as server:
        assert "not Grafana's health" in str(refusal(grafana_at(server.url).about))


@pytest.mark.parametrize(
    "cells", [{"Time": 1}, {"Time": 1, "Value": "3"}, {"Time": 1, "a": 1, "b": 2}], ids=["none", "text", "two"]
)
def test_a_row_with_not_just_one_number_is_no_instant_answer(cells: dict[str, int | str]) -> None:
    assert "not just one number" in str(refusal(lambda: points_of_rows([FrameRow(cells, {})])))


def ask(url: str, body: object, token: str = TOKEN) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return requests.post(f"{url}/api/ds/query", data=json.dumps(body), headers=headers, timeout=5)


def body(**changed: object) -> dict[str, Any]:
    source = {"type": "mysql", "uid": SQL_UID}
    query = {"refId": "A", "datasource": source, "format": "table", "rawSql": DEFAULT_SQL}
    return {"from": "now-5m", "to": "now", "queries": [query | changed]}


def test_the_stand_in_answers_in_grafanas_frames(url: str) -> None:
    reply = ask(url, body())
    (frame,) = reply.json()["results"]["A"]["frames"]
    assert frame["schema"]["fields"][:3] == [
        {"name": "gpu_product_name", "type": "string", "typeInfo": {"frame": "string", "nullable": True}},
        {"name": "idc", "type": "string", "typeInfo": {"frame": "string", "nullable": True}},
        {"name": "total", "type": "number", "typeInfo": {"frame": "float64", "nullable": True}},
    ]
    assert [type(cell) for cell in frame["data"]["values"][2]] == [float, float]


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ({"queries": []}, 400, "bad request data"),
        ([], 400, "bad request data"),
        (body() | {"from": "yesterday"}, 400, "bad request data"),
        ({"queries": body()["queries"]}, 400, "bad request data"),
        (body(datasource={"uid": SQL_UID}), 400, "bad request data"),
        (body(datasource={"type": "mysql", "uid": "nobody"}), 404, "Data source not found"),
    ],
)
def test_the_stand_in_refuses_what_grafana_refuses(url: str, asked: object, status: int, message: str) -> None:
    reply = ask(url, asked)
    assert (reply.status_code, reply.json()) == (status, {"message": message})


def test_the_stand_in_refuses_two_data_sources_in_one_request(url: str) -> None:
    both = body()
    both["queries"] += body(datasource={"type": "x", "uid": "other"})["queries"]
    assert ask(url, both).json() == {"message": "all queries must use the same datasource"}


def test_the_stand_in_wants_its_token_except_for_its_health(url: str) -> None:
    assert ask(url, body(), token="other").status_code == 401
    assert requests.get(f"{url}/api/health", timeout=5).status_code == 200
    assert requests.get(f"{url}/api/datasources/uid/{SQL_UID}/health", timeout=5).status_code == 401


def test_the_stand_in_keeps_its_table_from_being_written(url: str) -> None:
    reply = ask(url, body(rawSql="DELETE FROM nexus.nexus_nodes_v2"))
    assert reply.status_code == 400
    assert len(ask(url, body()).json()["results"]["A"]["frames"][0]["data"]["values"][0]) == 2
