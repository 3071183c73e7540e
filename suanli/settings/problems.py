"""Mistakes in the settings: one line each, Chinese first, that says where, what, and what to do; never a secret."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Self

_NEAR = 0.6
"""How alike two words must be (difflib's ratio) for one to be offered in place of the other."""


class SettingsError(Exception):
    """The settings cannot be used. `problems` has every mistake that was found, a line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def within(self, place: str) -> Self:
        """The same problems, each line led by the place that has them all: `"suanli.toml:"`."""
        return type(self)(place + line for line in self.problems)


def problem(where: str, text: str) -> str:
    """One line about one mistake. `where` may come from a file, so nothing in it can break or paint the line."""
    line = f"{where}: {text}"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


def nearest(word: str, known: Iterable[str], likeness: float = _NEAR) -> str | None:
    """The one of `known` that `word` was probably meant to be, whatever its case, or None."""
    folded = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=likeness)
    return folded[found[0]] if found else None


def unknown(where: str, name: str, known: Iterable[str]) -> str:
    """The line about a setting that does not exist, naming the nearest one that does."""
    match = nearest(name, known)
    zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("，请删掉它", "; remove it")
    return problem(where, f"未知的配置项 {name}{zh} / unknown setting {name}{en}")


@contextmanager
def noting(problems: list[str]) -> Iterator[None]:
    """Write down a SettingsError and go on, so that every mistake is found in one run."""
    try:
        yield
    except SettingsError as error:
        problems.extend(error.problems)
