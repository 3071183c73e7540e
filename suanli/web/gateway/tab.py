"""One call's account with us: what is held for it, for how long, and what it came to in the end, said once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from suanli.clock import Clock
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Unpriced
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import Ask, Granted, Refused
from suanli.domain.cost.records import Call, Ending, Written
from suanli.domain.cost.worst_case import Bound, Quote, most
from suanli.domain.gateway import Kind, Offered, Route
from suanli.web.gateway.access import Access
from suanli.web.gateway.counting import Produced
from suanli.web.gateway.purse import Purse

log = structlog.get_logger()

MARGIN = timedelta(minutes=1)
"""So much longer than the longest silence a hold lasts."""

PATIENCE = timedelta(seconds=5)
"""After a database that is away, a hold is not prolonged again for so long."""

_TYPES = {Kind.CHAT: "chat", Kind.EMBEDDING: "embeddings"}
_FREE = Quote(Nano(0))


class NotPricedError(Exception):
    """One of the model's routes has no price."""


def quotes_of(
    book: PriceBook, model: Offered, bound: Bound, moment: datetime, *, unpriced: bool
) -> Mapping[Route, Quote]:
    """The most that the call costs by each route; nothing by one without a price, if such ones are let pass.

    Raises NotPricedError, UnboundedError and MoneyError.
    """
    found = {}
    for route in model.routes:
        quote = most(book, route.model, route.vendor, bound, moment)
        if isinstance(quote, Unpriced):
            if not unpriced:
                raise NotPricedError(route.provider)
            quote = _FREE
        found[route] = quote
    return found


@dataclass(slots=True)
class Tab:
    """A call under way. Its `id` is also that of its hold; `silence` is the longest for which nothing may be heard.

    `remembered` is by what it was let in and priced, if that was not looked up for it.
    """

    id: str
    payer: Payer
    model: Offered
    bound: Bound
    quotes: Mapping[Route, Quote]
    book: PriceBook
    opened_at: datetime
    hold_for: timedelta
    silence: timedelta
    purse: Purse
    clock: Clock
    unpriced: bool = False
    remembered: Access | None = None
    began: float = field(init=False)
    amount: Nano = field(init=False)
    expires_at: datetime = field(init=False)
    patient_until: datetime = field(init=False)
    is_closed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Nothing is held yet."""
        self.began = self.clock.elapsed()
        self.amount = max(quote.amount for quote in self.quotes.values())
        self.expires_at = self.patient_until = self.opened_at

    def open(self) -> Refused | None:
        """Hold the worst case of the dearest route; what refuses it. Raises MoneyError and OutdatedError."""
        ask = Ask(self.id, self.id, self.payer.scopes, self.amount, self.book.currency)
        decision = self.purse.hold(ask, self._lasts, self.remembered)
        if isinstance(decision, Refused):
            self.is_closed = True
            return decision
        assert isinstance(decision, Granted), "a new id stands for another hold"  # noqa: S101 ids are random
        self.expires_at = decision.hold.expires_at
        return None

    def keep(self, produced: Produced | None = None) -> Refused | None:
        """See to it that what is held covers what was produced, and lasts beyond the next silence; what refuses it.

        When the database is away, nothing is refused: what was held stays held for the time being.
        """
        now, bound = self.clock.now(), self.bound
        least = 0 if produced is None else produced.least_output()
        if now < self.patient_until:
            return None
        if 0 < bound.output <= least:  # the provider does not keep to the limit, which may go on
            bound = replace(bound, output=least + max(least // 2, 1))
        elif self.expires_at - now > self.silence + MARGIN / 2:
            return None
        try:
            return self._raise(bound)
        except Exception as error:  # noqa: BLE001 the store's own; a stream is not ended for a moment without it
            log.warning("gateway_hold_not_raised", request=self.id, error=type(error).__name__)
            self.patient_until = now + PATIENCE
            return None

    def refund(self) -> None:
        """It was no call: give back what was held."""
        if not self.is_closed:
            self.is_closed = True
            self.purse.refund(self.id)

    def close(self, route: Route, produced: Produced, ending: Ending) -> Written | None:
        """Write down what it came to; the second time it is nothing. None when it could not be written."""
        if self.is_closed:
            return None
        self.is_closed = True
        is_bound = not produced.has_usage
        kind = _TYPES[self.model.kind]
        # Found by its type where an answer that is complete was charged by its worst case.
        request_type = f"{kind}_bound" if is_bound and ending is Ending.OK else kind
        if is_bound:
            log.warning("gateway_usage_unknown", request=self.id, provider=route.provider, ending=ending.value)
        return self.purse.settle(self._call(route, produced.usage(self.bound), ending, request_type))

    def _call(self, route: Route, usage: Usage, ending: Ending, request_type: str) -> Call:
        return Call(
            request_id=self.id,
            payer=self.payer,
            model_name=route.model,
            usage=self.quotes[route].counted(usage),
            happened_at=self.opened_at,
            provider_name=route.vendor,
            request_type=request_type,
            ending=ending,
            hold=self.id,
            took=int((self.clock.elapsed() - self.began) * 1000),
        )

    @property
    def _lasts(self) -> timedelta:
        return max(self.hold_for, self.silence + MARGIN)

    def _raise(self, bound: Bound) -> Refused | None:
        quotes = self.quotes
        if bound is not self.bound:
            quotes = quotes_of(self.book, self.model, bound, self.opened_at, unpriced=self.unpriced)
        amount = max(quote.amount for quote in quotes.values())
        decision = self.purse.raise_hold(self.id, amount, self._lasts)
        if isinstance(decision, Refused):
            return decision
        if isinstance(decision, Granted):
            self.expires_at = decision.hold.expires_at
        else:  # it expired before its time, as when a clock was set; it is settled all the same
            log.warning("gateway_hold_lost", request=self.id)
            self.expires_at = self.clock.now() + self._lasts
        self.bound, self.amount = bound, amount
        return None
