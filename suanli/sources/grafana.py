"""Grafana: queries through any of its data sources, and the way through it to a Prometheus API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from suanli.domain.errors import NoData, RemoteError
from suanli.sources import prometheus
from suanli.sources.border import read
from suanli.sources.endpoint import Refused
from suanli.sources.frames import REF, Cell, FrameRow, frames_of, query_error, rows_of
from suanli.sources.http import Http
from suanli.sources.prometheus import Point

_TRY_THE_OTHER_WAY = frozenset({401, 403, 500})

_NO_DASHBOARD = {
    403: "the token may not read it: give its service account leave to view the dashboard, or the folder it is in",
    404: "the token's organisation has none of this uid: take the uid from the dashboard's address, /d/<uid>/…",
    406: "it is kept in Grafana's new layout (v2), which this Grafana does not give out: save a copy in the classic "
    "layout, or update Grafana",
}


class Grafana:
    """Grafana's HTTP API, as a Viewer's token may use it (gpu.md §1.1)."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def about(self) -> str:
        """What answers there and that it is well, as `Grafana 13.0.1, database ok`."""
        health = read(_Health, self._http.get("/api/health"), "Grafana's health")
        if health.database != "ok":
            raise RemoteError(f"Grafana {health.version} says that its database is {health.database[:40]!r}")
        return f"Grafana {health.version}, database ok"

    def query(self, kind: str, uid: str, query: Mapping[str, Any]) -> tuple[FrameRow, ...]:
        """The rows of one query to the data source `uid`, of type `kind` such as `mysql`, over the last 5 minutes.

        Raises RemoteError; NoData when there are no rows.
        """
        asked = {"refId": REF, "datasource": {"type": kind, "uid": uid}, "intervalMs": 60000, "maxDataPoints": 1}
        body = {"from": "now-5m", "to": "now", "queries": [asked | dict(query)]}
        try:
            reply = self._http.post_json("/api/ds/query", body)
        except Refused as refused:
            raise (query_error(refused.body, refused.code or 0) or refused) from None
        rows = rows_of(frames_of(reply))
        if not rows:
            raise NoData("Grafana answered without any rows: that is no data, not zero")
        return rows

    def dashboard(self, uid: str) -> Any:
        """The dashboard `uid`: its JSON as it is. Raises RemoteError saying what to do where that is known."""
        try:
            return self._http.get(f"/api/dashboards/uid/{quote(uid, safe='')}")
        except Refused as refused:
            advice = _NO_DASHBOARD.get(refused.code or 0)
            if advice is None:
                raise
            raise RemoteError(f"dashboard {uid:.80}: {advice} ({refused})", permanent=True, code=refused.code) from None

    def proxied(self, uid: str, path: str, form: Mapping[str, str]) -> Any:
        """POST to the API behind the data source `uid`: its JSON as it is.

        Some hosted Grafanas have only the one way in and some only the other (gpu.md §1.4).
        """
        safe = quote(uid, safe="")
        try:
            return self._http.post_form(f"/api/datasources/proxy/uid/{safe}{path}", form)
        except Refused as refused:
            if refused.code not in _TRY_THE_OTHER_WAY:
                raise
            return self._http.post_form(f"/api/datasources/uid/{safe}/resources{path}", form)


@dataclass(frozen=True, slots=True)
class GrafanaPromql:
    """PromQL through Grafana's own query API, to its Prometheus data source `uid`, of type `kind`."""

    grafana: Grafana
    uid: str
    kind: str = "prometheus"

    def query(self, promql: str) -> tuple[Point, ...]:
        """The answer of an instant query now. Raises RemoteError, NoData when it is empty."""
        # format=table would merge the labels of all series in newer versions (gpu.md §1.3).
        asked = {"expr": promql, "instant": True, "range": False, "format": "time_series"}
        return points_of_rows(self.grafana.query(self.kind, self.uid, asked))

    def about(self) -> str:
        """What answers there."""
        return self.grafana.about()


@dataclass(frozen=True, slots=True)
class GrafanaProxy:
    """PromQL through Grafana's proxy, to the API of its Prometheus data source `uid`."""

    grafana: Grafana
    uid: str

    def query(self, promql: str) -> tuple[Point, ...]:
        """The answer of an instant query now. Raises RemoteError, NoData when it is empty."""
        return prometheus.points_of(self.grafana.proxied(self.uid, prometheus.QUERY, {"query": promql}))

    def about(self) -> str:
        """What answers there."""
        return self.grafana.about()


def points_of_rows(rows: Sequence[FrameRow]) -> tuple[Point, ...]:
    """Rows of an instant Prometheus query as its series. Raises RemoteError when a row has not just one number."""
    return tuple(Point(row.labels, _value(row.cells)) for row in rows)


def _value(cells: Mapping[str, Cell]) -> float | None:
    match [cell for name, cell in cells.items() if name != "Time"]:
        case [None]:
            return None
        case [int() | float() as number]:
            return number
    raise RemoteError("the answer is not that of an instant query: a row has not just one number")


class _Health(BaseModel):
    database: str
    version: str = ""
