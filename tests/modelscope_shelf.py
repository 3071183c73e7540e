"""ModelScope without a network: the same models on its three ways, each of which can be made to fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from suanli.domain.releases import Hub, Part
from suanli.sources.modelscope import ModelScope
from tests.fakes import NOON, FakeClock
from tests.hub_client import Answered, FakeClient, Follower, tracked

OWNER = "deepseek-ai"
OFFICIAL, OLDER, SEARCH = "/openapi/v1/", "/api/v1/models/", "/api/v1/dolphin/models"


@dataclass(slots=True)
class Model:
    """A model. `older_lag`: by how much the older ways name another moment of its last change."""

    name: str
    changed: datetime = NOON
    owner: str = OWNER
    gated: bool = False
    private: bool = False
    file_size: int | None = 61_081_671_123
    params: int | None = 30_532_122_624
    older_lag: timedelta = timedelta()

    def official(self) -> dict[str, Any]:
        return {
            "id": f"{self.owner}/{self.name}",
            "display_name": None,
            "description": None,
            "license": None,
            "tasks": ["text-generation"],
            "tags": ["license:mit", "task:text-generation"],
            "created_at": f"{NOON - timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}",
            "last_modified": f"{self.changed:%Y-%m-%dT%H:%M:%SZ}",
            "file_size": self.file_size,
            "params": self.params,
            "private": self.private,
            "gated": self.gated,
        }

    def older(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Path": self.owner,
            "ChineseName": None,
            "CreatedTime": 1771213910,
            "LastUpdatedTime": int((self.changed + self.older_lag).timestamp()),
            "License": "mit",
            "Tasks": [{"Name": "text-generation", "ChineseName": "文本生成"}],
            "Tags": None,
            "Visibility": 1 if self.private else 5,
        }


class Shelf:
    """Models by the last change, the newest first; on the older ways the other way round.

    `broken` are the paths that answer with `breakage`, an error or a body; `total` is what all lists say in place of
    the true number, where it is given.
    """

    def __init__(self, *models: Model) -> None:
        self.models = list(models)
        self.broken: set[str] = set()
        self.breakage: Any = {"oops": 1}
        self.total: int | None = None
        self.sent: list[Mapping[str, Any]] = []
        self.client = FakeClient(self._answer)
        self.clock = FakeClock()
        self.hub = ModelScope(self.client, clock=self.clock)

    def follower(self, part: Part = Part.MODELS, owner: str = OWNER) -> Follower:
        return Follower(self.hub.read, tracked(Hub.MODELSCOPE, part, owner))

    @property
    def ways(self) -> list[str]:
        """Which ways were asked, in this order."""
        names = {OFFICIAL: "a", OLDER: "b", SEARCH: "c"}
        return [name for path in self.client.asked for prefix, name in names.items() if path.startswith(prefix)]

    def _answer(self, path: str, sent: Mapping[str, Any] | None) -> Answered:
        if any(path.startswith(broken) for broken in self.broken):
            if isinstance(self.breakage, Exception):
                raise self.breakage
            return Answered(self.breakage)
        if sent is None:
            return Answered(self._official(path))
        self.sent.append(sent)
        return Answered(self._older(path, sent))

    def _official(self, path: str) -> Any:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        size, number = int(query["page_size"]), int(query["page_number"])
        assert size <= 50
        assert size * number <= 3000
        found = [m for m in self.models if query["owner"].lower() in m.owner.lower()]
        found.sort(key=lambda m: m.changed, reverse=True)
        part = urlsplit(path).path.rpartition("/")[2]
        page = [m.official() for m in found[size * (number - 1) : size * number]]
        total = len(found) if self.total is None else self.total
        return {"success": True, "request_id": "1", "data": {part: page, "total_count": total}}

    def _older(self, path: str, sent: Mapping[str, Any]) -> Any:
        size, number = sent["PageSize"], sent["PageNumber"]
        owner = sent["Criterion"][0]["values"][0] if path == SEARCH else sent["Path"]
        found = sorted((m for m in self.models if m.owner == owner), key=lambda m: m.changed)
        page = [m.older() for m in found[size * (number - 1) : size * number]]
        data = {"Models": page or None, "TotalCount": len(found) if self.total is None else self.total}
        return {"Code": 200, "Success": True, "Message": "", "Data": {"Model": data} if path == SEARCH else data}
