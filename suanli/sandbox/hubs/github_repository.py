"""A repository of GitHub, and all that people do to it."""

import hashlib
import itertools
import threading
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from suanli.clock import Clock
from suanli.sandbox.hubs.github_items import Issue, Release, Tag
from suanli.sandbox.hubs.github_switches import Switches
from suanli.sandbox.hubs.history import History

T = TypeVar("T")
Key = TypeVar("Key", int, str)

IDS = itertools.count(41_000_001)
"""Numbers of issues, pull requests and releases: no two are the same on all of GitHub."""


class Repository:
    """A repository. Issues and pull requests are named by their numbers, releases by their ids, tags by their names.

    Every change is made at the clock's present moment, and raises KeyError where there is nothing to change.
    """

    def __init__(self, number: int, name: str, clock: Clock, switches: Switches, lock: threading.RLock) -> None:
        self.id = number
        self.name = name
        self.archived = False
        self.blocked = False
        self.issues_disabled: int | None = None
        self.created_at = self.updated_at = self.pushed_at = self.changed_at = self.tagged_at = clock.now()
        self.pages: dict[Any, Any] = {}
        self._clock = clock
        self._switches = switches
        self._lock = lock
        self._issues: dict[int, History[Issue]] = {}
        self._releases: dict[int, History[Release]] = {}
        self._tags: dict[str, History[Tag]] = {}
        self._seen_from: list[datetime] = []

    def open_issue(
        self, title: str, body: str | None = "", *, login: str = "octocat", labels: Sequence[str] = ()
    ) -> int:
        """Open an issue; its number. A `login` that ends in `[bot]` is a bot's."""
        return self._open(title, body, login, labels)

    def open_pull(
        self,
        title: str,
        body: str | None = "",
        *,
        login: str = "octocat",
        labels: Sequence[str] = (),
        draft: bool = False,
    ) -> int:
        """Open a pull request; its number."""
        return self._open(title, body, login, labels, pull_id=next(IDS), draft=draft)

    def _open(self, title: str, body: str | None, login: str, labels: Sequence[str], **more: Any) -> int:
        with self._lock:
            now, number = self._clock.now(), len(self._issues) + 1
            issue = Issue(number, next(IDS), title, body, login, now, now, labels=tuple(labels), **more)
            self.put_issue(issue)
            return number

    def put_issue(self, issue: Issue) -> None:
        """Let an issue be exactly so."""
        self._write(self._issues, issue.number, issue)

    def _alter(self, number: int, **changes: Any) -> None:
        with self._lock:
            self.put_issue(replace(self.issue(number), updated_at=self._clock.now(), **changes))

    def edit(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Change the words of an issue or a pull request."""
        changes = {"title": title, "body": body}
        self._alter(number, **{name: value for name, value in changes.items() if value is not None})

    def comment(self, number: int) -> None:
        """Say something about it: nothing changes but the count and the moment."""
        with self._lock:
            self._alter(number, comments=self.issue(number).comments + 1)

    def label(self, number: int, *names: str) -> None:
        """Add labels."""
        with self._lock:
            self._alter(number, labels=tuple(dict.fromkeys((*self.issue(number).labels, *names))))

    def unlabel(self, number: int, *names: str) -> None:
        """Take labels off."""
        with self._lock:
            self._alter(number, labels=tuple(each for each in self.issue(number).labels if each not in names))

    def ready(self, number: int) -> None:
        """Let a draft be a draft no more."""
        self._alter(number, draft=False)

    def close(self, number: int, reason: str = "completed") -> None:
        """Close it; a pull request without merging it, and without a reason."""
        with self._lock:
            is_pull = self.issue(number).pull_id is not None
            self._alter(number, state="closed", reason=None if is_pull else reason, closed_at=self._clock.now())

    def merge(self, number: int) -> None:
        """Merge a pull request."""
        with self._lock:
            now = self._clock.now()
            self.pushed_at = now
            self._alter(number, state="closed", closed_at=now, merged_at=now)

    def reopen(self, number: int) -> None:
        """Open it again."""
        with self._lock:
            is_pull = self.issue(number).pull_id is not None
            self._alter(number, state="open", reason=None if is_pull else "reopened", closed_at=None)

    def publish_release(
        self,
        tag: str,
        *,
        name: str | None = None,
        body: str | None = "",
        prerelease: bool = False,
        draft: bool = False,
        committed_at: datetime | None = None,
    ) -> int:
        """Publish a release of a commit of this date, and tag it; its id. A draft is not published, nor tagged."""
        with self._lock:
            now, number = self._clock.now(), next(IDS)
            release = Release(
                number, tag, tag if name is None else name, body, "octocat", committed_at or now, now,
                None if draft else now, prerelease=prerelease, draft=draft, assets=(f"{tag}.tar.gz",),
            )  # fmt: skip
            self.put_release(release)
            return number

    def put_release(self, release: Release) -> None:
        """Let a release be exactly so."""
        with self._lock:
            self._write(self._releases, release.id, release)
            if not release.draft and (release.tag not in self._tags or not self._tags[release.tag].latest):
                self.tag(release.tag)

    def edit_release(self, number: int, **changes: Any) -> None:
        """Change fields of a release; one that ceases to be a draft is published now."""
        with self._lock:
            now, release = self._clock.now(), replace(self.release(number), **changes)
            published_at = None if release.draft else release.published_at or now
            self.put_release(replace(release, updated_at=now, published_at=published_at))

    def promote(self, number: int) -> None:
        """Let a pre-release be a release."""
        self.edit_release(number, prerelease=False)

    def delete_release(self, number: int) -> None:
        """Take a release back; its tag stays."""
        self.release(number)
        self._write(self._releases, number, None)

    def tag(self, name: str, sha: str | None = None) -> None:
        """Make a tag, or let it point elsewhere."""
        with self._lock:
            self.pushed_at = self.tagged_at = self._clock.now()
            self._write(self._tags, name, Tag(name, sha or sha_of(f"{self.id}/{name}")))

    def untag(self, name: str) -> None:
        """Delete a tag."""
        with self._lock:
            if not self._tags[name].latest:
                raise KeyError(name)
            self.tagged_at = self._clock.now()
            self._write(self._tags, name, None)

    def archive(self, *, archived: bool = True) -> None:
        """Archive it, or take it out again."""
        self._set_up(archived=archived)

    def disable_issues(self, status: int | None = 410) -> None:
        """Have no issues from now on: their list answers 410, or 200 with the pull requests; None has them again."""
        self._set_up(issues_disabled=status)

    def block(self, *, blocked: bool = True) -> None:
        """Keep it from everybody by law."""
        self._set_up(blocked=blocked)

    def rename(self, name: str) -> None:
        """Bear another name; the directory knows the old one."""
        self._set_up(name=name)

    def _set_up(self, **changes: Any) -> None:
        with self._lock:
            for field, value in changes.items():
                setattr(self, field, value)
            self.updated_at = self._clock.now()
            self._changed()

    def issue(self, number: int) -> Issue:
        """An issue or a pull request as it is now, wherever that can be seen."""
        return _there(self._issues, number)

    def release(self, number: int) -> Release:
        """A release as it is now."""
        return _there(self._releases, number)

    def issues_at(self, moment: datetime) -> list[Issue]:
        """The issues and pull requests that can be seen at `moment`, as they are seen."""
        return _seen(self._issues, moment)

    def releases_at(self, moment: datetime) -> list[Release]:
        """The releases that can be seen at `moment`, drafts left out."""
        return [release for release in _seen(self._releases, moment) if not release.draft]

    def tags_at(self, moment: datetime) -> list[Tag]:
        """The tags that can be seen at `moment`."""
        return _seen(self._tags, moment)

    def generation(self, moment: datetime) -> int:
        """How many changes can be seen at `moment`: what is shown is the same while this is, and none is made."""
        return bisect_right(self._seen_from, moment)

    def _write(self, things: dict[Key, History[T]], key: Key, thing: T | None) -> None:
        with self._lock:
            now = self._clock.now()
            visible_at = now + self._switches.replication()
            things.setdefault(key, History()).write(thing, visible_at, now)
            insort(self._seen_from, visible_at)
            self._changed()

    def _changed(self) -> None:
        self.changed_at = self._clock.now()
        self.pages.clear()


def sha_of(words: str) -> str:
    """What stands for the id of a commit."""
    return hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest()


def _there(things: Mapping[int, History[T]], key: int) -> T:
    thing = things[key].latest
    if thing is None:
        raise KeyError(key)
    return thing


def _seen(things: Mapping[Key, History[T]], moment: datetime) -> list[T]:
    seen = (history.at(moment) for history in things.values())
    return [thing for thing in seen if thing is not None]
