"""What every stock source promises, asked of each of them: the same fleet gives the same rows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.domain.errors import NoData, RemoteError
from suanli.domain.ports import StockSource
from suanli.domain.stock import Row
from suanli.sandbox.fleet import kube_state_metrics, rows_of_nodes
from suanli.sandbox.grafana import PROMETHEUS_UID, TOKEN, Fault
from suanli.sources.grafana import GrafanaPromql, GrafanaProxy
from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.stock import PromqlStock
from tests.contract.stock_kit import (
    NODES,
    MakeWay,
    Outside,
    Way,
    direct,
    direct_way,
    every_panel,
    every_way,
    every_way_in_frames,
    every_way_of_promql,
    every_way_of_sql,
    every_way_through_grafana,
    grafana,
    needs_prometheus,
    outside,
    proxy_way,
)
from tests.prometheus import prometheus_with


@pytest.fixture(scope="module")
def without_prometheus() -> Iterator[Outside]:
    with outside("") as servers:
        yield servers


@pytest.fixture(scope="module")
def with_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus_with(kube_state_metrics(NODES), folder) as url, outside(url) as servers:
        yield servers


@pytest.fixture
def way(request: pytest.FixtureRequest, kind: MakeWay, needs: str) -> Iterator[Way]:
    servers: Outside = request.getfixturevalue(needs)
    yield kind(servers, TOKEN)
    servers.stand_in.mend()


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


@every_way_of_sql
def test_a_model_that_the_query_leaves_out_has_no_row_and_not_zero(way: Way) -> None:
    assert set(way.good.fetch()) - set(way.partial.fetch()) == {row(way.good, "NVIDIA-B300")}


@every_way_of_promql
def test_a_model_that_one_count_leaves_out_is_an_error_and_not_zero(way: Way) -> None:
    with pytest.raises(RemoteError, match="NVIDIA-B300 is in the query for total and not in that for free"):
        way.partial.fetch()


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
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.LOGIN_PAGE, "answered with a web page where JSON was expected"),
        (Fault.REDIRECT, "redirects to https://sso.example.com/login (HTTP 302)"),
        (Fault.VIEWER, "HTTP 403: it forbids this: check what the token of GRAFANA_API_KEY may do"),
        (Fault.BAD_GATEWAY, "HTTP 502: it has trouble"),
    ],
)
def test_a_fault_in_front_of_grafana_is_told_in_words_and_is_not_no_data(way: Way, fault: Fault, words: str) -> None:
    way.servers.stand_in.break_with(fault)
    with pytest.raises(RemoteError) as caught:
        way.good.fetch()
    assert words in str(caught.value)
    assert not isinstance(caught.value, NoData)


@every_way_in_frames
@pytest.mark.parametrize(
    ("fault", "words", "kind_of_error"),
    [
        (Fault.RAGGED, "a ragged frame: the columns of", RemoteError),
        (Fault.NAN, "is nan, not a count of cards", RemoteError),
        (Fault.EMPTY, "no data, not zero", NoData),
    ],
)
def test_a_frame_that_is_wrong_is_told_in_words_and_never_counted(
    way: Way, fault: Fault, words: str, kind_of_error: type[RemoteError]
) -> None:
    way.servers.stand_in.break_with(fault)
    with pytest.raises(RemoteError) as caught:
        way.good.fetch()
    assert words in str(caught.value)
    assert type(caught.value) is kind_of_error


@every_panel
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.DASHBOARD_CLOSED, "dashboard gpu-stock: the token may not read it: give its service account leave"),
        (Fault.DASHBOARD_GONE, "dashboard gpu-stock: the token's organisation has none of this uid"),
    ],
)
def test_a_dashboard_that_cannot_be_read_is_told_with_what_to_do(way: Way, fault: Fault, words: str) -> None:
    way.servers.stand_in.break_with(fault)
    with pytest.raises(RemoteError) as caught:
        way.good.fetch()
    assert words in str(caught.value)
    assert caught.value.permanent


@every_panel
def test_a_probe_of_a_panel_names_it_and_its_dashboard(way: Way) -> None:
    assert way.good.probe()[1].startswith("dashboard 'GPU 库存', panel '")


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
