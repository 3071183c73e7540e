"""Records as rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from storage.columns import as_kept
from storage.hold_rows import StoredHold
from storage.tables import RecordRow
from suanli.domain.cost.book import Bill
from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, CostModelId, PriceId, Usage
from suanli.domain.cost.records import Call, Judged, Judgement, Labels, Record, RecordId, Stated

AnyRow = Row[*tuple[Any, ...]]

COLUMNS = tuple(column.name for column in RecordRow.__table__.columns)
COSTS = COLUMNS[COLUMNS.index("model") : COLUMNS.index("happened_at")]
"""What stands in a row of what a call costs."""


@dataclass(slots=True, eq=False)
class Draft:
    """A call on its way to be a record; `request_id` is as it is kept, `cost` None when nobody knows it.

    It counts in the accounts of `account_set`, or else for its `hold`, which is settled by it.
    """

    request_id: str
    call: Call
    judgement: Judgement
    cost: Cost | None
    charged: int = 0
    account_set: int | None = None
    hold: StoredHold | None = None
    id: int = 0

    @classmethod
    def of(cls, request_id: str, judged: Judged) -> "Draft":
        """The draft of a call."""
        call, judgement = judged.call, judged.judgement
        return cls(request_id, call, judgement, cost_of(judgement))


def cost_of(judgement: Judgement) -> Cost | None:
    """What a call costs in the site's currency; None when nobody knows."""
    return None if isinstance(judgement, Unpriced) else judgement.cost


def cells_of(draft: Draft, currency: Currency, happened_at: object, recorded_at: object) -> tuple[Any, ...]:
    """The cells of a new row, for `COLUMNS`; both moments as the driver takes them."""
    call = draft.call
    payer, usage, labels = call.payer, call.usage, call.labels
    return (
        draft.id,
        draft.request_id,
        call.fingerprint,
        None if call.hold is None else as_kept(call.hold),
        draft.account_set,
        *_kept(payer.user, payer.project, payer.department, payer.organization),
        *_kept(call.model_name, call.provider_name, call.request_type),
        str(call.cost_type),
        usage.input,
        usage.output,
        usage.cached,
        usage.cache_write,
        usage.reasoning,
        usage.is_batch,
        str(call.ending),
        *_kept(labels.wechat_account_id, labels.session_id, labels.sop_instance_id),
        call.stated,
        call.took,
        currency,
        draft.charged,
        *costs_of(draft.judgement),
        happened_at,
        recorded_at,
    )


def _kept(*texts: str) -> Iterable[str]:
    together = "".join(texts)  # looked through once: nearly all need nothing
    return texts if together.isascii() and "\0" not in together else map(as_kept, texts)


def costs_of(judgement: Judgement) -> tuple[Any, ...]:
    """The cells of what a call costs, for `COSTS`. An original in the site's own currency is not written twice."""
    if isinstance(judgement, Unpriced):
        return (*(None,) * (len(COSTS) - 1), str(judgement.why))
    cost = judgement.cost
    parts = (cost.input, cost.output, cost.base, cost.total)
    if isinstance(judgement, Stated):
        return (None, None, *parts, None, None, None, None, None, "")
    model, price, original, rate = judgement.model, judgement.price, judgement.original, judgement.rate
    if rate is None:
        return (model.id, price.id, *parts, None, None, None, None, None, "")
    originals = (original.input, original.output, original.base, price.currency, str(rate.rate))
    return (model.id, price.id, *parts, *originals, "")


def paid_in(judgement: Judgement) -> Currency | None:
    """The currency in which a judgement says what a call costs; None when it does not say."""
    if not isinstance(judgement, Bill):
        return None
    return judgement.price.currency if judgement.rate is None else judgement.rate.to


def record_of(row: AnyRow) -> Record:
    """The record of a whole row."""
    cost = None if row.total_cost is None else Cost(row.input_cost, row.output_cost, row.base_cost)
    currency = Currency(row.currency)
    original, original_currency = None, None
    if row.original_currency is not None:
        original = Cost(row.original_input, row.original_output, row.original_base)
        original_currency = Currency(row.original_currency)
    elif row.price is not None:
        original, original_currency = cost, currency
    return Record(
        id=RecordId(row.id),
        call=_call_of(row),
        recorded_at=row.recorded_at,
        currency=currency,
        charged=Nano(row.charged),
        model=None if row.model is None else CostModelId(row.model),
        price=None if row.price is None else PriceId(row.price),
        cost=cost,
        original=original,
        original_currency=original_currency,
        rate=None if row.rate is None else Decimal(row.rate),
        missing=row.missing,
    )


def _call_of(row: AnyRow) -> Call:
    return Call(
        request_id=row.request_id,
        payer=Payer(row.user, row.project, row.department, row.organization),
        model_name=row.model_name,
        usage=Usage(
            row.input_units,
            row.output_units,
            row.cached_units,
            row.cache_write_units,
            row.reasoning_units,
            row.is_batch,
        ),
        happened_at=row.happened_at,
        provider_name=row.provider_name,
        request_type=row.request_type,
        cost_type=row.cost_type,
        ending=row.ending,
        labels=Labels(row.wechat_account_id, row.session_id, row.sop_instance_id),
        hold=row.hold,
        stated=None if row.stated is None else Nano(row.stated),
        took=row.took,
    )
