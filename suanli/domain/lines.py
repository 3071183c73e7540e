"""Command lines as people type them, written from their words."""

from collections.abc import Sequence

QUOTES = {'"': '"', "“": "”", "”": "”", "「": "」", "＂": "＂"}
"""What may stand around a word that has blanks in it, and what ends it."""

LONGEST = 2_000
"""Characters of a message that are read as a command; nobody types more, and quoting is not linear in them."""

SLASHES = "/／⁄∕"
"""What people type for a slash."""


def write(words: Sequence[str]) -> str:
    """The line that reads as these words: `/stock 4090`. Words hold no double quotes and no line breaks."""
    return "/" + " ".join(f'"{word}"' if _needs_quotes(word) else word for word in words)


def _needs_quotes(word: str) -> bool:
    return word.split() != [word] or word[0] in QUOTES or word[0] in SLASHES
