"""What a provider says that a call used, in the words of OpenAI's `usage` and of those who speak it with an accent.

None is "it does not say": what makes no sense is as good as nothing said, and never counts as a call of nothing.
"""

from collections.abc import Mapping
from typing import Any

from suanli.domain.cost.prices import Usage

_MOST = 10**9
"""More tokens than any call has."""
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
_WRITTEN = ("cache_creation_tokens", "cache_creation_input_tokens", "cache_write_tokens")


def usage_of(said: object, *, has_output: bool = True) -> Usage | None:
    """The kinds of tokens apart, none counted twice: cached ones are not input too, nor is reasoning output.

    With `has_output` False (embeddings) an answer has no tokens of its own. Some providers count the reasoning beside
    the answer instead of in it; it shows in the total, and is never lost.
    """
    if not isinstance(said, Mapping):
        return None
    try:
        return _read(said, has_output=has_output)
    except ValueError:
        return None


def _read(said: Mapping[str, Any], *, has_output: bool) -> Usage | None:
    prompt = _number(said, "prompt_tokens")
    completion = _number(said, "completion_tokens")
    if not prompt or (completion is None and has_output):
        return None
    read_in, made_of = _details(said, "prompt_tokens_details"), _details(said, "completion_tokens_details")
    cached, stored = _first(_CACHED, read_in, said), _first(_WRITTEN, read_in, said)
    thought, answered = _number(made_of, "reasoning_tokens") or 0, completion or 0
    beside = max(0, (_number(said, "total_tokens") or 0) - prompt - answered) if has_output else 0
    inside = 0 if beside and thought == beside else thought
    # Usage refuses what is less than nothing: more cached than there was, more reasoning than answer.
    return Usage(prompt - cached - stored, answered - inside, cached, stored, inside + beside)


def _first(names: tuple[str, ...], *places: Mapping[str, Any]) -> int:
    """The first of these numbers that is there and not nothing."""
    found = (_number(place, name) for place in places for name in names)
    return next((number for number in found if number), 0)


def _details(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(said: Mapping[str, Any], name: str) -> int | None:
    """A number of tokens, None when it is not said. Raises ValueError for what is none."""
    found = said.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < _MOST:
        raise ValueError(name)
    return found
