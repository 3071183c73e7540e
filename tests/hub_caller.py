"""Bare HTTP to the stand-ins of the hubs: nothing is followed, repeated or decoded behind one's back."""

import http.client
import json
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from suanli.sandbox.hubs.github_gate import TOKEN


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def links(self) -> dict[str, str]:
        """The targets of `Link` by their relations."""
        found = {}
        for part in self.headers.get("Link", "").split(", "):
            target, _, relation = part.partition("; ")
            if target:
                found[relation.removeprefix('rel="').rstrip('"')] = target.strip("<>")
        return found


def ask(url: str, path: str = "", method: str = "GET", body: Any = None, **headers: str) -> Got:
    """Ask for `path`, or for the whole of `url`. Names of headers have `_` for `-`; an empty value leaves one out."""
    target = urlsplit(url + path)
    sent = {"User-Agent": "test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=10)
    try:
        connection.putrequest(method, f"{target.path}?{target.query}" if target.query else target.path)
        for name, value in sent.items():
            if value:
                connection.putheader(name, value)
        raw = b"" if body is None else json.dumps(body).encode()
        connection.putheader("Content-Length", str(len(raw)))
        connection.endheaders(raw)
        answer = connection.getresponse()
        return Got(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def authorized(url: str, path: str = "", **headers: str) -> Got:
    """Ask GitHub as somebody who has a token."""
    return ask(url, path, **{"Authorization": f"Bearer {TOKEN}", **headers})
