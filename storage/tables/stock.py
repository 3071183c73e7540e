"""Stock over time, its rules, shortages and who was told of them, and what was bought."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.chat import OpenId
from suanli.domain.stock import Model
from suanli.domain.stock.episodes import News, State
from suanli.domain.stock.external import Fingerprint
from suanli.domain.stock.purchases import Stage
from suanli.domain.stock.rules import Field, Severity


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
    """When a recipient was last told of a model being low by the original program."""

    __tablename__ = "notices"

    recipient: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[Model] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class HourRow(Schema):
    """The samples of a scope that were taken in one hour; `hour` is its beginning."""

    __tablename__ = "samples_hourly"
    __table_args__ = ({"sqlite_with_rowid": False},)  # kept in the order in which it is read

    source: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[Model] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    samples: Mapped[int]
    free_min: Mapped[int] = mapped_column(sa.BigInteger)
    free_sum: Mapped[int] = mapped_column(sa.BigInteger)
    free_max: Mapped[int] = mapped_column(sa.BigInteger)
    total_sum: Mapped[int] = mapped_column(sa.BigInteger)
    used_sum: Mapped[int] = mapped_column(sa.BigInteger)
    unavailable_sum: Mapped[int] = mapped_column(sa.BigInteger)


class OverrideRow(Schema):
    """A field of a rule as it was set in chat."""

    __tablename__ = "overrides"

    model: Mapped[Model] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[Field] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
    set_by: Mapped[OpenId]
    set_at: Mapped[datetime]


class StandingRow(Schema):
    """What is remembered of a scope beside its episodes: that it cannot be seen, and a mute."""

    __tablename__ = "standings"

    model: Mapped[Model] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    cause: Mapped[str]
    blind_since: Mapped[datetime | None]
    blind_told_at: Mapped[datetime | None]
    muted_until: Mapped[datetime | None]
    muted_by: Mapped[OpenId | None]
    muted_at: Mapped[datetime | None]
    mute_reason: Mapped[str | None]


class EpisodeRow(Schema):
    """One shortage of a scope; it is open until `closed_at` is set."""

    __tablename__ = "episodes"
    __table_args__ = (
        partial_index("uq_episodes_open", "model", "region", "clock", where="closed_at IS NULL", unique=True),
        partial_index("ix_episodes_closed", "closed_at", where="closed_at IS NOT NULL"),
        {"sqlite_autoincrement": True},  # a number is never given twice: messages and tickets name it
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[Model]
    region: Mapped[str]
    clock: Mapped[str]
    state: Mapped[State]
    severity: Mapped[Severity]
    opened_at: Mapped[datetime]
    free: Mapped[int] = mapped_column(sa.BigInteger)
    seen_at: Mapped[datetime]
    lowest: Mapped[int] = mapped_column(sa.BigInteger)
    low: Mapped[int]
    fired_at: Mapped[datetime | None]
    recovering_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    claimed_by: Mapped[OpenId | None]
    claimed_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    ordered: Mapped[bool | None]
    news: Mapped[int]
    latest: Mapped[News | None]
    quiet: Mapped[bool]


class ToldRow(Schema):
    """A notice of an episode to a recipient, the `count`-th, in the message `message_key` of the outbox."""

    __tablename__ = "told"

    episode: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[News]
    news: Mapped[int]
    free: Mapped[int] = mapped_column(sa.BigInteger)
    told_at: Mapped[datetime] = mapped_column(index=True)
    message_key: Mapped[str] = mapped_column(index=True)


class TicketRow(Schema):
    """A purchase."""

    __tablename__ = "tickets"

    number: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[Model]
    region: Mapped[str]
    clock: Mapped[str]
    stage: Mapped[Stage]
    quantity: Mapped[int] = mapped_column(sa.BigInteger)
    requested_by: Mapped[OpenId]
    requested_at: Mapped[datetime]
    episode: Mapped[int | None]
    eta: Mapped[date | None]
    ordered_by: Mapped[OpenId | None]
    ordered_at: Mapped[datetime | None]
    ended_by: Mapped[OpenId | None]
    ended_at: Mapped[datetime | None]


class BurnRow(Schema):
    """How fast the cards of a scope go."""

    __tablename__ = "burns"

    model: Mapped[Model] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    clock: Mapped[str] = mapped_column(primary_key=True)
    per_day: Mapped[float]
    points: Mapped[int]
    computed_at: Mapped[datetime]


class AlertRow(Schema):
    """An alert of another system; `labels` and `annotations` are JSON."""

    __tablename__ = "alerts"

    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime]
    firing: Mapped[bool]
    heard_at: Mapped[datetime]
    labels: Mapped[str]
    annotations: Mapped[str]
    link: Mapped[str]
    count: Mapped[int]
    told_at: Mapped[datetime | None]
