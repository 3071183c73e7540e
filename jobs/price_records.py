"""Give records their price that came before anybody had said one."""

from collections.abc import Mapping
from datetime import datetime

from handlers.cost.ingest import price_later
from suanli.domain.changes import Actor, Change
from suanli.domain.cost.money import Currency
from suanli.domain.cost.records import RecordId
from suanli.domain.ports import Store

AT_ONCE = 1_000
"""Records of one transaction."""


def price_all(
    store: Store, currency: Currency, actor: Actor, now: datetime
) -> tuple[int, Mapping[tuple[str, str], int]]:
    """Price every record that has none and could have one; how many, and how many are left, by provider and model.

    In transactions of some records each: what was priced stays so, and doing it again changes nothing.
    """
    after: RecordId | None = RecordId(0)
    total = 0
    while after is not None:
        with store.begin() as tx:
            priced, after = price_later(tx, currency, after, AT_ONCE, now)
        total += priced
    with store.begin() as tx:
        if total:
            tx.changes.note(Change(now, actor.who, actor.way, "records.price", "records", {}, {"priced": str(total)}))
        return total, tx.records.unpriced_models()
