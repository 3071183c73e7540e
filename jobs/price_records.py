"""Give records their price that came before anybody had said one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.cost import alerts
from handlers.cost.ingest import priced_by
from jobs.judge_calls import CallJudge
from suanli.domain.changes import Actor, Change
from suanli.domain.cost.alerts import CostAlert
from suanli.domain.cost.records import Judged, RecordId
from suanli.domain.ports import Store
from suanli.domain.site import Site

AT_ONCE = 1_000
"""Records of one transaction."""


def price_all(store: Store, site: Site, actor: Actor, now: datetime) -> tuple[int, Mapping[tuple[str, str], int]]:
    """Price every record that has none and could have one; how many, and how many are left, by provider and model.

    In transactions of some records each: what was priced stays so, and doing it again changes nothing. Each notes what
    it changes, and tells of calls that turn out to be unusual, for who watches calls has long passed these.
    """
    after: RecordId | None = RecordId(0)
    total = 0
    while after is not None:
        some = _look(store, site, after, now)
        total += _price(store, site, some, actor, now) if some.known else 0
        after = some.last
    with store.read() as tx:
        return total, tx.records.unpriced_models()


@dataclass(frozen=True, slots=True)
class _Some:
    """Records that can have a price, what is to be told of them, and where to go on, if anywhere."""

    known: Sequence[tuple[RecordId, Judged]]
    told: Sequence[CostAlert]
    last: RecordId | None


def _look(store: Store, site: Site, after: RecordId, now: datetime) -> _Some:
    with store.read() as tx:
        records = tx.records.unpriced(after, AT_ONCE)
        known = priced_by(tx.prices.book(site.money.currency), records)
        count, told = CallJudge(site, now).judge(tx, [replace(record, cost=cost.cost) for record, cost in known])
    last = known[count - 1][0].id if count < len(known) else records[-1].id if records else None
    return _Some([(record.id, Judged(record.call, cost)) for record, cost in known[:count]], told, last)


def _price(store: Store, site: Site, some: _Some, actor: Actor, now: datetime) -> int:
    with store.begin() as tx:
        if some.told:
            tx.lock(alerts.LOCK)  # first: nobody who holds it waits for accounts as well
        priced = tx.records.price(some.known, now)
        if priced:
            tx.changes.note(Change(now, actor.who, actor.way, "records.price", "records", {}, {"priced": str(priced)}))
        for alert in some.told:
            alerts.tell(tx, site, alert, now)
    return priced
