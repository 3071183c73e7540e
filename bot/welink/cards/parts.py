"""A text as messages of a robot: at most 500 units each, numbered, the first with the mentions (welink.md §1)."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any

MOST_UNITS = 500
"""UTF-16 units of a message, which is never laxer than characters; the unit of the 500 is written nowhere."""

MOST_PARTS = 10
"""Of one answer: a third of what a robot may say in a minute. What is longer ends with a word that it was cut."""

MOST_ACCOUNTS = 10

LONGEST_PREFIX = 390
"""Units of all mentions together: beside them the first message still has room to say something."""

_MARK = len(f"({MOST_PARTS}/{MOST_PARTS})\n")
_LINES = re.compile("[^\n]*\n|[^\n]+")
_ACCOUNT = re.compile(r"[^\s@]+(@[^\s@]+)?")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a robot calls with each of its messages: `at_accounts` are userids such as `li.lei@0123456789`.

    `is_at` says whether they are mentioned; unless it is given, they are when there are any.
    """

    at_accounts: tuple[str, ...] = ()
    is_at: bool | None = None
    is_at_all: bool = False

    def __post_init__(self) -> None:
        """Refuse what the robot would refuse, or would say and mention nobody."""
        if len(self.at_accounts) > MOST_ACCOUNTS:
            raise ValueError(f"a WeLink robot mentions at most {MOST_ACCOUNTS} accounts")
        if self.is_at and not self.at_accounts:
            raise ValueError("is_at asks for at_accounts")
        if not all(map(_ACCOUNT.fullmatch, self.at_accounts)):
            raise ValueError("an account to mention is a userid, without blanks and without an @ before it")
        if units(self.prefix) > LONGEST_PREFIX:
            raise ValueError(f"the accounts to mention are longer than {LONGEST_PREFIX} characters together")

    @property
    def prefix(self) -> str:
        """The mentions as the text has to have them, or nothing."""
        names = ("all",) * self.is_at_all + self._accounts
        return "".join(f"@{name} " for name in names)

    @property
    def fields(self) -> dict[str, Any]:
        """The mentions as the body has to have them."""
        flags = {"isAt": bool(self._accounts), "isAtAll": self.is_at_all}
        return flags | ({"atAccounts": list(self._accounts)} if self._accounts else {})

    @property
    def _accounts(self) -> tuple[str, ...]:
        return () if self.is_at is False else self.at_accounts


def units(text: str) -> int:
    """The length of `text` in UTF-16."""
    return sum(map(_width, text))


def numbered(text: str, prefix: str, cut: str) -> tuple[str, ...]:
    """The messages that say `text`: one if it fits, else several that begin with `(1/3)` on a line of its own.

    `prefix` opens the first. `cut` ends the last of `MOST_PARTS` when there would be more.
    """
    if units(prefix) + units(text) <= MOST_UNITS:
        return (prefix + text,)
    room = MOST_UNITS - _MARK
    found = list(islice(pieces(text, room - units(prefix), room), MOST_PARTS + 1))
    if len(found) > MOST_PARTS:
        found[MOST_PARTS - 1 :] = [_head(found[MOST_PARTS - 1], room - units(cut)) + cut]
    return tuple(f"{'' if n else prefix}({n + 1}/{len(found)})\n{piece}" for n, piece in enumerate(found))


def pieces(text: str, first: int, room: int) -> Iterator[str]:
    """`text` cut behind its lines, and within a line only where it is too long: joined, the pieces are `text`.

    The first has at most `first` units and each other at most `room`; both are two or more, for that is what the
    widest character takes.
    """
    piece, left = "", first
    for match in _LINES.finditer(text):
        line = match[0]
        if piece and left < units(line) <= room:
            yield piece
            piece, left = "", room
        while len(head := _head(line, left)) < len(line):
            yield piece + head
            line, piece, left = line[len(head) :], "", room
        piece += line
        left -= units(line)
    if piece:
        yield piece


def _head(line: str, most: int) -> str:
    """The longest beginning of `line` that has at most so many units."""
    return line[: bisect_right(list(accumulate(map(_width, line[:most]))), most)]


def _width(char: str) -> int:
    return 2 if char > "\uffff" else 1
