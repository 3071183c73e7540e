"""Reservations: what they are kept as, and how the API shows them.

A hold has no payer and no model, only a fingerprint of what was asked for. That of a reservation is all of it, in
words that are read again when it is settled: so the record is of whom the money was held for, whoever has moved to
another department since. Its key begins with whose token made it, so equal keys of two users never meet.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import Field

from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Account, Hold, HoldState
from suanli.domain.ports import Transaction
from suanli.web.api.bodies import Amount, Answer, Body, MaybeAmount
from suanli.web.api.endpoints import Visit
from suanli.web.cost.meant import LeftAnswer, MeantCall, left_of

PATH = "/api/v1/cost/reservations"
_APART = ":"
_UNITS = (
    "input_units", "output_units", "cached_units", "cache_write_units", "reasoning_units", "max_output_units",
    "billing_unit", "is_batch",
)  # fmt: skip
_PAYER = 4


class KeyOwner(Body):
    """Whose key it is: the token's own payer's, or for an operator somebody else's."""

    user_id: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a reservation is for."""

    payer: Payer
    model_name: str
    provider_name: str

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        """Read out of what a hold keeps of it."""
        said = json.loads(fingerprint)
        return cls(Payer(*said[:_PAYER]), *said[_PAYER : _PAYER + 2])


def fingerprint_of(payer: Payer, said: MeantCall, amount: Nano | None) -> str:
    """All that makes a reservation another one. What it came to by the prices of the moment does not."""
    units = [str(getattr(said, name)) for name in _UNITS]
    return json.dumps([*astuple(payer), said.model_name or "", said.provider_name, amount, *units])


def kept_key(user: str, key: str) -> str:
    """What a user's key is called in the store. What the user's name is quoted as has no colon."""
    return f"{quote(user, safe='', errors='surrogatepass')}{_APART}{key}"


def key_of(hold: Hold) -> str:
    """The caller's own key for it."""
    return hold.key.partition(_APART)[2]


def state_of(hold: Hold, now: datetime) -> HoldState:
    """The state; what is due has expired, swept up or not."""
    return HoldState.EXPIRED if hold.state is HoldState.HELD and hold.expires_at <= now else hold.state


def found(visit: Visit, tx: Transaction) -> Hold:
    """The hold of the address. Raises Problem for another one's, and when there is none."""
    asked: KeyOwner = visit.query
    user, key = asked.user_id or visit.own.id, visit.path["key"]
    if user != visit.own.id and not visit.sees_all:
        raise visit.refused(visit.texts("api.quota.only_own", user=visit.own.id))
    hold = tx.holds.find(kept_key(user, key))
    if hold is None:
        raise visit.missing(visit.texts("api.what.reservation", key=key))
    return hold


class ReservationAnswer(Answer):
    """Money put aside for a call: `amount` at the worst, until `expires_at`, when it comes back by itself.

    `reservation` is what records call it. `actual` is what it was settled at; null: it was not. `accounts` are the
    limits that it is held against, with what is left of them now.
    """

    key: str
    reservation: str
    state: HoldState
    amount: Amount
    actual: MaybeAmount
    currency: str
    created_at: datetime
    expires_at: datetime
    user_id: str
    project: str | None
    department: str | None
    organization: str | None
    model_name: str | None
    provider_name: str | None
    accounts: list[LeftAnswer]

    @classmethod
    def of(cls, visit: Visit, hold: Hold, accounts: Sequence[Account]) -> Self:
        """A reservation as it stands."""
        reserved, zone = Reserved.of(hold.fingerprint), visit.site.zone
        payer = reserved.payer
        return cls(
            key=key_of(hold),
            reservation=hold.key,
            state=state_of(hold, visit.now),
            amount=hold.amount,
            actual=hold.actual,
            currency=hold.currency,
            created_at=hold.created_at.astimezone(zone),
            expires_at=hold.expires_at.astimezone(zone),
            user_id=payer.user,
            project=payer.project or None,
            department=payer.department or None,
            organization=payer.organization or None,
            model_name=reserved.model_name or None,
            provider_name=reserved.provider_name or None,
            accounts=left_of(visit, accounts),
        )
