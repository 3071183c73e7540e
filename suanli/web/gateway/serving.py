"""Serves calls: who makes one is known before its body is read, and its worst case is held before it is forwarded."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import structlog

from suanli.admission import OutdatedError
from suanli.clock import Clock
from suanli.domain.cost.money import MoneyError, shown
from suanli.domain.cost.quotas import Quota, Refused
from suanli.domain.cost.records import Ending
from suanli.domain.cost.worst_case import UnboundedError
from suanli.domain.gateway import Kind, Offered
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.tokens import Permission, token_in
from suanli.i18n import Texts
from suanli.web.gateway.access import Access
from suanli.web.gateway.asked import Asked, read
from suanli.web.gateway.counting import Produced
from suanli.web.gateway.forwarding import Arrived, Forwarding
from suanli.web.gateway.passing import Passing
from suanli.web.gateway.purse import Purse
from suanli.web.gateway.refusals import QUOTA, SERVER, Refusal, malformed, over_quota, unbounded, unpriced
from suanli.web.gateway.tab import NotPricedError, Tab, quotes_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and the prices of that moment; as it was `remembered`, if so."""

    access: Access
    secret: str = field(repr=False)
    remembered: bool


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

    def caller(self, authorization: str, texts: Texts, *, by_memory: bool = False) -> Caller:
        """Who calls, as it may be remembered: that is enough for `call`, which makes sure of it. Raises Refusal."""
        if self.drain.stopping.is_set():
            raise Refusal(503, "shutting_down", texts("gateway.stopping"), SERVER)
        given = token_in(authorization)
        known = self.purse.accesses.remembered(given) if given and by_memory else None
        if given and known and known.token.is_valid(self.clock.now()) and Permission.GATEWAY in known.token.permissions:
            return Caller(known, given, remembered=True)
        return self._looked_up(given, texts)

    def _looked_up(self, secret: str | None, texts: Texts) -> Caller:
        """Who calls, by what the store says now. Raises Refusal."""
        found = self.purse.accesses.look_up(secret) if secret else None
        if secret is None or found is None or not found.token.is_valid(self.clock.now()):
            headers = {"WWW-Authenticate": 'Bearer realm="suanli"'}
            raise Refusal(401, "invalid_api_key", texts("gateway.no_key"), "authentication_error", headers=headers)
        if Permission.GATEWAY not in found.token.permissions:
            raise Refusal(403, "permission_denied", texts("gateway.no_permission"), "permission_error")
        return Caller(found, secret, remembered=False)

    def call(self, kind: Kind, caller: Caller, raw: bytes, texts: Texts) -> Answer:
        """Make a call. Raises Refusal, and then nothing is held."""
        asked, tab = self._begun(kind, caller, raw, texts)
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

    def _begun(self, kind: Kind, caller: Caller, raw: bytes, texts: Texts) -> tuple[Asked, Tab]:
        """What is asked, and its worst case, held. Raises Refusal."""
        try:
            asked = read(kind, raw, self.offered, texts)
            return asked, self._tab(caller, asked, texts)
        except (OutdatedError, Refusal) as error:
            # A limit refuses in the transaction that has made sure of all that was remembered; nothing else does.
            if not caller.remembered or (isinstance(error, Refusal) and error.code == QUOTA):
                raise
        return self._begun(kind, self._looked_up(caller.secret, texts), raw, texts)

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
        """The call's worst case, held. Raises Refusal, and OutdatedError of a caller who was remembered."""
        now, money, deadlines = self.clock.now(), self.site.money, self.forwarding.deadlines
        try:
            quotes = quotes_of(caller.access.book, asked.model, asked.bound, now, unpriced=money.unpriced)
            tab = Tab(
                id=f"req-{uuid4().hex}",
                payer=caller.access.token.payer,
                model=asked.model,
                bound=asked.bound,
                quotes=quotes,
                book=caller.access.book,
                opened_at=now,
                hold_for=money.hold_for,
                silence=max(deadlines.first_byte, deadlines.between) if asked.is_stream else deadlines.whole,
                purse=self.purse,
                clock=self.clock,
                unpriced=money.unpriced,
                remembered=caller.access if caller.remembered else None,
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
