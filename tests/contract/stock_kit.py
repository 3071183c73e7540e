"""What the tests of stock sources share: the same fleet behind every server, and every way to its counts."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from typing import Any

import pytest

from suanli.clock import SystemClock
from suanli.domain.ports import StockSource
from suanli.sandbox.fleet import Node, NodeState, SandboxFleet
from suanli.sandbox.grafana import PROMETHEUS_UID, SQL_UID, GrafanaStandIn
from suanli.sandbox.grafana_boards import PROMQL_PANEL, SQL_PANEL, STOCK_BOARD
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.grafana import Grafana, GrafanaPromql, GrafanaProxy
from suanli.sources.http import Http
from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.panel import Panel
from suanli.sources.panel_stock import Refs, panel_promql_stock, panel_sql_stock
from suanli.sources.prometheus import Prometheus
from suanli.sources.stock import DEFAULT_SQL, GrafanaSqlStock, Promql, PromqlStock, Queries
from tests.fakes import NOON, FakeClock

# The cases that are easily got wrong (gpu.md §1.8), beside a whole plausible fleet.
ODD_NODES = (
    Node("odd-1", "NVIDIA-B200", "bj-a", used=3),
    Node("odd-2", "NVIDIA-B200", "bj-a", used=1, state=NodeState.CORDONED),
    Node("odd-3", "NVIDIA-B300", "", cards=4),
    Node("odd-4", "NVIDIA-GB200", "sh-b", cards=4, used=2, state=NodeState.LOST),
)
# Names as Kubernetes labels have them, so that SQL and PromQL speak of the same products.
FLEET = tuple(replace(node, product=node.product.replace(" ", "-")) for node in SandboxFleet(NOON).nodes(NOON))
NODES = FLEET + ODD_NODES


@dataclass(frozen=True, slots=True)
class Outside:
    """The servers that a source is asked against."""

    grafana_url: str
    prometheus_url: str
    stand_in: GrafanaStandIn


@contextmanager
def outside(prometheus_url: str) -> Iterator[Outside]:
    stand_in = GrafanaStandIn(lambda: NODES, clock=SystemClock(), prometheus_url=prometheus_url)
    with LoopbackServer(stand_in.app) as server:
        yield Outside(server.url, prometheus_url, stand_in)


def grafana(servers: Outside, token: str) -> Grafana:
    headers = {"Authorization": f"Bearer {token}"}
    endpoint = Endpoint("Grafana", servers.grafana_url, "GRAFANA_URL", "GRAFANA_API_KEY", headers)
    return Grafana(Http(endpoint, clock=FakeClock()))


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the counts: a source that is set up well, and others that are not, each made for `servers`.

    `partial` leaves the model B300 out: of all its counts where one query brings them all, else of one of them.
    """

    servers: Outside
    good: StockSource
    empty: StockSource
    broken: StockSource
    partial: StockSource


NO_SQL_ROWS = DEFAULT_SQL.replace("gpu_product_name != ''", "gpu_product_name = 'none'")
SQL_WITHOUT_B300 = DEFAULT_SQL.replace("gpu_product_name != ''", "gpu_product_name NOT IN ('', 'NVIDIA-B300')")
NO_SERIES, BAD_PROMQL = Queries("nothing", "nothing"), Queries("sum by (product)", "1")
FREE_WITHOUT_B300 = replace(
    KUBERNETES_QUERIES,
    free=KUBERNETES_QUERIES.free.replace(
        "(kube_node_labels)", '(kube_node_labels{label_nvidia_com_gpu_product!="NVIDIA-B300"})'
    ),
)


def sql_way(servers: Outside, token: str) -> Way:
    client = grafana(servers, token)

    def source(sql: str) -> StockSource:
        return GrafanaSqlStock("sql", client, SQL_UID, sql=sql)

    return Way(servers, source(DEFAULT_SQL), source(NO_SQL_ROWS), source("SELECT FROM"), source(SQL_WITHOUT_B300))


def promql_way(servers: Outside, promql: Promql) -> Way:
    def source(queries: Queries) -> StockSource:
        return PromqlStock("promql", promql, queries)

    return Way(servers, source(KUBERNETES_QUERIES), source(NO_SERIES), source(BAD_PROMQL), source(FREE_WITHOUT_B300))


