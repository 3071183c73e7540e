"""HuggingFace's lists without a network: sorted and cut into pages as the Hub does it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Hub, Part
from suanli.domain.releases.failures import Missing
from suanli.sources.huggingface import HuggingFace
from tests.fakes import NOON
from tests.hub_client import BASE, Answered, FakeClient, Follower, tracked

MINUTE = timedelta(minutes=1)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def entry(number: int, changed: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {
        "_id": f"{number:024x}",
        "id": f"deepseek-ai/M{number}",
        "sha": f"{number:040x}",
        "lastModified": stamp(changed),
        "private": False,
        "tags": ["license:mit"],
        **more,
    }


class Shelf:
    """A list that is sorted and cut into pages as HuggingFace does it."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.forgotten: set[int] = set()
        self.is_shuffled = False
        self.client = FakeClient(self._answer)
        self.hub = HuggingFace(self.client)

    def _answer(self, path: str, _: object) -> Answered:
        query = parse_qs(urlsplit(path).query)
        start = int(query.get("cursor", ["0"])[0])
        if "/tree/" in path:
            raise Missing("no such revision", permanent=True)
        if start in self.forgotten:
            raise RemoteError("HuggingFace: HTTP 400: Invalid cursor", permanent=True, code=400)
        found = sorted(self.entries, key=lambda e: "" if self.is_shuffled else e["lastModified"], reverse=True)
        end = start + int(query["limit"][0])
        more = f"{BASE}{path.partition('&cursor')[0]}&cursor={end}" if end < len(found) else ""
        return Answered(found[start:end], more)

    def follower(self, part: Part = Part.MODELS) -> Follower:
        return Follower(self.hub.read, tracked(Hub.HUGGINGFACE, part, "deepseek-ai"))


def answering(body: Any) -> Follower:
    hub = HuggingFace(FakeClient(lambda _, __: Answered(body)))
    return Follower(hub.read, tracked(Hub.HUGGINGFACE, Part.MODELS, "deepseek-ai"))


def many(count: int) -> list[dict[str, Any]]:
    return [entry(n, NOON - n * MINUTE) for n in range(count)]
