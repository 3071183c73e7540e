"""Text from outside made harmless: nothing in it is hidden, and nothing in it is a mention.

A robot's text is highlighted as a mention wherever `@all`, `@所有人` or the id of a mentioned person stands in it
(welink.md §1.1, releases.md §2.11), so a space of no width goes behind each sign that could open one.
"""

import re
import unicodedata

GAP = "\u200b"
"""The space of no width."""

_AT = re.compile("[@\ufe6b\uff20]")
_JOINER = "\u200d"
# Invisible without being format characters: fillers and joiners of scripts, and selectors of variants. The two
# selectors that emoji need, U+FE0E and U+FE0F, are not among them.
_BLANKS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2028\u2029\u2800\u3164\ufe00-\ufe0d\uffa0"
    "\U000e0100-\U000e01ef]"
)


def neutral(text: str) -> str:
    """`text` with nothing hidden in it and no mention."""
    return _AT.sub(rf"\g<0>{GAP}", visible(text))


def visible(text: str) -> str:
    """`text` without characters that nobody sees; a joiner stays where it joins two pictures into one."""
    if text.isascii():
        return text
    text = _BLANKS.sub("", text)
    return "".join(char for at, char in enumerate(text) if not _hides(char) or _joins(text, at))


def _hides(char: str) -> bool:
    return unicodedata.category(char) == "Cf"


def _joins(text: str, at: int) -> bool:
    return text[at] == _JOINER and unicodedata.category(text[at + 1 : at + 2] or " ") == "So"
