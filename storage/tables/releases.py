"""What is read of the hubs, what changed there, and who follows it."""

from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.chat import OpenId, Platform, TargetKind
from suanli.domain.releases import Change, Fingerprint, Hub, Kind, Mode, Part
from suanli.domain.releases.resources import Status


class ResourceRow(Schema):
    """A part of a place that is read regularly, or was until `dropped_at`. `folded` is the name in small letters."""

    __tablename__ = "resources"
    __table_args__ = (
        sa.UniqueConstraint("hub", "folded", "part"),
        partial_index("ix_resources_due", "next_at", where="dropped_at IS NULL"),
        {"sqlite_autoincrement": True},  # items of a resource that was forgotten never become another's
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hub: Mapped[Hub]
    name: Mapped[str]
    folded: Mapped[str]
    part: Mapped[Part]
    dropped_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    native_id: Mapped[str]
    status: Mapped[Status]
    baselined_at: Mapped[datetime | None]
    whole: Mapped[bool]
    cursor: Mapped[datetime | None]
    sweep_url: Mapped[str | None]
    sweep_high: Mapped[datetime | None]
    silent_until: Mapped[datetime | None]
    identified_at: Mapped[datetime | None]
    via: Mapped[str]
    drifts: Mapped[int]
    failures: Mapped[int]
    error: Mapped[str]
    failing_since: Mapped[datetime | None]
    told_failing: Mapped[bool]
    read_at: Mapped[datetime | None]


class ValidatorRow(Schema):
    """What a page of a resource can be asked with."""

    __tablename__ = "validators"

    resource: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(primary_key=True)
    etag: Mapped[str]
    last_modified: Mapped[str]
    next_url: Mapped[str]
    token: Mapped[str]


class ItemRow(Schema):
    """An item as it was last read; `document` is the JSON of storage.documents, the rest is for finding it.

    `changed_at` is its `updated_at`, or the best there is instead; `model_key` is None of all that has none.
    """

    __tablename__ = "items"
    __table_args__ = (
        sa.Index("ix_items_changed", "resource", "changed_at"),
        partial_index("ix_items_model", "model_key", where="model_key IS NOT NULL"),
        partial_index("ix_items_model_seen", "first_seen_at", where="model_key IS NOT NULL"),
    )

    resource: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    native_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
    changed_at: Mapped[datetime]
    model_key: Mapped[str | None]
    gone: Mapped[bool]
    first_seen_at: Mapped[datetime]
    missing: Mapped[int]
    quiet_until: Mapped[datetime | None]
    document: Mapped[str]


class HappeningRow(Schema):
    """A change of an item; `document` is the JSON of the item, as it was after that."""

    __tablename__ = "happenings"
    __table_args__ = (
        sa.Index("ix_happenings_place", "hub", "folded", "observed_at"),
        sa.Index("ix_happenings_item", "native_id", "folded"),
    )

    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    hub: Mapped[Hub]
    name: Mapped[str]
    folded: Mapped[str]
    part: Mapped[Part]
    native_id: Mapped[str]
    change: Mapped[Change]
    occurred_at: Mapped[datetime | None]
    observed_at: Mapped[datetime] = mapped_column(index=True)
    detail: Mapped[str]
    older_branch: Mapped[bool]
    document: Mapped[str]


class WatchRow(Schema):
    """Somebody follows a place. `words` are parted by blanks."""

    __tablename__ = "watches"
    __table_args__ = (
        sa.Index("ix_watches_target", "platform", "target_kind", "target_id"),
        sa.Index("ix_watches_place", "hub", "folded"),
        partial_index("uq_watches_declared", "declared", where="declared IS NOT NULL", unique=True),
        {"sqlite_autoincrement": True},  # a number is never given twice: people type it, and messages name it
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[Platform]
    target_kind: Mapped[TargetKind]
    target_id: Mapped[str]
    hub: Mapped[Hub]
    name: Mapped[str]
    folded: Mapped[str]
    words: Mapped[str]
    filter: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[OpenId | None]
    mode: Mapped[Mode]
    at: Mapped[time]
    weekday: Mapped[int]
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    muted_until: Mapped[datetime | None]
    declared: Mapped[str | None]


class WatchNoticeRow(Schema):
    """A change that a watch is about, told by the message `message_key` of the outbox; `why` is a JSON list."""

    __tablename__ = "watch_notices"
    __table_args__ = (
        partial_index("ix_watch_notices_waiting", "due_at", "watch", where="message_key IS NULL"),
        {"sqlite_with_rowid": False},
    )

    watch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True, index=True)
    change: Mapped[Change]
    why: Mapped[str]
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    message_key: Mapped[str | None]


class AllowanceRow(Schema):
    """How many requests a host lets us make."""

    __tablename__ = "allowances"

    host: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int | None] = mapped_column(sa.BigInteger)
    remaining: Mapped[int | None] = mapped_column(sa.BigInteger)
    reset_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(sa.BigInteger)
    used: Mapped[int] = mapped_column(sa.BigInteger)
    pauses: Mapped[int] = mapped_column(sa.BigInteger)
    learnt_at: Mapped[datetime | None]
