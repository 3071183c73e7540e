"""A gateway over real HTTP, before providers that are stand-ins: who calls it, what it costs, and what was recorded."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from suanli.clock import Clock
from suanli.domain.access import Role
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Tier, Unit
from suanli.domain.cost.quotas import Hold, Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.records import Record
from suanli.domain.cost.rules import CNY, MoneyRules
from suanli.domain.cost.windows import Period
from suanli.domain.gateway import Deadlines, Kind, Offered, Route
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.domain.tokens import ApiToken, Permission, TokenId, digest_of
from suanli.i18n import Lang
from suanli.sandbox.model_provider import KEY, Behaviour, ModelProvider
from suanli.sandbox.server import LoopbackServer
from suanli.settings import Settings
from suanli.sources.endpoint import Endpoint
from suanli.sources.model_providers import HttpModelProvider
from suanli.web.gateway.app import gateway_app
from suanli.web.gateway.forwarding import Forwarding
from suanli.web.gateway.purse import Purse
from suanli.web.gateway.serving import Drain, Serving
from suanli.wiring import build_site
from tests.contract.record_kit import records_of
from tests.fakes import NOON, FakeClock

SECRET = "sk-suanli-" + "z" * 40
ZHANG = Payer("zhang", "bot", "sales", "company")
YUAN = 10**9
RATE = Nano(2 * YUAN)
"""Nano-units for a million tokens: 2000 for one."""
EACH = 2000

FAST = Deadlines(*(timedelta(seconds=s) for s in (2, 5, 5, 20)))
MODELS = (
    Offered("chat", Kind.CHAT, (Route("first", "small-1", "vendor"),), 1000, 800),
    Offered("both", Kind.CHAT, (Route("first", "small-1", "vendor"), Route("second", "big-1", "other")), 1000, 800),
    Offered("text/vectors", Kind.EMBEDDING, (Route("first", "vec-1", "vendor"),), 1, 1),
    Offered("unknown", Kind.CHAT, (Route("first", "no-price", "vendor"),), 1000, 800),
)


@dataclass(slots=True)
class World:
    """What is there, and what became of it."""

    store: Store
    clock: Clock
    first: ModelProvider
    second: ModelProvider
    drain: Drain
    purse: Purse
    quota: Quota
    url: str = ""

    def ask(self, path: str = "/chat/completions", key: str = SECRET, **said: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
        return requests.post(f"{self.url}{path}", json=said, headers=headers, timeout=20)

    def chat(self, model: str = "chat", **said: Any) -> requests.Response:
        said.setdefault("messages", [{"role": "user", "content": "hello"}])
        return self.ask(model=model, **said)

    def stream(self, model: str = "chat", **said: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {SECRET}", "Accept-Language": "en"}
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}], **said}
        return requests.post(f"{self.url}/chat/completions", json=body, headers=headers, stream=True, timeout=20)

    def records(self) -> Sequence[Record]:
        with self.store.begin() as tx:
            return tuple(records_of(tx))

    def books(self) -> tuple[int, int]:
        """What is used and what is held of the company's quota."""
        with self.store.begin() as tx:
            account = tx.quotas.accounts(self.quota.id, self.clock.now())[0]
        return account.used, account.held

    def hold(self, key: str) -> Hold:
        with self.store.begin() as tx:
            found = tx.holds.find(key)
        assert found is not None
        return found


def site_of(**money: Any) -> Site:
    known = build_site(Settings.model_construct())
    return replace(known, zone=ZoneInfo("Asia/Shanghai"), lang=Lang.EN, money=MoneyRules(**money))


def furnish(store: Store, total: int) -> Quota:
    """Prices, a token and a quota of the company."""
    scope = Scope(ScopeKind.ORGANIZATION, ZHANG.organization)
    wanted = Quota(QuotaId(0), "公司", scope, Nano(total), Period.MONTHLY, ZoneInfo("Asia/Shanghai"), CNY)
    with store.begin() as tx:
        for vendor, name, rates, tiers in (
            ("vendor", "small-1", Rates(RATE, RATE, cached=Nano(RATE // 10)), ()),
            ("other", "big-1", Rates(Nano(RATE * 2), Nano(RATE * 3)), (Tier(10_000, Rates(RATE, RATE)),)),
            ("vendor", "vec-1", Rates(RATE, Nano(0)), ()),
        ):
            model = tx.models.add(CostModel(CostModelId(0), name, vendor, "chat", CostType.AI_API, Unit.TOKEN))
            assert model is not None
            since = NOON - timedelta(days=1)
            tx.prices.add(Price(PriceId(0), model.id, rates, CNY, since, tiers=tiers), since)
        add_token(tx.tokens, SECRET)
        return tx.quotas.add(wanted)


def add_token(tokens: Any, secret: str, **fields: Any) -> None:
    granted = frozenset({Permission.GATEWAY})
    known = ApiToken(TokenId(0), "t", digest_of(secret), ZHANG, granted, Role.MEMBER, "ou_boss", NOON)
    tokens.add(replace(known, **fields))


@contextmanager
def gateway(
    store: Store,
    *,
    clock: Clock | None = None,
    total: int = 1000 * YUAN,
    deadlines: Deadlines = FAST,
    scripts: Mapping[str, Sequence[Behaviour]] | None = None,
    money: Mapping[str, Any] | None = None,
    behind: Store | None = None,
    grace: float = 0.0,
) -> Iterator[World]:
    """Everything started; `behind` is the store that the gateway uses, if it is another one."""
    clock, scripts = clock or FakeClock(), scripts or {}
    quota = furnish(store, total)
    with ExitStack() as stack:
        first = stack.enter_context(ModelProvider(*scripts.get("first", ())))
        second = stack.enter_context(ModelProvider(*scripts.get("second", ())))
        drain = Drain(clock, timedelta(seconds=grace))
        site = site_of(**(money or {}))
        purse = Purse(behind or store, site, clock, drain.stopping)
        providers = {
            name: HttpModelProvider(endpoint_of(name, each.url), deadlines, clock)
            for name, each in (("first", first), ("second", second))
        }
        offered = {model.name: model for model in MODELS}
        serving = Serving(offered, Forwarding(providers, deadlines, clock), behind or store, purse, site, clock, drain)
        server = stack.enter_context(LoopbackServer(gateway_app(serving)))
        yield World(store, clock, first, second, drain, purse, quota, f"{server.url}/v1")


def endpoint_of(name: str, url: str) -> Endpoint:
    return Endpoint(name, url, "base_url", "key_env", {"Authorization": f"Bearer {KEY}"})
