"""ModelScope's older interfaces: the one of its library, and the one of its pages (releases.md §1.3 B and C)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from suanli.sandbox.hubs.modelscope_world import Entry, World
from suanli.sandbox.hubs.reply import Reply, told

MOST_A_PAGE = 100
_SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "Default": lambda entry: entry.number,
    "GmtModified": lambda entry: -entry.last_modified.timestamp(),
    "GmtCreated": lambda entry: -entry.created_at.timestamp(),
    "DownloadsCount": lambda entry: -entry.downloads,
    "StarsCount": lambda entry: -entry.likes,
}


def list_of_owner(world: World, body: Any) -> Mapping[str, Any] | None:
    """B: what is in `Data` for the models of one owner, by number; None for what cannot be understood."""
    if not isinstance(body, dict) or not isinstance(body.get("Path"), str):
        return None
    found = [entry for entry in world.all(datasets=False) if entry.owner == body["Path"]]
    page = _page(found, body)
    return None if page is None else {"Models": [_shape(entry) for entry in page], "TotalCount": len(found)}


def list_by_criteria(world: World, body: Any) -> Mapping[str, Any] | None:
    """C: what is in `Data`; of criteria, one it does not know is left alone."""
    if not isinstance(body, dict) or body.get("SortBy", "Default") not in _SORTS:
        return None
    found = sorted(world.all(datasets=False), key=_SORTS[body.get("SortBy", "Default")])
    name = str(body.get("Name", "")).lower()
    found = [entry for entry in found if name in entry.name.lower()]
    for criterion in body.get("Criterion", []):
        if isinstance(criterion, dict) and criterion.get("category") == "organizations":
            found = [entry for entry in found if entry.owner in criterion.get("values", [])]
    page = _page(found, body)
    if page is None:
        return None
    return {"Model": {"Models": [_shape(entry) for entry in page], "TotalCount": len(found)}}


def wrapped(data: Mapping[str, Any] | None) -> Reply:
    """The answer: what is wrong is in the body only, and the status is 200."""
    if data is None:
        return unsuccessful(10010205002, "invalid parameter")
    return told({"Code": 200, "Success": True, "Message": "", "RequestId": "", "Data": data})


def unsuccessful(code: int, message: str) -> Reply:
    """A refusal, with status 200."""
    return told({"Code": code, "Success": False, "Message": message, "RequestId": "", "Data": None})


def _page(found: Sequence[Entry], body: Mapping[str, Any]) -> Sequence[Entry] | None:
    number, size = body.get("PageNumber", 1), body.get("PageSize", 10)
    if type(number) is not int or type(size) is not int or number < 1 or not 1 <= size <= MOST_A_PAGE:
        return None
    return found[(number - 1) * size : number * size]


def _shape(entry: Entry) -> Mapping[str, Any]:
    owner, _, name = entry.name.partition("/")
    return {
        "Id": entry.number, "Name": name, "Path": owner, "ChineseName": entry.display_name or "",
        "CreatedTime": int(entry.created_at.timestamp()), "LastUpdatedTime": int(entry.last_modified.timestamp()),
        "Downloads": entry.downloads, "Stars": entry.likes, "License": entry.license,
        "Tasks": [{"Name": task, "ChineseName": ""} for task in entry.tasks], "Tags": [],
        "Organization": {"Name": owner, "FullName": owner}, "IsPublished": 1, "IsOnline": 1, "Visibility": 5,
    }  # fmt: skip
