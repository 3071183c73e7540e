"""Watch each call that is written down: one that is unusual, or that takes much of a day's limit, is told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.cost import alerts
from jobs.judge_calls import CallJudge
from suanli.clock import Clock
from suanli.domain.cost.alerts import CostAlert
from suanli.domain.cost.marks import Mark, reach
from suanli.domain.cost.records import RecordId
from suanli.domain.ports import Store, Transaction
from suanli.domain.site import Site

AT_ONCE = 1_000
MOST_CALLS = 50_000
"""Calls that one run looks at; of more, the rest is looked at by the next."""

CURSOR, MARK = "cost.watched", "cost.watched.mark"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found behind the cursor, as it stood: how many calls up to where, and whether there is more."""

    cursor: str | None
    mark: Mark
    seen: int = 0
    after: RecordId | None = None
    found: Sequence[CostAlert] = ()
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class WatchCalls:
    """Looks at each call that came: beside others of its kind, and beside the day's limits of who pays.

    Calls are looked at in the order in which they were written down: a long one is told of after shorter ones that
    began later. It goes no further than to where nothing can come before any more (`Mark`). What has no price then
    is looked at by who gives it one (jobs/price_records.py).

    It reads and judges where nobody waits for it, and writes only what it has found, with how far it came; if another
    process was there meanwhile, nothing.
    """

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Look at what came since the last run; of how many calls was told."""
        judge = CallJudge(self.site, self.clock.now())
        told = seen = 0
        while seen < MOST_CALLS:
            look = self._look(judge)
            many = self._tell(look)
            if many is None:
                break
            told, seen = told + many, seen + look.seen
            if look.is_last:
                break
        return f"{told} of {seen} told" if told else ""

    def _look(self, judge: CallJudge) -> _Look:
        with self.store.read() as tx:
            cursor = _cursor(tx)
            bound, mark = reach(_kept(tx), tx.records.mark())
            if bound is None:
                return _Look(cursor, mark)
            # At first, from what happened in the last hour on.
            after = min(tx.records.before(judge.now - _HOUR), bound) if cursor is None else RecordId(int(cursor))
            some = tx.records.behind(after, AT_ONCE)
            there = [record for record in some if record.id <= bound]
            seen, found = judge.judge(tx, there)
        is_last = not seen or (seen == len(there) and len(there) < AT_ONCE)
        return _Look(cursor, mark, seen, there[seen - 1].id if seen else after, found, is_last)

    def _tell(self, look: _Look) -> int | None:
        """Of how many calls was told; None when another process was quicker, and nothing was done."""
        now, cursor = self.clock.now(), look.cursor if look.after is None else str(look.after)
        if cursor == look.cursor and not look.mark.writers:
            return 0
        with self.store.begin() as tx:
            tx.lock(alerts.LOCK)
            if _cursor(tx) != look.cursor:
                return None
            told = sum(alerts.tell(tx, self.site, each, now) is not None for each in look.found)
            if cursor is not None and cursor != look.cursor:
                tx.facts.put(CURSOR, cursor, now)
            if look.mark.writers:
                tx.facts.put(MARK, _text_of(look.mark), now)
        return told


def _cursor(tx: Transaction) -> str | None:
    known = tx.facts.get(CURSOR)
    return None if known is None else known[0]


def _kept(tx: Transaction) -> Mark | None:
    known = tx.facts.get(MARK)
    if known is None:
        return None
    last, *writers = known[0].split(" ")
    return Mark(RecordId(int(last)), frozenset(writers))


def _text_of(mark: Mark) -> str:
    return " ".join((str(mark.last), *sorted(mark.writers)))
