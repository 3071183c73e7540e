"""Serves calls: who makes one is known before its body is read, and its worst case is held before it is forwarded."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import structlog

from suanli.clock import Clock
from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.money import MoneyError, shown
from suanli.domain.cost.quotas import Quota, Refused
from suanli.domain.cost.records import Ending
from suanli.domain.cost.worst_case import UnboundedError
from suanli.domain.gateway import Kind, Offered
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.tokens import ApiToken, Permission, token_in
from suanli.i18n import Texts
from suanli.web.gateway.asked import Asked, read
from suanli.web.gateway.counting import Produced
from suanli.web.gateway.forwarding import Arrived, Forwarding
from suanli.web.gateway.passing import Passing
from suanli.web.gateway.purse import Purse
from suanli.web.gateway.refusals import SERVER, Refusal, malformed, over_quota, unbounded, unpriced
from suanli.web.gateway.tab import NotPricedError, Tab, quotes_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and the prices of that moment."""

    token: ApiToken
    book: PriceBook


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes | Iterable[bytes]


@dataclass(slots=True)
class Drain:
    """Whether this process is to end: streams may go on for `grace`, new calls are refused at once."""

    clock: Clock
    grace: timedelta
    stopping: threading.Event = field(default_factory=threading.Event)
    _until: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """Refuse new calls, and end the streams that are left after the grace."""
        self._until = self.clock.elapsed() + self.grace.total_seconds()
        self.stopping.set()

    def is_over(self) -> bool:
        """Whether streams are to end."""
        return self.stopping.is_set() and self.clock.elapsed() > self._until


@dataclass(frozen=True, slots=True)
class Serving:
    """Serves the models that are offered, by their names."""

    offered: Mapping[str, Offered]
    forwarding: Forwarding
    store: Store
    purse: Purse
    site: Site
    clock: Clock
    drain: Drain

    def caller(self, authorization: str, texts: Texts) -> Caller:
        """Who calls. Raises Refusal."""
        if self.drain.stopping.is_set():
            raise Refusal(503, "shutting_down", texts("gateway.stopping"), SERVER)
        given = token_in(authorization)
        token, book = self.purse.open(given) if given else (None, None)
        if token is None or book is None or not token.is_valid(self.clock.now()):
            headers = {"WWW-Authenticate": 'Bearer realm="suanli"'}
            raise Refusal(401, "invalid_api_key", texts("gateway.no_key"), "authentication_error", headers=headers)
        if Permission.GATEWAY not in token.permissions:
            raise Refusal(403, "permission_denied", texts("gateway.no_permission"), "permission_error")
        return Caller(token, book)

    def call(self, kind: Kind, caller: Caller, raw: bytes, texts: Texts) -> Answer:
        """Make a call. Raises Refusal, and then nothing is held."""
        asked = read(kind, raw, self.offered, texts)
        tab = self._tab(caller, asked, texts)
        try:
            arrived = self.forwarding.forward(asked, tab, texts)
        except BaseException:
            tab.refund()
            raise
        headers = {**arrived.reply.headers, "x-request-id": tab.id, "x-suanli-provider": arrived.route.provider}
        if arrived.events is not None:
            body = Passing(
                arrived.events,
                arrived.reply,
                arrived.route,
                tab,
                texts,
                self.drain.is_over,
                hides_usage=asked.adds_usage,
            )
            return Answer(arrived.reply.status, headers, body)
        return self._whole(arrived, tab, headers)

    def _whole(self, arrived: Arrived, tab: Tab, headers: Mapping[str, str]) -> Answer:
        if not arrived.is_good:  # nothing was produced, so nothing is recorded: the provider refused the request
            tab.refund()
            log.info("gateway_call_refused", request=tab.id, status=arrived.reply.status)
            return Answer(arrived.reply.status, headers, arrived.body)
        produced = Produced(is_chat=tab.model.kind is Kind.CHAT)
        produced.see(arrived.said)
        written = tab.close(arrived.route, produced, Ending.OK)
        if written is None:
            return Answer(arrived.reply.status, headers, arrived.body)
        said = shown(written.charged) if written.is_priced else "unpriced"
        return Answer(arrived.reply.status, {**headers, "x-suanli-cost": said}, arrived.body)

    def _tab(self, caller: Caller, asked: Asked, texts: Texts) -> Tab:
        """The call's worst case, held. Raises Refusal."""
        now, money, deadlines = self.clock.now(), self.site.money, self.forwarding.deadlines
        try:
            quotes = quotes_of(caller.book, asked.model, asked.bound, now, unpriced=money.unpriced)
            tab = Tab(
                id=f"req-{uuid4().hex}",
                payer=caller.token.payer,
                model=asked.model,
                bound=asked.bound,
                quotes=quotes,
                book=caller.book,
                opened_at=now,
                hold_for=money.hold_for,
                silence=max(deadlines.first_byte, deadlines.between) if asked.is_stream else deadlines.whole,
                purse=self.purse,
                clock=self.clock,
                unpriced=money.unpriced,
            )
            refused = tab.open()
        except NotPricedError as error:
            log.warning("gateway_model_unpriced", model=asked.model.name, provider=str(error))
            raise unpriced(asked.model.name, texts) from None
        except UnboundedError as error:
            raise unbounded(error, texts) from None
        except MoneyError:
            raise malformed(texts, "max_tokens") from None
        if refused is not None:
            log.info("gateway_refused", request=tab.id, quota=refused.account.name)
            raise over_quota(refused, self._quota(refused), texts, now)
        return tab

    def _quota(self, refused: Refused) -> Quota:
        with self.store.read() as tx:
            quota = tx.quotas.find(refused.account.quota)
        if quota is None:
            raise AssertionError(refused.account)
        return quota
