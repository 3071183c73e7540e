"""POST /api/v1/cost/reservations: money is put aside before it is spent; and what becomes of it but its settlement.

The same key again is answered as before. A refusal says which limit has no room, and is not remembered.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import MoneyError, Nano
from suanli.domain.cost.quotas import Account, Ask, Conflict, Decision, Granted, Hold, HoldState, Refused
from suanli.domain.ports import Transaction
from suanli.domain.tokens import Permission
from suanli.web.api.bodies import Body, GivenAmount
from suanli.web.api.endpoints import REPLAYED, Endpoint, Reply, Visit
from suanli.web.api.mistakes import MistakeError
from suanli.web.api.problems import Problem
from suanli.web.cost.meant import MeantCall, price
from suanli.web.cost.payers import is_shown, payer_said
from suanli.web.cost.refusals import over_quota, wrong
from suanli.web.cost.reserved import PATH, KeyOwner, ReservationAnswer, fingerprint_of, found, kept_key, state_of
from suanli.web.cost.settlements import Settlement, SettlementAnswer, settle

LONGEST = 86_400
"""Seconds that money may be held for at once."""

KEY = "^[A-Za-z0-9][A-Za-z0-9._:~@+=-]{0,199}$"
"""What a key looks like: it stands in addresses."""

Put = Callable[[Ask, timedelta], Decision]
"""Puts money aside for so long, in a transaction of its own or one shared with others. Raises MoneyError."""

Seconds = Annotated[int, Field(strict=True, ge=1, le=LONGEST)]


class NewReservation(MeantCall):
    """A call that is meant: an amount, or a model with its units. `request_id` may be in Idempotency-Key instead."""

    request_id: Annotated[str, StringConstraints(pattern=KEY)] | None = None
    amount: GivenAmount | None = None
    expires_in: Seconds | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        has_units = any(name.endswith("_units") for name in self.model_fields_set)
        if self.amount is None and (self.model_name is None or not has_units):
            raise MistakeError("says_amount")
        return self


class Extension(Body):
    """How much is to be held in all, no less than now, and for how many seconds from now on."""

    amount: GivenAmount | None = None
    expires_in: Seconds | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be held, and for how long."""

    ask: Ask
    lasts: timedelta


def _reserve(visit: Visit, put: Put | None) -> Reply:
    said: NewReservation = visit.body
    try:
        answer = _put_alone(visit, said) if put is None else _put_with_others(visit, said, put)
    except MoneyError:
        raise wrong(visit, "amount", visit.texts("api.cost.too_much")) from None
    # Only now, so that what was done for who is refused, such as to sweep up, is committed.
    if isinstance(answer, Problem):
        raise answer
    return answer


def _put_alone(visit: Visit, said: NewReservation) -> Reply | Problem:
    with visit.store.begin() as tx:
        wanted = _wanted(visit, tx, said)
        return _decided(visit, tx, tx.holds.hold(wanted.ask, visit.now, visit.now + wanted.lasts))


def _put_with_others(visit: Visit, said: NewReservation, put: Put) -> Reply | Problem:
    """Before and after it is put aside, things are only read: that keeps nobody waiting who writes."""
    with visit.store.read() as tx:
        wanted = _wanted(visit, tx, said)
    decision = put(wanted.ask, wanted.lasts)
    with visit.store.read() as tx:
        return _decided(visit, tx, decision)


def _wanted(visit: Visit, tx: Transaction, said: NewReservation) -> _Wanted:
    """What is asked for. Raises Problem for another one's money, and for a call of which nobody knows what it costs."""
    payer = payer_said(visit, tx, said)
    key = kept_key(visit.own.id, _key(visit, said))
    fingerprint = fingerprint_of(payer, said, said.amount)
    amount = said.amount
    if amount is None:
        amount = _priced(visit, tx, said, key, fingerprint)
    lasts = visit.site.money.hold_for if said.expires_in is None else timedelta(seconds=said.expires_in)
    return _Wanted(Ask(key, fingerprint, payer.scopes, amount, visit.site.money.currency), lasts)


def _key(visit: Visit, said: NewReservation) -> str:
    key = said.request_id or visit.key
    if key is None or not re.fullmatch(KEY, key):
        raise wrong(visit, "request_id", visit.texts("api.quota.needs_key"))
    return key


def _priced(visit: Visit, tx: Transaction, said: NewReservation, key: str, fingerprint: str) -> Nano:
    priced = price(visit, tx.prices.book(visit.site.money.currency), said, visit.now)
    if not isinstance(priced, Unpriced):
        return priced.hold
    known = tx.holds.find(key)
    if known is not None and known.fingerprint == fingerprint:  # it is asked again, and had a price then
        return known.amount
    why = visit.texts(f"api.unpriced.{priced.why}")
    detail = visit.texts("api.quota.unpriced", model=said.model_name, why=why)
    raise Problem("unpriced", detail, {"missing": priced.why, "model_name": said.model_name})


