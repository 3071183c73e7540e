"""Watches of the settings, brought into the store: who is named there follows what stands there, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jobs.read_releases import needed
from suanli.domain.ports import Store
from suanli.domain.releases import Part, Place, Watch

LOCK = "release-watches"


def declare_watches(store: Store, declared: Sequence[Watch], origin: str = "") -> tuple[int, int]:
    """Add what is new in the settings and drop what left them; how many of each.

    Several settings may share a store: each drops only what is of its own `origin`.

    One that stays keeps its number, and the name of a repository that was renamed meanwhile.
    """
    named = [replace(watch, declared=f"{origin}:{watch.declared}") for watch in declared]
    wanted = {watch.declared: watch for watch in named}
    with store.begin() as tx:
        tx.lock(LOCK)
        known = {watch.declared: watch for watch in tx.watches.all() if _is_of(origin, watch)}
        gone = [watch for name, watch in known.items() if name not in wanted]
        new = [watch for name, watch in wanted.items() if name not in known]
        for watch in gone:
            tx.watches.drop(watch.number)
        for watch in new:
            tx.watches.add(watch)
    return len(new), len(gone)


def _is_of(origin: str, watch: Watch) -> bool:
    return watch.declared is not None and watch.declared.partition(":")[0] == origin


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
