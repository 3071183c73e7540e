"""GPU stock by the queries of a Grafana panel: what people look at is what is counted."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from suanli.domain.ports import StockSource
from suanli.domain.stock import Row
from suanli.sources.grafana import Grafana, GrafanaPromql
from suanli.sources.panel import Panel, View
from suanli.sources.prometheus import Point
from suanli.sources.stock import (
    DEFAULT_COLUMNS,
    DEFAULT_LABELS,
    Columns,
    GrafanaSqlStock,
    Labels,
    PromqlStock,
    Queries,
)


@dataclass(frozen=True, slots=True)
class PanelStock:
    """Stock as a panel asks for it: `source` makes of the panel, as it is now, the source that is asked."""

    name: str
    panel: Panel
    source: Callable[[View], StockSource]

    def fetch(self) -> Sequence[Row]:
        """Ask it now. Raises RemoteError; NoData when it answers without rows."""
        with self.panel.view() as view:
            return self.source(view).fetch()

    def probe(self) -> Sequence[str]:
        """What was found to be right, a line each. Raises RemoteError naming what is not."""
        with self.panel.view() as view:
            about, *found = self.source(view).probe()
            return (about, str(view), *found)


def panel_sql_stock(name: str, panel: Panel, ref: str, columns: Columns = DEFAULT_COLUMNS) -> PanelStock:
    """Stock from the SQL query `ref` of a panel: one row of its answer for each product and place."""

    def source(view: View) -> StockSource:
        target = view.sql(ref)
        return GrafanaSqlStock(name, panel.grafana, target.uid, target.kind, target.text, columns)

    return PanelStock(name, panel, source)


@dataclass(frozen=True, slots=True)
class Refs:
    """The refIds of a panel's PromQL for each count, of which `Queries` says what holds for all.

    An empty `used` or `unavailable` says that the company counts no such cards: 0.
    """

    total: str
    free: str
    used: str = ""
    unavailable: str = ""


def panel_promql_stock(name: str, panel: Panel, refs: Refs, labels: Labels = DEFAULT_LABELS) -> PanelStock:
    """Stock from PromQL of a panel: one query for each count, joined by product and place."""

    def source(view: View) -> StockSource:
        return PromqlStock(name, _ByRef(panel.grafana, view), Queries(*astuple(refs)), labels)

    return PanelStock(name, panel, source)


@dataclass(frozen=True, slots=True)
class _ByRef:
    """PromQL that is named by its refId rather than written out; each may have a data source of its own."""

    grafana: Grafana
    view: View

    def query(self, promql: str) -> Sequence[Point]:
        """The answer of the panel's query with the refId `promql`."""
        target = self.view.promql(promql)
        return GrafanaPromql(self.grafana, target.uid, target.kind).query(target.text)

    def about(self) -> str:
        """What answers there."""
        return self.grafana.about()