def _decided(visit: Visit, tx: Transaction, decision: Decision) -> Reply | Problem:
    match decision:
        case Refused():
            return over_quota(visit, tx, decision, visit.now)
        case Conflict():
            return Problem("conflict", visit.texts("api.quota.other_reservation"))
        case Granted(hold, replayed=is_known):
            state = state_of(hold, visit.now)
            if state is not HoldState.HELD:  # nobody is to spend what is not held any more
                return ended(visit, state)
            headers = REPLAYED if is_known else {"Location": f"{PATH}/{hold.key.partition(':')[2]}"}
            return Reply(_shown(visit, tx, hold), 200 if is_known else 201, headers)


def ended(visit: Visit, state: HoldState) -> Problem:
    """The problem of a reservation that has come to an end."""
    said = visit.texts("api.quota.ended", state=visit.texts(f"api.hold_state.{state}"))
    return Problem("conflict", said, {"state": state.value})


def _shown(visit: Visit, tx: Transaction, hold: Hold) -> ReservationAnswer:
    accounts = [each for each in tx.holds.accounts(hold.key, visit.now) if not each.soft or _is_shown(visit, tx, each)]
    return ReservationAnswer.of(visit, hold, accounts)


def _is_shown(visit: Visit, tx: Transaction, account: Account) -> bool:
    quota = None if visit.sees_all else tx.quotas.find(account.quota)
    return quota is None or is_shown(visit, quota)


def _show(visit: Visit) -> Reply:
    return Reply(_shown(visit, visit.tx, found(visit, visit.tx)))


def _refund(visit: Visit) -> Reply:
    """Give it back. Of one that expired there is nothing left to give back, and the second time changes nothing."""
    known = found(visit, visit.tx)
    hold = visit.tx.holds.refund(known.key, visit.now)
    if not isinstance(hold, Hold):
        raise ended(visit, HoldState.SETTLED)
    return Reply(_shown(visit, visit.tx, hold))


def _extend(visit: Visit) -> Reply:
    """Let it be of more, or last longer; it becomes neither less nor shorter. Refused, it stays as it was."""
    said: Extension = visit.body
    known = found(visit, visit.tx)
    lasts = visit.site.money.hold_for if said.expires_in is None else timedelta(seconds=said.expires_in)
    try:
        decision = visit.tx.holds.raise_hold(known.key, said.amount or Nano(0), visit.now, visit.now + lasts)
    except MoneyError:
        raise wrong(visit, "amount", visit.texts("api.cost.too_much")) from None
    if isinstance(decision, Refused):
        raise over_quota(visit, visit.tx, decision, visit.now)
    if not isinstance(decision, Granted):
        raise ended(visit, state_of(visit.tx.holds.find(known.key) or known, visit.now))
    return Reply(_shown(visit, visit.tx, decision.hold))


_MAY = Permission.RESERVE
_ONE = f"{PATH}/<key>"


def endpoints(put: Put | None = None) -> tuple[Endpoint, ...]:
    """The endpoints; `put` is by what money is put aside, otherwise each does so in a transaction of its own."""
    return (
        Endpoint(
            "POST", PATH, "create_reservation", _MAY, partial(_reserve, put=put),
            body=NewReservation, reply=ReservationAnswer, status=201, knows=True, own_key=True, alone=True, quiet=True,
            problems=("conflict", "quota-exceeded", "unpriced"),
        ),
        Endpoint(
            "GET", _ONE, "show_reservation", _MAY, _show,
            query=KeyOwner, reply=ReservationAnswer, problems=("not-found",),
        ),
        Endpoint(
            "POST", f"{_ONE}/settle", "settle_reservation", _MAY, settle,
            query=KeyOwner, body=Settlement, reply=SettlementAnswer, quiet=True, problems=("not-found", "conflict"),
        ),
        Endpoint(
            "POST", f"{_ONE}/refund", "refund_reservation", _MAY, _refund,
            query=KeyOwner, reply=ReservationAnswer, quiet=True, problems=("not-found", "conflict"),
        ),
        Endpoint(
            "POST", f"{_ONE}/extend", "extend_reservation", _MAY, _extend,
            query=KeyOwner, body=Extension, reply=ReservationAnswer, quiet=True,
            problems=("not-found", "conflict", "quota-exceeded"),
        ),
    )  # fmt: skip
