"""What is written down for whoever looks into it later, and nothing of the product reads: read from the tables."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select

from storage.store import SqlTransaction
from storage.tables import AccountRow, AdjustmentRow, PriceImportRow
from suanli.domain.cost.money import Nano
from suanli.domain.cost.price_imports import PriceImport
from suanli.domain.cost.quotas import Adjustment, QuotaId
from suanli.domain.cost.windows import Window
from suanli.domain.ports import Store

_ADJUSTMENTS = (
    select(AdjustmentRow.__table__, AccountRow.quota, AccountRow.span, AccountRow.starts_at, AccountRow.ends_at)
    .join(AccountRow, AccountRow.id == AdjustmentRow.account)
    .order_by(AdjustmentRow.id)
)
_IMPORTS = select(*(getattr(PriceImportRow, each.name) for each in fields(PriceImport))).order_by(PriceImportRow.id)


def adjustments(store: Store, quota: QuotaId) -> Sequence[Adjustment]:
    """The adjustments of a quota, oldest first."""
    with store.begin() as tx:
        assert isinstance(tx, SqlTransaction)
        rows = tx.connection.execute(_ADJUSTMENTS.where(AccountRow.quota == quota)).all()
    return tuple(
        Adjustment(
            QuotaId(row.quota), row.span, Window(row.starts_at, row.ends_at), Nano(row.amount), row.made_by, row.why,
            row.made_at,
        )
        for row in rows
    )  # fmt: skip


def imports(store: Store) -> Sequence[PriceImport]:
    """All lists of prices that were taken over, oldest first."""
    with store.begin() as tx:
        assert isinstance(tx, SqlTransaction)
        return tuple(PriceImport(*row) for row in tx.connection.execute(_IMPORTS))
