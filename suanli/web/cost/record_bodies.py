"""Records as the API has them, under the original's names; and which of them are asked for."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.prices import CostType, Unit
from suanli.domain.cost.records import Record, RecordFilter, Sort
from suanli.web.api.bodies import Answer, AskedMoment, Body, MaybeAmount, Price
from suanli.web.api.endpoints import Visit

Units = int | float
"""A number of units: whole of tokens and requests; minutes and GB have parts."""


class RecordsFound(Body):
    """Which records are meant: those that fit all that is said. Moments are half-open: since ≤ happened_at < until."""

    since: AskedMoment | None = None
    until: AskedMoment | None = None
    user_id: str = ""
    project: str = ""
    department: str = ""
    organization: str = ""
    model_name: str = ""
    provider_name: str = ""
    request_type: str = ""
    cost_type: CostType | None = None
    session_id: str = ""
    request_id: str = ""
    priced: bool | None = None

    def to_domain(self) -> RecordFilter:
        """The filter."""
        return RecordFilter(
            self.since, self.until, self.user_id, self.project, self.department, self.organization, self.model_name,
            self.provider_name, self.request_type, self.cost_type, self.session_id, self.request_id, self.priced,
        )  # fmt: skip


class RecordsAsked(RecordsFound):
    """A page of them in order; sorted by cost, those without a price come before all that have one."""

    sort: Sort = Sort.HAPPENED_AT
    order: Literal["asc", "desc"] = "desc"
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: str = ""


class RecordsExported(RecordsFound):
    """All of them, as a file. `profile` is which columns: our own, or those of FOCUS."""

    format: Literal["csv", "xlsx"] = "csv"
    profile: Literal["records", "focus"] = "records"


def only_visible(visit: Visit, asked: RecordsFound) -> RecordFilter:
    """The filter, for who may see it: others' records take the role of an operator. Raises Problem."""
    own = visit.own.id
    if visit.sees_all:
        return asked.to_domain()
    if not own or asked.user_id not in {"", own}:  # a filter by nobody would let everybody's pass
        raise visit.refused(visit.texts("cost.only_own"))
    return asked.model_copy(update={"user_id": own}).to_domain()


class RecordAnswer(Answer):
    """A record. Of one that is not `priced` every cost is null, which is not nothing; `missing` says why.

    Every kind of units stands apart: `input_units` are without the cached ones. `charged_cost` is what quotas count.
    """

    id: int
    request_id: str
    user_id: str
    project: str | None
    department: str | None
    organization: str | None
    cost_model_id: int | None
    price_id: int | None
    wechat_account_id: str | None
    session_id: str | None
    sop_instance_id: str | None
    model_name: str
    provider_name: str | None
    request_type: str | None
    cost_type: str
    billing_unit: str | None
    input_units: Units
    output_units: Units
    cached_units: Units
    cache_write_units: Units
    reasoning_units: Units
    total_units: Units
    is_batch: bool
    priced: bool
    missing: str | None
    input_cost: MaybeAmount
    output_cost: MaybeAmount
    base_cost: MaybeAmount
    total_cost: MaybeAmount
    currency: str
    charged_cost: MaybeAmount
    original_cost: MaybeAmount
    original_currency: str | None
    exchange_rate: Price
    status: str
    duration_ms: int | None
    reservation: str | None
    happened_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, record: Record, book: PriceBook) -> Self:
        """A record, counted in the units of its model; of one without a model as usage counts."""
        call, cost = record.call, record.cost
        unit = unit_of(record, book)
        payer, labels = call.payer, call.labels
        return cls(
            **_units(record, unit or Unit.TOKEN),
            id=record.id,
            request_id=call.request_id,
            user_id=payer.user,
            project=payer.project or None,
            department=payer.department or None,
            organization=payer.organization or None,
            cost_model_id=record.model,
            price_id=record.price,
            wechat_account_id=labels.wechat_account_id or None,
            session_id=labels.session_id or None,
            sop_instance_id=labels.sop_instance_id or None,
            model_name=call.model_name,
            provider_name=call.provider_name or None,
            request_type=call.request_type or None,
            cost_type=call.cost_type,
            billing_unit=unit,
            is_batch=call.usage.is_batch,
            priced=record.is_priced,
            missing=record.missing or None,
            input_cost=cost and cost.input,
            output_cost=cost and cost.output,
            base_cost=cost and cost.base,
            total_cost=cost and cost.total,
            currency=record.currency,
            charged_cost=record.charged,
            original_cost=record.original and record.original.total,
            original_currency=record.original_currency,
            exchange_rate=record.rate,
            status=call.ending,
            duration_ms=call.took,
            reservation=call.hold,
            happened_at=call.happened_at.astimezone(UTC),
            recorded_at=record.recorded_at,
        )


class RecordsAnswer(Answer):
    """A page of records."""

    items: list[RecordAnswer]
    next_cursor: str | None
    has_more: bool


def unit_of(record: Record, book: PriceBook) -> Unit | None:
    """What a record's model is paid for by; None when it has none."""
    model = None if record.model is None else book.models.get(record.model)
    return None if model is None else model.unit


def _units(record: Record, unit: Unit) -> dict[str, Units]:
    usage = record.call.usage
    counts = {
        "input": usage.input,
        "output": usage.output,
        "cached": usage.cached,
        "cache_write": usage.cache_write,
        "reasoning": usage.reasoning,
        "total": usage.total,
    }
    if unit.parts == 1:
        return {f"{name}_units": count for name, count in counts.items()}
    return {f"{name}_units": float(unit.whole(count)) for name, count in counts.items()}
