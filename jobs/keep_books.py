"""Keep the books of money short: holds and grants whose time is over are ended, and sums are put by.

Nothing waits for this: what is over weighs no more before it is ended, and sums are exact before they are put by.
"""

from dataclasses import dataclass
from datetime import datetime

from suanli.clock import Clock
from suanli.domain.ports import Store

AT_ONCE = 5_000
"""Rows of sums that are put by in one transaction: a fraction of a second, in which others may have to wait."""

MOST = 1_000
"""Transactions of one run, so that a run ends; the next one goes on."""


@dataclass(frozen=True, slots=True)
class KeepBooks:
    """Ends what is over, each in a transaction of its own, which is what the order of locks asks for."""

    store: Store
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Do all that there is to do; what that was."""
        done = {"holds expired": self._expire(), "grants ended": self._end_grants(), "sums put by": self._put_by()}
        return ", ".join(f"{count} {what}" for what, count in done.items() if count)

    def _expire(self) -> int:
        for count in range(MOST):
            with self.store.begin() as tx:
                if tx.holds.expire(self.clock.now()) is None:
                    return count
        return MOST

    def _end_grants(self) -> int:
        for count in range(MOST):
            with self.store.begin() as tx:
                if tx.quotas.end_expired(self.clock.now()) is None:
                    return count
        return MOST

    def _put_by(self) -> int:
        total = 0
        for _ in range(MOST):
            with self.store.begin() as tx:
                count = tx.sums.put_by(AT_ONCE)
            total += count
            if count < AT_ONCE:
                break
        return total
