"""ModelScope's official interface, `/openapi/v1` (releases.md §1.3 A)."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from suanli.sandbox.hubs.modelscope_world import Entry, World
from suanli.sandbox.hubs.reply import Refusal, refused, stamp

Query = MultiDict[str, str]

LONGEST_SEARCH = 100
MOST_A_PAGE = 50
USUAL_A_PAGE = 10
DEEPEST = 3000
_SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "default": lambda entry: entry.number,
    "downloads": lambda entry: -entry.downloads,
    "likes": lambda entry: -entry.likes,
    "last_modified": lambda entry: -entry.last_modified.timestamp(),
}
_STATUS = {
    "InputParameterError": 400,
    "InvalidAuthentication": 401,
    "OperationNotAllowed": 403,
    "ResourceNotFound": 404,
    "RateLimitExceed": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
}


def list_entries(world: World, query: Query, *, datasets: bool) -> Mapping[str, Any]:
    """What is in `data` of a list. Raises Refusal."""
    if any(name.startswith("filter.") for name in query):
        raise refused(501, {"success": False, "message": "the stand-in does not know filters"})
    sort, search = query.get("sort", "default"), query.get("search", "")
    if sort not in _SORTS:
        raise failure("InputParameterError", "sort is invalid")
    if len(search) > LONGEST_SEARCH:
        raise failure("InputParameterError", "search is too long")
    number, size = _whole(query, "page_number", 1), _whole(query, "page_size", USUAL_A_PAGE)
    if size > MOST_A_PAGE or number * size > DEEPEST:
        raise failure("InputParameterError", "page_size or page_number is too large")
    owner, search = query.get("owner", "").lower(), search.lower()
    found = [e for e in world.all(datasets=datasets) if owner in e.owner.lower() and search in e.name.lower()]
    found.sort(key=_SORTS[sort])
    return {
        "datasets" if datasets else "models": [_shape(entry) for entry in found[(number - 1) * size : number * size]],
        "total_count": len(found),
        "page_number": number,
        "page_size": size,
    }


def show_entry(world: World, name: str, *, is_dataset: bool) -> Mapping[str, Any]:
    """What is in `data` of one model or dataset. Raises Refusal."""
    entry = world.find(name, is_dataset=is_dataset)
    if entry is None:
        raise failure("ResourceNotFound", f"{name} does not exist")
    return _shape(entry) | {"readme": entry.readme}


def failure(code: str, message: str, *headers: tuple[str, str]) -> Refusal:
    """A refusal as this interface words it."""
    body = {"success": False, "code": code, "message": message, "request_id": "00000000-0000"}
    return refused(_STATUS[code], body, *headers)


def _shape(entry: Entry) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": entry.name, "display_name": entry.display_name, "description": entry.description,
        "downloads": entry.downloads, "likes": entry.likes, "license": entry.license, "tasks": list(entry.tasks),
        "created_at": stamp(entry.created_at), "last_modified": stamp(entry.last_modified),
        "file_size": entry.file_size, "tags": [f"task:{task}" for task in entry.tasks],
        "private": entry.private, "gated": entry.gated,
    }  # fmt: skip
    return shape | ({"login_required": False} if entry.is_dataset else {"params": entry.file_size // 2})


def _whole(query: Query, name: str, usual: int) -> int:
    text = query.get(name, str(usual))
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not int(text):
        raise failure("InputParameterError", f"{name} is invalid")
    return int(text)
