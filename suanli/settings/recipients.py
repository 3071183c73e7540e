"""The watch list of suanli.toml: whom to tell, at which hours, of what, and how bad it must be."""

import re
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from suanli.domain.stock import Model
from suanli.domain.stock.rules import Recipient, Severity
from suanli.settings.fleet import ModelWord
from suanli.settings.kinds import PersonId, Some, person
from suanli.settings.problems import nearest
from suanli.settings.wording import Mistake, refuse

_CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9])"
_HOURS = re.compile(rf"{_CLOCK}\s*-\s*(?:{_CLOCK}|24:00)")

_DAYS = (
    ("mon", "monday", "周一", "星期一"),
    ("tue", "tuesday", "周二", "星期二"),
    ("wed", "wednesday", "周三", "星期三"),
    ("thu", "thursday", "周四", "星期四"),
    ("fri", "friday", "周五", "星期五"),
    ("sat", "saturday", "周六", "星期六"),
    ("sun", "sunday", "周日", "星期日", "周天", "星期天"),
)
_DAY: Mapping[str, int] = {name: number for number, names in enumerate(_DAYS) for name in names}
_TO = re.compile("\\s*[-\N{EN DASH}至到]\\s*")


def _hours(value: object) -> tuple[time, time]:
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('要写成 "09:00-21:00" / must be like "09:00-21:00"')
    # A day ends when the next begins: 18:00-24:00 is a span that reaches to midnight, 00:00.
    begin, end = time(int(match[1]), int(match[2])), time(int(match[3] or 0), int(match[4] or 0))
    if begin == end:
        raise ValueError("起止时间相同；要全天就不写 hours / ends when it begins; for all day leave hours out")
    return begin, end


def _days(value: object) -> frozenset[int]:
    """The days, Monday 0, that "mon", "周一" or a range such as "mon-fri" or "sat-mon" names."""
    words = _TO.split(value.strip().casefold()) if isinstance(value, str) else [""]
    unknown = [word for word in words if word not in _DAY]
    if unknown or len(words) > 2:  # noqa: PLR2004 from and to
        match = nearest(unknown[0], _DAY) if unknown else None
        zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
        raise ValueError(f'要写成 "mon"、"周一" 或 "mon-fri"{zh} / must be like "mon" or "mon-fri"{en}')
    first, last = _DAY[words[0]], _DAY[words[-1]]
    return frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))


Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]
Days = Annotated[frozenset[int], BeforeValidator(_days)]


class RecipientEntry(BaseModel):
    """An entry of `stock.watch.recipients`: an id alone, or a table that narrows what and when they are told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PersonId
    hours: Hours | None = None
    weekdays: Annotated[tuple[Days, ...], Some] = ()
    models: Annotated[tuple[ModelWord, ...], Some] = ()
    severities: Annotated[tuple[Literal["warning", "critical"], ...], Some] = ()

    def to_domain(self) -> Recipient:
        """The recipient as the domain knows them."""
        return Recipient(
            self.id,
            self.hours,
            frozenset[int]().union(*self.weekdays),
            frozenset(Model(model) for model in self.models),
            frozenset(Severity[word.upper()] for word in self.severities),
        )


def _entry(value: object) -> object:
    if isinstance(value, str):
        return RecipientEntry(id=person(value))
    if not isinstance(value, Mapping | RecipientEntry):
        raise ValueError('要写成 "ou_…" 或 {id = "ou_…"} / must be like "ou_…" or {id = "ou_…"}')  # noqa: TRY004 pydantic takes no TypeError
    return value


def _once_each(entries: tuple[RecipientEntry, ...]) -> tuple[RecipientEntry, ...]:
    """Each once. One id with two wishes is refused: a message is told once to each, by one of them."""
    refuse(_twice(entries))
    return tuple(dict.fromkeys(entries))


def _twice(entries: tuple[RecipientEntry, ...]) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for n, entry in enumerate(entries):
        known = first.setdefault(entry.id, n)
        if entry != entries[known]:
            yield (n,), f"和 [{known}] 是同一个 ID，只留一个 / the same id as [{known}]; keep one"


WatchList = Annotated[tuple[Annotated[RecipientEntry, BeforeValidator(_entry)], ...], Some, AfterValidator(_once_each)]
