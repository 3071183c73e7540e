"""How words are looked for in what people write upstream: one spelling of everything, and where a word ends.

The rules are those of releases.md §2.8: `yi` is not in "yield", `qwen` is in "Qwen3" and "支持Qwen3模型" and not in
"qwenlm", and `deepseek-v3` is in "DeepSeek V3", whatever kind of dash, width and case it is written with.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, pairwise
from operator import add
from typing import Self

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""What nobody sees: soft hyphens, zero-width characters, and those that only turn the direction of writing."""

_NARROW = (
    dict(zip("，：；（）！？", ",:;()!?", strict=True))
    | {"…": "..."}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
"""Dashes; and what Chinese text is full of: without these the standard normalisation has mostly nothing to do."""

_FULL = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FULL_BEGINS = (b"\xef\xbc", b"\xef\xbd")
"""Letters and signs in full width, which are quickly replaced, and how each of them begins in UTF-8."""

_PILE = re.compile(r"[^\w\s\0-\x7f]{31,}")
_PILE_MATTERS = 2_000
_MOST_MARKS, _MARKS_KEPT = 30, 10

_RUN = re.compile("[0-9a-z]+")
_JOINT = re.compile("(?<![0-9a-z])(?=([0-9a-z]+) ([0-9a-z]+))")
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LETTERS_AND_DIGITS = _LETTERS + _DIGITS
_BARRED = bytes(code if chr(code) in f"{_LETTERS_AND_DIGITS} " else ord("|") for code in range(256))
_WITHOUT_ASCII = b" " * 128 + bytes(range(128, 256))
_BLANKED = bytes(code if chr(code) in _LETTERS_AND_DIGITS else ord(" ") for code in range(256))

_MANY_SEARCHES = 50
"""About so many searches take as long as finding all joints of a text does."""

_LONGEST_STEM = 24
"""Longer beginnings of runs are not listed: text that is one long number would make a list as large as its square."""


def legible(text: str) -> str:
    """Text in one width and composition, without what nobody sees, and with one kind of dash; case as written."""
    if text.isascii():
        return text
    return _narrow(_composed(_halved(_narrow(INVISIBLE.sub("", text)))))


def _halved(text: str) -> str:
    """What the standard normalisation would do, too, but would take its time for the whole text."""
    encoded = text.encode("utf-8", "surrogatepass")
    if _FULL_BEGINS[0] in encoded or _FULL_BEGINS[1] in encoded:
        for wide, narrow in _FULL.items():
            text = text.replace(wide, narrow)
    return text


def _composed(text: str) -> str:
    # The standard library's time grows with the square of marks piled on one letter, and anybody may pile 65,000.
    thin = _PILE.sub(_thinned, text) if len(text) > _PILE_MATTERS else text
    return unicodedata.normalize("NFKC", thin)


def _thinned(pile: re.Match[str]) -> str:
    marks = [c for c in pile[0] if unicodedata.combining(c)]
    if len(marks) <= _MOST_MARKS:
        return pile[0]
    return "".join(c for c in pile[0] if not unicodedata.combining(c)) + "".join(marks[:_MARKS_KEPT])


def _narrow(text: str) -> str:
    for wide, narrow in _NARROW.items():
        text = text.replace(wide, narrow)
    return text


def normal(text: str) -> str:
    """Text as it is compared: legible and in one case. Doing it twice changes nothing."""
    folded = legible(text).casefold()
    # Casefolding takes some letters apart (ΐ), so they are put together once more.
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


def one_line(text: str) -> str:
    """Normal text with one space for any blanks between words: an exact phrase is looked for in this."""
    return " ".join(normal(text).split())


def loose(text: str) -> str:
    """One line in which dashes, underscores and spaces are the same: words are looked for in this."""
    return _loosened(one_line(text))


def _loosened(line: str) -> str:
    return line.replace("-", " ").replace("_", " ")


@dataclass(frozen=True)  # no slots: each form is made when it is first asked for, and kept
class Text:
    """A text to look in, in the forms that the looking needs."""

    raw: str

    @cached_property
    def encoded(self) -> bytes:
        """Legible text for expressions; what is no character (a lone half of one) becomes a question mark."""
        return legible(self.raw).encode("utf-8", "replace")

    @cached_property
    def one_line(self) -> str:
        """Text for exact phrases."""
        return one_line(self.raw)

    @cached_property
    def loose(self) -> str:
        """Text for words."""
        return _loosened(self.one_line)

    @cached_property
    def runs(self) -> frozenset[str]:
        """Every unbroken run of ASCII letters and digits."""
        # Much quicker than an expression: everything else becomes a blank, and the blanks part the runs.
        line = self.one_line.encode("ascii", "replace").translate(_BLANKED)
        return frozenset(line.decode("ascii").split())

    @cached_property
    def stems(self) -> frozenset[str]:
        """The runs, and their beginnings after which a digit follows: `qwen` and `qwen3moe` of "Qwen3MoE"."""
        return self.runs.union(stem for _, stem in _stems(self.runs))

    @cached_property
    def joints(self) -> frozenset[tuple[str, str]]:
        """Every two runs with one space between them in the loose text; the second one by its stems, too."""
        line = self.loose.encode("ascii", "replace").translate(_BARRED).decode("ascii")
        words = line.replace("  ", " | ").replace("|", " | ").split()
        found = frozenset(pairwise(words))
        stems: dict[str, list[str]] = {}
        for run, stem in _stems({second for _, second in found}):
            stems.setdefault(run, []).append(stem)
        return found.union((first, stem) for first, second in found for stem in stems.get(second, ()))

    @cached_property
    def _searches(self) -> Iterator[int]:
        return count()

    def is_searched_often(self) -> bool:
        """Count a search; whether there were so many that it is better to know all joints at once."""
        return "joints" in self.__dict__ or next(self._searches) >= _MANY_SEARCHES

    @cached_property
    def pairs(self) -> frozenset[str]:
        """Every two characters side by side that are not ASCII: what runs are to English, these are to Chinese."""
        return _pairs(self.one_line)


def _stems(runs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Runs with their beginnings after which a digit follows."""
    for run in runs:
        if not run.isalpha():
            for end in range(1, min(len(run), _LONGEST_STEM + 1)):
                if run[end] in _DIGITS:
                    yield run, run[:end]


def _pairs(line: str) -> frozenset[str]:
    if line.isascii():
        return frozenset()
    # Much quicker than an expression: in UTF-8, only ASCII has bytes below 128.
    wide = line.encode("utf-8", "surrogatepass").translate(_WITHOUT_ASCII).decode("utf-8", "surrogatepass")
    words = " ".join(wide.split())
    return frozenset(pair for pair in set(map(add, words, words[1:])) if " " not in pair)


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or phrase to look for.

    Where it begins with an ASCII letter or digit, none may stand before it; where it ends with one, no letter may
    follow, and no digit either if it is `exact`. Its other ends are free: Chinese has no blanks between words.
    Its `runs` must be in the text whole, its `stem` as a stem, its `pairs` and its `joints` as such, which sets know at
    once; only then is the text searched. A key that is just a run or a joint needs no search, for its ends are right by
    what these are.
    """

    key: str
    exact: bool
    runs: frozenset[str]
    stem: str
    pairs: frozenset[str]
    joints: frozenset[tuple[str, str]]
    is_run: bool
    is_joint: bool

    @classmethod
    def of(cls, text: str, *, exact: bool = False) -> Self:
        """A word, in which dashes, underscores and spaces are the same, or exactly this."""
        key = one_line(text) if exact else loose(text)
        runs = _RUN.findall(key)
        stem = runs.pop() if runs and not exact and key.endswith(runs[-1]) else ""
        short = stem if len(stem) <= _LONGEST_STEM else ""
        # Of a long number there are no stems, neither alone nor behind another run.
        joints = frozenset() if exact or stem != short else frozenset(_JOINT.findall(key))
        return cls(
            key,
            exact,
            frozenset(runs),
            short,
            _pairs(key),
            joints,
            is_run=key in {short, *runs},
            is_joint=key in map(" ".join, joints),
        )

    @property
    def sign(self) -> str:
        """A stem or a pair that every text has that has it, and few others; empty where there is none."""
        return max([self.stem, *sorted(self.runs)], key=len) or min(self.pairs, default="")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of it that could be looked for."""
        return not self.key.strip()

    def is_in(self, text: Text) -> bool:
        """Whether the text has it."""
        if (self.stem and self.stem not in text.stems) or (self.runs and not self.runs <= text.runs):
            return False
        if self.pairs and not self.pairs <= text.pairs:
            return False
        if self.is_run:
            return True
        if self.joints and text.is_searched_often():
            if not self.joints <= text.joints:
                return False
            if self.is_joint:
                return True
        return self._stands_in(text)

    def _stands_in(self, text: Text) -> bool:
        line = text.one_line if self.exact else text.loose
        key = self.key
        before = _LETTERS_AND_DIGITS if key[0] in _LETTERS_AND_DIGITS else ""
        after = _LETTERS_AND_DIGITS if self.exact else _LETTERS
        if key[-1] not in _LETTERS_AND_DIGITS:
            after = ""
        at = line.find(key)
        while at >= 0:
            end = at + len(key)
            if (at == 0 or line[at - 1] not in before) and (end == len(line) or line[end] not in after):
                return True
            at = line.find(key, at + 1)
        return False
