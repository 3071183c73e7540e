"""What was received and is to be sent, and people and chats."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.access import Role
from suanli.domain.audit import Outcome
from suanli.domain.chat import ChatKind, MessageId, OpenId, Platform, TargetKind
from suanli.i18n import Lang


class InboxRow(Schema):
    """Something received, kept for as long as it could be delivered again."""

    __tablename__ = "inbox"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    event_id: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)


class OutboxRow(Schema):
    """A message to be sent; it waits until `sent_at` or `dead_at` is set. `answer` is the JSON of storage.answers.

    `revision` counts how often it was drawn anew, `leased_revision` is what its last claimer took: `attempts` and
    `first_tried_at` are of that one.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        partial_index("ix_outbox_waiting", "lane", "urgent", "id", where="sent_at IS NULL AND dead_at IS NULL"),
        partial_index("ix_outbox_leased", "lease_until", where="lease_until IS NOT NULL"),
        partial_index("ix_outbox_sent", "sent_at", where="sent_at IS NOT NULL"),
        partial_index("ix_outbox_dead", "dead_at", where="dead_at IS NOT NULL"),
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
    redraws: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="0")
    leased_revision: Mapped[int] = mapped_column(server_default="0")
    alert: Mapped[bool] = mapped_column(server_default=sa.false())
    progress: Mapped[int] = mapped_column(server_default="0")


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
