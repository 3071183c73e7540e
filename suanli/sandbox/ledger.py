"""What the demo's company spends on models: prices, who pays, limits, a budget, and six weeks of calls."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from handlers.cost.ingest import take_in
from suanli import wiring
from suanli.clock import Clock
from suanli.domain.access import Role
from suanli.domain.changes import Actor, Way
from suanli.domain.chat import Platform, Target, TargetKind
from suanli.domain.cost.budgets import Allocation, Budget
from suanli.domain.cost.dates import day_at, start_of
from suanli.domain.cost.money import Nano, decimal, nano
from suanli.domain.cost.parties import Party, Payer, payer_of
from suanli.domain.cost.price_changes import Change as PriceChange
from suanli.domain.cost.price_imports import Plan
from suanli.domain.cost.prices import Usage
from suanli.domain.cost.quotas import BudgetId, Quota, QuotaId, Scope, ScopeKind
from suanli.domain.cost.records import Call
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store, Transaction
from suanli.domain.tokens import ApiToken, Permission, TokenId, digest_of
from suanli.sandbox.feishu import Human
from suanli.settings import Settings

PRICES = """\
provider,name,currency,unit_size,input_price,output_price,cached_price,batch_input_price,batch_output_price,model_type
deepseek,deepseek-chat,CNY,1000000,2,8,0.2,1,4,chat
qwen,qwen-max,CNY,1000000,20,60,,10,30,chat
qwen,text-embedding,CNY,1000000,0.5,0,,,,embedding
"""
NEWER_PRICES = PRICES.replace("CNY,1000000,2,8,0.2,1,4", "CNY,1000000,1.6,6.4,0.16,0.8,3.2") + (
    "deepseek,deepseek-reasoner,CNY,1000000,4,16,1,,,chat\n"
)
"""Made up for the demo, as the first list is: a model has become cheaper, and there is one more."""

SECRET = "sk-suanli-sandbox-key-of-han-meimei"
"""The key of the developer's program."""

DEVELOPER, BUYER, ADMIN = "han-meimei", "li-lei", "wang-fang"
_ACME = Scope(ScopeKind.ORGANIZATION, "acme")
_AI, _SUPPORT = Scope(ScopeKind.DEPARTMENT, "ai"), Scope(ScopeKind.DEPARTMENT, "support")

