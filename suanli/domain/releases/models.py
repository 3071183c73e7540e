"""Models by their names: which items of several hubs are the same model, and which models a text names."""

import re
from collections.abc import Iterable, Iterator

from suanli.domain.releases.items import Item
from suanli.domain.releases.wording import normal

SHORTEST = 4
"""Shorter names, and those without a digit or a hyphen, are words of any language; no text is taken to name them."""

_JOINTS = frozenset("-_.")
_FLAT = str.maketrans(dict.fromkeys("_. \t\r\n", "-"))
_WORD = re.compile(r"[a-z0-9]+")
_FIRST = re.compile(r"[a-z0-9]*")


def key_of(item: Item) -> str:
    """The name under which the same model is known on several hubs, whoever owns it there."""
    return re.sub(r"[-_.\s]+", "-", normal(item.name.rpartition("/")[2])).strip("-")


def mentions(keys: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of these keys that a text names, in the order of the keys.

    A longer name is another model's: neither `deepseek-v3.2` nor `deepseek-v3-base` names `deepseek-v3`.
    """
    clean = normal(text)
    flat = clean.translate(_FLAT)
    # Of thousands of models a text names a few: one look for a first word is quicker than a search of the text.
    words = {"", *_WORD.findall(flat)}
    near = (key for key in keys if _first_word(key) in words and key in flat)
    return tuple(key for key in near if _is_telling(key) and _stands_alone(key, clean, flat))


def _first_word(key: str) -> str:
    match = _FIRST.match(key)
    return match[0] if match else ""


def _is_telling(key: str) -> bool:
    return len(key) >= SHORTEST and ("-" in key or any(c.isdigit() for c in key))


def _stands_alone(key: str, clean: str, flat: str) -> bool:
    # Both texts are equally long; only the first still tells a blank, which ends a name, from what goes on with it.
    return any(
        not _goes_on(clean[max(0, at - 2) : at][::-1]) and not _goes_on(clean[at + len(key) : at + len(key) + 2])
        for at in _places(key, flat)
    )


def _places(key: str, flat: str) -> Iterator[int]:
    at = flat.find(key)
    while at >= 0:
        yield at
        at = flat.find(key, at + 1)


def _goes_on(beside: str) -> bool:
    """Whether a name goes on in these two characters, the nearer one first: `b`, `-b`, `.2`, but no `. ` or `-`."""
    first, second = beside[:1], beside[1:2]
    return _is_letter(first) or (first in _JOINTS and _is_letter(second))


def _is_letter(char: str) -> bool:
    # Chinese is written up to a name without a blank.
    return char.isascii() and char.isalnum()
