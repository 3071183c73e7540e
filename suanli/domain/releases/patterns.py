"""People's regular expressions: the one door to RE2, whose time grows with the text and never explodes.

What it cannot do in linear time (look-around, back references) it refuses.
"""

from dataclasses import dataclass
from typing import Any, Self

import re2

from suanli.domain.releases.wording import Text, legible

LONGEST = 500
"""Characters of one expression."""

LARGEST = 5_000
"""Instructions that the expressions of one filter may come to: the time for a text grows with them, too."""

MEMORY = 2 << 20
"""Bytes that RE2 may use for one expression; with too few it falls back to a slower way."""


class BadPatternError(ValueError):
    """The expression is none, is too large, or matches everything; `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression that can be looked for: in any case, `^` and `$` at the ends of each line."""

    source: str
    size: int
    _compiled: Any

    @classmethod
    def of(cls, source: str) -> Self:
        """Read an expression. Raises BadPatternError."""
        if len(source) > LONGEST:
            raise BadPatternError("regex_too_large")
        try:
            compiled = re2.compile(b"(?m)" + legible(source).encode("utf-8", "replace"), _options())
        except re2.error as problem:
            large = any(sign in str(problem) for sign in ("too large", "repetition size"))
            raise BadPatternError("regex_too_large" if large else "bad_regex") from problem
        if compiled.search(b"") is not None:
            raise BadPatternError("empty_regex")
        return cls(source, int(compiled.programsize), compiled)

    def is_in(self, text: Text) -> bool:
        """Whether the text has something like it."""
        return self._compiled.search(text.encoded) is not None


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MEMORY
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    return options
