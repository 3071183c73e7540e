"""How much a host lets us ask: what its answers say of that, and a gate that everybody passes who asks it."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from suanli.clock import Clock
from suanli.domain.releases.failures import Resting
from suanli.domain.releases.resources import Allowance
from suanli.sources.endpoint import retry_after_of

FIRST_PAUSE = timedelta(minutes=1)
"""What GitHub asks for where it names no time; it doubles as long as the host goes on refusing (releases.md §2.10)."""

LONGEST_PAUSE = timedelta(hours=1)
MOST_WAIT = timedelta(seconds=2)
"""The longest that a thread waits for its turn; one that would wait longer comes again later."""

_SAME_WINDOW = timedelta(seconds=30)  # moments of its end are rounded, and are on their way for a while
_OF_RATE = re.compile(r"rate.?limit|quota.?limit|abuse|too many requests", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,12}")
_RATE = re.compile(r"\br=(?P<remaining>[0-9]{1,9})\s*;\s*t=(?P<seconds>[0-9]{1,9})")
_POLICY = re.compile(r"\bq=(?P<limit>[0-9]{1,9})")


class Gate:
    """What stands before a host. Threads share it; it keeps count, and sends away who comes when the host rests.

    `spacing` is the least time between the beginnings of two requests.
    """

    def __init__(self, allowance: Allowance, clock: Clock, *, spacing: timedelta | None = None) -> None:
        self._allowance = allowance
        self._clock = clock
        self._spacing = spacing.total_seconds() if spacing else 0.0
        self._free_at = clock.elapsed()
        self._never = threading.Event()
        self._lock = threading.Lock()

    @property
    def allowance(self) -> Allowance:
        """What the host said last."""
        with self._lock:
            return self._allowance

    def rest(self) -> timedelta:
        """How long the host is not to be asked from now on; zero when it may be."""
        with self._lock:
            now = self._clock.now()
            return _opens_at(self._allowance, now) - now

    def enter(self) -> None:
        """Count a request that is about to be made. Raises Resting when it is not to be made now.

        Waits for its turn where requests are spaced, no longer than MOST_WAIT.
        """
        with self._lock:
            now = self._clock.now()
            self._refuse(_opens_at(self._allowance, now) - now)
            turn = max(0.0, self._free_at - self._clock.elapsed())
            if turn > MOST_WAIT.total_seconds():
                self._refuse(timedelta(seconds=turn))
            self._free_at = self._clock.elapsed() + turn + self._spacing
            allowance = _begun(self._allowance, now)
            self._allowance = replace(allowance, asked=allowance.asked + 1)
        if turn:
            self._clock.wait(self._never, turn)

    def learn(self, status: int, headers: Mapping[str, str], said: str = "") -> None:
        """Take in what an answer says of the allowance. `said` is the host's own words in a refusal.

        A 403 is about the rate only if something in it says so; else it is about the one thing that was asked for.
        """
        with self._lock:
            now = self._clock.now()
            heard = _heard({name.lower(): value for name, value in headers.items()}, now)
            self._allowance = _learnt(self._allowance, status, heard, said, now)

    def _refuse(self, wait: timedelta) -> None:
        if wait > timedelta():
            name, seconds = self._allowance.host, wait.total_seconds()
            raise Resting(f"{name} is not to be asked for another {seconds:.0f} s", retry_after=wait)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the headers of an answer say: None where they are silent."""

    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    retry_after: timedelta | None


