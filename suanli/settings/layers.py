"""The places that settings come from, each read into one layer: the environment, `.env`, suanli.toml."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream

from suanli.settings.files import read_text
from suanli.settings.problems import SettingsError, nearest, noting, problem, unknown
from suanli.settings.schema import VARIABLES
from suanli.settings.variables import Spot

_FILE = "_FILE"
KNOWN = frozenset(VARIABLES) | {name + _FILE for name, spot in VARIABLES.items() if spot.secret}
"""Every name that the environment and `.env` may use."""

_CONFIG = ("config",)
_PREFIXES = ("SUANLI_", "FEISHU_", "GRAFANA_", "PROMETHEUS_", "WELINK_")
_TYPO = 0.8
"""How alike a variable must be to one of ours, after the prefix, to be a typo rather than another program's."""


@dataclass(slots=True)
class Layer:
    """What one place says: values as a tree like Settings, and for each the name of where it stands."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[int | str, ...], str] = field(default_factory=dict)

    def put(self, spot: Spot, value: str, place: str) -> None:
        """Set one value."""
        *sections, key = spot.way
        table = self.values
        for section in sections:
            table = table.setdefault(section, {})
        table[key] = value
        self.places[spot.way] = place


@dataclass(frozen=True, slots=True)
class Place:
    """Where variables are given. `prefix` stands before their names in mistakes; paths count from `cwd`."""

    given: Mapping[str, str] = field(repr=False)
    cwd: Path
    prefix: str = ""

    def layer(self, problems: list[str]) -> Layer:
        """The settings that variables give here."""
        layer = Layer()
        for spot in VARIABLES.values():
            with noting(problems):
                found = self.find(spot.variable.name, secret=spot.secret)
                if found:
                    layer.put(spot, *found)
        return layer

    def find(self, name: str, *, secret: bool) -> tuple[str, str] | None:
        """The value of a variable and the name of where it stands. White space around it never belongs to it.

        Raises SettingsError.
        """
        value = self.given.get(name, "").strip()
        file = self.given.get(name + _FILE, "").strip() if secret else ""
        if value and file:
            text = f"和 {name}{_FILE} 只能写一个 / cannot be given together with {name}{_FILE}; keep one"
            raise SettingsError([problem(self.prefix + name, text)])
        if file:
            place = self.prefix + name + _FILE
            return _content(self.cwd / file, place), place
        return (value, self.prefix + name) if value else None


def _content(path: Path, place: str) -> str:
    try:
        text = read_text(path)
    except SettingsError as error:
        raise error.within(f"{place}: ") from None
    if text is None or not text.strip():
        raise SettingsError([problem(place, f"文件不存在或是空的：{path} / no such file, or it is empty: {path}")])
    return text.strip()


def secret_in(places: Iterable[Place], name: str, where: str) -> tuple[str, str]:
    """The secret that is in a variable which the setting at `where` names, as `Place.find` gives it.

    Raises SettingsError, also when it is in none of the places.
    """
    for place in places:
        found = place.find(name, secret=True)
        if found:
            return found
    raise SettingsError([problem(where, f"环境变量 {name} 没有设置 / the variable {name} is not set")])


def read_dotenv(cwd: Path, problems: list[str]) -> Place:
    """What `.env` gives. `${NAME}` is not expanded."""
    found: dict[str, str] = {}
    with noting(problems):
        for binding in parse_stream(StringIO(read_text(cwd / ".env") or "")):
            with noting(problems):
                found.update(_binding(binding))
    return Place(found, cwd, ".env:")


def _binding(binding: Binding) -> Mapping[str, str]:
    if binding.error:
        text = "这一行看不懂，要写成 NAME=value / cannot be understood; write NAME=value"
        raise SettingsError([problem(f".env:{binding.original.line}", text)])
    return {binding.key: binding.value or ""} if binding.key else {}


def strangers(environment: Place, dotenv: Place, named: Iterable[str]) -> Iterator[str]:
    """A line for each variable that is nobody's: in `.env` all must be known, by us or as one that suanli.toml names.

    In the environment other programs' are let be; probable typos are not.
    """
    known = KNOWN | {form for name in named for form in (name, name + _FILE)}
    for name in environment.given:
        match = _typo_of(name, known)
        if match:
            yield unknown(name, name, [match])
    for name in dotenv.given:
        if name not in known:
            yield unknown(dotenv.prefix + name, name, known)


def _typo_of(name: str, known: frozenset[str]) -> str | None:
    prefix = next((p for p in _PREFIXES if name.upper().startswith(p)), None)
    if prefix is None or name in known:
        return None
    rests = [ours.removeprefix(prefix) for ours in known if ours.startswith(prefix)]
    match = nearest(name[len(prefix) :], rests, _TYPO)
    return prefix + match if match else None


def read_toml(path: Path, problems: list[str]) -> Layer:
    """The layer of suanli.toml at `path`; an absent file is an empty one. Secrets are refused there."""
    layer = Layer()
    with noting(problems):
        layer.values = _toml(path)
    for spot in VARIABLES.values():
        if (spot.secret or spot.way == _CONFIG) and _take(layer.values, spot.way):
            name = spot.variable.name
            text = f"不能写在这里；用环境变量 {name} / cannot stand here; use the variable {name}"
            problems.append(problem(f"{path.name}:{'.'.join(spot.way)}", text))
    return layer


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path) or "")
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([problem(path.name, f"不是正确的 TOML / not valid TOML: {error}")]) from None


def _take(table: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Take the value at `path` out; whether there was one."""
    *sections, key = path
    for section in sections:
        inner = table.get(section)
        if not isinstance(inner, dict):
            return False
        table = inner
    return table.pop(key, None) is not None
