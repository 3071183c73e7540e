"""Whatever moves money, as a value that another process can do: one deed is one transaction, or one that is lost."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import (
    Ask,
    Granted,
    Quota,
    QuotaGrant,
    QuotaGrantId,
    QuotaId,
    Scope,
    ScopeKind,
    Span,
)
from suanli.domain.cost.records import Judged, RecordId
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store, Transaction
from tests.contract.cost_kit import CNY, SECOND, ask, bill, quota
from tests.contract.record_kit import costs

PEOPLE = 4
LASTING = (2 * SECOND, 30 * SECOND, timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Deed:
    """What one process does: with a key or a call that others have too, by a clock that is a little off."""

    do: str
    who: int
    number: int
    amount: int
    lag: int
    is_lost: bool
    """The process dies before it is committed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A company of its own in the database, so that many can follow each other there."""

    name: str
    now: datetime
    quotas: Sequence[QuotaId] = ()

    def payer(self, who: int) -> Payer:
        """One of its people; all are of one department."""
        return Payer(f"{self.name} {who}", "" if who % 2 else f"{self.name} bot", f"{self.name} sales", self.name)

    def asked(self, deed: Deed, number: int) -> Ask:
        """What is held for one of its calls; the key says by whom, the amount is whoever's."""
        who = number % PEOPLE
        return ask(self.key(number), 1 + deed.amount % 3, self.payer(who).scopes)

    def key(self, number: int) -> str:
        """The key of one of its holds."""
        return f"{self.name} h{number}"

    def call(self, deed: Deed, number: int, now: datetime) -> Judged:
        """One of its calls: every third has a hold, every fifth has no price, and some are told late."""
        payer = self.payer(number % PEOPLE)
        held = self.key(number) if number % 3 else None
        amount = None if number % 5 == 0 else number % 7 + deed.amount // 40
        happened_at = now.replace(second=0, microsecond=0) - number * timedelta(minutes=11)
        return costs(f"{self.name} r{number}", amount, payer, hold=held, happened_at=happened_at)


def furnish(store: Store, name: str, limit: int, now: datetime) -> Scene:
    """Limits of each kind at four levels; some are in the way all the time, some never, and one only warns."""
    scene = Scene(name, now)
    boss = scene.payer(0)
    limits = [
        quota(boss.scopes[0], limit, period=Period.HOURLY),
        quota(Scope(ScopeKind.USER, scene.payer(1).user), 3 * limit, day=2 * limit, hour=limit),
        quota(Scope(ScopeKind.PROJECT, boss.project), 5 * limit, soft=True, warning=0.5),
        quota(Scope(ScopeKind.DEPARTMENT, boss.department), 6 * limit, day=4 * limit, period=Period.WEEKLY),
        quota(Scope(ScopeKind.ORGANIZATION, name), 10**9, day=10**9, hour=5 * limit, period=Period.YEARLY),
    ]
    with store.begin() as tx:
        return replace(scene, quotas=[tx.quotas.add(each).id for each in limits])


class OverspentError(AssertionError):
    """A hold was made for which there was no room."""


def _room_was_there(tx: Transaction, answers: Sequence[object], now: datetime) -> None:
    """No new hold passes a hard limit: asked in its own transaction, before anybody else changes the accounts."""
    for answer in answers:
        if isinstance(answer, Granted) and not answer.replayed:
            for account in tx.holds.accounts(answer.hold.key, now):
                if not account.soft and account.used + account.held > account.limit:
                    raise OverspentError(f"{answer.hold.key} in {account}")


