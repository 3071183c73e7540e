"""Amounts, parts and moments as cards of quotas and budgets show them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from suanli.domain.answer import At, Span
from suanli.domain.commands import Turn
from suanli.domain.cost.money import NANO, shown

CELLS = 10
"""Of a bar; one is a tenth of the limit."""

_CENT = NANO // 100
_FULL = 100


def amount(nano: int) -> str:
    """Nano-units for people: `1,234.50`, and six digits after the point where two do not say it."""
    whole, _, digits = shown(abs(nano)).partition(".")
    sign = "-" if nano < 0 else ""
    return f"{sign}{int(whole):,}.{digits if nano % _CENT else digits[:2]}"


def part(taken: int, limit: int) -> int:
    """How many hundredths of a limit are taken, rounded down: 100 only when nothing is left."""
    if limit <= 0:
        return _FULL
    return max(0, taken) * _FULL // limit


def percent(taken: int, limit: int) -> str:
    """How much of a limit is taken; the first few tokens do not look like nothing."""
    hundredths = part(taken, limit)
    return "<1%" if hundredths == 0 and taken > 0 else f"{hundredths}%"


def bar(taken: int, limit: int) -> str:
    """The same drawn: ten cells, of which the first is filled as soon as anything is taken."""
    filled = min(CELLS, max(part(taken, limit) * CELLS // _FULL, int(taken > 0)))
    return "█" * filled + "░" * (CELLS - filled)


def moment(at: datetime, zone: ZoneInfo, home: ZoneInfo) -> str:
    """A moment in a zone, which is named where it is another than at `home`."""
    return f"{at.astimezone(zone):%m-%d %H:%M}" + ("" if zone == home else f" {zone.key}")


@dataclass(frozen=True, slots=True)
class Moments:
    """Writes moments for people of `home`, who read them `now`."""

    now: datetime
    home: ZoneInfo

    def said(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment in a zone, with its year where that is another than this one."""
        year = at.astimezone(zone).year
        return ("" if year == self.now.astimezone(zone).year else f"{year}-") + moment(at, zone, self.home)


def moments(turn: Turn) -> Moments:
    """Moments as who asks reads them."""
    return Moments(turn.now, turn.site.zone)


def person(who: str) -> Span:
    """Who did something, as notes of changes name them: somebody of the chat as a mention."""
    return At(who) if who.startswith("ou_") else who
