"""Quotas, holds and how they end, for tests of what is stored of them. Amounts are nano-units."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text

from storage.engine import address
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, Usage
from suanli.domain.cost.quotas import (
    Account,
    Ask,
    Conflict,
    Decision,
    Drift,
    Granted,
    Hold,
    Level,
    Quota,
    QuotaGrant,
    QuotaGrantId,
    QuotaId,
    Refused,
    Scope,
    ScopeKind,
    Span,
)
from suanli.domain.cost.records import Call, Fate, Judged, Stated, Written
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LASTS = 10 * MINUTE

CNY = Currency("CNY")
SHANGHAI = ZoneInfo("Asia/Shanghai")

ZHANG = Scope(ScopeKind.USER, "ou_zhang")
LI = Scope(ScopeKind.USER, "ou_li")
BOT = Scope(ScopeKind.PROJECT, "bot")
SALES = Scope(ScopeKind.DEPARTMENT, "sales")
COMPANY = Scope(ScopeKind.ORGANIZATION, "company")
HIS = (ZHANG, BOT, SALES, COMPANY)
HERS = (LI, BOT, SALES, COMPANY)

HOSTILE = "支持 \0 \ud800 </font> @all \u202e 🀄"


def quota(scope: Scope, total: int, **fields: Any) -> Quota:
    """A quota a month in Shanghai; `day` and `hour` are its other limits."""
    words = {"day": "daily_limit", "hour": "hourly_limit"}
    others = {words[key]: fields.pop(key) for key in words.keys() & fields.keys()}
    known = Quota(QuotaId(0), f"{scope.kind.word} {scope.id}", scope, Nano(total), Period.MONTHLY, SHANGHAI, CNY)
    return replace(known, **others, **fields)


def add(store: Store, *quotas: Quota) -> Sequence[Quota]:
    with store.begin() as tx:
        return [tx.quotas.add(each) for each in quotas]


def change(store: Store, known: Quota, now: datetime = NOON, **fields: Any) -> None:
    with store.begin() as tx:
        assert tx.quotas.change(replace(known, **fields), now)


def ask(key: str, amount: int, scopes: Sequence[Scope] = HIS, about: str = "", currency: str = "CNY") -> Ask:
    return Ask(key, f"{amount} {scopes} {about}", tuple(scopes), Nano(amount), Currency(currency))


def decide(store: Store, asked: Ask, now: datetime = NOON, lasts: timedelta = LASTS) -> Decision:
    with store.begin() as tx:
        return tx.holds.hold(asked, now, now + lasts)


def hold(store: Store, key: str, amount: int, scopes: Sequence[Scope] = HIS, now: datetime = NOON) -> bool:
    """Whether it is granted."""
    return isinstance(decide(store, ask(key, amount, scopes), now), Granted)


def refused(store: Store, key: str, amount: int, scopes: Sequence[Scope] = HIS, now: datetime = NOON) -> Account:
    """The account that refuses it."""
    answer = decide(store, ask(key, amount, scopes), now)
    assert isinstance(answer, Refused)
    assert answer.asked == amount
    return answer.account


def payer(scopes: Sequence[Scope]) -> Payer:
    """Who has these scopes."""
    ids = {each.kind: each.id for each in scopes}
    user, project, department, organization = (ids.get(kind, "") for kind in ScopeKind)
    return Payer(user, project, department, organization)


def bill(key: str, amount: int | None, scopes: Sequence[Scope] = HIS, happened_at: datetime = NOON) -> Judged:
    """The call that a hold was made for, as who made it tells of it: under the hold's key, by a bill of its own.

    Without an amount, nobody knows what it costs.
    """
    stated = None if amount is None else Nano(amount)
    call = Call(key, payer(scopes), "m", Usage(1, 2), happened_at, hold=key, stated=stated)
    return Judged(call, Unpriced(Missing.PRICE) if stated is None else Stated(Cost(Nano(0), Nano(0), stated)))


def settle(store: Store, key: str, actual: int, now: datetime = NOON, scopes: Sequence[Scope] = HIS) -> Written:
    """Settle a hold the only way there is: by the record of its call."""
    with store.begin() as tx:
        (written,) = tx.records.write([bill(key, actual, scopes)], CNY, now)
    return written


def spend(store: Store, key: str, amount: int, scopes: Sequence[Scope] = HIS, now: datetime = NOON) -> None:
    """Hold and settle the same."""
    assert hold(store, key, amount, scopes, now)
    assert settle(store, key, amount, now, scopes).fate is Fate.NEW


def refund(store: Store, key: str, now: datetime = NOON) -> Hold | Conflict | None:
    with store.begin() as tx:
        return tx.holds.refund(key, now)


def raise_hold(store: Store, key: str, amount: int, now: datetime = NOON, lasts: timedelta = LASTS) -> Decision | None:
    with store.begin() as tx:
        return tx.holds.raise_hold(key, Nano(amount), now, now + lasts)


def expire(store: Store, now: datetime) -> list[str]:
    """Sweep, one hold a transaction; the keys of what expired."""
    swept: list[str] = []
    while True:
        with store.begin() as tx:
            found = tx.holds.expire(now)
        if found is None:
            return swept
        swept.append(found.key)


def found(store: Store, key: str) -> Hold:
    with store.begin() as tx:
        known = tx.holds.find(key)
    assert known is not None
    return known


def accounts(store: Store, of: Quota, now: datetime = NOON) -> Sequence[Account]:
    with store.begin() as tx:
        return tx.quotas.accounts(of.id, now)


def books(store: Store, of: Quota, now: datetime = NOON) -> tuple[int, int]:
    """What is used and what is held in the window of its period."""
    account = accounts(store, of, now)[0]
    return account.used, account.held


def grant(
    store: Store, of: Quota, amount: int, lasts: timedelta, now: datetime = NOON, span: Span = Span.PERIOD
) -> QuotaGrant:
    with store.begin() as tx:
        return tx.quotas.grant(
            QuotaGrant(QuotaGrantId(0), of.id, span, Nano(amount), "ou_boss", "quarter's end", now, now + lasts)
        )


def levels(store: Store, now: datetime = NOON) -> list[tuple[str, Span, Level]]:
    with store.begin() as tx:
        return [(each.account.name, each.account.span, each.level) for each in tx.quotas.untold(now, 1000)]


def drift(store: Store, now: datetime = NOON) -> Sequence[Drift]:
    with store.begin() as tx:
        return tx.holds.drift(now)


def tamper(url: str, statement: str) -> None:
    """Change the database behind the store's back."""
    engine = create_engine(address(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
