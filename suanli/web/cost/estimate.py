"""POST /api/v1/cost/estimate: what a call would cost, and whether there is room for it. Nothing is held."""

from datetime import UTC, datetime
from typing import Self

from pydantic import model_validator

from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.quotas import Account, refuses
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Answer, MaybeAmount, Price
from suanli.web.api.endpoints import Endpoint, Reply, Visit
from suanli.web.api.mistakes import MistakeError
from suanli.web.cost.meant import LeftAnswer, MeantCall, Priced, accounts_of, left_fields, price
from suanli.web.cost.payers import payer_said


class Meant(MeantCall):
    """A call to a model that is meant."""

    @model_validator(mode="after")
    def _has_model(self) -> Self:
        if self.model_name is None:
            raise MistakeError("says_model")
        return self


class FitAnswer(LeftAnswer):
    """A limit, and whether the call has room in it now; null: nobody knows what it costs. A soft one refuses none."""

    fits: bool | None


class EstimateAnswer(Answer):
    """What a call would cost at this moment. Of one that is not `priced` every amount is null; `missing` says why.

    `hold_amount` is what a reservation of the same body holds. `fits` is whether that would be granted now: the next
    moment somebody else may have taken it, so reserve. The price holds from `valid_from` up to `valid_to`; null: until
    there is another one.
    """

    priced: bool
    missing: Missing | None
    why: str | None
    input_cost: MaybeAmount
    output_cost: MaybeAmount
    base_cost: MaybeAmount
    total_cost: MaybeAmount
    hold_amount: MaybeAmount
    currency: str
    original_cost: MaybeAmount
    original_currency: str | None
    exchange_rate: Price
    cost_model_id: int | None
    price_id: int | None
    valid_from: datetime | None
    valid_to: datetime | None
    fits: bool | None
    quotas: list[FitAnswer]


def _run(visit: Visit) -> Reply:
    said: Meant = visit.body
    with visit.store.read() as tx:
        payer = payer_said(visit, tx, said)
        found = price(visit, tx.prices.book(visit.site.money.currency), said, visit.now)
        accounts = accounts_of(visit, tx, payer)
    amount = found.hold if isinstance(found, Priced) else None
    quotas = [FitAnswer(**left_fields(visit, each), fits=_fits(each, amount)) for each in accounts]
    fits = None if amount is None else all(each.fits for each in quotas)
    currency = visit.site.money.currency
    return Reply(EstimateAnswer(**_costs(visit, found), currency=currency, fits=fits, quotas=quotas))


def _fits(account: Account, amount: int | None) -> bool | None:
    return None if amount is None else not refuses(account.left, amount, soft=account.soft)


def _costs(visit: Visit, found: Priced | Unpriced) -> dict[str, object]:
    if isinstance(found, Unpriced):
        nothing = dict.fromkeys(name for name in EstimateAnswer.model_fields if name not in _ALWAYS)
        why = visit.texts(f"api.unpriced.{found.why}")
        return {**nothing, "priced": False, "missing": found.why, "why": why}
    bill = found.bill
    is_converted = bill.rate is not None
    return {
        "priced": True,
        "missing": None,
        "why": None,
        "input_cost": bill.cost.input,
        "output_cost": bill.cost.output,
        "base_cost": bill.cost.base,
        "total_cost": bill.cost.total,
        "hold_amount": found.hold,
        "original_cost": bill.original.total if is_converted else None,
        "original_currency": bill.price.currency if is_converted else None,
        "exchange_rate": bill.rate.rate if bill.rate else None,
        "cost_model_id": bill.model.id,
        "price_id": bill.price.id,
        "valid_from": bill.price.valid_from.astimezone(UTC),
        "valid_to": bill.price.valid_to and bill.price.valid_to.astimezone(UTC),
    }


_ALWAYS = ("currency", "fits", "quotas")

ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/cost/estimate", "estimate_cost", Permission.RESERVE, _run,
        body=Meant, reply=EstimateAnswer, alone=True, quiet=True,
    ),
)  # fmt: skip
