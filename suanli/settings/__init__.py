"""Settings: the only reader of the environment, of `.env`, of suanli.toml and of the original program's JSON files."""

from suanli.settings.demands import Process, missing
from suanli.settings.legacy import parse_history, parse_watch
from suanli.settings.load import from_process, load
from suanli.settings.problems import SettingsError
from suanli.settings.schema import Settings
from suanli.settings.stock import SourceKind, Stock

__all__ = [
    "Process",
    "Settings",
    "SettingsError",
    "SourceKind",
    "Stock",
    "from_process",
    "load",
    "missing",
    "parse_history",
    "parse_watch",
]
