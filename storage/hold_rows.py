"""Holds as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from storage.account_moves import MadeAndMoved
from storage.bulk import Bulk, given_rows
from storage.prepared import Prepared
from storage.tables import HoldRow
from storage.upserts import insert_new
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.quotas import Hold

COLUMNS = (
    HoldRow.key, HoldRow.fingerprint, HoldRow.amount, HoldRow.currency, HoldRow.state, HoldRow.created_at,
    HoldRow.expires_at, HoldRow.actual, HoldRow.account_set, HoldRow.expired_at,
)  # fmt: skip
INSERTS = ("key", "fingerprint", "account_set", "amount", "currency", "state", "created_at", "expires_at")
NEW_HOLD = Prepared(insert_new(HoldRow).returning(HoldRow.key), inserts=INSERTS)
"""Makes a hold, of the row that `row_of` gives; its key comes back when there was none of it."""

_GIVEN = given_rows(**{name: HoldRow.__table__.c[name].type for name in INSERTS})
NEW_HOLDS = Bulk(NEW_HOLD, insert_new(HoldRow).from_select(INSERTS, select(_GIVEN)).returning(HoldRow.key))
"""The same of many, in their order."""

_MADE = insert_new(HoldRow).values(
    {name: bindparam(f"new_{name}", type_=HoldRow.__table__.c[name].type) for name in INSERTS}
)
NEW_HOLD_MOVED = MadeAndMoved(_MADE.returning(HoldRow.key).cte("made"))
"""The same of one, with the accounts that hold for it; on PostgreSQL. Its row is `named_new`."""


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold and the set of its accounts; `weighs` is what these hold for it, which is nothing once it expired."""

    hold: Hold
    account_set: int
    weighs: int

    @classmethod
    def of(cls, cells: tuple[Any, ...]) -> "StoredHold":
        """The hold of a row of `COLUMNS`."""
        key, fingerprint, amount, currency, state, created_at, expires_at, actual, account_set, expired_at = cells
        hold = Hold(
            key=key,
            fingerprint=fingerprint,
            amount=Nano(amount),
            currency=Currency(currency),
            state=state,
            created_at=created_at,
            expires_at=expires_at,
            actual=None if actual is None else Nano(actual),
        )
        return cls(hold, account_set, amount if expired_at is None else 0)


def row_of(hold: Hold, account_set: int) -> Mapping[str, Any]:
    """The row of a new hold."""
    return {
        "key": hold.key,
        "fingerprint": hold.fingerprint,
        "account_set": account_set,
        "amount": hold.amount,
        "currency": hold.currency,
        "state": hold.state,
        "created_at": hold.created_at,
        "expires_at": hold.expires_at,
    }


def named_new(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row by the names that its cells have in a statement that has others."""
    return {f"new_{name}": value for name, value in row.items()}
