"""What stands behind the Grafana stand-in: a SQLite table and a real Prometheus, told as Grafana's data frames.

A RemoteError carries, in `code`, the status that Grafana would give the query.
"""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from suanli.domain.errors import RemoteError
from suanli.sandbox.fleet import Node

Frame = dict[str, Any]

_TABLE = """
CREATE TABLE nexus.nexus_nodes_v2 (
  node_name TEXT, gpu_product_name TEXT, idc TEXT, total_gpu_num INTEGER, free_gpu_num INTEGER,
  used_gpu_num INTEGER, unavailable_gpu_num INTEGER, deleted_time INTEGER
)"""

# What Grafana's servers replace in a query, for the last 5 minutes at steps of one.
_SQL_MACRO = re.compile(r"\$__timeFilter\(([^()]*)\)")
_SQL_RANGE = r"\1 BETWEEN datetime('now', '-5 minutes') AND datetime('now')"
_PROMQL_MACROS = {"$__rate_interval": "4m", "$__interval": "1m", "$__range": "5m"}

_SPECIAL = {"NaN": "NaN", "+Inf": "Inf", "-Inf": "NegInf"}


@dataclass(frozen=True, slots=True)
class Passed:
    """A reply of Prometheus as it came."""

    status: int
    body: bytes
    content_type: str


def sql_frame(sql: str, nodes: Sequence[Node]) -> Frame:
    """The answer to a SQL query over `nexus.nexus_nodes_v2`. Raises RemoteError."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _fill(connection, nodes)
        try:
            cursor = connection.execute(_SQL_MACRO.sub(_SQL_RANGE, sql))
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:  # a Warning is what 3.11 raises for two statements
            raise RemoteError(f"db query error: {error}", code=400) from None
        names = [name for name, *_ in cursor.description or ()]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    fields = [_sql_field(name, column) for name, column in zip(names, columns, strict=True)]
    # MySQL's SUM() is a DECIMAL, which Grafana tells as float64: 3.0, not 3.
    values = [[float(cell) if isinstance(cell, int) else cell for cell in column] for column in columns]
    return {
        "schema": {"meta": {"executedQueryString": sql}, "fields": fields},
        "data": {"values": values},
    }


def _fill(connection: sqlite3.Connection, nodes: Sequence[Node]) -> None:
    """The table with these machines, one that was given back, and one without cards."""
    connection.execute("ATTACH ':memory:' AS nexus")
    connection.execute(_TABLE)
    rows: list[tuple[object, ...]] = [
        (n.name, n.product, n.place, n.cards, n.free, n.used, n.unavailable, None) for n in nodes
    ]
    rows += [(f"old-{n.name}", n.product, n.place, n.cards, n.cards, 0, 0, 1700000000) for n in nodes[:1]]
    rows += [("cpu-1", "", nodes[0].place, 0, 0, 0, 0, 0)] if nodes else []
    connection.executemany("INSERT INTO nexus.nexus_nodes_v2 VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("PRAGMA query_only = ON")


def _sql_field(name: str, column: Sequence[object]) -> Mapping[str, Any]:
    is_text = any(isinstance(cell, str) for cell in column)
    kind, frame = ("string", "string") if is_text else ("number", "float64")
    return {"name": name, "type": kind, "typeInfo": {"frame": frame, "nullable": True}}


def pass_on(url: str, method: str, path: str, form: Mapping[str, str]) -> Passed:
    """Ask the Prometheus at `url` the same thing. Raises RemoteError when it cannot be reached."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request(method, path, urlencode(form) if method == "POST" else None, headers)
        reply = connection.getresponse()
        return Passed(reply.status, reply.read(), reply.getheader("Content-Type", "application/json"))
    except (OSError, HTTPException) as error:
        raise RemoteError(f"dial tcp: {error}", code=502) from None
    finally:
        connection.close()


def promql_frames(url: str, promql: str, *, as_table: bool) -> list[Frame]:
    """The answer to an instant query of the Prometheus at `url`. Raises RemoteError."""
    for macro, value in _PROMQL_MACROS.items():
        promql = promql.replace(macro, value)
    series = _series(json.loads(pass_on(url, "POST", "/api/v1/query", {"query": promql}).body))
    if not series:
        return [{"schema": {"meta": _meta(promql, "numeric-multi"), "fields": []}, "data": {"values": []}}]
    if as_table:
        return [_long_frame(promql, series)]
    return [_series_frame(promql, each) for each in series]


def _series(reply: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if reply["status"] != "success":
        raise RemoteError(f"{reply['errorType']}: {reply['error']}", code=400)
    kind, result = reply["data"]["resultType"], reply["data"]["result"]
    if kind not in ("vector", "scalar"):
        raise RemoteError(f"this stand-in does not tell a {kind} as frames", code=400)
    series: Sequence[Mapping[str, Any]] = result if kind == "vector" else [{"metric": {}, "value": result}]
    return series


def _meta(promql: str, kind: str) -> Mapping[str, Any]:
    return {
        "type": kind,
        "typeVersion": [0, 1],
        "custom": {"resultType": "vector"},
        "executedQueryString": f"Expr: {promql}\nStep: 1m0s",
    }


def _series_frame(promql: str, series: Mapping[str, Any]) -> Frame:
    schema = {"meta": _meta(promql, "numeric-multi"), "fields": _fields(series["metric"])}
    return {"schema": schema, "data": _data([series])}


def _long_frame(promql: str, series: Sequence[Mapping[str, Any]]) -> Frame:
    """What newer versions answer to format=table: every row under the labels of all series, merged."""
    merged = {name: text for each in series for name, text in each["metric"].items()}
    schema = {"meta": _meta(promql, "timeseries-long"), "fields": _fields(merged)}
    return {"schema": schema, "data": _data(series)}


def _fields(labels: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    return (
        {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}},
        {"name": "Value", "type": "number", "typeInfo": {"frame": "float64"}, "labels": labels},
    )


def _data(series: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    texts = [each["value"][1] for each in series]
    special: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        if text in _SPECIAL:
            special.setdefault(_SPECIAL[text], []).append(row)
    times = [int(each["value"][0] * 1000) for each in series]
    data: dict[str, Any] = {"values": [times, [None if text in _SPECIAL else float(text) for text in texts]]}
    return data | {"entities": [None, special]} if special else data
