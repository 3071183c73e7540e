"""The lists of HuggingFace: chosen, sorted, and read on from an opaque cursor (releases.md §1.2)."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from suanli.sandbox.hubs.huggingface_shapes import EXPANDABLE, expanded, listed
from suanli.sandbox.hubs.huggingface_world import Repo, RepoKind
from suanli.sandbox.hubs.reply import Refusal, refused

Query = MultiDict[str, str]

MOST = 1000
_LEFT_OUT = ("num_parameters", "gated", "apps", "inference")
_SORTS: Mapping[str, Callable[[Repo], Any]] = {
    "lastModified": lambda repo: repo.last_modified.timestamp(),
    "createdAt": lambda repo: repo.created_at.timestamp(),
    "downloads": lambda repo: -repo.created_at.timestamp(),
    "likes": lambda repo: repo.likes,
    "trendingScore": lambda repo: repo.likes,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and the query of the next one, empty when there is none."""

    items: Sequence[Any]
    following: str


def list_repos(kind: RepoKind, repos: Sequence[Repo], query: Query, now: datetime) -> Listed:
    """A page of a list. Raises Refusal."""
    for name in _LEFT_OUT:
        if name in query:
            raise refused(501, {"error": f"the stand-in does not know {name}"})
    shape = _shape(kind, query, now)
    sort = query.get("sort", "trendingScore")
    if sort not in _SORTS or (kind is RepoKind.SPACES and sort == "downloads"):
        raise bad(f"Invalid sort: {sort}")
    direction = query.get("direction", "-1")
    if direction not in {"-1", "1"}:
        raise bad(f"Invalid direction: {direction}")

    def place(repo: Repo) -> tuple[Any, str]:
        return _SORTS[sort](repo), repo.object_id

    chosen = sorted((r for r in repos if _is_asked_for(r, query)), key=place, reverse=direction == "-1")
    after = _read(query.get("cursor"))
    if after is not None:
        chosen = [r for r in chosen if (place(r) < after if direction == "-1" else place(r) > after)]
    size = limit_of(query)
    page = chosen[:size]
    more = following(query, _written(place(page[-1]))) if len(chosen) > size else ""
    return Listed([shape(repo) for repo in page], more)


def slice_of(entries: Sequence[Any], query: Query) -> Listed:
    """A page of anything that has no order of its own to go by."""
    start = query.get("cursor", "0")
    if not start.isdecimal():
        raise bad("Invalid cursor")
    end = int(start) + limit_of(query)
    return Listed(entries[int(start) : end], following(query, str(end)) if end < len(entries) else "")


def following(query: Query, cursor: str) -> str:
    """The query of the next page."""
    kept = [(name, value) for name, value in query.items(multi=True) if name != "cursor"]
    return urlencode([*kept, ("cursor", cursor)])


def limit_of(query: Query) -> int:
    """The length of a page."""
    text = query.get("limit", str(MOST))
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not int(text):
        raise bad(f"Invalid limit: {text}")
    return min(int(text), MOST)


def fields_of(kind: RepoKind, query: Query) -> Sequence[str]:
    """What `expand[]` names. Raises Refusal where that is nothing it may, or where `full` and its like stand too."""
    fields = [*query.getlist("expand[]"), *query.getlist("expand")]
    if fields and any(name in query for name in ("full", "cardData", "config")):
        raise bad("expand cannot be used together with full, cardData or config")
    unknown = next((name for name in fields if name not in EXPANDABLE[kind]), None)
    if unknown is not None:
        raise bad(f"Invalid expand: {unknown}")
    return fields


def bad(message: str) -> Refusal:
    """A refusal of a query that cannot be understood."""
    return refused(400, {"error": message}, ("X-Error-Message", message))


def _shape(kind: RepoKind, query: Query, now: datetime) -> Callable[[Repo], Mapping[str, Any]]:
    fields = fields_of(kind, query)
    full = query.get("full") in {"true", "1", "True"}
    more = [name for name in ("cardData", "config") if query.get(name) in {"true", "1", "True"}]

    def shape(repo: Repo) -> Mapping[str, Any]:
        item = expanded(repo, fields, now) if fields else listed(repo, now, full=full, more=more)
        if query.get("sort") == "createdAt" and "lastModified" in item:
            item["lastModified"] = None
        return item

    return shape


def _is_asked_for(repo: Repo, query: Query) -> bool:
    return (
        query.get("author", repo.author) == repo.author
        and query.get("search", "").lower() in repo.name.lower()
        and query.get("pipeline_tag", repo.pipeline) == repo.pipeline
        and set(query.getlist("filter")) <= {*repo.tags, repo.library, repo.pipeline}
    )


def _written(place: tuple[Any, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read(cursor: str | None) -> tuple[Any, str] | None:
    if cursor is None:
        return None
    try:
        value, object_id = json.loads(base64.urlsafe_b64decode(cursor))
        return float(value), str(object_id)
    except (ValueError, TypeError):
        raise bad("Invalid cursor") from None
