"""Admission: holds and settlements of many threads, done together, for they all change the same few accounts.

A database makes a transaction durable by waiting for its disk, and whoever pays by the same account waits meanwhile.
One wait for all of them is what lets one process admit thousands of calls a second (cost.md §7.6).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from suanli.clock import Clock
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import Ask, Conflict, Decision, Hold
from suanli.domain.ports import Store, Transaction
from suanli.group_commit import GroupCommit

Record = TypeVar("Record")
End = Hold | Conflict | None
Bill = tuple[str, Nano, Record | None]
Write = Callable[[Transaction, Sequence[Record]], None]


def write_none(_tx: Transaction, _records: Sequence[object]) -> None:
    """Write nothing beside what is settled."""


class Admission(Generic[Record]):
    """Holds and settles as `Holds` does, each in a transaction that it shares with others who ask at the same time.

    A call waits until its own is committed, and gets its answer or its error, whatever becomes of the others. Those
    who hold are answered in the order in which they came, and so are those who settle. It is not for use inside a
    transaction. Errors of the store stay its own.

    `write` stores what comes with the settlements that were made, in the same transaction and all together. It may
    be given a record for the second time, when a settlement is said again.
    """

    def __init__(self, store: Store, clock: Clock, write: Write[Record] = write_none) -> None:
        self._store = store
        self._clock = clock
        self._write = write
        self._holds: GroupCommit[tuple[Ask, timedelta], Decision | MoneyError] = GroupCommit(self._hold, clock)
        self._ends: GroupCommit[Bill[Record], End | MoneyError] = GroupCommit(self._settle, clock)

    def hold(self, ask: Ask, lasts: timedelta) -> Decision:
        """Put money aside for so long. Raises MoneyError, and RuntimeError after `stop`."""
        answer = self._holds.do((ask, lasts))
        if isinstance(answer, MoneyError):
            raise answer
        return answer

    def settle(self, key: str, actual: Nano, record: Record | None = None) -> End:
        """Let this be what the call came to, and store its record. Raises MoneyError, and RuntimeError after `stop`."""
        answer = self._ends.do((key, actual, record))
        if isinstance(answer, MoneyError):
            raise answer
        return answer

    def stop(self, grace: timedelta) -> bool:
        """Take nothing more, and let what was taken be done; False when something still hung after `grace`."""
        deadline = self._clock.elapsed() + grace.total_seconds()
        closed = (self._holds.close(), self._ends.close())  # both before one is waited for
        return all(self._clock.wait(each, max(0.0, deadline - self._clock.elapsed())) for each in closed)

    def _hold(self, items: Sequence[tuple[Ask, timedelta]]) -> Sequence[Decision | MoneyError]:
        now = self._clock.now()
        with self._store.begin() as tx:
            if len(items) == 1:  # as most are when little is asked for: it takes fewer statements
                ((ask, lasts),) = items
                return (tx.holds.hold(ask, now, now + lasts),)
            return tx.holds.hold_all([(ask, now + lasts) for ask, lasts in items], now)

    def _settle(self, items: Sequence[Bill[Record]]) -> Sequence[End | MoneyError]:
        now = self._clock.now()
        with self._store.begin() as tx:
            if len(items) == 1:
                ends: Sequence[End | MoneyError] = (tx.holds.settle(*items[0][:2], now),)
            else:
                ends = tx.holds.settle_all([(key, actual) for key, actual, _ in items], now)
            made = zip(items, ends, strict=True)
            records = [record for (_, _, record), end in made if isinstance(end, Hold) and record is not None]
            if records:
                self._write(tx, records)
        return ends
