"""What else a refusal says, for operators: the platform's words, missing scopes, wrong fields, a link, the log id."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from bot.plain import clean

LONGEST_WORDS = 200

_TOKEN = re.compile(r"\b[tu]-[\w.-]{8,}")


class Item(BaseModel):
    """A scope, a field or a link; a scope comes in either of two shapes (feishu.md §3.6)."""

    subject: str = ""
    scope: str = ""
    field: str = ""
    description: str = ""
    url: str = ""


class Refusal(BaseModel):
    """The `error` of a body."""

    log_id: str = ""
    permission_violations: list[Item] = Field(default_factory=list)
    field_violations: list[Item] = Field(default_factory=list)
    helps: list[Item] = Field(default_factory=list)


def detail_of(body: Mapping[str, Any], log_id: str) -> str:
    """` (words; scopes …) [log …]`, or nothing where the body says nothing. Never a token, and one line."""
    refusal = _refusal(body)
    said = "; ".join(part for part in (_words(body), *_particulars(refusal)) if part)
    log_id = log_id or refusal.log_id
    return (f" ({said})" if said else "") + (f" [log {_line(log_id)}]" if log_id else "")


def _refusal(body: Mapping[str, Any]) -> Refusal:
    try:
        return Refusal.model_validate(body.get("error"))
    except ValidationError:  # absent, or of a shape that nobody wrote down: the code alone decides
        return Refusal()


def _words(body: Mapping[str, Any]) -> str:
    words = body.get("msg")
    return _line(words) if isinstance(words, str) else ""


def _particulars(refusal: Refusal) -> Iterator[str]:
    scopes = [item.subject or item.scope for item in refusal.permission_violations]
    if scopes:
        yield _line("scopes: " + ", ".join(scopes))
    for item in refusal.field_violations:
        yield _line(f"{item.field}: {item.description}")
    links = [item.url for item in (*refusal.helps, *refusal.permission_violations) if item.url]
    yield from map(_line, links[:1])


def _line(text: str) -> str:
    return _TOKEN.sub("***", " ".join(clean(text).split()))[:LONGEST_WORDS]
