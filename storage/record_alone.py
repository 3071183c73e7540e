"""One call alone whose hold waits for it, written down in as few statements as it takes: what a gateway does all day.

A batch of ten thousand looks for everything before it does anything, and each look is a statement. Here one finds the
hold and what is known of the call. In the plain case, a hold that is open and a call that is new, PostgreSQL writes
down all that comes of it in one more; SQLite, to which nothing has to travel, in five. In any other case nothing is
changed here: it is a batch of one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Connection, bindparam, insert, select, update

from storage.account_moves import MadeAndMoved
from storage.accounts import SqlAccounts, Standing
from storage.columns import as_kept
from storage.hold_rows import COLUMNS as HOLD
from storage.hold_rows import StoredHold
from storage.prepared import Prepared
from storage.record_charges import OPEN
from storage.record_rows import COLUMNS, Draft, cells_of
from storage.record_sums import added_by
from storage.sum_tail import COLUMNS as TAIL
from storage.tables import HoldRow, RecordRow, SumTailRow
from storage.upserts import insert_new
from storage.writers import GOES_ALONG
from suanli.domain.cost.money import LARGEST, Currency, MoneyError
from suanli.domain.cost.quotas import HoldState
from suanli.domain.cost.records import Judged

_CELLS = COLUMNS[1:]
"""All but the number, which the database gives."""

_KNOWN = select(RecordRow.id).where(RecordRow.request_id == bindparam("of_request")).scalar_subquery()
_THE_HOLD = select(_KNOWN, *HOLD).where(HoldRow.key == bindparam("of_key"))
_LOOK = {
    "sqlite": Prepared(_THE_HOLD),
    "postgresql": Prepared(_THE_HOLD.where(select(GOES_ALONG).exists()).with_for_update(of=HoldRow)),
}

_RECORD = RecordRow.__table__.c
_SUM = SumTailRow.__table__.c
_ADD = insert_new(RecordRow).values({name: bindparam(f"new_{name}", type_=_RECORD[name].type) for name in _CELLS})
_SETTLE = (
    update(HoldRow)
    .where(HoldRow.key == bindparam("of_key"))
    .values(state=bindparam("ends_as"), actual=bindparam("come_to"), finished_at=bindparam("at"))
)
_TAIL = [bindparam(f"sum_{name}", type_=_SUM[name].type) for name in TAIL]

_ADD_ALONE = Prepared(_ADD.returning(RecordRow.id))
_SETTLE_ALONE = Prepared(_SETTLE)
_TAIL_ALONE = Prepared(insert(SumTailRow).from_select(TAIL, select(*_TAIL)))


def _all_at_once() -> MadeAndMoved:
    """The record, and if it is new: its hold settled, the accounts moved, and what it adds to the sums."""
    made: CTE = _ADD.returning(RecordRow.id).cte("made")
    is_new = select(made).exists()
    settled = _SETTLE.where(is_new).returning(HoldRow.key).cte("settled")
    tail = insert(SumTailRow).from_select(TAIL, select(*_TAIL).where(is_new)).returning(SumTailRow.id).cte("tail")
    return MadeAndMoved(made, settled, tail)


_WRITE = _all_at_once()


def write_alone(
    connection: Connection, accounts: SqlAccounts, judged: Judged, currency: Currency, now: datetime
) -> Draft | None:
    """The record of a call, which is written, settles its hold and is charged to that; None when the case is not plain.

    Raises MoneyError when so much cannot be counted in a window; nothing of the transaction may stand then.
    """
    draft = _plain(connection, judged, currency)
    if draft is None or draft.hold is None:
        return None
    write = _write_at_once if connection.dialect.name == "postgresql" else _write_in_turn
    standings = write(connection, accounts, draft, draft.hold, _cells(draft, draft.hold, currency, now))
    if standings is None:
        return None
    accounts.tell(standings, now, more=draft.charged)
    return draft


def _plain(connection: Connection, judged: Judged, currency: Currency) -> Draft | None:
    """The draft of a call that is new, and the hold that waits for it, locked; None in any other case."""
    key, request_id = judged.call.hold, as_kept(judged.call.request_id)
    if key is None:
        return None
    rows = _LOOK[connection.dialect.name].run(connection, {"of_key": key, "of_request": request_id})
    for known, *cells in rows:
        hold = StoredHold.of(tuple(cells))
        if known is None and hold.hold.state in OPEN and hold.hold.currency == currency:
            draft = Draft.of(request_id, judged)
            draft.hold = hold
            draft.charged = hold.hold.amount if draft.cost is None else draft.cost.total
            return draft
    return None


def _cells(draft: Draft, hold: StoredHold, currency: Currency, now: datetime) -> dict[str, Any]:
    """All that is written down of a call, by the names of parameters."""
    cells = cells_of(draft, currency, draft.call.happened_at, now)[1:]
    added = added_by(draft.call, draft.cost)
    return {
        "of_key": hold.hold.key,
        "ends_as": HoldState.SETTLED,
        "come_to": draft.charged,
        "at": now,
        **{f"new_{name}": cell for name, cell in zip(_CELLS, cells, strict=True)},
        **{f"sum_{name}": cell for name, cell in zip(TAIL, added, strict=True)},
    }


def _write_at_once(
    connection: Connection, _accounts: SqlAccounts, draft: Draft, hold: StoredHold, cells: Mapping[str, Any]
) -> Sequence[Standing] | None:
    """How the accounts stood before; None when another one was quicker with this `request_id`."""
    found = _WRITE.run(connection, cells, hold.account_set, held=-hold.weighs, used=draft.charged)
    if found is None:
        return None
    draft.id, standings = found
    return standings


def _write_in_turn(
    connection: Connection, accounts: SqlAccounts, draft: Draft, hold: StoredHold, cells: Mapping[str, Any]
) -> Sequence[Standing] | None:
    """The same statement by statement, where nobody else writes meanwhile."""
    ((draft.id,),) = _ADD_ALONE.run(connection, cells)
    _SETTLE_ALONE.run(connection, cells)
    standings = accounts.read(hold.account_set)
    if any(each.used + draft.charged > LARGEST for each in standings):
        raise MoneyError("so much in one window cannot be counted any more")
    accounts.move(hold.account_set, held=-hold.weighs, used=draft.charged)
    _TAIL_ALONE.run(connection, cells)
    return standings
