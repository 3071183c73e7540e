"""What the original program remembered of its messages, taken over once."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.stock import board
from suanli.domain.ports import Store
from suanli.domain.stock import Model

DONE = "stock.history_imported"
"""The fact that holds the hash of what was taken over last."""


def import_history(store: Store, told: Mapping[Model, datetime], recipients: Sequence[str], now: datetime) -> int:
    """Note for each recipient when each model was told of, unless that is known to be later; how many notes.

    The original kept one moment a model for everybody, so it holds for all of them. The same history is not read
    twice: a recipient who is added afterwards was told of nothing.
    """
    digest = hashlib.sha256(repr(sorted((m, at.isoformat()) for m, at in told.items())).encode()).hexdigest()
    with store.begin() as tx:
        tx.lock(board.LOCK)
        known = tx.facts.get(DONE)
        if not told or (known and known[0] == digest):
            return 0
        latest = tx.notices.last_told()
        wanted = [(who, model, at) for who in recipients for model, at in told.items()]
        newer = [(who, model, at) for who, model, at in wanted if (who, model) not in latest or latest[who, model] < at]
        for who, model, at in newer:
            tx.notices.tell(who, [model], at)
        tx.facts.put(DONE, digest, now)
    return len(newer)
