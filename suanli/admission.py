"""Admission: holds of many threads, made together, for they all change the same few accounts.

A database makes a transaction durable by waiting for its disk, and whoever pays by the same account waits meanwhile.
One wait for all of them is what lets one process admit thousands of calls a second (cost.md §7.6).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from suanli.clock import Clock
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.quotas import Ask, Decision
from suanli.domain.ports import Store, Transaction
from suanli.group_commit import GroupCommit

Proviso = Callable[[Transaction], bool]
"""Whether what a call was planned by is still so; asked in the transaction that holds for it, and only there."""

Item = tuple[Ask, timedelta, Proviso | None]


class OutdatedError(Exception):
    """A call's proviso is not so, and nothing is held for it."""


class Admission:
    """Holds as `Holds` does, each in a transaction that it shares with others who ask at the same time.

    A call waits until its own is committed, and gets its answer or its error, whatever becomes of the others. They are
    answered in the order in which they came. It is not for use inside a transaction. Errors of the store stay its own.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._holds: GroupCommit[Item, Decision | MoneyError | OutdatedError] = GroupCommit(self._hold, clock)

    def hold(self, ask: Ask, lasts: timedelta, proviso: Proviso | None = None) -> Decision:
        """Put money aside for so long. Raises OutdatedError, MoneyError, and RuntimeError after `stop`."""
        answer = self._holds.do((ask, lasts, proviso))
        if isinstance(answer, MoneyError | OutdatedError):
            raise answer
        return answer

    def stop(self, grace: timedelta) -> bool:
        """Take nothing more, and let what was taken be done; False when something still hung after `grace`."""
        return self._clock.wait(self._holds.close(), grace.total_seconds())

    def _hold(self, items: Sequence[Item]) -> Sequence[Decision | MoneyError | OutdatedError]:
        now = self._clock.now()
        with self._store.begin() as tx:
            holds = {proviso: proviso(tx) for proviso in {each for *_, each in items if each is not None}}
            are_due = [proviso is None or holds[proviso] for *_, proviso in items]
            asks = [(ask, now + lasts) for (ask, lasts, _), is_due in zip(items, are_due, strict=True) if is_due]
            answers = iter(_decided(tx, asks, now))
            return [next(answers) if is_due else OutdatedError() for is_due in are_due]


def _decided(tx: Transaction, asks: Sequence[tuple[Ask, datetime]], now: datetime) -> Sequence[Decision | MoneyError]:
    if len(asks) == 1:  # as most are when little is asked for: it takes fewer statements
        ((ask, expires_at),) = asks
        return (tx.holds.hold(ask, now, expires_at),)
    return tx.holds.hold_all(asks, now) if asks else ()
