"""Unpriced records that get their price, once; accounts, holds and sums follow."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage.accounts import SqlAccounts
from storage.bulk import one_of
from storage.prepared import Prepared
from storage.record_charges import Charges, lock_holds
from storage.record_rows import COSTS, AnyRow, costs_of, paid_in, record_of
from storage.record_sums import key_of, priced
from storage.sum_tail import append
from storage.tables import RecordRow
from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.prices import Cost
from suanli.domain.cost.records import Judged, Judgement, RecordId

_UNPRICED = RecordRow.total_cost.is_(None)
_THESE = one_of(RecordRow.id, "ids")
_HOLDS = select(RecordRow.hold).where(_THESE, _UNPRICED, RecordRow.account_set.is_(None))
_LOCK = select(RecordRow.__table__).where(_THESE, _UNPRICED).order_by(RecordRow.id).with_for_update()
_PRICE = Prepared(
    update(RecordRow)
    .where(RecordRow.id == bindparam("of_id"))
    .values({name: bindparam(f"new_{name}") for name in (*COSTS, "charged")})
)


def price_records(
    connection: Connection, accounts: SqlAccounts, judged: Sequence[tuple[RecordId, Judged]], now: datetime
) -> int:
    """Price those of these records that are unpriced; how many.

    A cost in another currency than the record's is none for it. Locks are taken in the order of `storage.accounts`:
    holds, records by number, accounts.
    """
    costs = _costs(judged)
    these = {"ids": list(costs)}
    holds = lock_holds(connection, connection.execute(_HOLDS, these).scalars())
    rows = [row for row in connection.execute(_LOCK, these) if _fits(row, costs[row.id])]
    if not rows:
        return 0
    charges = Charges(connection, accounts, now)
    corrected = []
    for row in rows:
        more = _cost(costs[row.id]).total - row.charged
        if row.account_set is not None:
            charges.correct(row.account_set, row.id, more)
        elif row.hold in holds:
            charges.correct(holds[row.hold].account_set, row.id, more)
            corrected.append((row.hold, _cost(costs[row.id]).total))
    charges.correct_holds(corrected)
    _PRICE.run_for_each(connection, [_cells(row.id, costs[row.id]) for row in rows])
    charges.write()
    append(connection, [(key_of(record_of(row).call), priced(_cost(costs[row.id]))) for row in rows])
    return len(rows)


def _costs(judged: Iterable[tuple[RecordId, Judged]]) -> Mapping[RecordId, Judgement]:
    """What these cost, those of which nobody knows left out; of a record that is named twice, the first."""
    found: dict[RecordId, Judgement] = {}
    for record, each in judged:
        if not isinstance(each.judgement, Unpriced):
            found.setdefault(record, each.judgement)
    if any(min(cost.input, cost.output, cost.base) < 0 for cost in map(_cost, found.values())):
        raise ValueError("a call costs no less than nothing")
    if sum(_cost(judgement).total for judgement in found.values()) > LARGEST:
        raise MoneyError("so much at once cannot be counted")
    return found


def _fits(row: AnyRow, judgement: Judgement) -> bool:
    return paid_in(judgement) in {None, row.currency}


def _cost(judgement: Judgement) -> Cost:
    if isinstance(judgement, Unpriced):
        raise TypeError("what has no price costs nobody knows what")
    return judgement.cost


def _cells(record: int, judgement: Judgement) -> dict[str, Any]:
    costs = dict(zip(COSTS, costs_of(judgement), strict=True))
    cells = {f"new_{name}": value for name, value in costs.items()}
    return {"of_id": record, "new_charged": _cost(judgement).total, **cells}