_DAYS = 42
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ACTOR = Actor("demo", Way.CLI)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that calls a model at some hours of a day; on weekends, a third of the times."""

    payer: Payer
    provider: str
    model: str
    request_type: str
    hours: range
    input: int
    output: int


_AGENT, _RAG = Payer(BUYER, "agent", "support", "acme"), Payer("rag", "knowledge", "ai", "acme")
_REPORT = Payer(ADMIN, "report", "ai", "acme")
_PROGRAMS = (
    _Program(_AGENT, "deepseek", "deepseek-chat", "chat", range(8, 22), 60_000, 9_000),
    _Program(_RAG, "qwen", "qwen-max", "chat", range(9, 19), 45_000, 7_000),
    _Program(_RAG, "qwen", "text-embedding", "embeddings", range(24), 200_000, 0),
    _Program(_REPORT, "qwen", "qwen-max", "chat", range(1, 3), 50_000, 6_000),
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The company's prices, and how they are replaced."""

    settings: Settings
    store: Store
    clock: Clock
    folder: Path

    def take_prices(self, table: str, since: datetime | None = None) -> Plan:
        """Take over a version of the company's list of prices, from now on if no moment is said; what that changed."""
        path = self.folder / "prices.csv"
        path.write_text(table, "utf-8")
        now = self.clock.now()
        order = wiring.read_price_list(self.settings, path, since or now, actor=_ACTOR, now=now)
        return wiring.take_prices(self.settings, self.store, order, now)

    def newer_prices(self) -> str:
        """Take over the newer list, from now on; a line for each price that it changed."""
        plan = self.take_prices(NEWER_PRICES)
        return "\n".join(map(_said, plan.taken)) or "没有变化 / nothing new"

    def begin(self, admin: Human, buyer: Human, developer: Human) -> None:
        """Let there be what there was before anybody watched, and a limit of which nothing is used yet."""
        now, zone = self.clock.now(), self.settings.timezone
        today = day_at(now, zone)
        self.take_prices(PRICES, start_of(today - _DAYS * _DAY, zone))
        with self.store.begin() as tx:
            for party in _parties(admin, buyer, developer):
                tx.parties.put(party)
            for name, scope, total, period in (
                ("智能应用部", _AI, "3000", Period.MONTHLY),
                ("客服部", _SUPPORT, "40", Period.WEEKLY),
            ):
                tx.quotas.add(self._quota(name, scope, total, period))
        with self.store.begin() as tx:
            take_in(tx, wiring.build_site(self.settings), tuple(self._calls(start_of(today, zone))), now)
        with self.store.begin() as tx:
            tx.quotas.add(self._quota(developer.name, Scope(ScopeKind.USER, DEVELOPER), "10", Period.MONTHLY))
            self._add_token(tx, now)
        with self.store.begin() as tx:
            tx.budgets.add(self._budget(), now)

    def _quota(self, name: str, scope: Scope, total: str, period: Period) -> Quota:
        currency = self.settings.cost.currency
        return Quota(QuotaId(0), name, scope, _yuan(total), period, self.settings.timezone, currency)

    def _budget(self) -> Budget:
        shares = (Allocation(_AI, _yuan("8000")), Allocation(_SUPPORT, _yuan("1000")))
        zone, currency = self.settings.timezone, self.settings.cost.currency
        return Budget(BudgetId(0), "AI", _ACME, _yuan("12000"), Period.YEARLY, zone, currency, shares)

    def _add_token(self, tx: Transaction, now: datetime) -> None:
        payer = payer_of(DEVELOPER, tx.parties.find(Scope(ScopeKind.USER, DEVELOPER)), {})
        may = frozenset({Permission.GATEWAY})
        tx.tokens.add(ApiToken(TokenId(0), "demo", digest_of(SECRET), payer, may, Role.MEMBER, _ACTOR.who, now))

    def _calls(self, until: datetime) -> Iterator[Call]:
        """The calls of the last days, up to the midnight before today: what today brings is seen as it comes."""
        for number, program in enumerate(_PROGRAMS):
            for back in range(_DAYS * 24, 0, -1):
                at = until - back * _HOUR
                local = at.astimezone(self.settings.timezone)
                chance = zlib.crc32(f"{number}:{back}".encode())
                if local.hour not in program.hours or (local.weekday() >= _SATURDAY and chance % 3):
                    continue
                # Between seven tenths and thirteen tenths of the usual.
                part = 70 + chance % 61
                usage = Usage(program.input * part // 100, program.output * part // 100)
                yield Call(
                    f"demo-{number}-{back}",
                    program.payer,
                    program.model,
                    usage,
                    at + chance % 3600 * timedelta(seconds=1),
                    program.provider,
                    program.request_type,
                )


def _said(change: PriceChange) -> str:
    """What a list changed of a model's price, for a million tokens that go in and that come out."""
    terms = filter(None, (change.before, change.offer.terms))
    prices = (f"{_figure(each.rates.input)} / {_figure(each.rates.output)}" for each in terms)
    return f"{change.offer.key}: {' → '.join(prices)} CNY"


def _figure(rate: Nano) -> str:
    return f"{decimal(rate).normalize():f}"


def _parties(admin: Human, buyer: Human, developer: Human) -> Iterator[Party]:
    """Who pays; the admin answers for the departments' money."""
    boss = _private(admin)
    yield Party(_ACME, "示例公司", boss)
    yield Party(_AI, "智能应用部", boss)
    yield Party(_SUPPORT, "客服部", boss)
    for name, shown in (("agent", "客服助手"), ("knowledge", "知识库"), ("report", "夜间日报")):
        yield Party(Scope(ScopeKind.PROJECT, name), shown)
    yield _user(ADMIN, admin.name, boss, _AI)
    yield _user(BUYER, buyer.name, _private(buyer), _SUPPORT)
    yield _user(DEVELOPER, developer.name, _private(developer), _AI)
    yield _user("rag", "知识库服务", None, _AI)


def _user(name: str, shown: str, contact: Target | None, department: Scope) -> Party:
    scope = Scope(ScopeKind.USER, name)
    return Party(scope, shown, contact, department=department.id, organization=_ACME.id)


def _private(human: Human) -> Target:
    return Target(Platform.FEISHU, TargetKind.OPEN_ID, human.open_id)


def _yuan(amount: str) -> Nano:
    return nano(Decimal(amount))
