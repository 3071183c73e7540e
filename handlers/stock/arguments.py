"""Kinds of arguments of the stock commands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NewType

from handlers.arguments import ClockArgument, ModelArgument, Place, RegionArgument
from suanli.domain.commands import Param, Turn
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.rules import DURATIONS, Field

EpisodeNumber = NewType("EpisodeNumber", int)
TicketNumber = NewType("TicketNumber", int)

MOST_CARDS = 100_000
"""Nobody orders more in one go: a longer number is a slip of the keyboard."""

_EPISODE = re.compile(r"#([1-9][0-9]{0,8})")
_TICKET = re.compile(r"po-?([1-9][0-9]{0,8})", re.IGNORECASE)
_SPAN = re.compile(r"([1-9][0-9]{0,3})(分钟|小时|天|周|m|h|d|w)", re.IGNORECASE)
_UNITS = {"m": "minutes", "分钟": "minutes", "h": "hours", "小时": "hours", "d": "days", "天": "days", "w": "weeks", "周": "weeks"}  # fmt: skip  # noqa: E501
_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})[日号]?")


class EpisodeArgument:
    """The number of a shortage, as cards show it: #12."""

    def read(self, word: str, turn: Turn) -> EpisodeNumber | None:  # noqa: ARG002 the port's shape
        """The number."""
        found = _EPISODE.fullmatch(word)
        return EpisodeNumber(int(found[1])) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: buttons fill it in."""
        return ()


class TicketArgument:
    """The name of a purchase: PO-12."""

    def read(self, word: str, turn: Turn) -> TicketNumber | None:  # noqa: ARG002 the port's shape
        """The number."""
        found = _TICKET.fullmatch(word)
        return TicketNumber(int(found[1])) if found else None

    def choices(self, turn: Turn) -> Sequence[str]:
        """Those that are under way."""
        return tuple(ticket.name for ticket in turn.tx.tickets.open())


class QuantityArgument:
    """A number of cards, at least one."""

    def read(self, word: str, turn: Turn) -> int | None:  # noqa: ARG002 the port's shape
        """The number; `50张` is 50."""
        digits = word.removesuffix("张")
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 7 else 0  # noqa: PLR2004 int() of a huge word takes long
        return number if 1 <= number <= MOST_CARDS else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: any number will do."""
        return ()


class DateArgument:
    """A day: 2026-12-31, 12-31 (the next one), 12月31日."""

    def read(self, word: str, turn: Turn) -> date | None:
        """The day, whether past or to come."""
        return _date(word, turn)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: any day will do."""
        return ()


_PART = (
    Param("region", RegionArgument(), optional=True),
    Param("clock", ClockArgument(), optional=True),
)
SCOPE = (Param("model", ModelArgument()), *_PART)
"""A model, or the part of its cards in a region or clock class."""

ANY_SCOPE = (Param("model", ModelArgument(), optional=True), *_PART)
"""The same, or everything."""


def scope_of(model: Model, region: Place | None, clock: Place | None) -> Scope:
    """What the three arguments of SCOPE name."""
    return Scope(model, region.name if region else "", clock.name if clock else "")


@dataclass(frozen=True, slots=True)
class Until:
    """A moment that was named by a span or by a day, which is meant to be over then."""

    at: datetime


class UntilArgument:
    """How long, or until when: 3d, 12h, 2周, or a day, which counts in."""

    def read(self, word: str, turn: Turn) -> Until | None:
        """The moment."""
        span = _SPAN.fullmatch(word)
        if span:
            return Until(turn.now + timedelta(**{_UNITS[span[2].lower()]: int(span[1])}))
        day = _date(word, turn)
        # The last day there is has no end.
        if day is None or day == date.max:
            return None
        return Until(datetime.combine(day + timedelta(days=1), time(0), turn.site.zone))

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """The usual ones."""
        return ("1d", "3d")


class ReasonArgument:
    """Whatever words are left."""

    def read(self, word: str, turn: Turn) -> str | None:  # noqa: ARG002 the port's shape
        """The word."""
        return word[:100]

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """None: it is for people."""
        return ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a rule and what it is to be; durations in seconds."""

    field: Field
    value: int


class SettingArgument:
    """`min_free=100`, `repeat=12h`."""

    def read(self, word: str, turn: Turn) -> Setting | None:  # noqa: ARG002 the port's shape
        """The field and its value; None for a field that is none, or a value of another kind."""
        name, equals, text = word.partition("=")
        field = next((f for f in Field if f == name.casefold()), None)
        if not equals or field is None:
            return None
        value = _seconds(text) if field in DURATIONS else _count(text)
        return Setting(field, value) if value is not None else None

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """Every field."""
        return tuple(f"{f}={'24h' if f in DURATIONS else 'N'}" for f in Field)


class FieldArgument:
    """A field of a rule by its name."""

    def read(self, word: str, turn: Turn) -> Field | None:  # noqa: ARG002 the port's shape
        """The field."""
        return next((f for f in Field if f == word.casefold()), None)

    def choices(self, turn: Turn) -> Sequence[str]:  # noqa: ARG002 the port's shape
        """Every field."""
        return tuple(Field)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004 more are no cards


def _seconds(text: str) -> int | None:
    span = _SPAN.fullmatch(text)
    return int(timedelta(**{_UNITS[span[2].lower()]: int(span[1])}).total_seconds()) if span else None


def _date(word: str, turn: Turn) -> date | None:
    found = _DATE.fullmatch(word)
    if found is None:
        return None
    today = turn.now.astimezone(turn.site.zone).date()
    try:
        if found[1]:
            return date(int(found[1]), int(found[2]), int(found[3]))
        this_year = date(today.year, int(found[2]), int(found[3]))
        return this_year if this_year >= today else this_year.replace(year=today.year + 1)
    except ValueError:
        return None
