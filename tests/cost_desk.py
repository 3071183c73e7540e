"""A company whose money is counted, and its API over real HTTP on loopback."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

import requests
from flask import Flask

from handlers.cost.ingest import take_in
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.chat import Person, Platform, Target, TargetKind
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import NANO, Nano, nano
from suanli.domain.cost.parties import Party, Payer
from suanli.domain.cost.prices import (
    Cost,
    CostModel,
    CostModelId,
    CostType,
    Price,
    PriceId,
    Rates,
    Unit,
    Usage,
)
from suanli.domain.cost.quotas import Scope, ScopeKind
from suanli.domain.cost.records import Call, Judged, Stated, Written
from suanli.domain.site import Site
from suanli.domain.tokens import PREFIX, ApiToken, Permission, TokenId, digest_of
from suanli.sandbox.server import LoopbackServer
from suanli.web.api.blueprint import api_blueprint, problem_of
from suanli.web.api.endpoints import Endpoint
from tests.dialogue import SITE
from tests.fakes import NOON, FakeClock

EVERYTHING = tuple(Permission)
LONG_AGO = datetime(2026, 1, 1, tzinfo=NOON.tzinfo)
"""When prices began, unless a test says otherwise."""

USAGE = Usage(100, 50)


class Replied(NamedTuple):
    """An answer of the API. `json` is None where there is none; `content` is as it came."""

    status: int
    headers: Mapping[str, str]
    json: Any
    content: bytes = b""


class CostDesk:
    """The store with what is counted in it, and the API: `with CostDesk(store, clock, ENDPOINTS) as desk`.

    Without endpoints it serves nothing and needs no `with`. `woken` counts how often a change woke the delivery.
    """

    def __init__(
        self, store: SqlStore, clock: FakeClock, endpoints: Sequence[Endpoint] = (), site: Site = SITE
    ) -> None:
        self.store, self.clock, self.site = store, clock, site
        self.woken = 0
        self._numbers = itertools.count(1)
        app = Flask("api", static_folder=None)
        app.register_blueprint(api_blueprint(endpoints, store, site, clock, self._wake))
        app.register_error_handler(404, lambda error: problem_of(error, site))
        app.register_error_handler(405, lambda error: problem_of(error, site))
        self._server = LoopbackServer(app)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """Where the API is."""
        return self._server.url

    def token(
        self,
        role: Role = Role.OPERATOR,
        permissions: Sequence[Permission] = EVERYTHING,
        user: str = "li",
        payer: Payer | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """A new token; its secret."""
        secret = f"{PREFIX}{next(self._numbers):040}"
        pays = payer or Payer(user)
        token = ApiToken(
            TokenId(0), f"of {pays.user}", digest_of(secret), pays, frozenset(permissions), role, "ou_boss",
            self.clock.now(), expires_at,
        )  # fmt: skip
        with self.store.begin() as tx:
            tx.tokens.add(token)
        return secret

    def call(
        self, method: str, path: str, body: Any = None, token: str = "", headers: Mapping[str, str] | None = None
    ) -> Replied:
        """Ask the API. A body that is not bytes is sent as JSON."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None and not isinstance(body, bytes):
            sent, body = sent | {"Content-Type": "application/json"}, json.dumps(body).encode()
        answer = requests.request(method, self.url + path, data=body, headers=sent | dict(headers or {}), timeout=10)
        is_json = answer.content and "json" in answer.headers.get("Content-Type", "")
        return Replied(answer.status_code, answer.headers, answer.json() if is_json else None, answer.content)

    def get(self, path: str, token: str) -> Any:
        """The JSON of an answer that is right."""
        replied = self.call("GET", path, token=token)
        assert replied.status == 200, replied.json
        return replied.json

    def party(self, who: str, name: str = "", kind: ScopeKind = ScopeKind.USER, person: Person | None = None,
              **above: str) -> Party:  # fmt: skip
        """Somebody who pays; `person` is whose private chat it is on Feishu, `above` what their money is part of."""
        contact = Target(Platform.FEISHU, TargetKind.OPEN_ID, person.open_id) if person else None
        party = Party(Scope(kind, who), name, contact, **above)
        with self.store.begin() as tx:
            tx.parties.put(party)
        return party

    def model(self, name: str, provider: str = "", since: datetime = LONG_AGO, **per_1k: str) -> CostModel:
        """A model with its price since a moment: `input`, `output`, `cached`, `batch_input`… for a thousand tokens."""
        rates = {kind: Nano(int(Decimal(price) * 1000 * NANO)) for kind, price in per_1k.items()}
        rates = {"input": Nano(0), "output": Nano(0)} | rates
        with self.store.begin() as tx:
            known = tx.models.named(provider, name)
            new = CostModel(CostModelId(0), name, provider, "chat", CostType.AI_API, Unit.TOKEN)
            model = known or tx.models.add(new)
            assert model is not None
            price = Price(PriceId(0), model.id, Rates(**rates), self.site.money.currency, since)
            tx.prices.add(price, since)
        return model

    def told(self, user: str, model: str, at: datetime | None = None, **fields: Any) -> Call:
        """A call as somebody tells of it; `user` pays, with what is known of that user."""
        with self.store.begin() as tx:
            party = tx.parties.find(Scope(ScopeKind.USER, user))
        payer = Payer(user, party.project, party.department, party.organization) if party else Payer(user)
        words = {"usage": USAGE, "happened_at": at or self.clock.now(), "payer": payer, **fields}
        return Call(f"call-{next(self._numbers)}", model_name=model, **words)

    def spend(self, user: str, model: str, cost: str | None, at: datetime | None = None, **fields: Any) -> Written:
        """Write down a call that cost so much, in the currency's unit; None: nobody knows how much."""
        return self.spend_all(self.costs(user, model, cost, at, **fields))[0]

    def costs(self, user: str, model: str, cost: str | None, at: datetime | None = None, **fields: Any) -> Judged:
        """A call with what it cost, for `spend_all`."""
        call = self.told(user, model, at, **fields)
        if cost is None:
            return Judged(call, Unpriced(Missing.PRICE))
        # All of it for what went in: what is stated has no parts.
        return Judged(call, Stated(Cost(nano(Decimal(cost)), Nano(0), Nano(0))))

    def spend_all(self, *calls: Judged) -> Sequence[Written]:
        """Write calls down, in one transaction."""
        with self.store.begin() as tx:
            return tx.records.write(calls, self.site.money.currency, self.clock.now())

    def use(self, user: str, model: str, at: datetime | None = None, **fields: Any) -> Written:
        """Write down a call that costs what the book of prices says."""
        call = self.told(user, model, at, **fields)
        with self.store.begin() as tx:
            return take_in(tx, self.site, [call], self.clock.now())[0]

    def put_by(self) -> None:
        """Add the newest sums to the old ones, as the job does."""
        with self.store.begin() as tx:
            tx.sums.put_by(100_000)

    def _wake(self) -> None:
        self.woken += 1
