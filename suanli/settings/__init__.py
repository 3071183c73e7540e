"""Settings: the only reader of the environment, of `.env`, of suanli.toml and of the original program's JSON files."""

from suanli.settings.demands import Process, missing
from suanli.settings.legacy import parse_history, parse_watch
from suanli.settings.load import from_process, load, tracker_from_process
from suanli.settings.problems import SettingsError
from suanli.settings.schema import Settings
from suanli.settings.stock import SourceKind, Stock
from suanli.settings.tracker import tracker_warnings
from suanli.settings.tracker_file import Tracker
from suanli.settings.tracker_state import read_tracker_state

__all__ = [
    "Process",
    "Settings",
    "SettingsError",
    "SourceKind",
    "Stock",
    "Tracker",
    "from_process",
    "load",
    "missing",
    "parse_history",
    "parse_watch",
    "read_tracker_state",
    "tracker_from_process",
    "tracker_warnings",
]
