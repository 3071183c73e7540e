"""A stand-in of Grafana: strict about requests, with real data behind it and faults on demand (gpu.md §1)."""

import hmac
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Literal

from flask import Flask, Response, g, jsonify, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.sandbox.fleet import Node
from suanli.sandbox.grafana_boards import PROMETHEUS_UID, SQL_UID, STOCK_BOARD, Board, Boards
from suanli.sandbox.grafana_data import Frame, pass_on, promql_frames, sql_frame

__all__ = ["PROMETHEUS_UID", "SQL_UID", "TOKEN", "VERSION", "Fault", "GrafanaStandIn"]

TOKEN = "glsa_sandbox_0123456789"
VERSION = "13.0.1"

_WHEN = r"^(now(-[0-9]+[smhd])?|[0-9]+)$"


class Fault(StrEnum):
    """What can be wrong with a Grafana, or with what stands in front of it."""

    LOGIN_PAGE = "login page"
    REDIRECT = "redirect"
    VIEWER = "viewer"
    PROXY_CLOSED = "proxy closed"
    DASHBOARD_CLOSED = "dashboard closed"
    DASHBOARD_GONE = "dashboard gone"
    BAD_GATEWAY = "bad gateway"
    SLOW = "slow"
    EMPTY = "empty"
    MODEL_MISSING = "model missing"
    RAGGED = "ragged"
    NAN = "nan"


@dataclass(slots=True)
class _Breakage:
    fault: Fault
    left: int | None


class GrafanaStandIn:
    """Serve `app`. `nodes` says what the machines are when somebody asks.

    Without `prometheus_url` there is no Prometheus data source, only the SQL one. It has the dashboard STOCK_BOARD.
    VIEWER forbids its data sources and not its dashboards, DASHBOARD_CLOSED the other way about.
    A SLOW request is answered after `slow_seconds` of the clock, or once `released` is set.
    """

    def __init__(
        self,
        nodes: Callable[[], Sequence[Node]],
        *,
        clock: Clock,
        prometheus_url: str = "",
        token: str = TOKEN,
        slow_seconds: float = 30,
    ) -> None:
        self.released = threading.Event()
        self._nodes = nodes
        self._clock = clock
        self._prometheus_url = prometheus_url
        self._token = token
        self._slow_seconds = slow_seconds
        self._breakage: _Breakage | None = None
        self._boards = Boards()
        self._boards.save(STOCK_BOARD)
        self.app = self._flask()

    def break_with(self, fault: Fault, times: int | None = None) -> None:
        """From now on do this wrong, for so many requests, or until `mend`."""
        self._breakage = _Breakage(fault, times)

    def mend(self) -> None:
        """Do everything right again."""
        self._breakage = None

    def save(self, board: Board, version: str = "v1beta1") -> None:
        """Keep a dashboard, as somebody who edits it does; one of a `version` v2 is not given out the usual way."""
        self._boards.save(board, version)

    def _flask(self) -> Flask:
        app = Flask("grafana-stand-in")
        app.before_request(self._gate)
        app.add_url_rule("/api/health", view_func=_health)
        app.add_url_rule("/api/ds/query", view_func=self._query, methods=["POST"])
        app.add_url_rule("/api/dashboards/uid/<uid>", view_func=self._dashboard)
        app.add_url_rule("/api/datasources/uid/<uid>/health", view_func=self._source_health)
        for rule in (
            "/api/datasources/proxy/uid/<uid>/<path:path>",
            "/api/datasources/uid/<uid>/resources/<path:path>",
        ):
            app.add_url_rule(rule, endpoint=rule, view_func=self._proxy, methods=["GET", "POST"])
        app.register_error_handler(HTTPException, _say)
        return app

    def _gate(self) -> Response | None:
        fault = g.fault = self._take_fault()
        if fault in _IN_FRONT:
            return _IN_FRONT[fault]()
        if fault is Fault.SLOW:
            self._clock.wait(self.released, self._slow_seconds)
        if request.path == "/api/health":
            return None
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {self._token}".encode()):
            return _message(401, "Invalid API key")
        return None if request.path.startswith("/api/dashboards/") else _forbidden(fault)

    def _take_fault(self) -> Fault | None:
        breakage = self._breakage
        if breakage is None:
            return None
        if breakage.left is not None:
            breakage.left -= 1
            self._breakage = breakage if breakage.left else None
        return breakage.fault

    def _query(self) -> Response:
        try:
            asked = _Asked.model_validate(request.get_json(silent=True))
        except ValidationError:
            return _message(400, "bad request data")
        if len({query.datasource.uid for query in asked.queries}) > 1:
            return _message(400, "all queries must use the same datasource")
        if asked.queries[0].datasource.uid not in self._uids():
            return _message(404, "Data source not found")
        results = {query.ref: self._result(query) for query in asked.queries}
        reply = jsonify({"results": results})
        reply.status_code = max(result["status"] for result in results.values())
        return reply

    def _uids(self) -> Sequence[str]:
        return (SQL_UID, PROMETHEUS_UID) if self._prometheus_url else (SQL_UID,)

    def _result(self, query: "_Query") -> dict[str, Any]:
        try:
            frames = self._frames(query)
        except RemoteError as failed:
            return {"status": failed.code, "error": str(failed), "errorSource": "downstream", "frames": []}
        for frame in frames:
            frame["schema"]["refId"] = query.ref
            _damage(frame["data"], g.fault)
        return {"status": 200, "frames": frames}

    def _frames(self, query: "_Query") -> list[Frame]:
        if query.datasource.uid == SQL_UID:
            if not query.sql or query.format != "table":
                raise RemoteError("a SQL query needs rawSql and format table here", code=400)
            return [sql_frame(query.sql, self._machines())]
        if not query.promql or not query.instant or query.range:
            raise RemoteError("only instant queries are evaluated here: expr, instant true, range false", code=400)
        return promql_frames(self._prometheus_url, query.promql, as_table=query.format == "table")

    def _machines(self) -> Sequence[Node]:
        nodes = self._nodes()
        if g.fault is Fault.MODEL_MISSING:
            return [node for node in nodes if node.product != nodes[0].product]
        return nodes

    def _proxy(self, uid: str, path: str) -> Response:
        if uid != PROMETHEUS_UID or uid not in self._uids():
            return _message(404, "Data source not found")
        full = f"/{path}?{request.query_string.decode()}"
        try:
            passed = pass_on(self._prometheus_url, request.method, full, request.form)
        except RemoteError as failed:
            return _message(failed.code or 500, str(failed))
        return Response(passed.body, passed.status, content_type=passed.content_type)

    def _dashboard(self, uid: str) -> Response:
        if g.fault is Fault.DASHBOARD_CLOSED:
            return _message(403, "You'll need additional permissions to perform this action: dashboards:read")
        status, body = self._boards.told("" if g.fault is Fault.DASHBOARD_GONE else uid)
        reply = jsonify(body)
        reply.status_code = status
        return reply

    def _source_health(self, uid: str) -> Response:
        if uid not in self._uids():
            return _message(404, "Data source not found")
        return jsonify({"message": "Database Connection OK", "status": "OK"})


