"""`[releases]`: how often the hubs are read, and who follows what there."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain, product
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, field_validator

from suanli.domain.releases import Hub, Place, Rhythm, Watch, WatchNumber
from suanli.domain.releases.changes import CHOICES, parts_of, words_for
from suanli.domain.releases.filters import SHIPPED, Aliases
from suanli.domain.releases.places import read_place
from suanli.domain.releases.rhythms import read_quiet, read_rhythm
from suanli.domain.stock.rules import target_of
from suanli.settings.filters import misread
from suanli.settings.fleet import Info
from suanli.settings.kinds import Duration, Name, Recipients, RepeatEvery, Some
from suanli.settings.problems import nearest
from suanli.settings.wording import Loc, refuse

_STRICT = ConfigDict(frozen=True, extra="forbid")

_TWO = 2


def _place(value: object) -> Place:
    found = value if isinstance(value, Place) else read_place(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            '要写成 "owner/repo"、"hf:deepseek-ai" 或 "ms:deepseek-ai"'
            ' / must be like "owner/repo", "hf:deepseek-ai" or "ms:deepseek-ai"'
        )
    return found


def _once_each(places: tuple[Place, ...]) -> tuple[Place, ...]:
    found: dict[tuple[str, str], Place] = {}
    for place in places:
        found.setdefault(_key(place), place)
    return tuple(found.values())


def _key(place: Place) -> tuple[str, str]:
    """The place in one case, for hubs mind none."""
    return place.hub, place.name.casefold()


def _change(word: str) -> str:
    if word not in CHOICES:
        match = nearest(word, CHOICES)
        zh, en = (f"；是不是 {match}？", f"; did you mean {match}?") if match else ("", "")
        listed = ", ".join(CHOICES)
        raise ValueError(f"没有这种变化{zh} / no such change{en} ({listed})")
    return word


def _rhythm(value: object) -> Rhythm:
    if isinstance(value, Rhythm):
        return value
    try:
        return read_rhythm(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(
            '要写成 "instant"、"hourly"、"daily 09:10" 或 "weekly mon 09:10"'
            ' / must be like "instant", "hourly", "daily 09:10" or "weekly mon 09:10"'
        ) from None


def _quiet(value: object) -> tuple[time, time] | None:
    if value is None or isinstance(value, tuple):
        return value
    try:
        return read_quiet(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError('要写成 "22:00-08:00" 或 "off" / must be like "22:00-08:00" or "off"') from None


def _group(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) < _TWO:
        raise ValueError("一组至少两个名字 / a group has at least two names")
    return words


class WatchEntry(BaseModel):
    """`[[releases.watches]]`: these are told of these changes at these places, if they match the filter.

    `changes` empty means what is told of a place unless somebody chooses. `quiet` None means at any hour.
    """

    model_config = _STRICT

    places: Annotated[tuple[Annotated[Place, BeforeValidator(_place)], ...], Some, AfterValidator(_once_each)]
    tell: Recipients
    filter: str = ""
    changes: tuple[Annotated[str, AfterValidator(_change)], ...] = ()
    mode: Annotated[Rhythm, BeforeValidator(_rhythm)] = Rhythm()
    quiet: Annotated[tuple[time, time] | None, BeforeValidator(_quiet)] = None

    @field_validator("changes")
    @classmethod
    def _of_every_place(cls, changes: tuple[str, ...], info: Info) -> tuple[str, ...]:
        for place in info.data.get("places", ()) if changes else ():
            if not parts_of(place.hub, changes):
                raise ValueError(f"{place.word} 没有这些变化 / nothing of this is ever told of {place.word}")
        return tuple(dict.fromkeys(changes))

    def words(self, place: Place) -> tuple[str, ...]:
        """The changes at one of the places, in words."""
        return self.changes or words_for(place.hub, filtered=bool(self.filter.strip()))

    def to_domain(self, created_at: datetime) -> Iterator[Watch]:
        """A watch for everybody who is told of each place."""
        rhythm = replace(self.mode, quiet=self.quiet)
        for place, recipient in product(self.places, self.tell):
            watch = Watch(
                WatchNumber(0),
                target_of(recipient),
                place,
                self.words(place),
                self.filter,
                created_at,
                rhythm=rhythm,
            )
            yield replace(watch, declared=_declared(watch))


def _declared(watch: Watch) -> str:
    """The name of a watch by all that makes it what it is: one that was changed has another."""
    rhythm = watch.rhythm
    said = (
        *(*_key(watch.place), watch.target.lane, sorted(watch.words), watch.filter.strip()),
        *(rhythm.mode, rhythm.at.isoformat(), rhythm.weekday),
        *(each.isoformat() for each in rhythm.quiet or ()),
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _with_shipped(groups: Iterable[tuple[str, ...]]) -> Aliases:
    return Aliases.of((*SHIPPED.groups, *groups))


class Releases(BaseModel):
    """`[releases]`. `keep` is how long changes stay; `aliases` are further names of one thing, for filters."""

    model_config = _STRICT

    interval: RepeatEvery = timedelta(minutes=5)
    keep: Duration = timedelta(days=180)
    aliases: tuple[Annotated[tuple[Name, ...], AfterValidator(_group)], ...] = ()
    watches: tuple[WatchEntry, ...] = ()

    @field_validator("watches")
    @classmethod
    def _with_filters(cls, watches: tuple[WatchEntry, ...], info: Info) -> tuple[WatchEntry, ...]:
        aliases = _with_shipped(info.data.get("aliases", ()))
        wrong = [((n, "filter"), misread(entry.filter, aliases)) for n, entry in enumerate(watches)]
        refuse((loc, text) for loc, text in wrong if text)
        return watches

    @property
    def names(self) -> Aliases:
        """The table of other names for filters: what is shipped, and `aliases`."""
        return _with_shipped(self.aliases)

    def to_domain(self, created_at: datetime) -> tuple[Watch, ...]:
        """The watches; who is told the same of one place by two entries is told it once."""
        found: dict[str | None, Watch] = {}
        for watch in chain.from_iterable(entry.to_domain(created_at) for entry in self.watches):
            found.setdefault(watch.declared, watch)
        return tuple(found.values())

    def told(self) -> Iterator[tuple[Loc, str]]:
        """Everybody who is told, each with where it says so."""
        for n, entry in enumerate(self.watches):
            yield from ((("watches", n, "tell", m), recipient) for m, recipient in enumerate(entry.tell))

    def requests(self, hub: Hub) -> int:
        """How often in an hour the watches ask this hub, at least."""
        asked = {
            (_key(place), part)
            for entry in self.watches
            for place in entry.places
            if place.hub is hub
            for part in parts_of(hub, entry.words(place))
        }
        return math.ceil(len(asked) * (timedelta(hours=1) / self.interval))
