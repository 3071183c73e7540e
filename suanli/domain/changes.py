"""The record of what people and programs changed: who, by which way, what it was and what it became."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """How somebody made a change."""

    CHAT = "chat"
    API = "api"
    CLI = "cli"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `who` is a person's id, or `token 3 (name)`; `what` a word such as `quota.create`.

    `subject` names what was changed, such as `quota 12`; `before` and `after` are the fields that differ.
    """

    at: datetime
    who: str
    way: Way
    what: str
    subject: str
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes changes, and by which way."""

    who: str
    way: Way


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Of two descriptions of a thing, the fields that differ; what is only in one stands only there."""
    names = (*before, *(each for each in after if each not in before))
    differ = [name for name in names if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in differ if name in before},
        {name: after[name] for name in differ if name in after},
    )
