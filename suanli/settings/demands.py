"""What each kind of process cannot do without; an installation may leave out what none of its processes needs."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import SecretStr

from suanli.settings.gateway import Gateway
from suanli.settings.problems import problem
from suanli.settings.schema import VARIABLES, Settings
from suanli.settings.stock import SourceKind, Stock
from suanli.settings.variables import Spot


class Process(StrEnum):
    """A kind of process: the web server, the worker, `suanli stock`, the gateway, and all in one (`suanli up`)."""

    WEB = "web"
    WORK = "work"
    STOCK = "stock"
    GATEWAY = "gateway"
    ALL = "all"


_SENDING = ("FEISHU_APP_ID", "FEISHU_APP_SECRET")
_RECEIVING = ("FEISHU_APP_ID", "FEISHU_ENCRYPT_KEY", "FEISHU_VERIFICATION_TOKEN")
"""Without an encrypt key Feishu signs nothing (feishu.md §1.3), and then anybody could speak to the bot."""

_NEEDED = {
    Process.WEB: _RECEIVING,
    Process.WORK: _SENDING,
    Process.STOCK: _SENDING,
    Process.GATEWAY: (),
    Process.ALL: tuple(dict.fromkeys(_SENDING + _RECEIVING)),
}
_GRAFANA = ("GRAFANA_URL", "GRAFANA_API_KEY")
_DATASOURCE = (*_GRAFANA, "GRAFANA_DATASOURCE_UID")


def missing(settings: Settings, process: Process) -> tuple[str, ...]:
    """What `process` needs and the settings do not give, a line each; nothing when it can start.

    Raises SettingsError when the original's JSON file, which `Process.STOCK` needs, cannot be read.
    """
    return tuple(_lines(settings, process))


def _lines(settings: Settings, process: Process) -> Iterator[str]:
    yield from _absent(settings, _NEEDED[process])
    if process is Process.GATEWAY:
        yield from _without(settings.gateway)
    elif process is not Process.WEB:
        yield from _absent(settings, _asking(settings.stock))
    if process is Process.STOCK and settings.watch() is None:
        path = str(settings.stock.alert_config)
        yield problem(
            path, "没有这个文件；从 inventory_alert_config.example.json 复制一份 / no such file; copy the example"
        )


def _without(gateway: Gateway) -> Iterator[str]:
    for name, value in (("listen", gateway.listen), ("models", gateway.models)):
        if not value:
            yield problem(f"gateway.{name}", "没有填；见 docs/gateway.md / is not set; see docs/gateway.md")


def _asking(stock: Stock) -> tuple[str, ...]:
    """What the stock source needs. A panel says itself which data source its queries are for."""
    if stock.source is SourceKind.PROMETHEUS:
        return ("PROMETHEUS_URL",)
    return _GRAFANA if stock.panel else _DATASOURCE


def _absent(settings: Settings, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        spot = VARIABLES[name]
        if not _is_given(settings, spot):
            yield problem(name, f"没有填；{spot.variable.zh} / is not set; {spot.variable.en}")


def _is_given(settings: Settings, spot: Spot) -> bool:
    value: object = settings
    for step in spot.way:
        value = getattr(value, step)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
