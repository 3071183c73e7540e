"""Admission: holds of many threads, made together, for they all change the same few accounts.

A database makes a transaction durable by waiting for its disk, and whoever pays by the same account waits meanwhile.
One wait for all of them is what lets one process admit thousands of calls a second (cost.md §7.6).
"""

from collections.abc import Sequence
from datetime import timedelta

from suanli.clock import Clock
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.quotas import Ask, Decision
from suanli.domain.ports import Store
from suanli.group_commit import GroupCommit


class Admission:
    """Holds as `Holds` does, each in a transaction that it shares with others who ask at the same time.

    A call waits until its own is committed, and gets its answer or its error, whatever becomes of the others. They are
    answered in the order in which they came. It is not for use inside a transaction. Errors of the store stay its own.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._holds: GroupCommit[tuple[Ask, timedelta], Decision | MoneyError] = GroupCommit(self._hold, clock)

    def hold(self, ask: Ask, lasts: timedelta) -> Decision:
        """Put money aside for so long. Raises MoneyError, and RuntimeError after `stop`."""
        answer = self._holds.do((ask, lasts))
        if isinstance(answer, MoneyError):
            raise answer
        return answer

    def stop(self, grace: timedelta) -> bool:
        """Take nothing more, and let what was taken be done; False when something still hung after `grace`."""
        return self._clock.wait(self._holds.close(), grace.total_seconds())

    def _hold(self, items: Sequence[tuple[Ask, timedelta]]) -> Sequence[Decision | MoneyError]:
        now = self._clock.now()
        with self._store.begin() as tx:
            if len(items) == 1:  # as most are when little is asked for: it takes fewer statements
                ((ask, lasts),) = items
                return (tx.holds.hold(ask, now, now + lasts),)
            return tx.holds.hold_all([(ask, now + lasts) for ask, lasts in items], now)
