"""A hub whose issues change while they are read, through replicas that lag behind; and pages of a fifth of the size."""

import bisect
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Validator
from suanli.sources.conditional import Page
from tests.fakes import NOON

LAG = 20.0
"""The most seconds that a replica is behind."""

TIES = 12
"""The most changes in one moment; fewer than fit on a page, as on GitHub, which takes long over a hundred."""

ROOT = "https://api.example"


@dataclass(slots=True, eq=False)
class Issue:
    """An issue: the moments of its changes, in seconds; its title is the number of the last one."""

    number: int
    changes: list[float]

    def version(self, at: float) -> int:
        """How many changes a replica knew at a moment; 0 if not even the issue."""
        return bisect.bisect_right(self.changes, at)


@dataclass(slots=True)
class MovingHub:
    """Answers like `Conditional`; time passes and things change with every request.

    `trouble` is how likely a request ends without an answer; while it is `quiet`, nothing changes.
    """

    random: Random
    lag: float = LAG
    trouble: float = 0.0
    quiet: bool = False
    now: float = 0.0
    issues: list[Issue] = field(default_factory=list)
    requests: int = 0
    unchanged: int = 0

    def pass_time(self, seconds: float, changes: int) -> None:
        """Let time pass with so many changes in it; some of them all in the same second."""
        moments = [self.now + self.random.random() * seconds for _ in range(changes)]
        if self.random.random() < 0.5:
            together = [min(int(at) + self.random.random(), self.now + seconds) for at in moments[:1] * TIES]
            moments = together[:changes] + moments[TIES:]
        for moment in sorted(max(at, self.now) for at in moments):
            if not self.issues or self.random.random() < 0.04:
                self.issues.append(Issue(len(self.issues) + 1, []))
                self.issues[-1].changes.append(moment)
            else:
                self.random.choice(self.issues).changes.append(moment)
        self.now += seconds

    def settled(self, since: float, until: float) -> dict[str, str]:
        """The titles of issues that changed after `since`, and not after `until` any more."""
        changed = (issue for issue in self.issues if since < issue.changes[-1] <= until)
        return {f"#{issue.number}": str(len(issue.changes)) for issue in changed}

    def address_of(self, path: str) -> str:
        return f"{ROOT}{path}"

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        self.requests += 1
        self.pass_time(self.random.choice([0.1, 1.0, 8.0]), 0 if self.quiet else self.random.choice([0, 0, 1, 2]))
        if self.random.random() < self.trouble:
            raise RemoteError("the hub fell over")
        parts = urlsplit(url_or_path)
        if not parts.path.endswith("/issues"):
            return self._page(url_or_path, {"id": 7, "full_name": "o/r"}, "repository", "", validator)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        size, number = int(query["per_page"]) // 5, int(query.get("page", "1"))
        at = self.now - self.random.random() * self.lag
        listed = list(self._listed(query, at))
        at = min(self.now, at + 0.5)  # what changes while a page is made stands on it as it became
        shown = listed[(number - 1) * size : number * size]
        more = len(listed) > number * size
        onward = f"{url_or_path.partition('&page=')[0]}&page={number + 1}" if more else ""
        body = [_body(issue, issue.version(at)) for issue in shown]
        return self._page(url_or_path, body, f"{body}{onward}", onward, validator)

    def _listed(self, query: dict[str, str], at: float) -> Iterator[Issue]:
        """What a replica has that knows everything up to `at`, in the order that was asked for."""
        known = [(issue, version) for issue in self.issues if (version := issue.version(at))]
        known.sort(key=lambda pair: (int(pair[0].changes[pair[1] - 1]), pair[0].number))
        since = (datetime.fromisoformat(query["since"]) - NOON).total_seconds() if "since" in query else 0
        ordered = known if query["direction"] == "asc" else reversed(known)
        return (issue for issue, version in ordered if int(issue.changes[version - 1]) >= since)

    def _page(self, url: str, body: Any, content: str, onward: str, validator: Validator | None) -> Page:
        etag = hashlib.sha256(content.encode()).hexdigest()[:16]
        headers = {"date": format_datetime(_moment(self.now), usegmt=True)}
        if validator and validator.etag == etag:
            self.unchanged += 1
            return Page(None, url, False, validator.next_url, headers, validator)  # noqa: FBT003 its own field
        return Page(body, url, False, onward, headers, Validator(url, etag, "", onward, ""))  # noqa: FBT003


def _moment(seconds: float) -> datetime:
    return (NOON + timedelta(seconds=int(seconds))).astimezone(UTC)


def _body(issue: Issue, version: int) -> dict[str, Any]:
    return {
        "number": issue.number,
        "title": str(version),
        "state": "open",
        "html_url": f"https://hub.example/o/r/issues/{issue.number}",
        "created_at": _moment(issue.changes[0]).isoformat(),
        "updated_at": _moment(issue.changes[version - 1]).isoformat(),
    }
