"""What every stock source promises, asked of each of them: the same fleet gives the same rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from suanli.clock import SystemClock
from suanli.domain.errors import NoData, RemoteError
from suanli.domain.ports import StockSource
from suanli.domain.stock import Row
from suanli.sandbox.fleet import Node, NodeState, SandboxFleet, kube_state_metrics, rows_of_nodes
from suanli.sandbox.grafana import PROMETHEUS_UID, SQL_UID, TOKEN, Fault, GrafanaStandIn
from suanli.sandbox.server import LoopbackServer
from suanli.sources.endpoint import Endpoint
from suanli.sources.grafana import Grafana, GrafanaPromql, GrafanaProxy
from suanli.sources.http import Http
from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.prometheus import Prometheus
from suanli.sources.stock import DEFAULT_SQL, GrafanaSqlStock, Promql, PromqlStock, Queries
from tests.fakes import NOON, FakeClock
from tests.prometheus import prometheus_with

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


@pytest.fixture(scope="module")
def without_prometheus() -> Iterator[Outside]:
    with outside("") as servers:
        yield servers


@pytest.fixture(scope="module")
def with_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus_with(kube_state_metrics(NODES), folder) as url, outside(url) as servers:
        yield servers


def grafana(servers: Outside, token: str) -> Grafana:
    headers = {"Authorization": f"Bearer {token}"}
    endpoint = Endpoint("Grafana", servers.grafana_url, "GRAFANA_URL", "GRAFANA_API_KEY", headers)
    return Grafana(Http(endpoint, clock=FakeClock()))


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the counts: a source that is set up well, and others that are not, each made for `servers`."""

    servers: Outside
    good: StockSource
    empty: StockSource
    broken: StockSource


def sql_way(servers: Outside, token: str) -> Way:
    client = grafana(servers, token)

    def source(sql: str) -> StockSource:
        return GrafanaSqlStock("sql", client, SQL_UID, sql=sql)

    nothing = DEFAULT_SQL.replace("gpu_product_name != ''", "gpu_product_name = 'none'")
    return Way(servers, source(DEFAULT_SQL), source(nothing), source("SELECT FROM"))


def promql_way(servers: Outside, promql: Promql) -> Way:
    def source(queries: Queries) -> StockSource:
        return PromqlStock("promql", promql, queries)

    broken = Queries(total="sum by (product)", free="1")
    return Way(servers, source(KUBERNETES_QUERIES), source(Queries("nothing", "nothing")), source(broken))


def query_way(servers: Outside, token: str) -> Way:
    return promql_way(servers, GrafanaPromql(grafana(servers, token), PROMETHEUS_UID))


def proxy_way(servers: Outside, token: str) -> Way:
    return promql_way(servers, GrafanaProxy(grafana(servers, token), PROMETHEUS_UID))


def direct(servers: Outside) -> Prometheus:
    return Prometheus(Http(Endpoint("Prometheus", servers.prometheus_url, "PROMETHEUS_URL"), clock=FakeClock()))


def direct_way(servers: Outside, _token: str) -> Way:
    return promql_way(servers, direct(servers))


MakeWay = Callable[[Outside, str], Way]
needs_prometheus = pytest.mark.service("prometheus")
THROUGH_GRAFANA = [
    pytest.param(sql_way, "without_prometheus", id="SQL through Grafana"),
    pytest.param(query_way, "with_prometheus", id="PromQL through Grafana", marks=needs_prometheus),
    pytest.param(proxy_way, "with_prometheus", id="PromQL through its proxy", marks=needs_prometheus),
]
DIRECT = [pytest.param(direct_way, "with_prometheus", id="Prometheus direct", marks=needs_prometheus)]


@pytest.fixture
def way(request: pytest.FixtureRequest, kind: MakeWay, needs: str) -> Iterator[Way]:
    servers: Outside = request.getfixturevalue(needs)
    yield kind(servers, TOKEN)
    servers.stand_in.mend()


every_way = pytest.mark.parametrize(("kind", "needs"), THROUGH_GRAFANA + DIRECT)
every_way_through_grafana = pytest.mark.parametrize(("kind", "needs"), THROUGH_GRAFANA)


def row(source: StockSource, product: str) -> Row:
    (found,) = (row for row in source.fetch() if row.product == product)
    return found


@every_way
def test_the_same_fleet_gives_the_same_rows(way: Way) -> None:
    assert sorted(way.good.fetch(), key=str) == sorted(rows_of_nodes(NODES), key=str)


@every_way
def test_idle_cards_of_a_cordoned_node_are_not_free(way: Way) -> None:
    assert row(way.good, "NVIDIA-B200") == Row("NVIDIA-B200", "bj-a", total=16, free=5, used=4, unavailable=8)


@every_way
def test_a_model_without_pods_does_not_vanish(way: Way) -> None:
    assert row(way.good, "NVIDIA-B300") == Row("NVIDIA-B300", "", total=4, free=4, used=0, unavailable=0)


