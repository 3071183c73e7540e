"""The text of a filter taken apart into groups of alternatives, each as it was typed. In time linear in its length."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from suanli.domain.releases.wording import INVISIBLE, legible

REASONS = (
    "too_long",
    "too_many_words",
    "empty_word",
    "unclosed_quote",
    "unclosed_regex",
    "empty_regex",
    "bad_regex",
    "regex_too_large",
    "stray_sign",
    "mixed_alternatives",
    "unknown_field",
    "unknown_kind",
    "unknown_part",
)
"""What can be wrong with a filter; the texts for people are `filter.<reason>`."""

LONGEST_SHOWN = 40

_SAME = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
_SAME |= dict.fromkeys(map(ord, "“”„‟«»"), ord('"'))
_SAME |= dict.fromkeys(map(ord, "⁄∕"), ord("/"))
_SAME |= dict.fromkeys(map(ord, "‐‑‒–—―−"), ord("-"))
_SAME |= dict.fromkeys(map(ord, "，、；\u3000"), ord(" "))  # what stands between words in Chinese
_SAME |= {ord("｢"): ord("「"), ord("｣"): ord("」")}
_QUOTES = {'"': '"', "「": "」", "『": "』"}

_BLANKS = re.compile(r"\s*")
_BLANK = re.compile(r"\s")
_BAR = re.compile(r"\s*+\|\s*+")
_FIELD = re.compile(r"([^\W\d_]+):(?!:|//)")  # neither std::vector nor https://…
_BARE = re.compile(r"[^\s|]+")
_REGEX = re.compile(r"/((?:\\.|[^\\/])*+)/i?(?=[\s|]|$)", re.DOTALL)


class FilterError(ValueError):
    """What was typed is no filter: `reason` is one of REASONS, `word` the place in it, as typed and shortened."""

    def __init__(self, reason: str, word: str = "") -> None:
        shown = word if len(word) <= LONGEST_SHOWN else word[: LONGEST_SHOWN - 1] + "…"
        super().__init__(f"{reason}: {shown}")
        self.reason = reason
        self.word = shown


class Shape(StrEnum):
    """How a piece is written: bare, between quotes, or between slashes."""

    BARE = "bare"
    QUOTED = "quoted"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the alternatives: as typed, and what is within its quotes or slashes."""

    shape: Shape
    typed: str
    inside: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives with what stands before them: a sign (`+`, `-` or nothing), a field's name, and a `!`."""

    typed: str
    sign: str
    field: str
    denied: bool
    pieces: tuple[Piece, ...]


def read(text: str) -> Iterator[Group]:
    """The groups of a filter, in order. Raises FilterError."""
    return _Reader(text).groups()


class _Reader:
    """`_signs` is the text with every sign in its narrow form, character for character; what it says is in `_typed`."""

    def __init__(self, text: str) -> None:
        self._typed = INVISIBLE.sub("", text)
        self._signs = self._typed.translate(_SAME)
        self._at = 0

    def groups(self) -> Iterator[Group]:
        self._skip(_BLANKS)
        while self._at < len(self._signs):
            yield self._group()
            self._skip(_BLANKS)

    def _group(self) -> Group:
        start = self._at
        sign = self._take("+-")
        if sign and self._peek() in {"+", "-"}:
            raise FilterError("stray_sign", self._word(start))
        field = self._skip(_FIELD)
        name = legible(field[1]).casefold() if field else ""
        denied = bool(field and self._take("!"))
        pieces = [self._piece(start, name)]
        while self._skip(_BAR):
            self._refuse_signs(start, name)
            pieces.append(self._piece(start, name))
        return Group(self._typed[start : self._at], sign, name, denied, tuple(pieces))

    def _refuse_signs(self, start: int, field: str) -> None:
        """Signs and fields hold for a whole group, and stand before it."""
        if self._peek() in {"+", "-"} or (field and self._peek() == "!"):
            raise FilterError("stray_sign", self._word(start))
        if not field and _FIELD.match(self._signs, self._at):
            raise FilterError("mixed_alternatives", self._word(start))

    def _piece(self, start: int, field: str) -> Piece:
        begin = self._at
        mark = self._peek()
        if mark in _QUOTES:
            return self._quoted(begin, _QUOTES[mark])
        if mark == "/" and not field:
            return self._regex(begin)
        if not self._skip(_BARE):
            raise FilterError("empty_word", self._word(start))
        typed = self._typed[begin : self._at]
        return Piece(Shape.BARE, typed, typed)

    def _quoted(self, begin: int, closing: str) -> Piece:
        end = self._signs.find(closing, begin + 1)
        if end < 0:
            raise FilterError("unclosed_quote", self._rest())
        self._at = end + 1
        return Piece(Shape.QUOTED, self._typed[begin : self._at], self._typed[begin + 1 : end])

    def _regex(self, begin: int) -> Piece:
        found = self._skip(_REGEX)
        if not found:
            raise FilterError("unclosed_regex", self._rest())
        return Piece(Shape.REGEX, self._typed[begin : self._at], self._typed[found.start(1) : found.end(1)])

    def _peek(self) -> str:
        return self._signs[self._at : self._at + 1]

    def _take(self, signs: str) -> str:
        """The next character if it is one of these."""
        taken = self._peek()
        if taken and taken in signs:
            self._at += 1
            return taken
        return ""

    def _skip(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go behind what stands here, if it is there."""
        found = pattern.match(self._signs, self._at)
        if found:
            self._at = found.end()
        return found

    def _rest(self) -> str:
        return self._typed[self._at :]

    def _word(self, start: int) -> str:
        """What was typed from `start` to the next blank after where we are."""
        blank = _BLANK.search(self._signs, self._at)
        return self._typed[start : blank.start() if blank else None].strip()
