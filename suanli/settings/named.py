"""Secrets of tables that may be many: suanli.toml says which variable holds each, the environment and `.env` what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from suanli.settings.layers import Layer, Place, secret_in
from suanli.settings.problems import noting, problem
from suanli.settings.variables import Way, is_variable


@dataclass(frozen=True, slots=True)
class _Rule:
    """In the tables below `section`, the key `names` names the variables that `holds` is read from."""

    section: Way
    names: str
    holds: str
    several: bool


_RULES = (
    _Rule(("welink", "robots"), "webhook_env", "webhook_url", several=False),
    _Rule(("welink", "connections"), "secret_envs", "secrets", several=True),
    _Rule(("gateway", "providers"), "key_env", "key", several=False),
)


def variables_named(toml: Layer) -> frozenset[str]:
    """The variables that suanli.toml names."""
    return frozenset(name for rule in _RULES for _, table in _tables(toml, rule) for name in _names(table, rule))


def resolve(toml: Layer, places: Iterable[Place], problems: list[str], file: str) -> None:
    """Put what the named variables hold into the layer, from the first of `places` that has it."""
    places = tuple(places)
    for rule in _RULES:
        for name, table in _tables(toml, rule):
            way = (*rule.section, name, rule.holds)
            if table.pop(rule.holds, None) is not None:
                text = f"不能写在这里；用 {rule.names} 写变量名 / cannot stand here; name a variable in {rule.names}"
                problems.append(problem(f"{file}:{'.'.join(way)}", text))
            with noting(problems):
                _fill(toml, table, rule, way, places, f"{file}:{'.'.join((*way[:-1], rule.names))}")


def _fill(toml: Layer, table: dict[str, Any], rule: _Rule, way: Way, places: Iterable[Place], where: str) -> None:
    found = [secret_in(places, variable, where) for variable in _names(table, rule)]
    if not found:
        return
    table[rule.holds] = [value for value, _ in found] if rule.several else found[0][0]
    for n, (_, place) in enumerate(found):
        toml.places[(*way, n) if rule.several else way] = place


def _tables(toml: Layer, rule: _Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    found: Any = toml.values
    for step in rule.section:
        found = found.get(step) if isinstance(found, dict) else None
    for name, table in found.items() if isinstance(found, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _names(table: Mapping[str, Any], rule: _Rule) -> list[str]:
    """The names that are ones; what is wrong with the others, the kinds of the settings say."""
    written = table.get(rule.names)
    listed = written if rule.several and isinstance(written, list) else [written]
    return [name for name in listed if isinstance(name, str) and is_variable(name)]