def _hold(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    found = tx.holds.hold(scene.asked(deed, deed.number), now, now + LASTING[deed.amount % 3])
    _room_was_there(tx, [found], now)
    return [found]


def _hold_all(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    asks = [scene.asked(deed, deed.number * 3 + n) for n in range(5)]
    found = tx.holds.hold_all([(each, now + LASTING[deed.amount % 3]) for each in asks], now)
    _room_was_there(tx, found, now)
    return found


def _settle(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    return _settled(tx, deed, scene, [deed.number], now)


def _settle_all(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    return _settled(tx, deed, scene, [deed.number * 3 + n for n in range(5)], now)


def _settled(tx: Transaction, deed: Deed, scene: Scene, numbers: Sequence[int], now: datetime) -> Sequence[object]:
    """Settle those that are there, each under its own key: as by the API, which looks for the hold first."""
    found = [number for number in numbers if tx.holds.find(scene.key(number)) is not None]
    bills = [bill(scene.key(each), deed.amount % 4, scene.payer(each % PEOPLE).scopes) for each in found]
    return [each.fate for each in tx.records.write(bills, CNY, now)]


def _refund(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    return [tx.holds.refund(scene.key(deed.number), now)]


def _raise(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    return [tx.holds.raise_hold(scene.key(deed.number), Nano(deed.amount % 9), now, now + LASTING[1])]


def _expire(tx: Transaction, _deed: Deed, _scene: Scene, now: datetime) -> Sequence[object]:
    return ["expired"] if tx.holds.expire(now) else []


def _quota(tx: Transaction, deed: Deed, scene: Scene) -> Quota:
    found = tx.quotas.find(scene.quotas[deed.number % len(scene.quotas)])
    assert found is not None
    return found


def _change(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    known = _quota(tx, deed, scene)
    hour = None if deed.amount % 4 == 0 else Nano(deed.amount)
    period = Period.DAILY if deed.amount % 5 == 0 else known.period
    assert tx.quotas.change(replace(known, hourly_limit=hour, active=deed.amount % 7 > 0, period=period), now)
    return ["changed"]


def _grant(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    known, lasts = _quota(tx, deed, scene), LASTING[deed.amount % 3]
    new = QuotaGrant(QuotaGrantId(0), known.id, Span.PERIOD, Nano(deed.amount + 1), "boss", "", now, now + lasts)
    return [tx.quotas.grant(new)]


def _end_grant(tx: Transaction, _deed: Deed, _scene: Scene, now: datetime) -> Sequence[object]:
    return ["grant ended"] if tx.quotas.end_expired(now) else []


def _reset(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    return tx.quotas.reset(scene.quotas[deed.number % len(scene.quotas)], made_by="boss", why="", now=now)


def _write(tx: Transaction, deed: Deed, scene: Scene, now: datetime) -> Sequence[object]:
    calls = [scene.call(deed, (deed.number * 5 + n) % 60, scene.now) for n in range(1 + deed.amount % 6)]
    return [each.fate for each in tx.records.write(calls, CNY, now)]


def _price(tx: Transaction, deed: Deed, _scene: Scene, now: datetime) -> Sequence[object]:
    waiting = tx.records.unpriced(RecordId(0), 1000)
    judged = [(each.id, costs(each.call.request_id, deed.amount)) for each in waiting]
    return ["priced"] * tx.records.price(judged, now)


def _put_by(tx: Transaction, deed: Deed, _scene: Scene, _now: datetime) -> Sequence[object]:
    return ["put by"] if tx.sums.put_by(1 + deed.amount) else []


Doing = Callable[[Transaction, Deed, Scene, datetime], Sequence[object]]
DEEDS: Mapping[str, Doing] = {
    "hold": _hold,
    "hold all": _hold_all,
    "settle": _settle,
    "settle all": _settle_all,
    "refund": _refund,
    "raise": _raise,
    "expire": _expire,
    "change": _change,
    "grant": _grant,
    "end a grant": _end_grant,
    "reset": _reset,
    "write": _write,
    "price": _price,
    "put by": _put_by,
}


@cache
def _opened(url: str) -> SqlStore:
    """One store for as long as the process lives."""
    return SqlStore(url)


def do_all(url: str, scene: Scene, deeds: Sequence[Deed]) -> Counter[str]:
    """Do them one after the other, in this process; what was answered. What is lost, was not answered."""
    seen = Counter[str]()
    for deed in deeds:
        now = scene.now + deed.lag * SECOND
        with suppress(KeyboardInterrupt), _opened(url).begin() as tx:
            answers = DEEDS[deed.do](tx, deed, scene, now)
            if deed.is_lost:
                raise KeyboardInterrupt
            seen.update(str(each) if isinstance(each, str) else type(each).__name__ for each in answers)
    return seen
