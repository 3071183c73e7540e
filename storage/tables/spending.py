"""Who pays, what is meant to be spent, what was told and asked for, and who may say so. Amounts are nano-units."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.access import Role
from suanli.domain.changes import Way
from suanli.domain.chat import Platform, TargetKind
from suanli.domain.cost.alerts import AlertType, Over, Severity
from suanli.domain.cost.quotas import ScopeKind, Span
from suanli.domain.cost.requests import RequestState
from suanli.domain.cost.windows import Period


class PartyRow(Schema):
    """Somebody who pays; the contact's three columns are there together or not at all."""

    __tablename__ = "parties"
    __table_args__ = (partial_index("ix_parties_contact", "contact_id", where="contact_id IS NOT NULL"),)

    scope_kind: Mapped[ScopeKind] = mapped_column(primary_key=True)
    scope_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    contact_platform: Mapped[Platform | None]
    contact_kind: Mapped[TargetKind | None]
    contact_id: Mapped[str | None]
    project: Mapped[str]
    department: Mapped[str]
    organization: Mapped[str]


class BudgetRow(Schema):
    """A budget; its quotas name it. Thresholds in ten-thousandths of the limit."""

    __tablename__ = "budgets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    scope_kind: Mapped[ScopeKind]
    scope_id: Mapped[str]
    total: Mapped[int] = mapped_column(sa.BigInteger)
    period: Mapped[Period]
    zone: Mapped[str]
    currency: Mapped[str]
    binds: Mapped[bool]
    warning: Mapped[int]
    critical: Mapped[int]
    active: Mapped[bool]


class AllocationRow(Schema):
    """A part of a budget; `position` is its place among them."""

    __tablename__ = "budget_allocations"

    budget: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope_kind: Mapped[ScopeKind]
    scope_id: Mapped[str]
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class CostAlertRow(Schema):
    """Something that was told; `about` is JSON of names and texts, `told` JSON of targets."""

    __tablename__ = "cost_alerts"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index("ix_cost_alerts_subject", "subject_id", "subject_kind"),
        partial_index("ix_cost_alerts_unresolved", "snoozed_until", where="resolved_at IS NULL"),
        partial_index("ix_cost_alerts_ends_at", "ends_at", where="resolved_at IS NULL"),
        partial_index("ix_cost_alerts_type_id", "type", "id", where="resolved_at IS NULL"),
        {"sqlite_autoincrement": True},  # pages go on behind a number, and cards name it
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    type: Mapped[AlertType]
    severity: Mapped[Severity]
    created_at: Mapped[datetime]
    subject_kind: Mapped[ScopeKind | None]
    subject_id: Mapped[str | None]
    about: Mapped[str]
    told: Mapped[str]
    read_at: Mapped[datetime | None]
    read_by: Mapped[str]
    snoozed_until: Mapped[datetime | None]
    snoozed_by: Mapped[str]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str]
    resolution: Mapped[str]
    rounds: Mapped[int]
    told_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    over: Mapped[Over | None]


class QuotaRequestRow(Schema):
    """Somebody asks for more; `told` is JSON of targets."""

    __tablename__ = "quota_requests"
    __table_args__ = (
        partial_index("ix_quota_requests_pending", "quota", where="state = 'pending'"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quota: Mapped[int]
    span: Mapped[Span]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    asked_platform: Mapped[Platform]
    asked_kind: Mapped[TargetKind]
    asked_id: Mapped[str]
    user: Mapped[str]
    why: Mapped[str]
    asked_at: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[RequestState]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    granted: Mapped[int | None] = mapped_column(sa.BigInteger)
    grant: Mapped[int | None]
    note: Mapped[str]
    told: Mapped[str]


class TokenRow(Schema):
    """A token of the API, of which only the digest is kept; its permissions are words parted by blanks."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        sa.UniqueConstraint("digest"),
        {"sqlite_autoincrement": True},  # the record of changes names tokens by number
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str]
    user: Mapped[str]
    project: Mapped[str]
    department: Mapped[str]
    organization: Mapped[str]
    permissions: Mapped[str]
    role: Mapped[Role]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ReplyRow(Schema):
    """What was answered under an Idempotency-Key of a token."""

    __tablename__ = "replies"

    token: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    body: Mapped[str]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class ChangeRow(Schema):
    """Who changed what; rows are only ever added. `before` and `after` are JSON of names and texts."""

    __tablename__ = "changes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str]
    way: Mapped[Way]
    what: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    before: Mapped[str]
    after: Mapped[str]
