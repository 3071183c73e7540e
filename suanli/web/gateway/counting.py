"""What an answer has produced so far: its reported usage if there is one, and otherwise a bound by what was seen."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suanli.domain.cost.prices import Usage
from suanli.domain.cost.reported_usage import usage_of
from suanli.domain.cost.worst_case import Bound, size

DONE = b"[DONE]"

_NO_CONTENT = frozenset({"role", "id", "type", "index"})


def parsed(data: bytes) -> Mapping[str, Any] | None:
    """A JSON object; None when it is none.

    It is only read, so it is taken as providers write it: with NaN and Infinity, and with half a character.
    """
    try:
        found = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def sizes(said: Mapping[str, Any]) -> Iterator[int]:
    """The bytes of text in each choice of a chunk, or of a whole answer."""
    choices = said.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            yield sum(_content(choice.get(name)) for name in ("delta", "message", "text"))


def is_usage_alone(said: Mapping[str, Any]) -> bool:
    """Whether it is the chunk that comes only when it was asked for: a usage, and no choice."""
    return said.get("choices") == [] and isinstance(said.get("usage"), dict)


@dataclass(slots=True)
class Produced:
    """Counts what goes by. `pieces` is how many parts had content: no fewer tokens were produced than that."""

    is_chat: bool = True
    bytes: int = 0
    pieces: int = 0
    is_done: bool = False
    _usage: Usage | None = None
    _bytes_then: int = 0

    def see(self, said: Mapping[str, Any]) -> None:
        """Count a chunk of a stream, or a whole answer."""
        for found in sizes(said):
            self.bytes += found
            self.pieces += bool(found)
        usage = usage_of(said.get("usage"), has_output=self.is_chat)
        if usage is not None and (usage.output + usage.reasoning or not self.bytes):
            self._usage, self._bytes_then = usage, self.bytes

    def see_unread(self, length: int) -> None:
        """Count bytes of what is no JSON object, and may be content all the same."""
        self.bytes += length

    @property
    def has_usage(self) -> bool:
        """Whether the provider told what was used."""
        return self._usage is not None

    def usage(self, bound: Bound) -> Usage:
        """What was used: as it was told, and what came after that by its bytes.

        When nothing was told, the worst case of the input, and the bytes of the output, which are no fewer than its
        tokens; never more than the bound.
        """
        told, later = self._usage, self.bytes - self._bytes_then
        if told is None:
            return Usage(bound.input, min(later, bound.output))
        more = max(0, min(later, bound.output - told.output - told.reasoning))
        return Usage(told.input, told.output + more, told.cached, told.cache_write, told.reasoning)

    def least_output(self) -> int:
        """Tokens that were produced at the least."""
        told = self._usage
        return max(self.pieces, 0 if told is None else told.output + told.reasoning)


def _content(value: object) -> int:
    """Bytes of all text in it, whatever it is called: answer, reasoning, arguments of tools."""
    if isinstance(value, str):
        return size(value)
    if isinstance(value, dict):
        return sum(_content(inner) for name, inner in value.items() if name not in _NO_CONTENT)
    return sum(map(_content, value)) if isinstance(value, list) else 0
