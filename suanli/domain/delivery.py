"""How messages leave: when a row may go, what an error means for it, and at what rate."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from suanli.domain.answer import Answer
from suanli.domain.chat import MessageId, Target
from suanli.domain.errors import RemoteError

UUID_WINDOW = timedelta(hours=1)
"""How long Feishu remembers a uuid (feishu.md §3.2): a retry later than this could be a second message."""

GIVE_UP_AFTER = timedelta(minutes=55)
"""Retries stop inside the uuid window, with room for the clocks to differ."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written into the outbox. `key` names it: the same key is the same message, once.

    `reply_to` hangs it under a message of the chat; `urgent` puts a person's reply before queued alerts.
    """

    key: str
    target: Target
    answer: Answer
    reply_to: MessageId | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed outbox row: ours to send until `lease_until`, then anybody's.

    `uuid` is what the platform dedupes by; `as_text` asks for the plain form after a rejected card.
    """

    id: int
    key: str
    uuid: str
    target: Target
    answer: Answer
    reply_to: MessageId | None
    attempts: int
    as_text: bool
    created_at: datetime
    first_tried_at: datetime | None
    owner: str


@dataclass(frozen=True, slots=True)
class OutboxDepth:
    """How much is waiting to be sent, since when, and how much was set aside."""

    waiting: int
    oldest_at: datetime | None
    dead: int


def uuid_of(key: str) -> str:
    """The platform's idempotency key of a message, made only of its stable name (at most 50 characters)."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


class Fate(StrEnum):
    """What becomes of a row after a failed try."""

    RETRY = "retry"
    AS_TEXT = "as_text"
    DEAD = "dead"


class CardRejected(RemoteError):  # noqa: N818 the platform's word for it
    """The platform refused the card as a card; the same words may go as plain text."""


class LaneBusy(RemoteError):  # noqa: N818 an answer rather than a failure
    """The platform asks for patience for this one chat or person; it does not count as a failed try."""


class PlatformBusy(RemoteError):  # noqa: N818 an answer rather than a failure
    """The platform asks the whole app for patience; every lane waits, and it does not count as a failed try."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a row whose send failed: its fate, and when it may be tried again."""

    fate: Fate
    due_at: datetime


def judge(parcel: Parcel, error: RemoteError, now: datetime) -> Verdict:
    """Decide about a failed send: a rejected card goes as text, a passing failure waits, the rest is set aside."""
    if isinstance(error, CardRejected):
        return Verdict(Fate.DEAD if parcel.as_text else Fate.AS_TEXT, now)
    due_at = now + (error.retry_after or backoff(parcel.attempts))
    started = parcel.first_tried_at or now
    if error.permanent or due_at - started > GIVE_UP_AFTER:
        return Verdict(Fate.DEAD, now)
    return Verdict(Fate.RETRY, due_at)


def too_late(parcel: Parcel, now: datetime) -> bool:
    """Whether a try now could make a second message: an earlier one may have arrived, so long ago that nobody knows.

    `judge` plans no such try, but a row can come to be tried later than planned: after a stop, or behind its lane.
    """
    return parcel.first_tried_at is not None and now - parcel.first_tried_at > GIVE_UP_AFTER


def backoff(attempts: int) -> timedelta:
    """1, 2, 4 … seconds, at most 5 minutes, after the first, second, third … try."""
    return timedelta(seconds=min(300, 2 ** (max(attempts, 1) - 1)))


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit as a platform states it: `per` sends in each `window`, of which `burst` may come at once."""

    per: int
    window: timedelta
    burst: int = 1

    def __post_init__(self) -> None:
        """Refuse what no lane could keep."""
        if not 1 <= self.burst <= self.per or self.window <= timedelta(0):
            raise ValueError("a rate has a positive window, and a burst of at least one and at most all of its sends")

    @property
    def interval(self) -> timedelta:
        """The steady distance between two sends that keeps `burst` + steady sends within `per` a window."""
        return -(-self.window // max(1, self.per - self.burst))


def earliest(full_at: datetime | None, rate: Rate, now: datetime) -> datetime:
    """When the next send may go. `full_at` is the theoretical time at which the lane's allowance is whole again."""
    if full_at is None:
        return now
    return max(now, full_at - rate.interval * (rate.burst - 1))


def spend(full_at: datetime | None, rate: Rate, at: datetime) -> datetime:
    """The lane's new `full_at` after one send at `at` (the generic cell rate algorithm)."""
    return max(full_at or at, at) + rate.interval
