"""Pages of GitHub on a shelf, handed out like `Conditional` does, and JSON as GitHub writes it."""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from suanli.domain.releases import Hub, Item, Part, Place, Reading, ResourceId, Tracked, Validator
from suanli.domain.releases.resources import after_reading
from suanli.sources.conditional import Page
from suanli.sources.github import GitHub
from tests.fakes import NOON

API = "https://api.github.com"
REPO = f"{API}/repos/o/r"
PROBE = f"{REPO}/issues?state=all&sort=updated&direction=desc&per_page=30"
PULLS = f"{REPO}/pulls?state=all&sort=updated&direction=desc&per_page=100"
RELEASES = f"{REPO}/releases?per_page=100"
TAGS = f"{REPO}/tags?per_page=100"
PLACE = Place(Hub.GITHUB, "o/r")


class Shelf:
    """Addresses and what is under them: a list, an error, or a body with the address of the next page.

    `asked` is what was asked for, `shown` the ETag that came with it. A body's ETag is itself. `moved` leads from one
    address to another.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {REPO: {"id": 7, "full_name": "o/r", "archived": False, "stargazers_count": 1}}
        self.onward: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.shown: list[str] = []
        self.headers: Mapping[str, str] = {"date": format_datetime(NOON, usegmt=True)}

    def put(self, url: str, *pages: Any) -> None:
        """Put pages there that follow each other, under addresses like GitHub's."""
        stem, _, query = url.removeprefix(REPO).partition("?")
        urls = [url, *(f"{API}/repositories/7{stem}?{query}&page={n}" for n in range(2, len(pages) + 1))]
        self.pages |= dict(zip(urls, pages, strict=True))
        self.onward |= dict(zip(urls, [*urls[1:], ""], strict=True))

    def address_of(self, path: str) -> str:
        return f"{API}{path}"

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        self.asked.append(url_or_path)
        self.shown.append(validator.etag if validator else "")
        url = self.moved.get(url_or_path, url_or_path)
        body, moved = self.pages[url], url != url_or_path
        if isinstance(body, Exception):
            raise body
        etag, onward = f'"{hash(repr(body))}"', self.onward.get(url, "")
        if validator and validator.etag == etag:
            return Page(None, url, moved, validator.next_url, self.headers, validator)
        return Page(body, url, moved, onward, self.headers, Validator(url_or_path, etag, "", onward, "t"))


class Reader:
    """Reads one resource of a shelf again and again, and remembers what a store would."""

    def __init__(self, shelf: Shelf, part: Part) -> None:
        self.shelf = shelf
        self.tracked = Tracked(ResourceId(1), PLACE, part, NOON)
        self.validators: dict[str, Validator] = {}
        self.items: dict[str, Item] = {}

    def read(self) -> Reading:
        """A reading that is written down, and a day's quarter later the next one is due."""
        self.shelf.asked.clear()
        self.shelf.shown.clear()
        reading = GitHub(self.shelf).read(self.tracked, self.validators, self._recall)
        self.tracked = after_reading(self.tracked, reading, timedelta(hours=6), self.tracked.next_at)
        self.validators |= {validator.url: validator for validator in reading.validators}
        self.items |= {item.native_id: item for item in reading.items}
        return reading

    def _recall(self, native_ids: Any) -> Mapping[str, Item]:
        return {key: item for key, item in self.items.items() if key in native_ids} if native_ids else self.items


def at(minutes: float) -> str:
    """A moment so many minutes before noon, as GitHub writes it."""
    return (NOON - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    """An issue that changed so many minutes before noon."""
    return {
        "id": 1000 + number,
        "number": number,
        "title": f"Issue {number}",
        "body": None,
        "state": "open",
        "html_url": f"https://github.com/o/r/issues/{number}",
        "user": {"login": "octocat", "id": 1, "type": "User"},
        "labels": [],
        "created_at": at(minutes + 1),
        "updated_at": at(minutes),
        "closed_at": None,
        "comments": 3,
    } | more


def release(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    """A release that was published so many minutes before noon."""
    return {
        "id": number,
        "tag_name": f"v{number}",
        "name": None,
        "body": "## Highlights",
        "draft": False,
        "prerelease": False,
        "html_url": f"https://github.com/o/r/releases/tag/v{number}",
        "author": {"login": "bot", "id": 2, "type": "Bot"},
        "created_at": at(minutes + 60),
        "published_at": at(minutes),
        "assets": [{"id": 9, "name": "x.whl"}],
    } | more


def tag(name: str, sha: str = "c0ffee0") -> dict[str, Any]:
    """A tag."""
    return {"name": name, "commit": {"sha": sha, "url": "https://x"}, "node_id": "x"}
