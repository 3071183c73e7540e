"""The columns of an export: our own, which are a record's fields, or those of FOCUS, which cloud bills have too.

Names of columns are not translated: programs read them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import decimal
from suanli.domain.cost.prices import CostType, Unit
from suanli.domain.cost.records import Record
from suanli.web.cost.record_bodies import unit_of

Cell = str | int | bool | Decimal | datetime | None
"""A value with its kind, so that text never becomes a number or a formula. An amount is a Decimal with all digits."""

_UNITS = {
    Unit.TOKEN: "tokens",
    Unit.REQUEST: "requests",
    Unit.MINUTE: "minutes",
    Unit.GB: "GB",
}
_SERVICES = {
    CostType.AI_API: "AI and Machine Learning",
    CostType.STORAGE: "Storage",
    CostType.BANDWIDTH: "Networking",
    CostType.COMPUTE: "Compute",
}
"""What FOCUS calls them."""
_COSTS = ("input_cost", "output_cost", "base_cost", "total_cost")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns, and the cells of a record in them; moments are on the clocks of `zone`."""

    names: Sequence[str]
    read: Callable[[Record, PriceBook, tzinfo], Sequence[Cell]]


def _record(record: Record, book: PriceBook, zone: tzinfo) -> Sequence[Cell]:
    call, cost, usage = record.call, record.cost, record.call.usage
    payer, labels = call.payer, call.labels
    unit = unit_of(record, book)
    counts = (usage.input, usage.output, usage.cached, usage.cache_write, usage.reasoning, usage.total)
    costs = (None,) * len(_COSTS) if cost is None else (cost.input, cost.output, cost.base, cost.total)
    return (
        record.id,
        call.happened_at.astimezone(zone),
        call.request_id,
        payer.user,
        payer.project,
        payer.department,
        payer.organization,
        record.model,
        record.price,
        call.model_name,
        call.provider_name,
        call.request_type,
        call.cost_type.value,
        unit and unit.value,
        *(_counted(each, unit) for each in counts),
        usage.is_batch,
        record.is_priced,
        record.missing,
        *(None if each is None else decimal(each) for each in costs),
        record.currency,
        decimal(record.charged),
        None if record.original is None else decimal(record.original.total),
        record.original_currency,
        record.rate,
        call.ending.value,
        call.took,
        call.hold,
        labels.wechat_account_id,
        labels.session_id,
        labels.sop_instance_id,
        record.recorded_at.astimezone(zone),
    )


RECORDS = Columns(
    (
        "id", "happened_at", "request_id", "user_id", "project", "department", "organization", "cost_model_id",
        "price_id", "model_name", "provider_name", "request_type", "cost_type", "billing_unit", "input_units",
        "output_units", "cached_units", "cache_write_units", "reasoning_units", "total_units", "is_batch", "priced",
        "missing", *_COSTS, "currency", "charged_cost", "original_cost", "original_currency", "exchange_rate",
        "status", "duration_ms", "reservation", "wechat_account_id", "session_id", "sop_instance_id", "recorded_at",
    ),
    _record,
)  # fmt: skip


def _focus(record: Record, book: PriceBook, zone: tzinfo) -> Sequence[Cell]:
    call, unit = record.call, unit_of(record, book)
    named = None if unit is None else _UNITS[unit]
    model = None if record.model is None else book.models.get(record.model)
    cost = None if record.cost is None else decimal(record.cost.total)
    start = call.happened_at.astimezone(zone)
    return (
        call.payer.organization,
        record.currency,
        cost,
        cost,
        "Usage",
        call.request_type,
        start,
        start + timedelta(milliseconds=call.took or 0),
        _counted(call.usage.total, unit),
        named,
        None if model is None else f"{model.unit_size} {named}",
        call.provider_name,
        call.provider_name,
        call.request_id,
        call.model_name,
        _SERVICES[call.cost_type],
        call.model_name,
        None if record.price is None else str(record.price),
        call.payer.department,
        json.dumps(_tags(record), ensure_ascii=False, separators=(",", ":")),
    )


FOCUS = Columns(
    (
        "BillingAccountId", "BillingCurrency", "BilledCost", "EffectiveCost", "ChargeCategory", "ChargeDescription",
        "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit", "PricingUnit", "ProviderName",
        "PublisherName", "ResourceId", "ResourceName", "ServiceCategory", "ServiceName", "SkuPriceId", "SubAccountId",
        "Tags",
    ),
    _focus,
)  # fmt: skip

PROFILES: Mapping[str, Columns] = {"records": RECORDS, "focus": FOCUS}


def _counted(count: int, unit: Unit | None) -> int | Decimal:
    return count if unit is None or unit.parts == 1 else unit.whole(count)


def _tags(record: Record) -> Mapping[str, str]:
    call = record.call
    found = {
        "user": call.payer.user,
        "project": call.payer.project,
        "session": call.labels.session_id,
        "wechat_account": call.labels.wechat_account_id,
        "sop_instance": call.labels.sop_instance_id,
        "status": call.ending.value,
        "unpriced": record.missing,
    }
    return {name: value for name, value in found.items() if value}
