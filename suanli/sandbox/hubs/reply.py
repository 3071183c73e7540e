"""What a hub answers, before it goes out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

Headers = tuple[tuple[str, str], ...]

JSON = ("Content-Type", "application/json; charset=utf-8")
HTML = ("Content-Type", "text/html; charset=utf-8")
PLAIN = ("Content-Type", "text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; status 0 stands for none. `charged`: it counts against a quota. `about` names whom it is about."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    charged: bool = True
    about: str = ""

    def plus(self, *headers: tuple[str, str]) -> Self:
        """The same with more headers."""
        return replace(self, headers=(*self.headers, *headers))


class Refusal(Exception):  # noqa: N818 an answer rather than a failure
    """An answer that says no."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def packed(value: Any) -> bytes:
    """JSON as web services write it: compact, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def told(value: Any, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """An answer in JSON."""
    return Reply(status, packed(value), (JSON, *headers))


def refused(status: int, body: Mapping[str, Any], *headers: tuple[str, str]) -> Refusal:
    """A refusal in JSON."""
    return Refusal(told(body, status, *headers))


WEB_PAGE = Reply(200, b"<!DOCTYPE html><title>Welcome</title>", (HTML,), charged=False)
BAD_GATEWAY = Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", (HTML,), charged=False)


def is_among(etag: str, asked: str | None) -> bool:
    """Whether `If-None-Match` names an ETag; weak ones are compared by what they quote."""
    if not asked:
        return False
    named = {each.strip().removeprefix("W/") for each in asked.split(",")}
    return "*" in named or etag.removeprefix("W/") in named


def stamp(moment: datetime) -> str:
    """A moment as GitHub and ModelScope write it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
