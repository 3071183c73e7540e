"""Calls that are meant: what they will use, as far as it is known before, and what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Unit, Usage
from suanli.domain.cost.quotas import Account
from suanli.domain.cost.worst_case import Bound, UnboundedError, most
from suanli.domain.ports import Transaction
from suanli.web.api.bodies import Amount, Answer, Name
from suanli.web.api.endpoints import Visit
from suanli.web.cost.payers import PaidBody, is_shown
from suanli.web.cost.refusals import wrong
from suanli.web.cost.told import Label, ToldCall, UnfitError, Units

MOST_TOKENS = 10**9
"""More tokens than any call has."""


class MeantCall(PaidBody):
    """A call that is meant, by its model and its units, each kind apart.

    `max_output_units` in place of `output_units` is the most that the answer may have: then what is held is the worst
    case, whatever of the input turns out to be cached and of the output to be reasoning, and whichever tier it
    reaches.
    """

    model_name: Name | None = None
    provider_name: Label = ""
    input_units: Units = 0
    output_units: Units = 0
    cached_units: Units = 0
    cache_write_units: Units = 0
    reasoning_units: Units = 0
    max_output_units: Annotated[int, Field(ge=0, le=MOST_TOKENS)] | None = None
    billing_unit: Unit | None = None
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """What a call that is meant costs by its units, and the most that is to be held for it."""

    bill: Bill
    hold: Nano


def price(visit: Visit, book: PriceBook, said: MeantCall, now: datetime) -> Priced | Unpriced:
    """What a call costs that has a model, at this moment. Raises Problem for what cannot be counted."""
    name, usage = said.model_name or "", _usage(visit, book, said)
    try:
        bill = book.charge(name, said.provider_name, usage, now)
        if isinstance(bill, Unpriced) or said.max_output_units is None:
            return bill if isinstance(bill, Unpriced) else Priced(bill, bill.cost.total)
        bound = Bound(usage.whole_input, usage.output)
        found = most(book, name, said.provider_name, bound, now)
    except MoneyError:
        raise wrong(visit, "input_units", visit.texts("api.cost.too_much")) from None
    except UnboundedError:
        raise wrong(visit, "max_output_units", visit.texts("api.quota.no_bound")) from None
    return found if isinstance(found, Unpriced) else Priced(bill, max(found.amount, bill.cost.total))


def _usage(visit: Visit, book: PriceBook, said: MeantCall) -> Usage:
    if said.max_output_units is not None and (said.output_units or said.reasoning_units):
        raise wrong(visit, "max_output_units", visit.texts("api.quota.two_outputs"))
    told = ToldCall(
        request_id="-",
        model_name=said.model_name or "",
        provider_name=said.provider_name,
        input_units=said.input_units,
        output_units=said.output_units if said.max_output_units is None else said.max_output_units,
        cached_units=said.cached_units,
        cache_write_units=said.cache_write_units,
        reasoning_units=said.reasoning_units,
        billing_unit=said.billing_unit,
        is_batch=said.is_batch,
    )
    return usage_of(visit, told, book)


def usage_of(visit: Visit, told: ToldCall, book: PriceBook) -> Usage:
    """What a call used, as usage counts it. Raises Problem."""
    try:
        return told.to_domain(Payer(""), book, visit.now, visit.texts).usage
    except UnfitError as error:
        raise wrong(visit, error.field, str(error)) from None


class LeftAnswer(Answer):
    """A limit that a call is against, and what is left of it; below nothing when bills were higher than holds."""

    quota_id: int
    name: str
    scope: str
    scope_id: str
    window: str
    limit: Amount
    left: Amount
    resets_at: datetime
    soft: bool


def left_of(visit: Visit, accounts: Sequence[Account]) -> list[LeftAnswer]:
    """What is left of these, from the user's to the organisation's."""
    return [LeftAnswer(**left_fields(visit, each)) for each in accounts]


def left_fields(visit: Visit, account: Account) -> dict[str, object]:
    """The fields of `LeftAnswer`."""
    return {
        "quota_id": account.quota,
        "name": account.name,
        "scope": account.scope.kind.word,
        "scope_id": account.scope.id,
        "window": account.span.word,
        "limit": account.limit,
        "left": account.left,
        "resets_at": account.window.end.astimezone(visit.site.zone),
        "soft": account.soft,
    }


def accounts_of(visit: Visit, tx: Transaction, payer: Payer) -> Sequence[Account]:
    """The limits that a call of this payer would be against, from the user's to the organisation's."""
    currency = visit.site.money.currency
    quotas = [each for each in tx.quotas.of(payer.scopes) if each.currency == currency and is_shown(visit, each)]
    accounts = tx.quotas.all_accounts(quotas, visit.now)
    found = [account for each in quotas for account in accounts[each.id]]
    return sorted(found, key=lambda account: (account.scope.kind, account.quota, account.span))
