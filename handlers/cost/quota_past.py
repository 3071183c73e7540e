"""What was done to a quota, as people read it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from handlers.cost.figures import moments, person
from suanli.domain.answer import Ago, Paragraph, line
from suanli.domain.changes import Change
from suanli.domain.commands import Turn
from suanli.domain.cost.quotas import Quota

_DONE = {
    "quota.create": "create",
    "quota.change": "change",
    "quota.reset": "reset",
    "quota.grant": "grant",
}
_YES_OR_NO = frozenset({"true", "false"})
_AMOUNTS = frozenset({"total", "daily_limit", "hourly_limit", "amount", "taken_period", "taken_day", "taken_hour"})
_NOUGHTS = re.compile(r"(\.\d\d\d*?)0+(?!\d)", re.ASCII)


def told(turn: Turn, change: Change, quota: Quota) -> Paragraph:
    """One change: when, who, and what."""
    what = turn.texts(f"quota.did.{_DONE.get(change.what, 'other')}")
    fields = " · ".join(differing(turn, change.before, change.after, quota))
    return line("· ", Ago(change.at), " ", person(change.who), f" {what}", f" · {fields}" if fields else "")


def differing(turn: Turn, before: Mapping[str, str], after: Mapping[str, str], quota: Quota) -> Iterator[str]:
    """Each field with what it was and what it became; where there was nothing before, only that."""
    for name in dict.fromkeys((*before, *after)):
        old, new = (_value(turn, name, known.get(name), quota) for known in (before, after))
        yield f"{_field(turn, name)} {f'{old} → {new}' if before else new}"


def _field(turn: Turn, name: str) -> str:
    key = f"quota.field.{name.replace('.', '_')}"
    return turn.texts(key) if turn.texts.has(key) else name


def _value(turn: Turn, name: str, value: str | None, quota: Quota) -> str:
    if value is None:
        return turn.texts("quota.nothing_set")
    if value in _YES_OR_NO:
        return turn.texts(f"quota.answer.{value}")
    if name == "period":
        return turn.texts(f"quota.period.{value}")
    if name == "limit":
        return turn.texts(f"quota.span.{value}")
    if name == "until":
        return moments(turn).said(datetime.fromisoformat(value), quota.zone)
    return _NOUGHTS.sub(r"\1", value) if name.replace(".", "_") in _AMOUNTS else value