def _heard(headers: Mapping[str, str], now: datetime) -> _Heard:
    wait = retry_after_of(headers.get("retry-after", ""), now)
    rate = _RATE.search(headers.get("ratelimit", ""))
    if rate:  # HuggingFace
        policy = _POLICY.search(headers.get("ratelimit-policy", ""))
        reset_at = now + min(timedelta(seconds=int(rate["seconds"])), LONGEST_PAUSE)
        return _Heard(int(policy["limit"]) if policy else None, int(rate["remaining"]), reset_at, wait)
    if headers.get("x-ratelimit-resource", "core") != "core":  # searches are counted apart
        return _Heard(None, None, None, wait)
    limit, remaining, reset = (_count(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset"))
    return _Heard(limit, remaining, _reset_at(reset, headers.get("date", ""), now), wait)


def _count(text: str | None) -> int | None:
    return int(text) if text and _COUNT.fullmatch(text) else None


def _reset_at(reset: int | None, date: str, now: datetime) -> datetime | None:
    """The end of GitHub's window by our clock: the header names it by the server's, which may differ."""
    if reset is None:
        return None
    try:
        ahead = parsedate_to_datetime(date) - now
    except (ValueError, TypeError):
        ahead = timedelta()
    return now + min(max(timedelta(seconds=reset - now.timestamp()) - ahead, timedelta()), LONGEST_PAUSE)


def _opens_at(allowance: Allowance, now: datetime) -> datetime:
    opens = allowance.opens_at(now)
    # Nothing was ever put off for so long: the clock was set back, and the moment means nothing any more.
    return opens if opens - now <= 2 * LONGEST_PAUSE else now


def _begun(allowance: Allowance, now: datetime) -> Allowance:
    """The allowance in the window of `now`: of a new one nothing is known yet."""
    if allowance.reset_at is None or allowance.reset_at > now:
        return allowance
    return replace(allowance, remaining=None, reset_at=None, asked=0, used=0)


def _learnt(allowance: Allowance, status: int, heard: _Heard, said: str, now: datetime) -> Allowance:
    counted = _counted(allowance, status, heard)
    allowance = _window(allowance, heard, now)
    allowance = replace(allowance, used=allowance.used + counted, learnt_at=now)
    if status < HTTPStatus.BAD_REQUEST:
        # What was asked before a pause and comes in during it says nothing of how the host is after it.
        resting = allowance.paused_until is not None and allowance.paused_until > now
        return allowance if resting else replace(allowance, pauses=0, paused_until=None)
    if _is_about_rate(status, heard, said):
        return _refused(allowance, heard, now)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and heard.retry_after:
        return _paused(allowance, now + heard.retry_after, now)
    return allowance


def _counted(allowance: Allowance, status: int, heard: _Heard) -> int:
    """1 if the host counted the request. A 304 is free on GitHub with a token; what is left shows whether it was."""
    if status != HTTPStatus.NOT_MODIFIED or heard.remaining is None:
        return 1
    return 1 if allowance.remaining is not None and heard.remaining < allowance.remaining else 0


def _is_about_rate(status: int, heard: _Heard, said: str) -> bool:
    if status != HTTPStatus.FORBIDDEN:
        return status == HTTPStatus.TOO_MANY_REQUESTS
    return heard.remaining == 0 or heard.retry_after is not None or bool(_OF_RATE.search(said))


def _window(allowance: Allowance, heard: _Heard, now: datetime) -> Allowance:
    """The allowance with the host's own figures. Answers overtake each other: in a window, what is left only falls."""
    if heard.remaining is None or heard.reset_at is None or heard.reset_at <= now:
        return allowance
    limit = allowance.limit if heard.limit is None else heard.limit
    old = allowance.reset_at
    if old is None or allowance.remaining is None:
        return replace(allowance, limit=limit, remaining=heard.remaining, reset_at=heard.reset_at)
    if limit == allowance.limit and abs(heard.reset_at - old) <= _SAME_WINDOW:
        return replace(allowance, remaining=min(allowance.remaining, heard.remaining))
    return replace(allowance, limit=limit, remaining=heard.remaining, reset_at=heard.reset_at, asked=1, used=0)


def _refused(allowance: Allowance, heard: _Heard, now: datetime) -> Allowance:
    """A refusal for asking too much: what is left is used up, or the host wants a pause whatever is left."""
    wait = heard.retry_after
    if heard.remaining == 0 and heard.reset_at and heard.reset_at > now:
        return _paused(allowance, max(heard.reset_at + timedelta(seconds=1), now + (wait or timedelta())), now)
    if allowance.paused_until and allowance.paused_until > now:  # another thread's part of the same trouble
        return _paused(allowance, now + (wait or timedelta()), now)
    longest = wait or min(FIRST_PAUSE * 2 ** min(allowance.pauses, 12), LONGEST_PAUSE)
    return replace(_paused(allowance, now + longest, now), pauses=allowance.pauses + 1)


def _paused(allowance: Allowance, until: datetime, now: datetime) -> Allowance:
    return replace(allowance, paused_until=max(until, allowance.paused_until or until, now + timedelta(seconds=1)))
