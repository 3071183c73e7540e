"""Schedules and runs of jobs, and small facts."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.schedule import JobName, RunState


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
        partial_index("ix_job_runs_open", "job", where="finished_at IS NULL"),
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
