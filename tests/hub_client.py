"""A hub without a network: answers the sources' questions with what a test says, and a resource to read."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from suanli.domain.releases import Hub, Item, Part, Place, Reading, ResourceId, Tracked, Validator
from suanli.domain.releases.resources import after_reading
from suanli.sources.conditional import Page
from tests.fakes import NOON

BASE = "https://hub.test"
NOBODY: Mapping[str, Item] = {}


@dataclass(frozen=True, slots=True)
class Answered:
    """A page: its JSON, and the address of the page after it."""

    body: Any
    next_url: str = ""


Answer = Callable[[str, Mapping[str, Any] | None], Answered]
"""Answers a path with its query, and what was sent there; raises what a client raises."""


class FakeClient:
    """Asks `answer` in place of a hub; a page that is as it was when its validator came has no body."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def address_of(self, path: str) -> str:
        return f"{BASE}{path}"

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        return self._page(url_or_path, None, validator)

    def put_json(self, url_or_path: str, body: Mapping[str, Any]) -> Page:
        return self._page(url_or_path, body, None)

    def _page(self, address: str, sent: Mapping[str, Any] | None, shown: Validator | None) -> Page:
        path = address.removeprefix(BASE)
        self.asked.append(path)
        answered = self._answer(path, sent)
        etag = sha256(json.dumps(answered.body).encode()).hexdigest()
        if shown and shown.etag == etag:
            return Page(None, f"{BASE}{path}", moved=False, next_url=shown.next_url, headers={}, validator=shown)
        validator = Validator(address, etag if sent is None else "", "", answered.next_url, "")
        return Page(
            answered.body, f"{BASE}{path}", moved=False, next_url=answered.next_url, headers={}, validator=validator
        )


def tracked(hub: Hub, part: Part, name: str, at: datetime = NOON) -> Tracked:
    """A resource that was never read."""
    return Tracked(ResourceId(1), Place(hub, name), part, at)


def recalling(items: Sequence[Item]) -> Callable[[Sequence[str]], Mapping[str, Item]]:
    """What is remembered, when it is these."""
    known = {item.native_id: item for item in items}
    return lambda ids: {key: known[key] for key in ids if key in known} if ids else known


@dataclass(slots=True)
class Follower:
    """Reads a resource again and again, as the job does: what a reading brings is there for the next."""

    read: Callable[[Tracked, Mapping[str, Validator], Callable[[Sequence[str]], Mapping[str, Item]]], Reading]
    resource: Tracked
    now: datetime = NOON
    items: dict[str, Item] = field(default_factory=dict)
    validators: dict[str, Validator] = field(default_factory=dict)

    def look(self, after: timedelta = timedelta(minutes=5)) -> Reading:
        self.now += after
        reading = self.read(self.resource, dict(self.validators), recalling(tuple(self.items.values())))
        self.validators |= {validator.url: validator for validator in reading.validators}
        self.items |= {item.native_id: item for item in reading.items}
        self.resource = after_reading(self.resource, reading, timedelta(minutes=5), self.now)
        return reading

    def drifted(self, times: int = 1) -> None:
        self.resource = replace(self.resource, drifts=self.resource.drifts + times)
