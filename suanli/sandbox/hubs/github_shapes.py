"""How GitHub writes its things in JSON (releases.md §1.1)."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from suanli.sandbox.hubs.github_items import Issue, Release, Tag
from suanli.sandbox.hubs.github_repository import Repository, sha_of
from suanli.sandbox.hubs.reply import stamp

WEB = "https://github.com"


class Shapes:
    """The shapes of one repository's things; `api` is the address that GitHub is asked at.

    `reduced` leaves out what the API's version 2026-03-10 has no more.
    """

    def __init__(self, repository: Repository, api: str, *, reduced: bool) -> None:
        self._repository = repository
        self._api = f"{api}/repos/{repository.name}"
        self._root = api
        self._web = f"{WEB}/{repository.name}"
        self._reduced = reduced

    def repository(self, open_issues: int) -> Mapping[str, Any]:
        """The repository itself."""
        it = self._repository
        owner, name = it.name.split("/")
        shape = {
            "id": it.id, "node_id": _node("R", it.id), "name": name, "full_name": it.name, "private": False,
            "owner": self.user(owner, kind="Organization"), "html_url": self._web, "description": None, "fork": False,
            "url": self._api, "created_at": stamp(it.created_at), "updated_at": stamp(it.updated_at),
            "language": "Python", "pushed_at": stamp(it.pushed_at), "homepage": None, "size": 108,
            "has_issues": it.issues_disabled is None, "has_downloads": True, "forks_count": 9, "archived": it.archived,
            "disabled": False, "open_issues_count": open_issues, "visibility": "public", "default_branch": "main",
        }  # fmt: skip
        return self._reduce(shape, "has_downloads")

    def issue(self, issue: Issue) -> Mapping[str, Any]:
        """An issue, or a pull request among the issues."""
        url = f"{self._api}/issues/{issue.number}"
        page = f"{self._web}/{'issues' if issue.pull_id is None else 'pull'}/{issue.number}"
        shape = {
            "url": url, "repository_url": self._api, "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments", "events_url": f"{url}/events", "html_url": page, "id": issue.id,
            "node_id": _node("I" if issue.pull_id is None else "PR", issue.id), **self._words(issue),
            "comments": issue.comments, "active_lock_reason": None, "reactions": _reactions(url),
            "timeline_url": f"{url}/timeline", "performed_via_github_app": None, "state_reason": issue.reason,
        }  # fmt: skip
        if issue.pull_id is not None:
            shape |= {"draft": issue.draft, "pull_request": self._pointer(issue)}
        return self._reduce(shape, "assignee")

    def pull(self, issue: Issue) -> Mapping[str, Any]:
        """A pull request as the list of pull requests has it; its id is another than among the issues."""
        url = f"{self._api}/pulls/{issue.number}"
        sha = sha_of(f"{issue.pull_id}")
        shape = {
            "url": url, "id": issue.pull_id, "node_id": _node("PR", issue.id), **self._pointer(issue),
            "issue_url": f"{self._api}/issues/{issue.number}", **self._words(issue), "draft": issue.draft,
            "merge_commit_sha": sha if issue.merged_at else None, "requested_reviewers": [], "requested_teams": [],
            "head": {"label": f"{issue.login}:patch", "ref": "patch", "sha": sha, "repo": None},
            "base": {"label": "main", "ref": "main", "sha": sha, "repo": {"id": self._repository.id}},
            "auto_merge": None,
        }  # fmt: skip
        return self._reduce({**shape, "url": url}, "assignee", "merge_commit_sha")

    def _words(self, issue: Issue) -> Mapping[str, Any]:
        return {
            "number": issue.number, "title": issue.title, "user": self.user(issue.login),
            "labels": [self._label(name) for name in issue.labels], "state": issue.state, "locked": False,
            "assignee": None, "assignees": [], "milestone": None, "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at), "closed_at": _stamped(issue.closed_at),
            "author_association": "CONTRIBUTOR", "body": issue.body,
        }  # fmt: skip

    def _pointer(self, issue: Issue) -> Mapping[str, Any]:
        page = f"{self._web}/pull/{issue.number}"
        return {
            "url": f"{self._api}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": _stamped(issue.merged_at),
        }

    def release(self, release: Release) -> Mapping[str, Any]:
        """A release."""
        url = f"{self._api}/releases/{release.id}"
        return {
            "url": url, "assets_url": f"{url}/assets", "html_url": f"{self._web}/releases/tag/{release.tag}",
            "id": release.id, "author": self.user(release.login), "node_id": _node("RE", release.id),
            "tag_name": release.tag, "target_commitish": "main", "name": release.name, "draft": release.draft,
            "immutable": False, "prerelease": release.prerelease, "created_at": stamp(release.created_at),
            "updated_at": stamp(release.updated_at), "published_at": _stamped(release.published_at),
            "assets": [self._asset(release, name) for name in release.assets], "tarball_url": None,
            "zipball_url": None, "body": release.body,
        }  # fmt: skip

    def _asset(self, release: Release, name: str) -> Mapping[str, Any]:
        number = _number(f"{release.id}/{name}")
        return {
            "id": number, "node_id": _node("RA", number), "name": name, "label": None, "state": "uploaded",
            "size": 123, "digest": f"sha256:{number:064x}", "download_count": 0,
            "updated_at": stamp(release.updated_at),
            "browser_download_url": f"{self._web}/releases/download/{release.tag}/{name}",
        }  # fmt: skip

    def tag(self, tag: Tag) -> Mapping[str, Any]:
        """A tag."""
        return {
            "name": tag.name,
            "zipball_url": f"{self._api}/zipball/refs/tags/{tag.name}",
            "tarball_url": f"{self._api}/tarball/refs/tags/{tag.name}",
            "commit": {"sha": tag.sha, "url": f"{self._api}/commits/{tag.sha}"},
            "node_id": _node("REF", _number(f"{self._repository.id}/{tag.name}")),
        }

    def reference(self, tag: Tag) -> Mapping[str, Any]:
        """A tag among git's references."""
        return {
            "ref": f"refs/tags/{tag.name}",
            "node_id": _node("REF", _number(f"{self._repository.id}/{tag.name}")),
            "url": f"{self._api}/git/refs/tags/{tag.name}",
            "object": {"sha": tag.sha, "type": "commit", "url": f"{self._api}/git/commits/{tag.sha}"},
        }

    def user(self, login: str, kind: str = "User") -> Mapping[str, Any]:
        """Somebody; a login that ends in `[bot]` is a bot's."""
        number = _number(login)
        kind = "Bot" if login.endswith("[bot]") else kind
        return {
            "login": login, "id": number, "node_id": _node("U", number), "url": f"{self._root}/users/{login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4", "html_url": f"{WEB}/{login}",
            "type": kind, "site_admin": False,
        }  # fmt: skip

    def _label(self, name: str) -> Mapping[str, Any]:
        number = _number(f"{self._repository.id}/{name}")
        url = f"{self._api}/labels/{name}"
        return {"id": number, "url": url, "name": name, "color": "ededed", "default": False, "description": None}

    def _reduce(self, shape: Mapping[str, Any], *fields: str) -> Mapping[str, Any]:
        return {name: held for name, held in shape.items() if not self._reduced or name not in fields}


def labels_of(text: str) -> Sequence[str]:
    """The labels of a query's `labels`."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _reactions(url: str) -> Mapping[str, Any]:
    return {"url": f"{url}/reactions", "total_count": 0, "+1": 0, "-1": 0, "hooray": 0, "heart": 0, "eyes": 0}


def _stamped(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def _number(words: str) -> int:
    return zlib.crc32(words.encode(errors="surrogatepass"))


def _node(prefix: str, number: int) -> str:
    return f"{prefix}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"
