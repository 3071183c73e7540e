"""The tables, as typed classes; the statements over them stand in the module of their aggregate."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.columns import AnyText, UtcDateTime, words
from suanli.domain.access import Role
from suanli.domain.audit import Outcome
from suanli.domain.chat import ChatKind, MessageId, OpenId, Platform, TargetKind
from suanli.domain.schedule import JobName, RunState
from suanli.domain.stock import Model
from suanli.i18n import Lang


class Schema(DeclarativeBase):
    """All tables together; the migrations add up to `Schema.metadata`."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        str: AnyText,
        JobName: AnyText,
        MessageId: AnyText,
        Model: AnyText,
        OpenId: AnyText,
        ChatKind: words(ChatKind),
        Lang: words(Lang),
        Outcome: words(Outcome),
        Platform: words(Platform),
        Role: words(Role, "word"),
        RunState: words(RunState),
        TargetKind: words(TargetKind),
    }


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


class InboxRow(Schema):
    """Something received, kept for as long as it could be delivered again."""

    __tablename__ = "inbox"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    event_id: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)


class OutboxRow(Schema):
    """A message to be sent; it waits until `sent_at` or `dead_at` is set. `answer` is the JSON of storage.answers."""

    __tablename__ = "outbox"
    __table_args__ = (
        _partial("ix_outbox_waiting", "lane", "urgent", "id", where="sent_at IS NULL AND dead_at IS NULL"),
        _partial("ix_outbox_leased", "lease_until", where="lease_until IS NOT NULL"),
        _partial("ix_outbox_sent", "sent_at", where="sent_at IS NOT NULL"),
        _partial("ix_outbox_dead", "dead_at", where="dead_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    uuid: Mapped[str]
    platform: Mapped[Platform]
    target_kind: Mapped[TargetKind]
    target_id: Mapped[str]
    lane: Mapped[str]
    reply_to: Mapped[MessageId | None]
    urgent: Mapped[bool]
    answer: Mapped[str]
    as_text: Mapped[bool]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    first_tried_at: Mapped[datetime | None]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    message_id: Mapped[MessageId | None]
    error: Mapped[str]


class LaneRow(Schema):
    """A place or a platform whose sends are counted: `full_at` is its rate's, nothing goes before `ready_at`."""

    __tablename__ = "lanes"

    name: Mapped[str] = mapped_column(primary_key=True)
    full_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]


class GrantRow(Schema):
    """A role given in chat."""

    __tablename__ = "grants"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    open_id: Mapped[OpenId] = mapped_column(primary_key=True)
    role: Mapped[Role]
    granted_by: Mapped[OpenId]
    granted_at: Mapped[datetime]


class ChatRow(Schema):
    """What is remembered of a chat, or of a person under their open_id."""

    __tablename__ = "chats"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    chat_id: Mapped[str] = mapped_column(primary_key=True)
    lang: Mapped[Lang | None]
    welcomed_at: Mapped[datetime | None]


class SampleRow(Schema):
    """Cards of a model in a region and clock class at one moment."""

    __tablename__ = "samples"

    taken_at: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[Model] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int]
    free: Mapped[int]
    used: Mapped[int]
    unavailable: Mapped[int]


class SourceRow(Schema):
    """How a source of samples is doing; `ok_at` is the `taken_at` of its newest samples."""

    __tablename__ = "sources"

    source: Mapped[str] = mapped_column(primary_key=True)
    ok_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str]
    failures: Mapped[int]


class NoticeRow(Schema):
    """When a recipient was last told of a model being low."""

    __tablename__ = "notices"

    recipient: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[Model] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class AuditRow(Schema):
    """What somebody asked for and what came of it; `latency_us` is in microseconds."""

    __tablename__ = "audits"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    platform: Mapped[Platform]
    tenant: Mapped[str]
    open_id: Mapped[str]
    chat_id: Mapped[str]
    chat_kind: Mapped[ChatKind]
    command: Mapped[str]
    words: Mapped[str]
    outcome: Mapped[Outcome]
    detail: Mapped[str]
    latency_us: Mapped[int] = mapped_column(sa.BigInteger)
    reference: Mapped[str]


class ScheduleRow(Schema):
    """A job of the code; every firing up to `cursor` has been looked at."""

    __tablename__ = "schedules"

    job: Mapped[JobName] = mapped_column(primary_key=True)
    cursor: Mapped[datetime]


class RunRow(Schema):
    """One firing of a job, once; it is open until `finished_at` is set."""

    __tablename__ = "job_runs"
    __table_args__ = (
        sa.UniqueConstraint("job", "scheduled_for"),
        _partial("ix_job_runs_open", "job", where="finished_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[JobName]
    scheduled_for: Mapped[datetime]
    state: Mapped[RunState]
    available_at: Mapped[datetime]
    attempt: Mapped[int]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    detail: Mapped[str]


class FactRow(Schema):
    """A small thing learnt from outside."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    learnt_at: Mapped[datetime]
