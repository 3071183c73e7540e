"""Calls as somebody tells of them: whose they are, what they used in what units, and when; and as a `Call` inside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema

from handlers.cost.ingest import AHEAD
from suanli.domain.access import Role
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing
from suanli.domain.cost.parties import Party, Payer, payer_of
from suanli.domain.cost.prices import CostType, PriceError, Unit, Usage
from suanli.domain.cost.quotas import ScopeKind
from suanli.domain.cost.records import Call, Ending, Labels, Record
from suanli.domain.tokens import ApiToken, Permission
from suanli.i18n import Texts
from suanli.web.api.bodies import Body, GivenAmount, Moment, Name
from suanli.web.api.mistakes import MistakeError
from suanli.web.api.problems import Problem

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_UNITS = 10**12
"""More than anything uses in one call, as usage counts it; of a whole batch, a sum that can be kept."""
_SETTLEMENT = "reservation:"
"""What the ids of records begin with that a settlement wrote, and no told one's does."""
_GATEWAY = re.compile("req-[0-9a-f]{32}", re.ASCII)
"""The ids of the gateway's records; who calls models hears them while the call still lasts."""

_KINDS = {
    "project": ScopeKind.PROJECT,
    "department": ScopeKind.DEPARTMENT,
    "organization": ScopeKind.ORGANIZATION,
}


def _units(value: object) -> int | Decimal:
    if type(value) is int:  # nearly all of them, and True is none
        if 0 <= value <= MOST_UNITS:
            return value
    elif isinstance(value, str | Decimal):
        try:
            found = Decimal(value)
        except ArithmeticError:
            found = Decimal("NaN")
        if found.is_finite() and 0 <= found <= MOST_UNITS:
            return found
    raise MistakeError("units", most=MOST_UNITS)


Units = Annotated[
    int | Decimal,
    PlainValidator(_units),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0, "description": "whole, except minutes and GB"}),
]
Label = Annotated[str, Field(max_length=200)]


class ToldCall(Body):
    """A call. Each kind of units stands apart: `input_units` are without the cached ones.

    What is not said of who pays is known of the user; `happened_at` is now unless it is said. `total_cost` is the
    teller's own bill, in the site's currency, for which no price of ours is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    request_id: Name
    model_name: Name
    provider_name: Label = ""
    request_type: Label = ""
    cost_type: CostType = CostType.AI_API
    user_id: Label = ""
    project: Label = ""
    department: Label = ""
    organization: Label = ""
    input_units: Units
    output_units: Units = 0
    cached_units: Units = 0
    cache_write_units: Units = 0
    reasoning_units: Units = 0
    total_units: Units | None = None
    billing_unit: Unit | None = None
    is_batch: bool = False
    happened_at: Moment | None = None
    status: Ending = Ending.OK
    duration_ms: Annotated[int, Field(ge=0, le=10**10)] | None = None
    wechat_account_id: Label = ""
    session_id: Label = ""
    sop_instance_id: Label = ""
    reservation: Name | None = None
    total_cost: GivenAmount | None = None

    def to_domain(self, payer: Payer, book: PriceBook, now: datetime, texts: Texts) -> Call:
        """The call, paid by somebody. Raises UnfitError."""
        happened_at = now if self.happened_at is None else checked_moment(self.happened_at, now, texts)
        return Call(
            request_id=self.request_id,
            payer=payer,
            model_name=self.model_name,
            usage=self._usage(book, texts),
            happened_at=happened_at,
            provider_name=self.provider_name,
            request_type=self.request_type,
            cost_type=self.cost_type,
            ending=self.status,
            labels=Labels(self.wechat_account_id, self.session_id, self.sop_instance_id),
            hold=self.reservation,
            stated=self.total_cost,
            took=self.duration_ms,
        )

    def _usage(self, book: PriceBook, texts: Texts) -> Usage:
        said = (self.input_units, self.output_units, self.cached_units, self.cache_write_units, self.reasoning_units)
        if self.total_units is not None and self.total_units != sum(said):
            raise UnfitError("total_units", texts("api.cost.total_differs"))
        unit = self._unit(book, texts)
        into, out, cached, stored, thought = (_counted(each, unit, texts) for each in said)
        if into + out + cached + stored + thought > MOST_UNITS:
            raise UnfitError("input_units", texts("api.cost.too_much"))
        return Usage(into, out, cached, stored, thought, self.is_batch)

    def _unit(self, book: PriceBook, texts: Texts) -> Unit:
        """What is counted: as the model is paid for; of an unknown one as it is said, or else tokens."""
        model = book.names.find(self.model_name, self.provider_name)
        if isinstance(model, Missing):
            return self.billing_unit or Unit.TOKEN
        if self.billing_unit not in {None, model.unit}:
            raise UnfitError("billing_unit", texts("api.cost.unit_differs", unit=model.unit.value))
        return model.unit


def _counted(said: int | Decimal, unit: Unit, texts: Texts) -> int:
    if type(said) is int and unit.parts == 1:
        return said
    try:
        return unit.counted(Decimal(said))
    except PriceError:
        raise UnfitError("input_units", texts("api.cost.not_counted", unit=unit.value)) from None


def settlement_id(hold: str) -> str:
    """The id of the record of a hold's settlement, which nobody else can have taken: keys can be guessed."""
    return f"{_SETTLEMENT}{hold}"


