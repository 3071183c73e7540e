"""Releases: what is read of the hubs, what changed there, and who follows it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text()
WORD = sa.String(16)
MOMENT = sa.DateTime(timezone=True)
COUNT = sa.Integer()
LARGE = sa.BigInteger()
TRUTH = sa.Boolean()
CLOCK = sa.Time()


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def nullable(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def given(name: str) -> sa.Column[Any]:
    """A number that is part of a key and given by us."""
    return sa.Column(name, COUNT, nullable=False, autoincrement=False)


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    create_resources()
    create_items()
    create_happenings()
    create_watches()
    create_notices()
    create_allowances()


def create_resources() -> None:
    op.create_table(
        "resources",
        column("id", COUNT),
        column("hub", WORD),
        column("name", TEXT),
        column("folded", TEXT),
        column("part", WORD),
        nullable("dropped_at", MOMENT),
        column("next_at", MOMENT),
        column("native_id", TEXT),
        column("status", WORD),
        nullable("baselined_at", MOMENT),
        column("whole", TRUTH),
        nullable("cursor", MOMENT),
        nullable("sweep_url", TEXT),
        nullable("sweep_high", MOMENT),
        nullable("silent_until", MOMENT),
        nullable("identified_at", MOMENT),
        column("via", TEXT),
        column("drifts", COUNT),
        column("failures", COUNT),
        column("error", TEXT),
        nullable("failing_since", MOMENT),
        column("told_failing", TRUTH),
        nullable("read_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_resources"),
        sa.UniqueConstraint("hub", "folded", "part", name="uq_resources_hub_folded_part"),
        sqlite_autoincrement=True,
    )
    partial_index("ix_resources_due", "resources", ["next_at"], "dropped_at IS NULL")
    op.create_table(
        "validators",
        given("resource"),
        column("url", TEXT),
        column("etag", TEXT),
        column("last_modified", TEXT),
        column("next_url", TEXT),
        column("token", TEXT),
        sa.PrimaryKeyConstraint("resource", "url", name="pk_validators"),
    )


def create_items() -> None:
    op.create_table(
        "items",
        given("resource"),
        column("native_id", TEXT),
        column("kind", WORD),
        column("changed_at", MOMENT),
        nullable("model_key", TEXT),
        column("gone", TRUTH),
        column("first_seen_at", MOMENT),
        column("missing", COUNT),
        nullable("quiet_until", MOMENT),
        column("document", TEXT),
        sa.PrimaryKeyConstraint("resource", "native_id", name="pk_items"),
    )
    op.create_index("ix_items_changed", "items", ["resource", "changed_at"])
    partial_index("ix_items_model", "items", ["model_key"], "model_key IS NOT NULL")
    partial_index("ix_items_model_seen", "items", ["first_seen_at"], "model_key IS NOT NULL")


def create_happenings() -> None:
    op.create_table(
        "happenings",
        column("fingerprint", TEXT),
        column("hub", WORD),
        column("name", TEXT),
        column("folded", TEXT),
        column("part", WORD),
        column("native_id", TEXT),
        column("change", WORD),
        nullable("occurred_at", MOMENT),
        column("observed_at", MOMENT),
        column("detail", TEXT),
        column("older_branch", TRUTH),
        column("document", TEXT),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_happenings"),
    )
    op.create_index("ix_happenings_item", "happenings", ["native_id", "folded"])
    op.create_index("ix_happenings_observed_at", "happenings", ["observed_at"])
    op.create_index("ix_happenings_place", "happenings", ["hub", "folded", "observed_at"])


def create_watches() -> None:
    op.create_table(
        "watches",
        column("number", COUNT),
        column("platform", WORD),
        column("target_kind", WORD),
        column("target_id", TEXT),
        column("hub", WORD),
        column("name", TEXT),
        column("folded", TEXT),
        column("words", TEXT),
        column("filter", TEXT),
        column("created_at", MOMENT),
        nullable("created_by", TEXT),
        column("mode", WORD),
        column("at", CLOCK),
        column("weekday", COUNT),
        nullable("quiet_from", CLOCK),
        nullable("quiet_to", CLOCK),
        nullable("muted_until", MOMENT),
        nullable("declared", TEXT),
        sa.PrimaryKeyConstraint("number", name="pk_watches"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_watches_place", "watches", ["hub", "folded"])
    op.create_index("ix_watches_target", "watches", ["platform", "target_kind", "target_id"])
    partial_index("uq_watches_declared", "watches", ["declared"], "declared IS NOT NULL", unique=True)


def create_notices() -> None:
    op.create_table(
        "watch_notices",
        given("watch"),
        column("fingerprint", TEXT),
        column("change", WORD),
        column("why", TEXT),
        column("queued_at", MOMENT),
        column("due_at", MOMENT),
        nullable("message_key", TEXT),
        sa.PrimaryKeyConstraint("watch", "fingerprint", name="pk_watch_notices"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_watch_notices_fingerprint", "watch_notices", ["fingerprint"])
    partial_index("ix_watch_notices_waiting", "watch_notices", ["due_at", "watch"], "message_key IS NULL")


def create_allowances() -> None:
    op.create_table(
        "allowances",
        column("host", TEXT),
        nullable("limit", LARGE),
        nullable("remaining", LARGE),
        nullable("reset_at", MOMENT),
        nullable("paused_until", MOMENT),
        column("asked", LARGE),
        column("used", LARGE),
        column("pauses", LARGE),
        nullable("learnt_at", MOMENT),
        sa.PrimaryKeyConstraint("host", name="pk_allowances"),
    )
