"""The beginning of a stream, kept back until a model has answered: up to then another route can still be asked.

Comments are kept back too. With the first byte the caller is told a status and whose answer it is, so whatever is
passed on decides for this route; a caller hears as little of a provider that lets it wait as of one that is silent.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from suanli.web.gateway.answers import NoAnswerError, error_of, has_choices, is_finished
from suanli.web.gateway.counting import DONE, Produced, parsed
from suanli.web.gateway.sse import data_of

MOST_EVENTS = 256
MOST_BYTES = 64 * 1024
"""More is not kept back, but passed on as it is."""


def begun(events: Iterator[bytes], is_enough: Callable[[], bool]) -> Iterator[bytes]:
    """All the events, once there is content, a call of a tool, a usage of output, or the end of an answer.

    `is_enough` is asked after each event that says nothing yet: whether the caller has waited long enough for one
    that does. Raises NoAnswerError for an error before that, and when it ends with nothing said.
    """
    kept: list[bytes] = []
    beginning = _Beginning()
    for event in events:
        kept.append(event)
        if beginning.decides(event):
            return chain(kept, events)
        if len(kept) >= MOST_EVENTS or sum(map(len, kept)) >= MOST_BYTES or is_enough():
            return chain(kept, events)
    if not beginning.has_usage:
        raise NoAnswerError("a stream without an answer")
    return iter(kept)


class _Beginning:
    """What was said so far, none of which is an answer yet."""

    def __init__(self) -> None:
        self._produced = Produced()
        self._has_choices = False

    @property
    def has_usage(self) -> bool:
        """Whether the provider told what it takes money for, though nothing was written."""
        return self._produced.has_usage

    def decides(self, event: bytes) -> bool:
        """Whether a model answers, be it with nothing. Raises NoAnswerError."""
        data = data_of(event)
        if data is not None and data.strip() == DONE:
            return self._has_choices
        said = parsed(data) if data else None
        if said is None:  # a comment, or what nobody can read
            return False
        self._produced.see(said)
        if self._produced.bytes:
            return True
        error = error_of(said)
        if error is not None:
            raise NoAnswerError(f"a stream that begins with an error: {error}")
        self._has_choices = self._has_choices or has_choices(said)
        return is_finished(said) or self._produced.least_output() > 0