class UnfitError(ValueError):
    """A call that cannot be taken in; `field` is what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    @property
    def errors(self) -> list[dict[str, str]]:
        """As a problem has it."""
        return [{"field": self.field, "message": str(self)}]


def checked_moment(moment: datetime, now: datetime, texts: Texts) -> datetime:
    """A moment at which a call can have happened, as far as our clock tells. Raises UnfitError."""
    if moment > now + AHEAD:
        raise UnfitError("happened_at", texts("api.cost.too_late"))
    if moment < EARLIEST:
        raise UnfitError("happened_at", texts("api.cost.too_early"))
    return moment


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells of calls: whose they may be, and what may be said of them."""

    token: ApiToken
    texts: Texts

    @property
    def tells_of_all(self) -> bool:
        """Whether others' calls may be told of."""
        return self.token.role >= Role.OPERATOR

    def user(self, said: str) -> str:
        """Whose call it is: its own, unless another one is said."""
        return said or self.token.payer.user

    def payer(self, user: str, party: Party | None, said: Mapping[ScopeKind, str]) -> Payer:
        """Whom a call is paid by. Raises Problem for who may not say so."""
        own = self.token.payer
        kinds = _KINDS.values() if user == own.user else ()
        mine = {kind: name for kind in kinds if (name := own.of(kind))}
        known = payer_of(user, party, mine)
        found = payer_of(user, party, {**mine, **{kind: name for kind, name in said.items() if name}})
        if not self.tells_of_all and (user != own.user or found != known):
            raise Problem("forbidden", self.texts("api.cost.only_own_payer", user=own.user))
        return found

    def check_id(self, request_id: str) -> None:
        """Refuse ids that stand for what is written down here, or its own record would be a conflict.

        What the gateway could not write down is told of by who tells of everybody's calls. Raises UnfitError.
        """
        is_gateways = _GATEWAY.fullmatch(request_id) and not self.tells_of_all
        if request_id.startswith(_SETTLEMENT) or is_gateways:
            raise UnfitError("request_id", self.texts("api.cost.reserved_id"))

    def check(self, told: ToldCall) -> None:
        """Refuse what only others may say: a bill of one's own, or whose hold it settles."""
        if told.total_cost is not None and not (self.tells_of_all and Permission.MANAGE in self.token.permissions):
            raise Problem("forbidden", self.texts("api.cost.own_bill"))
        if told.reservation is not None and not self.tells_of_all:
            raise Problem("forbidden", self.texts("api.cost.own_hold"))


def said_of(body: Any) -> Mapping[ScopeKind, str]:
    """What a body says of who pays beside the user."""
    return {kind: getattr(body, name) for name, kind in _KINDS.items()}


def is_same(call: Call, record: Record, said: Mapping[ScopeKind, str], *, is_timed: bool = True) -> bool:
    """Whether a call is the one of a record, as far as it was said: what nobody said may come out otherwise each time.

    That is what is known of who pays, and its moment unless it `is_timed`.
    """
    known = record.call
    others = {kind: said.get(kind) or known.payer.of(kind) for kind in _KINDS.values()}
    happened_at = call.happened_at if is_timed else known.happened_at
    again = replace(call, payer=payer_of(call.payer.user, None, others), happened_at=happened_at)
    return again.fingerprint == known.fingerprint
