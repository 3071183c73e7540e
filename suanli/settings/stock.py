"""The `[stock]` section: where card counts come from, and the company's models, regions and clock classes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator, model_validator

from suanli.domain.stock import Fleet, Group, Model, Product
from suanli.settings.fleet import Info
from suanli.settings.kinds import Duration, Name, Query, Some
from suanli.settings.panel import Panel
from suanli.settings.watch import WatchTable
from suanli.settings.wording import Mistake, refuse

_STRICT = ConfigDict(frozen=True, extra="forbid")


class SourceKind(StrEnum):
    """What answers the question how many cards there are, and in which language it is asked."""

    GRAFANA_SQL = "grafana-sql"
    GRAFANA_PROMQL = "grafana-promql"
    GRAFANA_PROXY = "grafana-proxy"
    PROMETHEUS = "prometheus"


class Columns(BaseModel):
    """`[stock.columns]`: the names that the SQL query gives its columns; three may be empty where there is no such."""

    model_config = _STRICT

    product: Name = "gpu_product_name"
    place: str = "idc"
    total: Name = "total"
    free: Name = "free"
    used: str = "used"
    unavailable: str = "unavailable"


class Promql(BaseModel):
    """`[stock.promql]`: a query for each count, and the labels that name product and place in their answers.

    All empty means the source's own queries for Kubernetes; otherwise `total` and `free` are both needed.
    """

    model_config = _STRICT

    total: str = ""
    free: str = ""
    used: str = ""
    unavailable: str = ""
    product_label: Name = "product"
    place_label: Name = "place"

    @property
    def is_given(self) -> bool:
        """Whether any query is."""
        return any((self.total, self.free, self.used, self.unavailable))

    @model_validator(mode="after")
    def _whole_or_none(self) -> Self:
        if self.is_given and not (self.total and self.free):
            raise ValueError("total 和 free 两条都要写 / needs both total and free")
        return self


class ModelEntry(BaseModel):
    """`[[stock.models]]`: a model by the name people type, and the full names that sources use for it."""

    model_config = _STRICT

    name: Name
    full_names: Annotated[tuple[Name, ...], Some]
    aliases: tuple[Name, ...] = ()
    title: str = ""

    @property
    def words(self) -> set[str]:
        """Everything that this model answers to, in one case."""
        return {word.strip().casefold() for word in (self.name, *self.full_names, *self.aliases)}

    def to_domain(self) -> Product:
        """The model as the domain knows it."""
        return Product(Model(self.name), self.full_names, self.aliases, self.title)


class GroupEntry(BaseModel):
    """`[[stock.regions]]`, `[[stock.clocks]]`: its names, and the words in a source's place that make it so."""

    model_config = _STRICT

    names: Annotated[tuple[Name, ...], Some]
    keywords: tuple[Name, ...] = ()

    @property
    def words(self) -> set[str]:
        """Everything that this group answers to, in one case."""
        return {word.strip().casefold() for word in self.names}

    def to_domain(self) -> Group:
        """The group as the domain knows it."""
        return Group(self.names, self.keywords)


def _refuse_shared(words: Iterable[set[str]]) -> None:
    shared = sorted(word for word, count in Counter(w for each in words for w in each).items() if count > 1)
    if shared:
        raise ValueError(f"名称重复：{'、'.join(shared)} / names used twice: {', '.join(shared)}")


def _distinct(models: tuple[ModelEntry, ...]) -> tuple[ModelEntry, ...]:
    _refuse_shared(model.words for model in models)
    return models


def _groups(groups: tuple[GroupEntry, ...]) -> tuple[GroupEntry, ...]:
    _refuse_shared(group.words for group in groups)
    if sum(not group.keywords for group in groups) > 1:
        raise ValueError("最多只有一组可以不写 keywords / at most one group may have no keywords")
    return groups


_MODELS = tuple(
    ModelEntry(name=name, full_names=(full_name, full_name.replace(" ", "-")))
    for name, full_name in (
        ("5090", "NVIDIA GeForce RTX 5090"),
        ("4090", "NVIDIA GeForce RTX 4090"),
        ("3090", "NVIDIA GeForce RTX 3090"),
        ("H100", "NVIDIA H100 80GB HBM3"),
        ("H20", "NVIDIA H20"),
        ("H200", "NVIDIA H200"),
        ("A100", "NVIDIA A100-SXM4-80GB"),
        ("L40S", "NVIDIA L40S"),
        ("5880", "NVIDIA RTX 5880 Ada Generation"),
        ("6000", "NVIDIA RTX 6000 Ada Generation"),
    )
)
"""The original program's table (gpu.md §0), each name also as a Kubernetes label spells it: with dashes."""

