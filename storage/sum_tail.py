"""The newest sums: whoever writes or prices records appends here what that adds, in the same transaction.

Nobody waits here: rows are only added, and `Sums.put_by` takes them away. A question adds what is here to what was
put by, so that it counts every record once at any moment (storage/sums.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import add, attrgetter
from typing import NamedTuple

from sqlalchemy import Connection, insert
from sqlalchemy.dialects import sqlite

from storage.columns import as_kept
from storage.tables import SumTailRow
from suanli.domain.cost.sums import Sum

QUARTER = 15 * 60
"""Seconds. Every zone's days begin with a quarter of an hour of UTC, but not all of them with an hour."""


class SumKey(NamedTuple):
    """What a sum is of. `at` is when it happened: what falls in one quarter of an hour is added up."""

    at: datetime
    user: str
    project: str
    department: str
    organization: str
    model: str
    provider: str
    request_type: str
    cost_type: str


AMOUNTS = tuple(each.name for each in fields(Sum))
COLUMNS = ("quarter", *SumKey._fields[1:], *AMOUNTS)

Names = tuple[str, ...]
Amounts = tuple[int, ...]
Entry = tuple[int, Names, Amounts]
"""Sums of a quarter of an hour, and of all names of a `SumKey` together."""

amounts_of = attrgetter(*AMOUNTS)
_INSERT = str(insert(SumTailRow).compile(dialect=sqlite.dialect(), column_keys=COLUMNS))
_COPY = 'COPY {} ("{}") FROM STDIN'.format(SumTailRow.__tablename__, '", "'.join(COLUMNS))
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NUMBERS = "\t".join(["%d"] * len(AMOUNTS))


def append(connection: Connection, entries: Iterable[tuple[SumKey, Sum]]) -> None:
    """Add these to the sums. They count when the transaction is committed; the records themselves come before them."""
    tally = Tally()
    for key, amounts in entries:
        tally.add(key, amounts)
    tally.append(connection)


class Tally:
    """What is to be appended, added up: one entry for each quarter and all its names."""

    __slots__ = ("_found", "_kept")

    def __init__(self) -> None:
        self._found: dict[tuple[int, Names], Amounts] = {}
        self._kept: dict[tuple[object, ...], Names] = {}

    def add(self, key: SumKey, amounts: Sum) -> None:
        """Add this to the sums."""
        said = key[1:]
        names = self._kept.get(said)
        if names is None:
            names = self._kept[said] = tuple(as_kept(str(name)) for name in said)
        of = (int(key.at.timestamp() // QUARTER), names)
        known, more = self._found.get(of), amounts_of(amounts)
        self._found[of] = more if known is None else tuple(map(add, known, more))

    def append(self, connection: Connection) -> None:
        """Append it, as `append` does; what makes nothing is left out."""
        rows = [(*of, amounts) for of, amounts in self._found.items() if any(amounts)]
        if not rows:
            return
        cursor = connection.connection.cursor()
        try:
            if connection.dialect.name == "postgresql":
                with cursor.copy(_COPY) as copy:
                    copy.write(_copied(rows))
            else:
                cursor.executemany(_INSERT, [(quarter, *names, *amounts) for quarter, names, amounts in rows])
        finally:
            cursor.close()


def _copied(rows: Sequence[Entry]) -> str:
    """Rows as PostgreSQL's COPY takes them."""
    written = {names: "\t".join([name.translate(_ESCAPES) for name in names]) for _, names, _ in rows}
    return "".join([f"{quarter}\t{written[names]}\t{_NUMBERS % amounts}\n" for quarter, names, amounts in rows])
