"""Words of a command line as the values its parameters ask for, in whatever order people type them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suanli.domain.commands import Command, Param, Turn, close


@dataclass(frozen=True, slots=True)
class Bound:
    """Every word found its parameter."""

    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadWord:
    """A word that no parameter knows, what may have been meant, and what would have been right."""

    position: int
    near: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A parameter that must be given and was not."""

    param: Param
    known: tuple[str, ...]


def bind(command: Command, words: Sequence[str], turn: Turn) -> Bound | BadWord | Missing:
    """Give each word to the first open parameter that can read it."""
    values: dict[str, Any] = {p.name: () if p.many else None for p in command.params}
    still_open = list(command.params)
    for position, word in enumerate(words):
        taken = _take(still_open, word, turn)
        if taken is None:
            known = tuple(choice for p in still_open for choice in p.argument.choices(turn))
            return BadWord(position, close(word, known), known)
        param, value = taken
        values[param.name] = (*values[param.name], value) if param.many else value
        if param.rest:
            still_open = [param, *(p for p in still_open if p is not param)]
        if not param.many:
            still_open.remove(param)
    lacking = (p for p in still_open if not p.optional and not values[p.name])
    missing = next(lacking, None)
    return Missing(missing, tuple(missing.argument.choices(turn))) if missing else Bound(values)


def _take(still_open: Sequence[Param], word: str, turn: Turn) -> tuple[Param, Any] | None:
    for param in still_open:
        value = param.argument.read(word, turn)
        if value is not None:
            return param, value
    return None
