"""What people read, in the language files beside this module: Chinese first, English second."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Lang(StrEnum):
    """A language the bot speaks."""

    ZH = "zh"
    EN = "en"


_FILES = {Lang.ZH: "zh_CN.toml", Lang.EN: "en.toml"}


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


@cache
def catalogue(lang: Lang) -> Mapping[str, str]:
    """Every text of a language by its dotted key."""
    return dict(_flatten(tomllib.loads(files(__name__).joinpath(_FILES[lang]).read_text("utf-8"))))


class Texts:
    """The texts of one language: `texts("stock.title", model="4090")`."""

    __slots__ = ("_known", "lang")

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._known = catalogue(lang)

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key` with its `{names}` filled in. An unknown key is a bug and raises KeyError."""
        text = self._known[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is a text for `key`."""
        return key in self._known

    def age(self, age: timedelta) -> str:
        """How long ago, in the one unit a person would use."""
        seconds = int(age.total_seconds())
        if seconds < 60:  # noqa: PLR2004 seconds in a minute
            return self("age.now")
        for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if seconds >= size:
                return self(f"age.{unit}", n=seconds // size)
        raise AssertionError(seconds)


@cache
def texts_in(lang: Lang) -> Texts:
    """The texts of `lang`."""
    return Texts(lang)
