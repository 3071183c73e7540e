"""What went wrong, as RFC 9457 has it: a type that programs know, and words that people read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suanli.i18n import Texts

MEDIA_TYPE = "application/problem+json"

STATUS = {
    "malformed": 400,
    "invalid": 422,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
    "method": 405,
    "conflict": 409,
    "changed": 412,
    "too-large": 413,
    "media-type": 415,
    "key-reused": 422,
    "quota-exceeded": 429,
    "unpriced": 422,
    "internal": 500,
    "unavailable": 503,
}
"""Every type of problem with its status; `api.problem.<type>` is its title."""


@dataclass(eq=False)  # not frozen: Python writes the traceback into it on the way up
class Problem(Exception):  # noqa: N818 RFC 9457's own word
    """An answer that is a problem. `detail` says what to do, in the words of who asked; `more` are its extensions."""

    type: str
    detail: str
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.type]

    def body(self, texts: Texts, instance: str) -> dict[str, Any]:
        """The body, for the address that was asked."""
        title = texts(f"api.problem.{self.type.replace('-', '_')}")
        known = {"type": f"/problems/{self.type}", "title": title, "status": self.status, "detail": self.detail}
        return {**self.more, **known, "instance": instance}
