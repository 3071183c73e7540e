"""Calls and their records, for tests of what is stored of them. Amounts are nano-units."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, Usage
from suanli.domain.cost.records import (
    Call,
    Fate,
    Judged,
    Page,
    Place,
    Record,
    RecordFilter,
    RecordId,
    Sort,
    Stated,
    Written,
)
from suanli.domain.ports import Store, Transaction
from tests.contract.cost_kit import CNY
from tests.fakes import NOON

HE = Payer("ou_zhang", "bot", "sales", "company")
SHE = Payer("ou_li", "bot", "sales", "company")
NO_PRICE = Unpriced(Missing.PRICE)
ALL = RecordFilter()


def told(request_id: str, payer: Payer = HE, **fields: Any) -> Call:
    """A call of noon."""
    words = {"model_name": "m", "usage": Usage(1, 2), "happened_at": NOON, **fields}
    return Call(request_id, payer, **words)


def costs(request_id: str, amount: int | None, payer: Payer = HE, **fields: Any) -> Judged:
    """A call that costs so much, a third of it for what went in; None: nobody knows."""
    call = told(request_id, payer, **fields)
    if amount is None:
        return Judged(call, NO_PRICE)
    return Judged(call, Stated(Cost(Nano(amount // 3), Nano(amount - amount // 3), Nano(0))))


def write(store: Store, *calls: Judged, now: datetime = NOON) -> Sequence[Written]:
    with store.begin() as tx:
        return tx.records.write(calls, CNY, now)


def fates(written: Sequence[Written]) -> list[Fate]:
    return [each.fate for each in written]


def fate(store: Store, call: Judged, now: datetime = NOON) -> Fate:
    """What becomes of one call."""
    (written,) = write(store, call, now=now)
    return written.fate


def price(store: Store, *calls: Judged, now: datetime = NOON) -> int:
    """Price the records of these calls."""
    with store.begin() as tx:
        records = [(tx.records.find(each.call.request_id), each) for each in calls]
        return tx.records.price([(record.id, each) for record, each in records if record is not None], now)


def recorded(store: Store, request_id: str) -> Record:
    with store.begin() as tx:
        record = tx.records.find(request_id)
    assert record is not None
    return record


def everything(store: Store, which: RecordFilter = ALL) -> list[Record]:
    with store.begin() as tx:
        return records_of(tx, which)


def records_of(tx: Transaction, which: RecordFilter = ALL) -> list[Record]:
    """All records that fit, by number."""
    page = tx.records.page(which, Sort.HAPPENED_AT, ascending=True, after=None, limit=100_000)
    return sorted(page.records, key=lambda record: record.id)


def unpriced(store: Store) -> list[RecordId]:
    with store.begin() as tx:
        return [record.id for record in tx.records.unpriced(RecordId(0), 1000)]


def pages(
    store: Store, sort: Sort, *, ascending: bool, limit: int = 3, which: RecordFilter = ALL
) -> Sequence[Sequence[Record]]:
    """All pages, each in a transaction of its own."""
    found: list[Page] = []
    after: Place | None = None
    while not found or after is not None:
        with store.begin() as tx:
            found.append(tx.records.page(which, sort, ascending=ascending, after=after, limit=limit))
        after = found[-1].next
    return [page.records for page in found]
