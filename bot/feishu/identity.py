"""Who the bot is on Feishu: its own open_id, learnt by the delivering process and read here by the webhook."""

from datetime import datetime, timedelta

from suanli.clock import Clock
from suanli.domain.facts import bot_open_id
from suanli.domain.ports import Store

FRESH_FOR = timedelta(minutes=10)
"""How long a process trusts what it has read; the id changes only when the app is replaced by another."""


class Identity:
    """The bot's open_id as the store has it, read at most every ten minutes once it is known."""

    def __init__(self, store: Store, app_id: str, clock: Clock) -> None:
        self._store = store
        self._fact = bot_open_id(app_id)
        self._clock = clock
        self._known: tuple[str, datetime] | None = None

    def open_id(self) -> str | None:
        """The bot's open_id, or None while nobody has learnt it."""
        now = self._clock.now()
        if self._known and now - self._known[1] < FRESH_FOR:
            return self._known[0]
        with self._store.begin() as tx:
            fact = tx.facts.get(self._fact)
        self._known = (fact[0], now) if fact else None
        return fact[0] if fact else None