class _Source(BaseModel):
    type: str = Field(min_length=1)
    uid: str = Field(min_length=1)


class _Query(BaseModel):
    ref: str = Field(alias="refId", min_length=1)
    datasource: _Source
    format: Literal["table", "time_series"]
    sql: str = Field("", alias="rawSql")
    promql: str = Field("", alias="expr")
    instant: bool = False
    range: bool = False


class _Asked(BaseModel):
    since: str = Field(alias="from", pattern=_WHEN)
    until: str = Field(alias="to", pattern=_WHEN)
    queries: list[_Query] = Field(min_length=1)


def _health() -> Response:
    return jsonify({"commit": "0000000", "database": "ok", "version": VERSION})


def _message(status: int, text: str) -> Response:
    reply = jsonify({"message": text})
    reply.status_code = status
    return reply


def _forbidden(fault: Fault | None) -> Response | None:
    if fault is Fault.VIEWER or (fault is Fault.PROXY_CLOSED and "/proxy/" in request.path):
        return _message(403, "Access denied to data source")
    return None


def _say(error: HTTPException) -> Response:
    return _message(error.code or 500, error.description or HTTPStatus(error.code or 500).phrase)


def _login_page() -> Response:
    return Response("<!DOCTYPE html><title>Grafana</title>", content_type="text/html; charset=UTF-8")


def _bad_gateway() -> Response:
    return Response("<h1>502 Bad Gateway</h1>", 502, content_type="text/html")


def _redirect() -> Response:
    return Response(status=302, headers={"Location": "https://sso.example.com/login?state=secret"})


_IN_FRONT: dict[Fault | None, Callable[[], Response]] = {
    Fault.LOGIN_PAGE: _login_page,
    Fault.REDIRECT: _redirect,
    Fault.BAD_GATEWAY: _bad_gateway,
}


def _damage(data: dict[str, Any], fault: Fault | None) -> None:
    """Do to the data of a frame what a fault does to it."""
    columns = data["values"]
    if fault is Fault.EMPTY:
        columns[:] = [[] for _ in columns]
    elif fault is Fault.RAGGED and columns:
        columns[-1] = columns[-1][:-1]
    elif fault is Fault.NAN and columns:
        columns[-1][0] = None
        data["entities"] = [*([None] * (len(columns) - 1)), {"NaN": [0]}]
