"""The grammar of a command line as people really type it: full-width, invisible and curly characters included."""

import re
import unicodedata
from dataclasses import dataclass

from suanli.domain.lines import LONGEST, QUOTES, SLASHES, write

__all__ = ["Line", "read", "write"]

_ASCII_BLANKS = {code: " " for code in range(128) if chr(code).isspace()}
_WORD = re.compile(r"\s*(?:([\"“”「＂])(.*?)([\"”」＂])(?=\s|$)|(\S+))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """What a person typed: whether it begins with a slash, and its words."""

    slash: bool
    words: tuple[str, ...]


def read(text: str) -> Line:
    """Words of a line. Invisible characters go, full-width ones become narrow, quotes hold a word together."""
    visible = _without_invisible(text[:LONGEST]).strip()
    slash = visible[:1] != "" and visible[0] in SLASHES
    return Line(slash, tuple(_words(visible.lstrip(SLASHES) if slash else visible)))


def _without_invisible(text: str) -> str:
    """Without zero-width and other format characters (Unicode Cf); every kind of blank becomes a space."""
    if text.isascii():
        return text.translate(_ASCII_BLANKS)
    kept = (c for c in text if unicodedata.category(c) != "Cf")
    return "".join(" " if c.isspace() or unicodedata.category(c) == "Zs" else c for c in kept)


def _words(line: str) -> list[str]:
    found = (_quoted(m) if m[1] else [m[4]] for m in _WORD.finditer(line))
    return [word for group in found for word in (_narrow(w) for w in group) if word]


def _narrow(word: str) -> str:
    return (word if word.isascii() else unicodedata.normalize("NFKC", word)).strip()


def _quoted(match: re.Match[str]) -> list[str]:
    """The inside of matching quotes; otherwise the words as they stand."""
    opening, inside, closing = match[1], match[2], match[3]
    return [inside] if QUOTES[opening] == closing else (opening + inside + closing).split()
