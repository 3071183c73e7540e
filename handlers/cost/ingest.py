"""Take in calls that somebody tells of: each gets its price, is written down, and counts against quotas at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.prices import Cost
from suanli.domain.cost.records import Call, Judged, Judgement, Record, Stated, Written
from suanli.domain.ports import Transaction
from suanli.domain.site import Site

AHEAD = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""

MOST = 10**15
"""Nano-units that one call costs at the most, a million: sums have to keep what thousands of them come to."""

_NONE = Nano(0)


def judge(book: PriceBook, call: Call) -> Judged:
    """A call with what it costs by what was valid when it happened. Raises MoneyError for more than `MOST`."""
    judgement: Judgement = (
        book.charge(call.model_name, call.provider_name, call.usage, call.happened_at)
        if call.stated is None
        else Stated(Cost(_NONE, _NONE, call.stated))
    )
    if not isinstance(judgement, Unpriced) and judgement.cost.total > MOST:
        raise MoneyError("the amount is larger than can be kept")
    return Judged(call, judgement)


def take_in(tx: Transaction, site: Site, calls: Sequence[Call], now: datetime) -> Sequence[Written]:
    """Write calls down, with what quotas count for them; what became of each, in order."""
    book = tx.prices.book(site.money.currency)
    return tx.records.write([judge(book, call) for call in calls], site.money.currency, now)


def priced_by(book: PriceBook, records: Sequence[Record]) -> Sequence[tuple[Record, Bill | Stated]]:
    """Those of these records that could have a price by now, each with what it costs.

    What comes to more than can be kept has none, and others do not wait for it.
    """
    judged = [(record, _judgement(book, record.call)) for record in records]
    return [(record, found) for record, found in judged if not isinstance(found, Unpriced)]


def _judgement(book: PriceBook, call: Call) -> Judgement:
    try:
        return judge(book, call).judgement
    except MoneyError:
        return Unpriced(Missing.PRICE)
