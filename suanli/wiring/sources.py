"""The stock source that the settings name."""

from suanli.clock import Clock
from suanli.domain.ports import StockSource
from suanli.settings import Settings
from suanli.settings.panel import Panel as PanelSettings
from suanli.settings.stock import SourceKind
from suanli.sources.endpoint import Endpoint
from suanli.sources.grafana import Grafana, GrafanaPromql, GrafanaProxy
from suanli.sources.http import Http
from suanli.sources.kubernetes import KUBERNETES_QUERIES
from suanli.sources.panel import Panel
from suanli.sources.panel_stock import Refs, panel_promql_stock, panel_sql_stock
from suanli.sources.prometheus import Prometheus
from suanli.sources.stock import DEFAULT_SQL, Columns, GrafanaSqlStock, Labels, Promql, PromqlStock, Queries


def build_source(settings: Settings, clock: Clock) -> StockSource:
    """The stock source that the settings name."""
    stock = settings.stock
    columns = Columns(**stock.columns.model_dump())
    if stock.panel:
        return _panel(settings, stock.panel, columns, clock)
    if stock.source is SourceKind.GRAFANA_SQL:
        uid, sql = settings.grafana.datasource_uid, stock.query or DEFAULT_SQL
        return GrafanaSqlStock(stock.source, _grafana(settings, clock), uid, stock.datasource_type, sql, columns)
    return PromqlStock(stock.source, _promql(settings, clock), _queries(settings), _labels(settings))


def _panel(settings: Settings, own: PanelSettings, columns: Columns, clock: Clock) -> StockSource:
    """The stock source whose queries a Grafana panel has. It remembers the panel, so a process makes one."""
    panel = Panel(_grafana(settings, clock), own.dashboard_uid, own.panel_id, clock)
    if own.refs:
        return panel_promql_stock(settings.stock.source, panel, Refs(**own.refs.model_dump()), _labels(settings))
    return panel_sql_stock(settings.stock.source, panel, own.ref_id, columns)


def _labels(settings: Settings) -> Labels:
    return Labels(settings.stock.promql.product_label, settings.stock.promql.place_label)


def _queries(settings: Settings) -> Queries:
    own = settings.stock.promql
    if not (own.total and own.free):
        return KUBERNETES_QUERIES
    return Queries(own.total, own.free, own.used or "", own.unavailable or "")


def _promql(settings: Settings, clock: Clock) -> Promql:
    if settings.stock.source is SourceKind.PROMETHEUS:
        own = settings.prometheus
        endpoint = Endpoint("Prometheus", own.url, "PROMETHEUS_URL", ca_bundle=own.ca_bundle)
        return Prometheus(Http(endpoint, clock=clock))
    through = GrafanaPromql if settings.stock.source is SourceKind.GRAFANA_PROMQL else GrafanaProxy
    return through(_grafana(settings, clock), settings.grafana.datasource_uid)


def _grafana(settings: Settings, clock: Clock) -> Grafana:
    own = settings.grafana
    headers = {"Authorization": f"Bearer {own.api_key.get_secret_value()}"}
    endpoint = Endpoint("Grafana", own.url, "GRAFANA_URL", "GRAFANA_API_KEY", headers, own.ca_bundle)
    return Grafana(Http(endpoint, clock=clock))
