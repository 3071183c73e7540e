"""Tell what was put by: hourly, daily and weekly messages, and what happened in quiet hours."""

from dataclasses import dataclass, replace
from datetime import datetime

from handlers.releases.letters import Letters, by_watch
from handlers.stock.board import texts_for
from suanli.clock import Clock
from suanli.domain.ports import Store, Transaction
from suanli.domain.releases import Mode, Notice, Watch
from suanli.domain.site import Site

AT_ONCE = 500
"""Notices of one transaction, or all of one watch if those are more."""

LOCK = "release-digests"

LOST = "unreadable"
"""In place of a message's key: the change that a notice is about can not be read any more."""


@dataclass(frozen=True, slots=True)
class TellReleases:
    """Writes one message for each watch that has something due; each notice is told by one message, for good."""

    store: Store
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """Tell everything that is due; how much that was."""
        told = 0
        while step := self._step():
            told += step
        return f"{told} told" if told else ""

    def _step(self) -> int:
        with self.store.begin() as tx:
            tx.lock(LOCK)
            now = self.clock.now()
            waiting = tx.watches.waiting(now, AT_ONCE)
            if not waiting:
                return 0
            events = tx.happenings.by([notice.fingerprint for notice in waiting])
            letters, posted = Letters(tx, self.site, now), list[Notice]()
            for number, news in by_watch(waiting, events).items():
                watch = tx.watches.find(number)
                if watch is not None:
                    posted += letters.together(watch.target, news, self._title(tx, watch))
            letters.post()
            told = {(notice.watch, notice.fingerprint) for notice in posted}
            # Of what nobody can say any more what it was, nothing is said, once and for all.
            lost = [notice for notice in waiting if (notice.watch, notice.fingerprint) not in told]
            tx.watches.posted([*posted, *(replace(notice, message_key=LOST) for notice in lost)])
            return len(waiting)

    def _title(self, tx: Transaction, watch: Watch) -> str:
        texts = texts_for(tx, self.site, watch.target)
        mode = watch.rhythm.mode
        return "" if mode is Mode.INSTANT else texts(f"releases.digest.{mode}", place=watch.place.word)
