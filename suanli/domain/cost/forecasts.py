"""What will be spent, with how much to trust that, and how long a limit lasts.

The interval is conformal: what was forecast is tried on the past, from one day after another, each time with only
what was known by then, and how far the sums over the days ahead were off says how far this one may be. Residuals of
the fit itself would promise too much (cost.md §6.6: 80.8 % where 90 % were said).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import fmean

from suanli.domain.cost.money import Nano, kept, total
from suanli.domain.cost.quotas import Account
from suanli.domain.cost.spending import Day, NotEnough, days_before, nearest
from suanli.domain.cost.trends import trend

LEAST_DAYS = 14
"""Days of history, below which nothing is said (cost.md §6.6): two of each weekday."""

TRIED_DAYS = 180
"""How far back forecasts are tried; it bounds the work to some ten milliseconds."""

LEVEL = Fraction(9, 10)
"""How often what is spent is to be within the interval."""

FEWEST_ORIGINS = 5
"""Days from which a forecast is tried, at the least, to say anything of how good it is."""

EARLY = 24
"""A pace is measured over at least this part of a window: an hour of a day, a bit more than a day of a month."""

_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
_SPREAD_OUT = 2  # times the days of a sum; measured: with one, at times only 75 % were within
_LEAST_SCALE = 0.1


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of so many forecasts over `days` days that were tried on the past, from `origins` days, so many held."""

    held: int
    origins: int
    days: int

    @property
    def part(self) -> Fraction | None:
        """The part that held; None when there were fewer than FEWEST_ORIGINS, for the past is too short."""
        return Fraction(self.held, self.origins) if self.origins >= FEWEST_ORIGINS else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect on each of `days`, and in all: between `low` and `high` with a probability of `level`.

    `coverage` says how often that was so in the past.
    """

    days: tuple[Day, ...]
    expected: Nano
    low: Nano
    high: Nano
    coverage: Coverage
    level: Fraction = LEVEL


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What a month will have cost: what was `spent` of it already, and what is expected from today on, today's whole.

    `ahead` is the forecast that it is made of: its days are today and the rest of the month.
    """

    spent: Nano
    expected: Nano
    low: Nano
    high: Nano
    ahead: Forecast


@dataclass(frozen=True, slots=True)
class _Residual:
    """By how much of `scale` the sum over some days from an origin was off."""

    origin: int
    size: float


def forecast(series: Iterable[Day], today: date, until: date) -> Forecast | NotEnough:
    """What will be spent from today to `until`, both of them whole, by the days before today.

    Today is not over and is left out, and so is what comes after. The history begins with the first day there is;
    days that are missing since had nothing spent. Amounts are rounded to the nearest nano-unit a day, and added up.
    Raises ValueError when `until` is past, MoneyError for more than can be kept.
    """
    if until < today:
        raise ValueError("nobody forecasts the past")
    known = days_before(series, today, TRIED_DAYS).amounts
    if len(known) < LEAST_DAYS:
        return NotEnough(len(known), LEAST_DAYS)
    ahead = (until - today).days + 1
    now = trend(known)
    days = tuple(Day(today + n * _DAY, nearest(amount)) for n, amount in enumerate(now.ahead(ahead)))
    expected = total(day.amount for day in days)
    tried, residuals = _tried(known, ahead)
    # Relative errors grow with the square root of the days, as those of a level that wanders do: those that come
    # from day to day would grow less, so that the interval is rather too wide than too narrow.
    wide = _bound(residuals) * math.sqrt(ahead / tried) * ahead * max(now.mean, _least_scale(known))
    low, high = nearest(max(0.0, expected - wide)), nearest(expected + wide)
    return Forecast(days, expected, min(low, expected), max(high, expected), _coverage(residuals, tried))


def month_end(spent: Nano, series: Iterable[Day], today: date) -> MonthEnd | NotEnough:
    """What the month that today is in will have cost, when so much of it is `spent`, today's included.

    What was spent of today is in the series too; the rest of what today is expected to cost is still to come, and
    when today has had more than that, nothing is. Raises MoneyError for more than can be kept.
    """
    known = tuple(series)
    ahead = forecast(known, today, _last_of_month(today))
    if isinstance(ahead, NotEnough):
        return ahead
    so_far = max(0, sum(day.amount for day in known if day.on == today))
    before = spent - so_far
    more = max(0, so_far - ahead.days[0].amount)  # than was expected of today: it comes on top of the rest
    low = max(so_far, ahead.low + more)
    return MonthEnd(
        spent, kept(before + ahead.expected + more), kept(before + low), kept(before + ahead.high + more), ahead
    )


def pace(account: Account, now: datetime) -> datetime | None:
    """When the limit will be reached at this pace; None when that is not within its window, or nothing is spent.

    The pace is all that was used over all the time since the window began, which one busy minute moves little. What
    is held takes room but is no pace: it is the worst case of calls that are under way, most of which comes back. In
    the first of EARLY parts of a window, what was used counts as if the whole part had gone by: otherwise one call in
    the first minute of a day would look like a call a minute. So early on a limit may be said to last too long, and
    is never said to end too soon.
    """
    window = account.window
    if now not in window:
        return None
    if account.left <= 0:
        return now
    if account.used <= 0:
        return None
    elapsed = max(now - window.start, (window.end - window.start) // EARLY)
    needed = account.left * (elapsed // _MICROSECOND) // account.used
    return now + needed * _MICROSECOND if needed < (window.end - now) // _MICROSECOND else None


def _tried(known: Sequence[int], ahead: int) -> tuple[int, list[_Residual]]:
    """Forecasts tried on the past: over how many days, and how far off they were.

    They are over as many days as are asked for, or as few less as leave enough origins: sums whose days are mostly
    the same are off together, so the origins are spread over more days than each of the sums has.
    """
    fewest = min(LEAST_DAYS, len(known) // 2)
    days = len(known) - fewest
    origins = 1
    while days > 1 and (days > ahead or origins < max(FEWEST_ORIGINS, _SPREAD_OUT * days)):
        days, origins = days - 1, origins + 1
    least = _least_scale(known)
    return days, [_residual(known, fewest + n, days, least) for n in range(origins)]


def _residual(known: Sequence[int], origin: int, days: int, least: float) -> _Residual:
    then = trend(known[:origin])
    off = sum(known[origin : origin + days]) - sum(then.ahead(days))
    scale = days * max(then.mean, least)
    return _Residual(origin, abs(off) / scale if scale else 0.0)


def _least_scale(known: Sequence[int]) -> float:
    """What a day counts as at the least, so that nothing is measured by a time in which nothing was spent."""
    return fmean(known) * _LEAST_SCALE


def _bound(residuals: Sequence[_Residual]) -> float:
    """How far off the next one is at most, with a probability of LEVEL, being one of as many and one more."""
    sizes = sorted(residual.size for residual in residuals)
    rank = math.ceil(LEVEL * (len(sizes) + 1))
    return sizes[min(rank, len(sizes)) - 1]


def _coverage(residuals: Sequence[_Residual], days: int) -> Coverage:
    """How many were within the bound that all others give with which they share no day."""
    held = origins = 0
    for residual in residuals:
        others = [other for other in residuals if abs(other.origin - residual.origin) >= days]
        if len(others) >= FEWEST_ORIGINS:
            origins += 1
            held += residual.size <= _bound(others)
    return Coverage(held, origins, days)


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + 31 * _DAY).replace(day=1) - _DAY
