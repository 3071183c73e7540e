"""The dashboards of the Grafana stand-in, and the one it opens with (gpu.md §1.5)."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.stock import DEFAULT_SQL

Board = Mapping[str, Any]

SQL_UID = "sandbox-mysql"
PROMETHEUS_UID = "sandbox-prometheus"

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Boards:
    """Dashboards by uid, as the last who saved each left it."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[dict[str, Any], int, str]] = {}

    def save(self, board: Board, version: str = "v1beta1") -> None:
        """Keep a dashboard, in place of an earlier one. Raises ValueError for what Grafana would not keep."""
        uid, title = board.get("uid"), board.get("title")
        if not isinstance(uid, str) or not _UID.fullmatch(uid):
            raise ValueError("uid contains illegal characters or is too long")
        if not isinstance(title, str) or not title.strip():
            raise ValueError("Dashboard title cannot be empty")
        _, saves, _ = self._kept.get(uid, ({}, 0, ""))
        self._kept[uid] = copy.deepcopy(dict(board)), saves + 1, version

    def told(self, uid: str) -> tuple[int, dict[str, Any]]:
        """The status and the body of Grafana's answer for a dashboard."""
        if uid not in self._kept:
            return 404, {"message": "Dashboard not found", "status": "not-found"}
        board, saves, version = self._kept[uid]
        if version.startswith("v2"):
            path = f"/apis/dashboard.grafana.app/{version}/namespaces/default/dashboards/{uid}"
            return 406, {"message": f"dashboard api version not supported, use {path} instead"}
        meta = {"type": "db", "canSave": False, "slug": uid, "version": saves, "isFolder": False}
        return 200, {"meta": meta, "dashboard": board | {"id": 1, "version": saves}}


def _query(ref: str, promql: str) -> Board:
    source = {"type": "prometheus", "uid": "${prometheus}"}
    text = promql.replace('resource="nvidia_com_gpu"', 'resource="${resource}"')
    return {"refId": ref, "datasource": source, "expr": text, "instant": True, "range": False, "format": "table"}


def _source_variable(name: str, kind: str, uid: str) -> Board:
    return {"name": name, "type": "datasource", "query": kind, "current": {"text": uid, "value": uid}, "hide": 2}


SQL_PANEL, PROMQL_PANEL = 2, 4

STOCK_BOARD: Board = {
    "uid": "gpu-stock",
    "title": "GPU 库存",
    "schemaVersion": 41,
    "templating": {
        "list": [
            _source_variable("mysql", "mysql", SQL_UID),
            _source_variable("prometheus", "prometheus", PROMETHEUS_UID),
            {"name": "resource", "type": "constant", "query": "nvidia_com_gpu"},
        ]
    },
    "panels": [
        {"id": 1, "type": "text", "title": "说明", "options": {"content": "各型号库存，单位：卡"}},
        {
            "id": SQL_PANEL,
            "type": "table",
            "title": "各型号各机房",
            "datasource": {"type": "mysql", "uid": "${mysql}"},
            "targets": [{"refId": "A", "rawSql": DEFAULT_SQL, "rawQuery": True, "format": "table"}],
        },
        {
            "id": 3,
            "type": "row",
            "title": "Kubernetes",
            "collapsed": True,
            "panels": [
                {
                    "id": PROMQL_PANEL,
                    "type": "table",
                    "title": "Kubernetes 卡数",
                    "datasource": {"type": "datasource", "uid": "-- Mixed --"},
                    "targets": [
                        _query("A", KUBERNETES_QUERIES.total),
                        _query("B", KUBERNETES_QUERIES.free),
                        _query("C", KUBERNETES_QUERIES.used),
                        _query("D", KUBERNETES_QUERIES.unavailable),
                    ],
                }
            ],
        },
    ],
}
"""Stock as SQL in the panel 2, query A, and as PromQL in the panel 4: total, free, used and unavailable in A to D."""
