"""What was spent: a row for each call. Amounts are nano-units."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import words
from storage.tables.schema import Schema, partial_index
from storage.tables.utc_day import UtcDay
from suanli.domain.cost.prices import CostType
from suanli.domain.cost.records import Ending

# SQLite counts up only what it calls INTEGER, which has 64 bits there.
_MANY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NUMBER = sa.BigInteger
_DAY = UtcDay(sa.literal_column("happened_at"))


class RecordRow(Schema):
    """A call. Rows are only ever added, and their costs, which are NULL while they are not known, are filled in once.

    `charged` counts in the accounts of `account_set`; where that is NULL, `hold` was settled with it, and counts.
    What stands in `hold` beside a set was no hold. `original_currency`, its amounts and `rate` are those of a price in
    another currency than the site's.
    """

    __tablename__ = "cost_records"
    __table_args__ = (
        sa.UniqueConstraint("request_id"),
        sa.Index("ix_cost_records_happened_at", "happened_at", "id"),
        sa.Index("ix_cost_records_user", "user", "happened_at"),
        sa.Index("ix_cost_records_model_name", "model_name", "happened_at"),
        sa.Index("ix_cost_records_day_cost", _DAY, "total_cost", "id"),
        sa.Index("ix_cost_records_user_day_cost", "user", _DAY, "total_cost", "id"),
        partial_index("ix_cost_records_total_cost", "total_cost", "id", where="total_cost IS NULL"),
        partial_index("ix_cost_records_unpriced", "happened_at", "id", where="(total_cost IS NULL) IS TRUE"),
        partial_index("ix_cost_records_session_id", "session_id", "happened_at", where="session_id <> ''"),
        partial_index("ix_cost_records_hold", "hold", where="account_set IS NULL", unique=True),
    )

    id: Mapped[int] = mapped_column(_MANY, primary_key=True)
    request_id: Mapped[str]
    fingerprint: Mapped[str]
    hold: Mapped[str | None]
    account_set: Mapped[int | None] = mapped_column(_NUMBER)
    user: Mapped[str]
    project: Mapped[str]
    department: Mapped[str]
    organization: Mapped[str]
    model_name: Mapped[str]
    provider_name: Mapped[str]
    request_type: Mapped[str]
    cost_type: Mapped[CostType] = mapped_column(words(CostType))
    input_units: Mapped[int] = mapped_column(_NUMBER)
    output_units: Mapped[int] = mapped_column(_NUMBER)
    cached_units: Mapped[int] = mapped_column(_NUMBER)
    cache_write_units: Mapped[int] = mapped_column(_NUMBER)
    reasoning_units: Mapped[int] = mapped_column(_NUMBER)
    is_batch: Mapped[bool]
    ending: Mapped[Ending] = mapped_column(words(Ending))
    wechat_account_id: Mapped[str]
    session_id: Mapped[str]
    sop_instance_id: Mapped[str]
    stated: Mapped[int | None] = mapped_column(_NUMBER)
    took: Mapped[int | None] = mapped_column(_NUMBER)
    currency: Mapped[str]
    charged: Mapped[int] = mapped_column(_NUMBER)
    model: Mapped[int | None]
    price: Mapped[int | None]
    input_cost: Mapped[int | None] = mapped_column(_NUMBER)
    output_cost: Mapped[int | None] = mapped_column(_NUMBER)
    base_cost: Mapped[int | None] = mapped_column(_NUMBER)
    total_cost: Mapped[int | None] = mapped_column(_NUMBER)
    original_input: Mapped[int | None] = mapped_column(_NUMBER)
    original_output: Mapped[int | None] = mapped_column(_NUMBER)
    original_base: Mapped[int | None] = mapped_column(_NUMBER)
    original_currency: Mapped[str | None]
    rate: Mapped[str | None]
    missing: Mapped[str]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
