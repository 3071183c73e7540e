"""Learn who the bot is, so that the webhook can tell when it is spoken to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from suanli.clock import Clock
from suanli.domain.ports import Store

ASK_AGAIN_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class LearnBot:
    """Asks the platform for the bot's own open_id and stores it under `fact`; asks again when that is old."""

    store: Store
    fact: str
    ask: Callable[[], str]
    clock: Clock

    def run(self, scheduled_for: datetime) -> str:  # noqa: ARG002 the shape of a job; the answer is of now
        """Ask if there is need; what is known. Raises RemoteError."""
        now = self.clock.now()
        with self.store.begin() as tx:
            known = tx.facts.get(self.fact)
        if known and now - known[1] < ASK_AGAIN_AFTER:
            return "known"
        open_id = self.ask()
        with self.store.begin() as tx:
            tx.facts.put(self.fact, open_id, now)
        return "learnt"
