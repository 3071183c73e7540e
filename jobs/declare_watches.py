"""Watches of the settings, brought into the store: who is named there follows what stands there, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.releases.rights import LOCK
from jobs.read_releases import needed
from suanli.domain.ports import Store
from suanli.domain.releases import Part, Place, Watch


def declare_watches(store: Store, declared: Sequence[Watch]) -> tuple[int, int]:
    """Add what is new in the settings and drop what left them; how many of each.

    One that stays keeps its number, and the name of a repository that was renamed meanwhile.
    """
    wanted = {watch.declared: watch for watch in declared}
    with store.begin() as tx:
        tx.lock(LOCK)
        known = {watch.declared: watch for watch in tx.watches.all() if watch.declared is not None}
        gone = [watch for name, watch in known.items() if name not in wanted]
        new = [watch for name, watch in wanted.items() if name not in known]
        for watch in gone:
            tx.watches.drop(watch.number)
        for watch in new:
            tx.watches.add(watch)
    return len(new), len(gone)


def continue_from(store: Store, told: Mapping[tuple[Place, Part], datetime], now: datetime) -> int:
    """Let resources that were never read begin where another program stopped telling; how many.

    What that program had told of up to then is not told again, and what happened since is (seed release-tracker §4.1).
    """
    begun = 0
    with store.begin() as tx:
        tx.lock(LOCK)
        tx.resources.need(needed(tx), now)
        for (place, part), moment in told.items():
            tracked = tx.resources.find(place, part)
            if tracked is not None and tracked.baselined_at is None and tracked.cursor is None:
                tx.resources.save(tracked.continued(moment))
                begun += 1
    return begun
