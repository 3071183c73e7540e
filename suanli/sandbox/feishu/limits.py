"""How often the platform lets itself be called (feishu.md §3.2, §3.5)."""

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls in any window of this length."""

    calls: int
    window: timedelta


PER_API = (Quota(50, timedelta(seconds=1)), Quota(1000, timedelta(minutes=1)))
PER_CHAT = PER_MESSAGE = (Quota(5, timedelta(seconds=1)),)
PER_CHAT_EPHEMERAL = (Quota(40, timedelta(seconds=1)),)
PER_HOOK = (Quota(5, timedelta(seconds=1)), Quota(100, timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class Excess:
    """A call too many: the quota it broke, and how long until one more fits."""

    quota: Quota
    wait: timedelta


class Limits:
    """Sliding windows by name. `factor` multiplies every quota's calls; None lets everything through.

    A refused call is not counted: whoever hammers at the door is let in as soon as a window has room.
    """

    def __init__(self, factor: float | None = 1.0) -> None:
        self._factor = factor
        self._taken: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, name: str, now: datetime, quotas: tuple[Quota, ...]) -> Excess | None:
        """Count one call under `name`, or say why it does not fit. The caller holds the tenant's lock."""
        if self._factor is None:
            return None
        taken = self._taken[name]
        longest = max(quota.window for quota in quotas)
        while taken and now - taken[0] >= longest:
            taken.popleft()
        for quota in quotas:
            excess = _excess(taken, now, quota, max(1, int(quota.calls * self._factor)))
            if excess:
                return excess
        taken.append(now)
        return None


def _excess(taken: deque[datetime], now: datetime, quota: Quota, allowed: int) -> Excess | None:
    if len(taken) < allowed:
        return None
    room_at = taken[-allowed] + quota.window
    return Excess(Quota(allowed, quota.window), room_at - now) if room_at > now else None
