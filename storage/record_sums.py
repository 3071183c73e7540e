"""What records add to the sums."""

from storage.columns import as_kept
from storage.sum_tail import QUARTER, SumKey, amounts_of
from suanli.domain.cost.prices import Cost
from suanli.domain.cost.records import Call, Ending
from suanli.domain.cost.sums import Sum


def key_of(call: Call) -> SumKey:
    """What a call is added up with."""
    payer = call.payer
    return SumKey(
        call.happened_at,
        payer.user,
        payer.project,
        payer.department,
        payer.organization,
        call.model_name,
        call.provider_name,
        call.request_type,
        str(call.cost_type),
    )


def sum_of(call: Call, cost: Cost | None) -> Sum:
    """What a new record adds; what went in has what came from the cache in it, what came out the reasoning."""
    usage = call.usage
    into, out, base = (0, 0, 0) if cost is None else (cost.input, cost.output, cost.base)
    return Sum(
        1,
        int(cost is None),
        int(call.ending is Ending.FAILED),
        usage.whole_input,
        usage.output + usage.reasoning,
        usage.cached,
        usage.total,
        into,
        out,
        into + out + base,
        call.took or 0,
        int(call.took is not None),
    )


def added_by(call: Call, cost: Cost | None) -> tuple[object, ...]:
    """The row that a new record alone adds to the tail of the sums, for its `COLUMNS`."""
    at, *names = key_of(call)
    return (int(at.timestamp() // QUARTER), *(as_kept(str(name)) for name in names), *amounts_of(sum_of(call, cost)))


def priced(cost: Cost) -> Sum:
    """What is added when an unpriced record gets its price."""
    return Sum(unpriced=-1, input_cost=cost.input, output_cost=cost.output, total_cost=cost.total)
