"""Releases: what hubs publish, what changed there, and who follows it."""

from suanli.domain.releases.changes import Change, Event, Fingerprint
from suanli.domain.releases.items import Hub, Item, Kind, Known, Part, Place, State
from suanli.domain.releases.resources import Allowance, Reading, ResourceId, Tracked, Validator
from suanli.domain.releases.watches import Mode, Notice, Rhythm, Watch, WatchNumber

__all__ = [
    "Allowance",
    "Change",
    "Event",
    "Fingerprint",
    "Hub",
    "Item",
    "Kind",
    "Known",
    "Mode",
    "Notice",
    "Part",
    "Place",
    "Reading",
    "ResourceId",
    "Rhythm",
    "State",
    "Tracked",
    "Validator",
    "Watch",
    "WatchNumber",
]
