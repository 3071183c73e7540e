"""A dashboard's variables: their saved values put into its queries, as Grafana's page does before it asks.

A value comes out of the dashboard as the query does, and whoever may save the one may save the other: it is trusted
as much as the query, and no more. Nothing from a chat or from the settings ever gets here. Only a single plain value
is taken, for anything else would make another query than the one that people look at, or no query at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, Field

from suanli.domain.errors import RemoteError
from suanli.sources.border import read

_USE = re.compile(r"\$\{(\w+)([^}]*)\}|\[\[(\w+)(:\w+)?\]\]|\$(\w+)", re.ASCII)  # ${name:format}, [[name]], $name
_ALL = "$__all"
_NOT_PLAIN = re.compile(r"""['"`\\$;#\x00-\x1f\x7f]|--|/\*|\[\[""")
_MEANS_SOMETHING = re.compile(r"[\[\]{}()^*+?.|]")  # in a regular expression

# Grafana's servers know intervals, ranges and macros; these only its page knows.
_OF_THE_PAGE = frozenset({"__dashboard", "__from", "__name", "__org", "__timezone", "__to", "__user"})

_AS_IT_IS, _QUOTED = frozenset({":csv", ":pipe", ":raw"}), frozenset({":singlequote", ":sqlstring"})


class Language(StrEnum):
    """What a query is written in."""

    SQL = "SQL"
    PROMQL = "PromQL"


class Variable(BaseModel):
    """A variable as the dashboard keeps it. `query` is a constant's value and a data source variable's type."""

    name: str = ""
    type: str = ""
    query: Any = None
    current: Any = None
    multi: bool | None = None
    include_all: bool | None = Field(None, alias="includeAll")
    filters: Any = None

    @property
    def may_be_several(self) -> bool:
        """Whether people can choose several values: then Grafana quotes or escapes even a single one."""
        return bool(self.multi or self.include_all)

    def value(self) -> str:
        """Its one saved value. Raises RemoteError when that is not single and plain."""
        saved = self.current.get("value") if isinstance(self.current, dict) else None
        if saved is None and self.type == "constant":
            saved = self.query
        if isinstance(saved, list) and len(saved) == 1:
            saved = saved[0]
        if isinstance(saved, list):
            raise self._unusable(f"{len(saved)} values")
        if saved == _ALL:
            raise self._unusable("All")
        if isinstance(saved, bool) or not isinstance(saved, str | int | float) or saved == "":
            raise self._unusable("none")
        if _NOT_PLAIN.search(str(saved)):
            raise self._unusable("one with quotes or special characters")
        return str(saved)

    def _unusable(self, found: str) -> RemoteError:
        return RemoteError(
            f"the variable {self.name:.40} needs a single plain value and {found} is saved: choose one and save the "
            "dashboard with it, or write the value into the query",
            permanent=True,
        )


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of one dashboard, by name."""

    by_name: Mapping[str, Variable]

    @classmethod
    def of(cls, listed: Sequence[Any]) -> Self:
        """The variables that `templating.list` holds."""
        found = [read(Variable, each, "a dashboard's variable") for each in listed]
        return cls({variable.name: variable for variable in found})

    def filled(self, query: str, language: Language) -> str:
        """The query with every variable replaced by its saved value.

        A name that is no variable stays, as Grafana leaves it: $1 of label_replace, and the macros, which begin with
        `$__` and which Grafana's server replaces. Raises RemoteError naming a variable that cannot be replaced.
        """
        return _USE.sub(lambda use: self._value(use, language), query)

    def meant_by(self, text: str) -> Variable | None:
        """The variable that `text` stands for, when it is nothing but that, such as `${ds}`.

        Raises RemoteError when there is no such variable.
        """
        use = _USE.fullmatch(text.strip())
        if use and _name(use) not in self.by_name:
            raise RemoteError(f"the dashboard has no variable {_name(use):.40}", permanent=True)
        return self.by_name[_name(use)] if use else None

    def filtering(self) -> Variable | None:
        """An ad hoc filter that is set: Grafana's page puts it into every query for Prometheus."""
        return next((each for each in self.by_name.values() if each.type == "adhoc" and each.filters), None)

    def _value(self, use: re.Match[str], language: Language) -> str:
        name, how = _name(use), use[2] or use[4] or ""
        variable = self.by_name.get(name)
        if variable is None:
            if name in _OF_THE_PAGE:
                raise RemoteError(f"${name} has a value only on Grafana's page: write it out", permanent=True)
            return use[0]
        return _written(variable, how, language)


def _name(use: re.Match[str]) -> str:
    return use[1] or use[3] or use[5]


def _written(variable: Variable, how: str, language: Language) -> str:
    """The value in the form `how`; without one, in the form that Grafana gives it in this language."""
    value = variable.value()
    if how in _QUOTED:
        return f"'{value}'"
    if how and how not in _AS_IT_IS:
        raise RemoteError(f"${{{variable.name:.40}{how:.40}}} is a form that is not known here", permanent=True)
    if how or not variable.may_be_several:
        return value
    if language is Language.SQL:
        return f"'{value}'"
    return _MEANS_SOMETHING.sub(r"\\\\\g<0>", value)  # two backslashes: the value stands inside a PromQL string