@every_way
def test_a_model_whose_nodes_are_all_lost_has_zero_free_and_does_not_vanish(way: Way) -> None:
    assert row(way.good, "NVIDIA-GB200") == Row("NVIDIA-GB200", "sh-b", total=4, free=0, used=2, unavailable=4)


@every_way
def test_an_answer_without_rows_is_no_data_and_never_zero(way: Way) -> None:
    with pytest.raises(NoData):
        way.empty.fetch()


@every_way
def test_a_query_that_is_wrong_is_a_permanent_error_in_the_servers_words(way: Way) -> None:
    with pytest.raises(RemoteError, match=r"syntax error|parse error") as caught:
        way.broken.fetch()
    assert caught.value.permanent
    assert not isinstance(caught.value, NoData)


@every_way
def test_a_server_that_is_not_there_is_an_error_that_may_pass(way: Way, kind: MakeWay) -> None:
    gone = replace(way.servers, grafana_url="http://127.0.0.1:9", prometheus_url="http://127.0.0.1:9")
    with pytest.raises(RemoteError, match="nothing answers") as caught:
        kind(gone, TOKEN).good.fetch()
    assert not caught.value.permanent


@every_way
def test_a_probe_tells_what_answers_and_how_much_it_counts(way: Way) -> None:
    first, *_, last = way.good.probe()
    assert first.startswith(("Grafana 13.", "Prometheus 2.", "Prometheus 3."))
    assert last == f"{len(rows_of_nodes(NODES))} rows of 13 products, {sum(node.cards for node in NODES)} cards"


@every_way
def test_a_probe_of_what_does_not_work_is_an_error(way: Way) -> None:
    with pytest.raises(RemoteError):
        way.broken.probe()


@every_way_through_grafana
def test_a_wrong_token_is_a_permanent_error_that_does_not_show_it(way: Way, kind: MakeWay) -> None:
    with pytest.raises(RemoteError, match="GRAFANA_API_KEY") as caught:
        kind(way.servers, "glsa_wrong_token").good.fetch()
    assert caught.value.permanent
    assert "glsa_wrong_token" not in str(caught.value)


@every_way_through_grafana
@pytest.mark.parametrize("fault", [Fault.LOGIN_PAGE, Fault.REDIRECT, Fault.VIEWER, Fault.BAD_GATEWAY])
def test_a_fault_in_front_of_grafana_is_an_error_and_not_no_data(way: Way, fault: Fault) -> None:
    way.servers.stand_in.break_with(fault)
    with pytest.raises(RemoteError) as caught:
        way.good.fetch()
    assert not isinstance(caught.value, NoData)


@needs_prometheus
def test_a_closed_proxy_is_passed_by_the_other_way_in(with_prometheus: Outside) -> None:
    with outside(with_prometheus.prometheus_url) as servers:
        servers.stand_in.break_with(Fault.PROXY_CLOSED)
        rows = proxy_way(servers, TOKEN).good.fetch()
    assert sorted(rows, key=str) == sorted(rows_of_nodes(NODES), key=str)


@needs_prometheus
def test_nan_from_a_query_is_an_error_on_every_way_to_prometheus(with_prometheus: Outside) -> None:
    queries = replace(KUBERNETES_QUERIES, free=f"0 * ({KUBERNETES_QUERIES.total}) / 0")
    client = grafana(with_prometheus, TOKEN)
    ways = (GrafanaPromql(client, PROMETHEUS_UID), GrafanaProxy(client, PROMETHEUS_UID), direct(with_prometheus))
    for promql in ways:
        with pytest.raises(RemoteError, match=r"free of NVIDIA-\S+ is nan"):
            PromqlStock("promql", promql, queries).fetch()


@needs_prometheus
def test_labels_merged_by_format_table_are_refused(with_prometheus: Outside) -> None:
    asked = {"expr": KUBERNETES_QUERIES.total, "instant": True, "range": False, "format": "table"}
    with pytest.raises(RemoteError, match="ask with format=time_series"):
        grafana(with_prometheus, TOKEN).query("prometheus", PROMETHEUS_UID, asked)


@needs_prometheus
@pytest.mark.parametrize(
    "metric",
    [
        "kube_node_labels",
        "kube_node_status_allocatable",
        "kube_node_spec_unschedulable",
        "kube_node_status_condition",
        "kube_pod_container_resource_requests",
        "kube_pod_status_phase",
    ],
)
def test_a_metric_that_is_missing_never_becomes_a_count(metric: str, tmp_path: Path) -> None:
    metrics = "\n".join(line for line in kube_state_metrics(NODES).splitlines() if metric not in line)
    with prometheus_with(metrics, tmp_path) as url, outside(url) as servers:
        source = direct_way(servers, TOKEN).good
        with pytest.raises(RemoteError, match=r"without any series|is in the query for"):
            source.fetch()
