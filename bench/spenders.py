"""Who spends in the benches of cost, on what, and by which limits: people of one company, and models with prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from suanli.domain.cost.money import NANO, Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit, Usage
from suanli.domain.cost.quotas import Quota, QuotaId, Scope
from suanli.domain.cost.records import Call
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store

COMPANY = "company"
DEPARTMENTS, PROJECTS = 12, 40

_PRICED_SINCE = timedelta(days=1000)
_WIDE = Nano(10**9 * NANO)
"""A limit that is in nobody's way, and is looked at and counted in all the same."""


@dataclass(frozen=True, slots=True)
class Product:
    """A model, and what a million of its tokens cost, in and out, in nano-units."""

    model: str
    provider: str
    kind: str
    into: int
    out: int


def _product(number: int) -> Product:
    provider = ("deepseek", "openai", "anthropic", "dashscope")[number % 4]
    kind = "embeddings" if number % 10 == 9 else "chat"
    return Product(f"{provider}-{number}", provider, kind, (number + 1) * 700_000_000, (number + 1) * 2_100_000_000)


PRODUCTS = tuple(map(_product, range(20)))


def payers(count: int) -> Sequence[Payer]:
    """So many people, each of a project, which is of a department, of the one company."""
    return [_payer(number, number % PROJECTS) for number in range(count)]


def _payer(number: int, project: int) -> Payer:
    return Payer(f"ou_{number:05}", f"project-{project}", f"department-{project % DEPARTMENTS}", COMPANY)


def furnish(
    store: Store,
    zone: ZoneInfo,
    currency: Currency,
    people: Sequence[Payer],
    now: datetime,
    *,
    more: Sequence[str] = (),
) -> None:
    """Prices of all products, and of `more` models of the first one's provider; a quota of everybody who pays."""
    first = PRODUCTS[0]
    named = [*PRODUCTS, *(Product(name, first.provider, first.kind, first.into, first.out) for name in more)]
    scopes = sorted({scope for payer in people for scope in payer.scopes})
    since = now - _PRICED_SINCE
    with store.begin() as tx:
        for each in named:
            model = tx.models.add(
                CostModel(CostModelId(0), each.model, each.provider, each.kind, CostType.AI_API, Unit.TOKEN)
            )
            assert model is not None
            tx.prices.add(Price(PriceId(0), model.id, Rates(Nano(each.into), Nano(each.out)), currency, since), since)
        for scope in scopes:
            tx.quotas.add(_quota(scope, zone, currency))


def _quota(scope: Scope, zone: ZoneInfo, currency: Currency) -> Quota:
    return Quota(QuotaId(0), f"{scope.kind.word} {scope.id}", scope, _WIDE, Period.MONTHLY, zone, currency)


def calls(people: Sequence[Payer], count: int, name: str, since: datetime) -> Sequence[Call]:
    """So many calls, a millisecond apart; everybody uses every model in turn."""
    return [
        Call(
            request_id=f"{name}-{number:08}",
            payer=people[number % len(people)],
            model_name=(product := PRODUCTS[number // len(people) % len(PRODUCTS)]).model,
            usage=Usage(100 + number * 37 % 4000, 20 + number * 13 % 900),
            happened_at=since + timedelta(milliseconds=number),
            provider_name=product.provider,
            request_type=product.kind,
            took=200 + number % 3000,
        )
        for number in range(count)
    ]
