"""What the inside asks of the outside. Implementations inherit nothing; tests bring their own."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from suanli.domain.access import Grant, Role
from suanli.domain.audit import AuditEntry
from suanli.domain.chat import ChatId, MessageId, OpenId, Origin, Platform
from suanli.domain.delivery import Draft, OutboxDepth, Parcel, Rate
from suanli.domain.schedule import JobName, Run, RunId, Schedule
from suanli.domain.stock import Model, Row, Sample, Snapshot, SourceState
from suanli.i18n import Lang


class StockSource(Protocol):
    """Where card counts come from."""

    @property
    def name(self) -> str:
        """The name under which its samples are stored."""

    def fetch(self) -> Sequence[Row]:
        """Ask it now. Raises RemoteError; NoData when it answers without rows. Never invents a count."""

    def probe(self) -> Sequence[str]:
        """For `suanli check`: what was found to be right, a line each. Raises RemoteError naming what is not."""


class Courier(Protocol):
    """Carries messages to one chat platform."""

    def send(self, parcel: Parcel) -> MessageId | None:
        """Send a message; its platform id. Raises RemoteError (CardRejected, LaneBusy, PlatformBusy)."""


class Inbox(Protocol):
    """What was received, so that nothing is done twice."""

    def admit(self, origin: Origin, kind: str, now: datetime) -> bool:
        """Write it down; False when it was written down before. Atomic across processes."""

    def forget_before(self, moment: datetime) -> int:
        """Drop what was received earlier than `moment`; how many."""


class Outbox(Protocol):
    """What is to be sent."""

    def post(self, draft: Draft, now: datetime) -> bool:
        """Write a message; False when its key is there already."""

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, lane: Rate, whole: Sequence[Rate]
    ) -> Sequence[Parcel]:
        """Take due rows, at most one a lane, within each lane's rate and the platform's `whole` rates."""

    def sent(self, parcel: Parcel, message_id: MessageId | None, now: datetime) -> bool:
        """Settle as sent; False when the lease was lost to another owner in the meantime."""

    def again(self, parcel: Parcel, *, due_at: datetime, error: str, as_text: bool, counts: bool) -> bool:
        """Settle as to be retried; `counts` False when the platform only asked for patience."""

    def dead(self, parcel: Parcel, error: str, now: datetime) -> bool:
        """Settle as set aside."""

    def pause(self, platform: Platform, lane: str | None, until: datetime) -> None:
        """Let a lane, or with None the whole platform, rest until then."""

    def depth(self) -> OutboxDepth:
        """How much waits, since when, and how much is set aside."""

    def forget_before(self, moment: datetime) -> int:
        """Drop settled rows older than `moment`; how many."""


class Grants(Protocol):
    """Roles given in chat."""

    def role_of(self, platform: Platform, open_id: OpenId) -> Role | None:
        """The role granted to a person, or None."""

    def all(self, platform: Platform) -> Sequence[Grant]:
        """Every grant, highest role first."""

    def put(self, grant: Grant) -> None:
        """Give a role, in place of an earlier one."""

    def drop(self, platform: Platform, open_id: OpenId) -> bool:
        """Take a role away; False when there was none."""


class Chats(Protocol):
    """Chats we have been in: their language, and whether they were welcomed."""

    def lang_of(self, platform: Platform, chat_id: str) -> Lang | None:
        """The language chosen for a chat (or, by open_id, for a person), or None."""

    def choose_lang(self, platform: Platform, chat_id: str, lang: Lang) -> None:
        """Remember a language."""

    def welcome(self, platform: Platform, chat_id: ChatId, now: datetime) -> bool:
        """Note that a chat is welcomed; False when it was before."""


class Samples(Protocol):
    """Stock over time."""

    def add(self, samples: Sequence[Sample], now: datetime) -> None:
        """Store one complete answer of a source, and that the source is well."""

    def failed(self, source: str, error: str, now: datetime) -> SourceState:
        """Note that a source could not be read; its state after that."""

    def latest(self, source: str) -> Snapshot:
        """The newest complete answer of a source."""

    def states(self) -> Sequence[SourceState]:
        """How every source is doing."""

    def forget_before(self, moment: datetime) -> int:
        """Drop samples older than `moment`; how many."""


class Notices(Protocol):
    """Who was told of which model being low, and when."""

    def last_told(self) -> Mapping[tuple[str, Model], datetime]:
        """The last time each recipient was told of each model."""

    def tell(self, recipient: str, models: Sequence[Model], now: datetime) -> None:
        """Note that a recipient is told of these models."""


class Audits(Protocol):
    """Every command that ran or was refused."""

    def add(self, entry: AuditEntry) -> None:
        """Write it down."""

    def newest(self, limit: int) -> Sequence[AuditEntry]:
        """The last entries, newest first."""

    def forget_before(self, moment: datetime) -> int:
        """Drop entries older than `moment`; how many."""


class Runs(Protocol):
    """Schedules and runs of jobs: the truth about what is due; APScheduler only wakes us."""

    def declare(self, schedules: Sequence[Schedule], now: datetime) -> None:
        """Know these schedules; the cursor of a new one starts at `now`. Those of other processes stay as they are."""

    def cursor(self, job: JobName) -> datetime | None:
        """The last firing that was looked at."""

    def fire(self, job: JobName, scheduled_for: datetime, now: datetime) -> RunId | None:
        """Queue a run for a firing, exactly once however many ask; None when it is there already."""

    def miss(self, job: JobName, scheduled_for: datetime, now: datetime) -> None:
        """Write a firing down as missed, if nobody has done anything about it."""

    def claim(self, *, owner: str, now: datetime, leases: Mapping[JobName, timedelta]) -> Run | None:
        """Take the oldest due run whose job is not running elsewhere."""

    def extend(self, run: Run, until: datetime) -> bool:
        """Prolong a lease; False when the run is no longer ours."""

    def finish(self, run: Run, now: datetime, detail: str) -> bool:
        """Settle as done; False when the run is no longer ours."""

    def fail(self, run: Run, now: datetime, error: str, *, retry_at: datetime | None) -> bool:
        """Settle as failed, or queue the next try."""

    def release_lost(self, now: datetime, *, most_tries: int) -> int:
        """Queue again the runs whose owner went silent; how many. One that had `most_tries` is lost for good."""

    def forget_before(self, moment: datetime) -> int:
        """Drop settled runs older than `moment`; how many."""


class Facts(Protocol):
    """Small things learnt from outside, such as the bot's own id, and heartbeats: a name, a value, and its age."""

    def get(self, name: str) -> tuple[str, datetime] | None:
        """A value and when it was learnt."""

    def put(self, name: str, value: str, now: datetime) -> None:
        """Remember a value."""


class Transaction(Protocol):
    """One transaction: all of it happens, or none."""

    @property
    def inbox(self) -> Inbox:
        """What was received."""

    @property
    def outbox(self) -> Outbox:
        """What is to be sent."""

    @property
    def grants(self) -> Grants:
        """Roles given in chat."""

    @property
    def chats(self) -> Chats:
        """Languages and welcomes."""

    @property
    def samples(self) -> Samples:
        """Stock over time."""

    @property
    def notices(self) -> Notices:
        """Who was told of low stock."""

    @property
    def audits(self) -> Audits:
        """The record of commands."""

    @property
    def runs(self) -> Runs:
        """Schedules and runs of jobs."""

    @property
    def facts(self) -> Facts:
        """Small things learnt from outside."""

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it to the end of this one.

        For decisions that read before they write: two of them never see the same "before".
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """What happens inside is undone alone when it raises."""


class Store(Protocol):
    """Where all state lives."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction: committed at the end, rolled back when something is raised."""
