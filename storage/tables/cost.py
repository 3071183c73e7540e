"""Who may spend how much, what was spent, and what is held. Amounts are nano-units."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.schema import Schema, partial_index
from suanli.domain.cost.quotas import HoldState, Level, ScopeKind, Span
from suanli.domain.cost.windows import Period

# SQLite counts up only what it calls INTEGER, which has 64 bits there.
_MANY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class QuotaBookRow(Schema):
    """One row, with a word that is a new one whenever quotas were edited; who edits holds it to the end."""

    __tablename__ = "quota_book"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edition: Mapped[str]


class QuotaRow(Schema):
    """A quota; thresholds in ten-thousandths of the limit."""

    __tablename__ = "quotas"
    __table_args__ = (
        sa.Index("ix_quotas_scope", "scope_id", "scope_kind"),
        {"sqlite_autoincrement": True},  # a number is never given twice: people type it, and accounts name it
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    scope_kind: Mapped[ScopeKind]
    scope_id: Mapped[str]
    total: Mapped[int] = mapped_column(sa.BigInteger)
    period: Mapped[Period]
    zone: Mapped[str]
    currency: Mapped[str]
    daily_limit: Mapped[int | None] = mapped_column(sa.BigInteger)
    hourly_limit: Mapped[int | None] = mapped_column(sa.BigInteger)
    soft: Mapped[bool]
    warning: Mapped[int]
    critical: Mapped[int]
    active: Mapped[bool]
    budget: Mapped[int | None]


class AccountRow(Schema):
    """A window of a limit. All that a decision needs stands here, so that whoever has the row locked can decide.

    `limit` is the quota's own, `granted` the JSON list of amounts on top, each with the moment it ends. Rows are
    locked in the order of `rank` and `id`. There is no CHECK that nothing is negative: a row that somebody tampered
    with would stop every hold beside it from being settled. Reconciliation finds it.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        sa.UniqueConstraint("quota", "span", "starts_at", "ends_at"),
        {"postgresql_with": {"fillfactor": 50}},  # room in the page for the next versions of a hot row
    )

    id: Mapped[int] = mapped_column(_MANY, primary_key=True)
    quota: Mapped[int]
    span: Mapped[Span]
    rank: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    limit: Mapped[int] = mapped_column(sa.BigInteger)
    granted: Mapped[str]
    used: Mapped[int] = mapped_column(sa.BigInteger)
    held: Mapped[int] = mapped_column(sa.BigInteger)
    soft: Mapped[bool]
    warning: Mapped[int]
    critical: Mapped[int]


class AccountSetRow(Schema):
    """Accounts that holds are against together, once for each such set; `members` is their ids, parted by blanks."""

    __tablename__ = "account_sets"
    __table_args__ = (sa.UniqueConstraint("members"),)

    id: Mapped[int] = mapped_column(_MANY, primary_key=True)
    members: Mapped[str]


class MemberRow(Schema):
    """An account of a set."""

    __tablename__ = "account_set_members"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_set: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    account: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)


class HoldRow(Schema):
    """A hold. `expired_at` stays when an expired one is settled after all: it tells that nothing is held any more."""

    __tablename__ = "holds"
    __table_args__ = (partial_index("ix_holds_due", "expires_at", where="state = 'held'"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    account_set: Mapped[int] = mapped_column(sa.BigInteger)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str]
    state: Mapped[HoldState]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    actual: Mapped[int | None] = mapped_column(sa.BigInteger)
    expired_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class QuotaGrantRow(Schema):
    """So much more for a limit, for a while."""

    __tablename__ = "quota_grants"
    __table_args__ = (
        partial_index("ix_quota_grants_running", "expires_at", where="ended_at IS NULL"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quota: Mapped[int] = mapped_column(index=True)
    span: Mapped[Span]
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    granted_by: Mapped[str]
    why: Mapped[str]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AdjustmentRow(Schema):
    """What was added to, or taken from, an account beside what calls came to. Rows are only ever added.

    A reset has the number of the last record that there was: what had been charged by then is gone.
    """

    __tablename__ = "adjustments"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    made_by: Mapped[str]
    why: Mapped[str]
    made_at: Mapped[datetime]
    last_record: Mapped[int | None] = mapped_column(sa.BigInteger)


class QuotaAlertRow(Schema):
    """An account came to a level, told by the message `message_key` of the outbox."""

    __tablename__ = "quota_alerts"
    __table_args__ = (
        partial_index("ix_quota_alerts_untold", "reached_at", where="message_key IS NULL"),
        {"sqlite_with_rowid": False},
    )

    account: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    level: Mapped[Level] = mapped_column(primary_key=True)
    reached_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(sa.BigInteger)
    limit: Mapped[int] = mapped_column(sa.BigInteger)
    message_key: Mapped[str | None]
