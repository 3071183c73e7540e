"""What GitHub answers about one repository: lists in pages, and single things."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from suanli.sandbox.hubs.github_gate import error
from suanli.sandbox.hubs.github_items import Issue
from suanli.sandbox.hubs.github_repository import Repository
from suanli.sandbox.hubs.github_shapes import Shapes, labels_of
from suanli.sandbox.hubs.reply import refused

T = TypeVar("T")
Query = MultiDict[str, str]

_SORTS: Mapping[str, Callable[[Issue], Any]] = {
    "created": lambda issue: _second(issue.created_at),
    "updated": lambda issue: _second(issue.updated_at),
    "comments": lambda issue: issue.comments,
    "popularity": lambda issue: issue.comments,
}
_LEFT_OUT = {
    "issues": ("milestone", "assignee", "type", "mentioned"),
    "pulls": ("head", "base"),
}
MOST = 100
USUAL = 30


@dataclass(slots=True)
class Page:
    """A body that can be answered again, unless something changes; `etags` by the headers they were made for."""

    body: bytes
    link: str = ""
    last_modified: datetime | None = None
    etags: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown, before it is written as JSON; `pages` of 0 is no list."""

    value: Any
    page: int = 1
    pages: int = 0
    last_modified: datetime | None = None


class Viewer:
    """A repository as it is seen at one moment."""

    def __init__(self, repository: Repository, shapes: Shapes, moment: datetime) -> None:
        self._repository = repository
        self._shapes = shapes
        self._moment = moment

    def show(self, rest: str, query: Query) -> Shown:
        """What is at `/repos/{owner}/{name}` and `rest`. Raises Refusal."""
        shown = {
            "": self._itself, "issues": self._issues, "pulls": self._pulls, "releases": self._releases,
            "tags": self._tags, "git/refs/tags": self._references, "releases/latest": self._latest,
        }.get(rest)  # fmt: skip
        if shown:
            return shown(query)
        kind, _, name = rest.partition("/")
        if kind == "issues" and name.isdecimal():
            return self._issue(int(name))
        if kind == "releases" and name.startswith("tags/"):
            return self._release(name.removeprefix("tags/"))
        raise error(404, "Not Found")

    def _itself(self, _: Query) -> Shown:
        count = sum(issue.state == "open" for issue in self._repository.issues_at(self._moment))
        return Shown(self._shapes.repository(count), last_modified=self._repository.changed_at)

    def _issues(self, query: Query) -> Shown:
        disabled = self._repository.issues_disabled
        if disabled == 410:
            raise error(410, "Issues are disabled for this repo")
        issues = self._repository.issues_at(self._moment)
        issues = [issue for issue in issues if disabled is None or issue.pull_id is not None]
        since, labels, creator = _since(query), set(labels_of(query.get("labels", ""))), query.get("creator")
        issues = [
            issue
            for issue in issues
            if (since is None or _second(issue.updated_at) >= since)
            and labels <= set(issue.labels)
            and creator in (None, issue.login)
        ]
        issues = _chosen(issues, query, "issues", ("created", "updated", "comments"))
        return _page(issues, query, self._shapes.issue)

    def _issue(self, number: int) -> Shown:
        for issue in self._repository.issues_at(self._moment):
            if issue.number == number:
                return Shown(self._shapes.issue(issue))
        raise error(404, "Not Found")

    def _pulls(self, query: Query) -> Shown:
        pulls = [issue for issue in self._repository.issues_at(self._moment) if issue.pull_id is not None]
        pulls = _chosen(pulls, query, "pulls", ("created", "updated", "popularity"))
        return _page(pulls, query, self._shapes.pull)

    def _releases(self, query: Query) -> Shown:
        releases = self._repository.releases_at(self._moment)
        releases.sort(key=lambda release: (release.created_at, release.id), reverse=True)
        return _page(releases, query, self._shapes.release)

    def _latest(self, _: Query) -> Shown:
        releases = [release for release in self._repository.releases_at(self._moment) if not release.prerelease]
        if not releases:
            raise error(404, "Not Found")
        return Shown(self._shapes.release(max(releases, key=lambda release: (release.created_at, release.id))))

    def _release(self, tag: str) -> Shown:
        for release in self._repository.releases_at(self._moment):
            if release.tag == tag:
                return Shown(self._shapes.release(release), last_modified=release.updated_at)
        raise error(404, "Not Found")

    def _tags(self, query: Query) -> Shown:
        tags = sorted(self._repository.tags_at(self._moment), key=lambda tag: tag.name, reverse=True)
        shown = _page(tags, query, self._shapes.tag)
        return Shown(shown.value, shown.page, shown.pages, self._repository.tagged_at)

    def _references(self, _: Query) -> Shown:
        tags = sorted(self._repository.tags_at(self._moment), key=lambda tag: tag.name)
        return Shown([self._shapes.reference(tag) for tag in tags])


def link_of(address: str, query: Query, page: int, pages: int) -> str:
    """The `Link` header of a page of a list; empty when there is one page only."""
    last = max(pages, 1)
    targets = {"prev": min(page - 1, last), "next": page + 1, "last": last, "first": 1}
    if page >= last:
        del targets["next"], targets["last"]
    if page == 1:
        del targets["prev"], targets["first"]
    kept = [(name, value) for name, value in query.items(multi=True) if name != "page"]
    return ", ".join(
        f'<{address}?{urlencode([*kept, ("page", str(number))])}>; rel="{name}"' for name, number in targets.items()
    )


def _page(things: Sequence[T], query: Query, shape: Callable[[T], Any]) -> Shown:
    size = min(_whole(query, "per_page") or USUAL, MOST)
    page = _whole(query, "page") or 1
    return Shown(
        [shape(thing) for thing in things[(page - 1) * size : page * size]],
        page,
        -(-len(things) // size),
    )


def _whole(query: Query, name: str) -> int:
    """A number of a query, 0 for none and for nonsense."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0


def _chosen(issues: Sequence[Issue], query: Query, kind: str, sorts: Sequence[str]) -> list[Issue]:
    for name in _LEFT_OUT[kind]:
        if name in query:
            raise refused(501, {"message": f"the stand-in does not know {name}"})
    state, sort = query.get("state", "open"), query.get("sort", "created")
    usual = "asc" if kind == "pulls" and sort != "created" else "desc"
    direction = query.get("direction", usual)
    for field_, value, allowed in (
        ("state", state, ("open", "closed", "all")),
        ("sort", sort, sorts),
        ("direction", direction, ("asc", "desc")),
    ):
        if value not in allowed:
            raise _invalid(kind, field_)
    chosen = [issue for issue in issues if state in ("all", issue.state)]
    return sorted(chosen, key=lambda issue: (_SORTS[sort](issue), issue.id), reverse=direction == "desc")


def _since(query: Query) -> datetime | None:
    text = query.get("since")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid("issues", "since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _invalid(kind: str, name: str) -> Exception:
    resource = "Issue" if kind == "issues" else "PullRequest"
    flaw = {"resource": resource, "field": name, "code": "invalid"}
    return error(422, "Validation Failed", errors=[flaw])


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
