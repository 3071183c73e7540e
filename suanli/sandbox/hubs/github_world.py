"""All repositories of GitHub, and who bears which name."""

import threading
from datetime import timedelta

from suanli.clock import Clock
from suanli.sandbox.hubs.github_items import Issue, Release
from suanli.sandbox.hubs.github_repository import IDS, Repository
from suanli.sandbox.hubs.github_switches import Switches

FIRST_ID = 1000


class World:
    """The directory of repositories. Names are the same in any case; `lock` is held while anything is done to them."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._switches = switches
        self._by_id: dict[int, Repository] = {}
        self._names: dict[str, int] = {}
        self._next_id = FIRST_ID

    def add(self, name: str) -> Repository:
        """A new repository `owner/name`. Raises ValueError when another bears the name; a former name is free."""
        with self.lock:
            bearer = self.named(name)
            if bearer and bearer.name.lower() == name.lower():
                raise ValueError(f"{name} exists")
            repository = Repository(self._next_id, name, self._clock, self._switches, self.lock)
            self._next_id += 1
            self._by_id[repository.id] = repository
            self._names[name.lower()] = repository.id
            return repository

    def rename(self, repository: Repository, name: str) -> None:
        """Give a repository another name; whoever asks for an old one is sent to its number."""
        with self.lock:
            self._names[name.lower()] = repository.id
            repository.rename(name)

    def seize(self, name: str) -> Repository:
        """Let somebody else take a former name, or a name that still is in use, with a repository of their own."""
        with self.lock:
            bearer = self.named(name)
            if bearer and bearer.name.lower() == name.lower():
                self.delete(bearer)
            return self.add(name)

    def delete(self, repository: Repository) -> None:
        """Let a repository be there no more, under any name."""
        with self.lock:
            del self._by_id[repository.id]
            self._names = {name: number for name, number in self._names.items() if number != repository.id}

    def named(self, name: str) -> Repository | None:
        """Who bears a name, or bore it last."""
        return self._by_id.get(self._names.get(name.lower(), 0))

    def numbered(self, number: int) -> Repository | None:
        """The repository with an id."""
        return self._by_id.get(number)

    def __len__(self) -> int:
        return len(self._by_id)


def fill(repository: Repository, issues: int, releases: int, clock: Clock) -> None:
    """Give an empty repository a past: every third issue is a pull request, and the newest is an hour old."""
    for number in range(1, issues + 1):
        at = clock.now() - timedelta(hours=issues + 1 - number)
        pull_id = next(IDS) if number % 3 == 0 else None
        body = f"What was seen in step {number}.\n\n" + "A line of what happened then, word for word. " * 20
        title = f"Step {number} fails on two cards"
        repository.put_issue(Issue(number, next(IDS), title, body, "octocat", at, at, pull_id, ("bug",)))
    for number in range(1, releases + 1):
        at = clock.now() - timedelta(days=releases + 1 - number)
        tag = f"v0.{number}.0"
        repository.put_release(Release(next(IDS), tag, tag, "What is new. " * 40, "octocat", at, at, at))
