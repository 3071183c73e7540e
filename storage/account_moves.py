"""Accounts that are moved by the statement that writes down why: PostgreSQL does all of it in one.

A call alone spends most of its time on statements: on the way there and back, and on both ends of it. So what is made,
a hold or a record, and the accounts that move for it are one statement over each other's rows. It begins with the
INSERT, and only if that made a row are accounts locked, in the one order (storage/accounts.py), and then changed.
Whoever waits for a lock in it finds the accounts as they are after that: what was read is of no account here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, BigInteger, Connection, Select, bindparam, select, true, update

from storage.accounts import IN_ORDER, OF_SET, STANDING, Standing
from storage.prepared import Prepared
from storage.tables import AccountRow
from suanli.domain.cost.money import LARGEST, MoneyError


def _number(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def moved_by(made: CTE) -> Select[*tuple[Any, ...]]:
    """What `made` gives back, and by it the accounts of `of_set`, moved; for `MadeAndMoved`."""
    locked = (
        select(AccountRow.id)
        .where(OF_SET, select(made).exists())
        .order_by(*IN_ORDER)
        .with_for_update(of=AccountRow)
        .cte("locked")
    )
    moved = (
        update(AccountRow)
        .where(
            AccountRow.id == locked.c.id,
            AccountRow.held <= _number("held_most"),
            AccountRow.used <= _number("used_most"),
        )
        .values(held=AccountRow.held + _number("held_more"), used=AccountRow.used + _number("used_more"))
        .returning(*STANDING)
        .cte("moved")
    )
    return select(made, locked.c.id, *moved.c).select_from(
        made.outerjoin(locked, true()).outerjoin(moved, moved.c.id == locked.c.id)
    )


class MadeAndMoved:
    """A row that is made, known by the one value that its INSERT gives back, and the accounts that move for it."""

    def __init__(self, made: CTE, *others: CTE) -> None:
        """`others` are written down with it."""
        self._statement = Prepared(moved_by(made).add_cte(*others))

    def run(
        self, connection: Connection, row: Mapping[str, Any], account_set: int, *, held: int = 0, used: int = 0
    ) -> tuple[Any, Sequence[Standing]] | None:
        """The value of the new row, and how the accounts of the set stood, which have so much more now.

        None when it made no row, and nothing moved. Raises MoneyError when so much cannot be counted in one of them;
        nothing of the transaction may stand then.
        """
        moves = {
            "of_set": account_set,
            "held_more": held,
            "used_more": used,
            "held_most": LARGEST - max(0, held),
            "used_most": LARGEST - max(0, used),
        }
        rows = self._statement.run(connection, {**row, **moves})
        if not rows:
            return None
        after = [Standing(*cells) for _, locked, *cells in rows if locked is not None]
        if any(each.id is None for each in after):
            raise MoneyError("so much in one window cannot be counted any more")
        return rows[0][0], [each._replace(held=each.held - held, used=each.used - used) for each in after]
