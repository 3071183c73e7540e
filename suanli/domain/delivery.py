"""How messages leave: when a row may go, what an error means for it, and at what rate."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from suanli.domain.answer import Answer, At, Code, line
from suanli.domain.chat import MessageId, Target, TargetKind
from suanli.domain.errors import RemoteError
from suanli.i18n import texts_in

UUID_WINDOW = timedelta(hours=1)
"""How long Feishu remembers a uuid (feishu.md §3.2): a retry later than this could be a second message."""

GIVE_UP_AFTER = timedelta(minutes=55)
"""Retries stop inside the uuid window, with room for the clocks to differ."""

REDRAW_FOR = timedelta(hours=24)
"""How long a drawing is tried: a second one changes nothing, and a card that is a day behind helps nobody."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written into the outbox. `key` names it: the same key is the same message, once.

    `reply_to` hangs it under a message of the chat; `urgent` puts a person's reply before queued alerts. An `alert`
    goes over the fallback channel when it cannot be delivered. `redraws` is the key of an earlier message whose card
    this answer is to replace; only the newest drawing of a card is sent.
    """

    key: str
    target: Target
    answer: Answer
    reply_to: MessageId | None = None
    urgent: bool = False
    alert: bool = False
    redraws: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed outbox row: ours to send until `lease_until`, then anybody's.

    `uuid` is what the platform dedupes by; `as_text` asks for the plain form after a rejected card. `redraws` is the
    key of the message whose card is to be replaced, `drawn` its id on the platform once it was sent; `revision` counts
    how often the row was drawn anew. Of a message that goes in parts, the first `progress` have arrived.
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
    alert: bool = False
    redraws: str | None = None
    drawn: MessageId | None = None
    revision: int = 0
    progress: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message: sent, waiting, or given up; `instead` is what was sent over the fallback channel."""

    key: str
    target: Target
    sent_at: datetime | None
    dead_at: datetime | None
    error: str
    instead: "Receipt | None" = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was set aside, by its number: to whom, what it said, and why it did not arrive."""

    number: int
    key: str
    target: Target
    answer: Answer
    created_at: datetime
    dead_at: datetime
    error: str


def fallback_key(key: str) -> str:
    """The key of the message that goes over the fallback channel in place of another."""
    return f"fallback:{key}"


def detour(parcel: Parcel, fallback: Target) -> Draft | None:
    """What goes over the fallback channel in place of a message set aside; None for all that is to end there.

    Only alerts are worth it: a reply would answer nobody, a drawing has nothing to be drawn on, and what came that way
    has no other.
    """
    if not parcel.alert or parcel.redraws or parcel.target.kind is TargetKind.HOOK:
        return None
    texts, to = texts_in(parcel.answer.lang), parcel.target
    whom = At(to.id) if to.kind is TargetKind.OPEN_ID else Code(f"{to.kind} {to.id}")
    answer = replace(parcel.answer, blocks=(line(texts("delivery.instead"), whom), *parcel.answer.blocks))
    return Draft(fallback_key(parcel.key), fallback, answer, alert=True)


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


class ChannelBroken(PlatformBusy):
    """Nothing gets through until a person sets something right: the platform rests, and the operators are told why."""


class PartlySent(RemoteError):  # noqa: N818 what was found, rather than a failure of ours
    """The first `done` parts of the message have arrived, counted from its beginning; the rest has not."""

    def __init__(
        self,
        message: str,
        *,
        done: int,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after, code=code)
        self.done = done


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a row whose send failed: its fate, and when it may be tried again."""

    fate: Fate
    due_at: datetime


def judge(parcel: Parcel, error: RemoteError, now: datetime) -> Verdict:
    """Decide about a failed send: a rejected card goes as text, a passing failure waits, the rest is set aside.

    A card in a chat cannot become text, so a rejected drawing is set aside as well.
    """
    if isinstance(error, CardRejected):
        return Verdict(Fate.DEAD if parcel.as_text or parcel.redraws else Fate.AS_TEXT, now)
    due_at = now + (error.retry_after or backoff(parcel.attempts))
    started = parcel.first_tried_at or now
    if error.permanent or due_at - started > (REDRAW_FOR if parcel.redraws else GIVE_UP_AFTER):
        return Verdict(Fate.DEAD, now)
    return Verdict(Fate.RETRY, due_at)


def too_late(parcel: Parcel, now: datetime) -> bool:
    """Whether a try now could make a second message: an earlier one may have arrived, so long ago that nobody knows.

    `judge` plans no such try, but a row can come to be tried later than planned: after a stop, or behind its lane.
    Never so of a drawing, which is the same however often it is made, nor of a hook, which remembers no uuid: there
    every retry may be a second message, and waiting makes that no likelier.
    """
    if parcel.redraws or parcel.target.kind is TargetKind.HOOK:
        return False
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


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast messages may leave to one platform: to one place, and in all (each of `whole` is kept)."""

    lane: Rate
    whole: tuple[Rate, ...]