_REGIONS = (
    GroupEntry(names=("国内", "中国", "domestic", "cn")),
    GroupEntry(names=("海外", "国外", "overseas"), keywords=("dallas", "canopy", "gcore")),
)
_CLOCKS = (
    GroupEntry(names=("普通", "standard")),
    GroupEntry(names=("高主频", "high-clock"), keywords=("bingte",)),
)


_TABLES = ("models", "regions", "clocks")


def _fleet(models: Iterable[ModelEntry], regions: Iterable[GroupEntry], clocks: Iterable[GroupEntry]) -> Fleet:
    return Fleet(
        tuple(model.to_domain() for model in models),
        tuple(region.to_domain() for region in regions),
        tuple(clock.to_domain() for clock in clocks),
    )


def _misfits(panel: Panel, source: SourceKind, data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What a panel does not go together with."""
    match source:
        case SourceKind.GRAFANA_SQL:
            if data.get("query"):
                yield (), "和 stock.query 只能写一个 / cannot be given together with stock.query; keep one"
            if panel.refs:
                yield ("refs",), "grafana-sql 只有一个查询，写 ref_id / grafana-sql has one query; give ref_id"
        case SourceKind.GRAFANA_PROMQL:
            promql: Promql | None = data.get("promql")
            if promql and promql.is_given:
                yield (), "和 stock.promql 的查询只能写一种 / cannot be given with queries in stock.promql; keep one"
            if panel.refs is None:
                yield ("refs",), "缺少这一项：每个数量用哪个查询 / is required: which query is which count"
            if "ref_id" in panel.model_fields_set:
                yield ("ref_id",), "grafana-promql 用 refs，不用 ref_id / grafana-promql takes refs, not ref_id"
        case _:
            yield (), f"source 是 {source} 时不能用 / cannot be used with the source {source}"


class Stock(BaseModel):
    """`[stock]`. Without a suanli.toml it is what the original program did (gpu.md §0).

    `query` None means the original's query, or the panel's; `watch` None means that the file at `alert_config` is
    asked. `keep` is how long every sample stays, `keep_hourly` how long what became of them by the hour.
    """

    model_config = _STRICT

    source: SourceKind = SourceKind.GRAFANA_SQL
    interval: Duration = timedelta(minutes=5)
    keep: Duration = timedelta(days=30)
    keep_hourly: Duration = timedelta(days=730)
    alert_config: Path = Path("inventory_alert_config.json")
    alert_history: Path = Path(".inventory_alert_history.json")
    datasource_type: Name = "mysql"
    query: Query = None
    columns: Columns = Columns()
    promql: Promql = Promql()
    panel: Panel | None = None
    models: Annotated[tuple[ModelEntry, ...], AfterValidator(_distinct)] = _MODELS
    regions: Annotated[tuple[GroupEntry, ...], AfterValidator(_groups)] = _REGIONS
    clocks: Annotated[tuple[GroupEntry, ...], AfterValidator(_groups)] = _CLOCKS
    watch: WatchTable | None = None

    @field_validator("panel")
    @classmethod
    def _asks_alone(cls, panel: Panel | None, info: Info) -> Panel | None:
        source = info.data.get("source")
        refuse(_misfits(panel, source, info.data) if panel and source else ())
        return panel

    @field_validator("watch", mode="plain")
    @classmethod
    def _in_our_words(cls, value: object, info: Info) -> WatchTable | None:
        tables = [info.data[table] for table in _TABLES if table in info.data]
        fleet = _fleet(*tables) if len(tables) == len(_TABLES) else None
        return None if value is None else WatchTable.model_validate(value, context=fleet)

    def anchored(self, cwd: Path) -> Self:
        """The same with its paths made absolute from `cwd`."""
        paths = {"alert_config": cwd / self.alert_config, "alert_history": cwd / self.alert_history}
        return self.model_copy(update=paths)

    def to_domain(self) -> Fleet:
        """The model table, regions and clock classes as the domain knows them."""
        return _fleet(self.models, self.regions, self.clocks)
