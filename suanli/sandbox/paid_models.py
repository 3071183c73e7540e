"""The demo's gateway to models, a provider behind it that is a stand-in, and a program that calls it."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.sandbox.ledger import SECRET
from suanli.sandbox.model_provider import KEY, Behaviour, ModelProvider
from suanli.sandbox.server import LoopbackServer
from suanli.settings import Settings
from suanli.wiring import build_site
from suanli.wiring.gateway import build_gateway

MODEL = "qwen-max"
CONFIG = """
[gateway.providers.qwen]
base_url = "{url}"
key_env = "SANDBOX_MODEL_KEY"

[[gateway.models]]
name = "qwen-max"
routes = [{{ provider = "qwen", model = "qwen-max" }}]
"""

_TEXT = "请总结下面的会议记录。" + "word " * 12_000
_MOST_OUTPUT = 12_000
_USED = {"prompt_tokens": 52_000, "completion_tokens": 10_000, "total_tokens": 62_000}
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call was answered: the model's words and the cost of the call, or why it was refused."""

    status: int
    said: str
    cost: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the model answered."""
        return self.status == http.client.OK

    def __str__(self) -> str:
        """For people."""
        return f"✓ {MODEL}: {self.said} · {self.cost} CNY" if self.is_good else f"✗ {self.status} {self.said}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls a model at `url` with the developer's key."""

    url: str

    def call(self) -> Answered:
        """Call once: a long text, and an answer of up to 12,000 tokens."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_PATIENCE)
        wanted = {"model": MODEL, "max_tokens": _MOST_OUTPUT, "messages": [{"role": "user", "content": _TEXT}]}
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "Accept-Language": "zh"}
        try:
            connection.request("POST", f"{parts.path}/chat/completions", json.dumps(wanted), headers)
            response = connection.getresponse()
            said: Mapping[str, Any] = json.loads(response.read())
            cost = response.headers.get("x-suanli-cost", "")
        finally:
            connection.close()
        found = said["error"]["message"] if "error" in said else said["choices"][0]["message"]["content"]
        return Answered(response.status, found, cost)


@contextmanager
def open_provider() -> Iterator[ModelProvider]:
    """A provider that always answers, and says that it used 52,000 tokens for 10,000."""
    with ModelProvider(Behaviour(pieces=("会议定了三件事……",), usage=_USED)) as provider:
        yield provider


def environment() -> dict[str, str]:
    """The key of the provider."""
    return {"SANDBOX_MODEL_KEY": KEY}


@contextmanager
def open_gateway(settings: Settings, store: Store, clock: Clock) -> Iterator[Caller]:
    """The product's gateway on loopback, and a program that calls it."""
    gateway = build_gateway(settings, store, build_site(settings), clock)
    with LoopbackServer(gateway.app) as server:
        yield Caller(f"{server.url}/v1")
        gateway.begin_stop()
    gateway.stop()
