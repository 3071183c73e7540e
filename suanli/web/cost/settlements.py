"""POST /api/v1/cost/reservations/{key}/settle: what the call came to is written down, and its hold ends with that."""

from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from handlers.cost.ingest import take_in
from suanli.domain.cost.money import MoneyError
from suanli.domain.cost.prices import CostType, Unit
from suanli.domain.cost.quotas import Hold, HoldState
from suanli.domain.cost.records import Call, Ending, Fate
from suanli.web.api.bodies import Amount, Answer, Body, GivenAmount, MaybeAmount, Moment, Name
from suanli.web.api.endpoints import Reply, Visit
from suanli.web.api.mistakes import MistakeError
from suanli.web.api.problems import Problem
from suanli.web.cost.refusals import wrong
from suanli.web.cost.reserved import Reserved, found, key_of
from suanli.web.cost.told import Label, Teller, ToldCall, UnfitError, Units, settlement_id

_UNTOLD = "-"
"""Stands for the model of a call that was reserved by its amount alone."""


class Settlement(Body):
    """What a call came to: its units, or by somebody's bill its `total_cost`.

    The model is the one that was reserved for, unless another one is said. The record's `request_id` is made of the
    reservation's name, and the call happened when it was reserved, unless these are said.
    """

    request_id: Name | None = None
    model_name: Name | None = None
    provider_name: Label | None = None
    input_units: Units = 0
    output_units: Units = 0
    cached_units: Units = 0
    cache_write_units: Units = 0
    reasoning_units: Units = 0
    billing_unit: Unit | None = None
    is_batch: bool = False
    total_cost: GivenAmount | None = None
    happened_at: Moment | None = None
    status: Ending = Ending.OK
    request_type: Label = ""
    cost_type: CostType = CostType.AI_API
    duration_ms: Annotated[int, Field(ge=0, le=10**10)] | None = None
    wechat_account_id: Label = ""
    session_id: Label = ""
    sop_instance_id: Label = ""

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if self.total_cost is None and not any(name.endswith("_units") for name in self.model_fields_set):
            raise MistakeError("says_units")
        return self


class SettlementAnswer(Answer):
    """What was written down. Of a call that is not `priced`, what was held for it is charged until it has a price."""

    key: str
    reservation: str
    state: HoldState
    amount: Amount
    actual: Amount
    currency: str
    request_id: str
    record_id: int
    priced: bool
    total_cost: MaybeAmount


def settle(visit: Visit) -> Reply:
    """Write the call down and settle its hold, be it late; the same again changes nothing."""
    said: Settlement = visit.body
    hold = found(visit, visit.tx)
    call = _call(visit, hold, said)
    try:
        (written,) = take_in(visit.tx, visit.site, [call], visit.now)
    except MoneyError:
        raise wrong(visit, "total_cost", visit.texts("api.cost.too_much")) from None
    if written.fate is Fate.CONFLICT or written.record is None:
        raise _conflict(visit, hold, call)
    answer = SettlementAnswer(
        key=key_of(hold),
        reservation=hold.key,
        state=HoldState.SETTLED,
        amount=hold.amount,
        actual=written.charged,
        currency=hold.currency,
        request_id=call.request_id,
        record_id=written.record,
        priced=written.is_priced,
        total_cost=written.charged if written.is_priced else None,
    )
    return Reply(answer)


def _call(visit: Visit, hold: Hold, said: Settlement) -> Call:
    reserved = Reserved.of(hold.fingerprint)
    name = said.model_name or reserved.model_name
    if not name and said.total_cost is None:
        raise wrong(visit, "model_name", visit.texts("api.quota.which_model"))
    told = said.model_dump(exclude={"request_id", "model_name", "provider_name", "happened_at", "total_cost"})
    try:
        if said.request_id is not None:
            Teller(visit.token, visit.texts).check_id(said.request_id)
        call = ToldCall(
            **told,
            request_id=said.request_id or _UNTOLD,
            model_name=name or _UNTOLD,
            provider_name=reserved.provider_name if said.provider_name is None else said.provider_name,
            happened_at=said.happened_at or hold.created_at,
        ).to_domain(reserved.payer, visit.tx.prices.book(visit.site.money.currency), visit.now, visit.texts)
    except UnfitError as error:
        raise wrong(visit, error.field, str(error)) from None
    request_id = said.request_id or settlement_id(hold.key)
    return replace(call, request_id=request_id, model_name=name, hold=hold.key, stated=said.total_cost)


def _conflict(visit: Visit, hold: Hold, call: Call) -> Problem:
    if hold.state is HoldState.REFUNDED:
        said = visit.texts("api.quota.ended", state=visit.texts(f"api.hold_state.{hold.state}"))
        return Problem("conflict", said, {"state": hold.state.value})
    if hold.state is HoldState.SETTLED:
        return Problem("conflict", visit.texts("api.quota.settled_otherwise"), {"state": hold.state.value})
    return Problem("conflict", visit.texts("api.quota.told_otherwise", request_id=call.request_id))
