"""Kinds of arguments that /releases takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.releases.rights import watches_here
from suanli.domain.commands import Turn
from suanli.domain.releases import Place, WatchNumber
from suanli.domain.releases.changes import CHOICES
from suanli.domain.releases.places import read_place

LONGEST_NUMBER = 15
"""Digits: the largest that every database takes for a number."""

_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})")
_SHORT = re.compile(r"#?([0-9a-fA-F]{6,32})")
_DAYS = re.compile(r"([1-9][0-9]?)(?:d|天|日)", re.IGNORECASE)


class PlaceArgument:
    """A repository, or an organisation of a model hub."""

    def read(self, word: str, turn: Turn) -> Place | None:  # noqa: ARG002 the port's shape
        """The place that a word or an address names."""
        return read_place(word)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """One of each hub, to show how they are written."""
        return ("vllm-project/vllm", "hf:deepseek-ai", "ms:deepseek-ai")


class ChangesArgument:
    """What to tell of: `pr,release`, in one word or several."""

    def read(self, word: str, turn: Turn) -> tuple[str, ...] | None:  # noqa: ARG002 the port's shape
        """The words, if all of them are known."""
        words = tuple(part for part in word.casefold().replace("，", ",").split(",") if part)
        return words if words and all(part in CHOICES for part in words) else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """Every word."""
        return CHOICES


class WordArgument:
    """Whatever words are left."""

    def read(self, word: str, turn: Turn) -> str | None:  # noqa: ARG002 the port's shape
        """The word; one that was held together by quotes is a phrase."""
        return f'"{word}"' if " " in word else word

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: it is for people."""
        return ()


class WatchArgument:
    """The number of a watch."""

    def read(self, word: str, turn: Turn) -> WatchNumber | None:  # noqa: ARG002 the port's shape
        """The number, whether there is such a watch or not."""
        found = _NUMBER.fullmatch(word)
        return WatchNumber(int(found[1])) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:
        """The numbers of this chat's watches."""
        return tuple(str(watch.number) for watch in watches_here(turn))


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that did not arrive, by its number."""

    number: int


class LetterArgument:
    """The number of a message, as /releases dlq shows it."""

    def read(self, word: str, turn: Turn) -> Letter | None:  # noqa: ARG002 the port's shape
        """The number, whether there is such a message or not."""
        return Letter(int(word)) if word.isascii() and word.isdecimal() and len(word) <= LONGEST_NUMBER else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: only operators know them."""
        return ()


@dataclass(frozen=True, slots=True)
class Short:
    """The beginning of a change's name, in lower case."""

    digits: str


class EventArgument:
    """A change by the name that stands on its card: #a1b2c3d4."""

    def read(self, word: str, turn: Turn) -> Short | None:  # noqa: ARG002 the port's shape
        """The digits."""
        found = _SHORT.fullmatch(word)
        return Short(found[1].casefold()) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: there are too many."""
        return ()


@dataclass(frozen=True, slots=True)
class Days:
    """So many days back."""

    count: int


class DaysArgument:
    """How far back: 7d, 30天."""

    def read(self, word: str, turn: Turn) -> Days | None:  # noqa: ARG002 the port's shape
        """The days, 99 at most."""
        found = _DAYS.fullmatch(word)
        return Days(int(found[1])) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The usual ones."""
        return ("7d", "30d")