def query_way(servers: Outside, token: str) -> Way:
    return promql_way(servers, GrafanaPromql(grafana(servers, token), PROMETHEUS_UID))


def proxy_way(servers: Outside, token: str) -> Way:
    return promql_way(servers, GrafanaProxy(grafana(servers, token), PROMETHEUS_UID))


def board_with(number: int, **texts: str) -> dict[str, Any]:
    """The stand-in's dashboard under a uid of its own, with the panel's queries replaced."""
    board: dict[str, Any] = copy.deepcopy(dict(STOCK_BOARD))
    panels = [inside for panel in board["panels"] for inside in (panel, *panel.get("panels", ()))]
    (panel,) = (panel for panel in panels if panel["id"] == number)
    for target in panel["targets"]:
        target["rawSql" if number == SQL_PANEL else "expr"] = texts[target["refId"]]
    return board


def panel_sql_way(servers: Outside, token: str) -> Way:
    client = grafana(servers, token)

    def source(uid: str, sql: str = "") -> StockSource:
        if sql:
            servers.stand_in.save(board_with(SQL_PANEL, A=sql) | {"uid": uid})
        return panel_sql_stock("panel", Panel(client, uid, SQL_PANEL, FakeClock()), "A")

    return Way(
        servers,
        source("gpu-stock"),
        source("sql-empty", NO_SQL_ROWS),
        source("sql-broken", "SELECT FROM"),
        source("sql-partial", SQL_WITHOUT_B300),
    )


def panel_promql_way(servers: Outside, token: str) -> Way:
    client = grafana(servers, token)

    def source(uid: str, queries: Queries | None = None) -> StockSource:
        if queries:
            texts = dict(zip("ABCD", astuple(queries), strict=True))
            servers.stand_in.save(board_with(PROMQL_PANEL, **texts) | {"uid": uid})
        panel = Panel(client, uid, PROMQL_PANEL, FakeClock())
        return panel_promql_stock("panel", panel, Refs("A", "B", "C", "D"))

    return Way(
        servers,
        source("gpu-stock"),
        source("promql-empty", NO_SERIES),
        source("promql-broken", BAD_PROMQL),
        source("promql-partial", FREE_WITHOUT_B300),
    )


def direct(servers: Outside) -> Prometheus:
    return Prometheus(Http(Endpoint("Prometheus", servers.prometheus_url, "PROMETHEUS_URL"), clock=FakeClock()))


def direct_way(servers: Outside, _token: str) -> Way:
    return promql_way(servers, direct(servers))


MakeWay = Callable[[Outside, str], Way]
needs_prometheus = pytest.mark.service("prometheus")
IN_SQL = [
    pytest.param(sql_way, "without_prometheus", id="SQL through Grafana"),
    pytest.param(panel_sql_way, "without_prometheus", id="SQL of a panel"),
]
IN_PROMQL_FRAMES = [
    pytest.param(query_way, "with_prometheus", id="PromQL through Grafana", marks=needs_prometheus),
    pytest.param(panel_promql_way, "with_prometheus", id="PromQL of a panel", marks=needs_prometheus),
]
PROXY = [pytest.param(proxy_way, "with_prometheus", id="PromQL through its proxy", marks=needs_prometheus)]
DIRECT = [pytest.param(direct_way, "with_prometheus", id="Prometheus direct", marks=needs_prometheus)]

every_way = pytest.mark.parametrize(("kind", "needs"), IN_SQL + IN_PROMQL_FRAMES + PROXY + DIRECT)
every_way_through_grafana = pytest.mark.parametrize(("kind", "needs"), IN_SQL + IN_PROMQL_FRAMES + PROXY)
every_way_in_frames = pytest.mark.parametrize(("kind", "needs"), IN_SQL + IN_PROMQL_FRAMES)
every_way_of_sql = pytest.mark.parametrize(("kind", "needs"), IN_SQL)
every_way_of_promql = pytest.mark.parametrize(("kind", "needs"), IN_PROMQL_FRAMES + PROXY + DIRECT)
every_panel = pytest.mark.parametrize(("kind", "needs"), [IN_SQL[1], IN_PROMQL_FRAMES[1]])
