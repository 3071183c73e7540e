"""The model of the outbox: what it knows of a message, of a limit, and of what becomes of a claim."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st

from suanli.domain.chat import MessageId
from suanli.domain.delivery import Parcel, Rate
from suanli.domain.ports import Outbox
from tests.fakes import NOON

PERIODS = st.sampled_from([0.0, 0.3, 1.0, 61.0, 61.0]).map(lambda seconds: timedelta(seconds=seconds))


@dataclass(frozen=True)
class Fate:
    """What becomes of a claimed message: it is `held` on to, `sent`, set aside as `dead`, or to be tried `again`."""

    kind: str
    after: timedelta = timedelta(0)
    as_text: bool = False
    counts: bool = True

    def settle(self, outbox: Outbox, parcel: Parcel, now: datetime) -> bool:
        if self.kind == "sent":
            return outbox.sent(parcel, message_id(parcel.key), now)
        if self.kind == "dead":
            return outbox.dead(parcel, "", now)
        return outbox.again(parcel, due_at=now + self.after, error="", as_text=self.as_text, counts=self.counts)


FATES = st.sampled_from([Fate("held"), Fate("held"), Fate("sent"), Fate("sent"), Fate("dead")]) | st.builds(
    Fate, st.just("again"), PERIODS, st.booleans(), st.booleans()
)


def message_id(key: str) -> MessageId:
    return MessageId(f"om_{key}")


@dataclass
class Message:
    """What the model knows of a row."""

    key: str
    lane: str
    urgent: bool
    order: int
    due_at: datetime
    uuid: str | None = None
    attempts: int = 0
    claims: int = 0
    as_text: bool = False
    owner: str | None = None
    lease_until: datetime = NOON
    end: str | None = None
    first_tried_at: datetime | None = None
    redraws: str | None = None
    revision: int = 0
    claimed_revision: int = 0

    @property
    def is_claimed(self) -> bool:
        return self.end is None and self.owner is not None

    def draw_anew(self, now: datetime, *, urgent: bool) -> None:
        self.revision += 1
        self.end, self.due_at, self.as_text, self.urgent = None, now, False, urgent

    def befall(self, fate: Fate, now: datetime) -> None:
        self.owner = None
        if fate.kind != "again":
            self.end = fate.kind
            return
        self.due_at = now + fate.after
        self.as_text |= fate.as_text
        self.attempts -= not fate.counts
        self.first_tried_at = self.first_tried_at if self.attempts else None

    def is_held(self, now: datetime) -> bool:
        return self.is_claimed and self.lease_until > now

    def is_due(self, now: datetime) -> bool:
        return self.end is None and self.due_at <= now and not self.is_held(now)

    @property
    def rank(self) -> tuple[bool, int]:
        return not self.urgent, self.order


@dataclass
class Passed:
    """When messages passed one limit, and until when it rests."""

    moments: list[datetime] = field(default_factory=list)
    rests_until: datetime = NOON

    def keeps(self, rate: Rate) -> bool:
        now = self.moments[-1]
        return sum(moment > now - rate.window for moment in self.moments) <= rate.per

    def is_idle(self, rate: Rate, now: datetime) -> bool:
        return self.rests_until <= now and all(moment <= now - 2 * rate.window for moment in self.moments)
