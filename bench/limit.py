"""At the limit: what 50 callers at once spend of one budget, and who of them is refused, beside LiteLLM.

LiteLLM reserves what a call costs at most before it is made, and settles it afterwards, as in its proxy: the budget is
a team's, and every caller has a key of their own. It counts in memory, in one process, which is its best case: with
Redis there is more time between what it reads and what it writes. Ours are holds and records in the real store, by
as many threads: the budget is a department's, and every caller is a user with a limit of their own. Both get the same
calls, of the same cost, and callers of both wait as long between the answer and the bill.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

from bench.figures import Figure, Target
from bench.judge import Tried, Verdict, judged
from bench.litellm_peer import LiteLLM, litellm, price_map
from bench.price_check import Call, PriceMap
from bench.proof import WrongError
from suanli import wiring
from suanli.clock import SystemClock
from suanli.domain.cost.money import NANO, Nano, decimal
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.price_list import USD
from suanli.domain.cost.prices import Cost, Usage
from suanli.domain.cost.quotas import Ask, Granted, Quota, QuotaId, Refused, Scope, ScopeKind
from suanli.domain.cost.records import Call as Told
from suanli.domain.cost.records import Fate, Judged, Stated
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Store
from suanli.settings import load
from tests.postgres import running_postgres

CALLERS = 50

_MODEL, _PROVIDER, _PROMPT = "gpt-4o", "openai", "hi"
_WIDE = Nano(10**15)
"""A caller's own limit, which is in nobody's way."""

_OURS = ("ours, SQLite", "ours, PostgreSQL")
_LASTS = timedelta(minutes=10)
_DONE_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that will be made: most tokens that it may produce, and how long it takes.

    `most` is what it costs at most, and `spent` what it will have cost, in nano-units.
    """

    most_tokens: int
    seconds: float
    most: Nano
    spent: Nano


@dataclass(frozen=True, slots=True)
class Scene:
    """What each of the callers is going to do, one call after the other, and the budget of all."""

    name: str
    budget: Nano
    callers: Sequence[Sequence[Planned]]


Price = Callable[[int], Nano]
"""What a call costs that produces so many tokens."""

Decide = Callable[[Scene], Sequence[Tried]]
Round = Mapping[tuple[str, str], Verdict]
"""By the scene, and by who decided."""

_MEASURES: Sequence[tuple[str, str, Callable[[Verdict], float]]] = (
    ("spent beyond the budget", "nano-USD", lambda verdict: verdict.beyond),
    ("refused although there was room", "calls", lambda verdict: verdict.falsely),
)
"""What a verdict says, which is to be none of ours, and its unit."""


def scenes(price: Price, number: int) -> Sequence[Scene]:
    """Two: all calls cost the same, and the budget is no multiple of that; and calls of which most cost less than held.

    The second is another one each time.
    """
    alike = Planned(100, 0.01, price(100), price(100))  # 0.00102 USD
    lot = Random(number)  # noqa: S311 the same in every run
    return (
        Scene("200 calls alike", Nano(10_500_000), [[alike] * 4] * CALLERS),
        Scene("2,000 calls of three sizes", Nano(2 * NANO), _mixed(price, lot)),
    )


def _mixed(price: Price, lot: Random) -> Sequence[Sequence[Planned]]:
    def plan() -> Planned:
        most = lot.choice((100, 400, 1600))
        tokens = lot.randint(most // 10, most)
        return Planned(most, lot.uniform(0.005, 0.02), price(most), price(tokens))

    return [[plan() for _ in range(40)] for _ in range(CALLERS)]


def measure(folder: Path, *, rounds: int) -> tuple[Figure, ...]:
    """So many rounds, in each of which LiteLLM, the same set to be strict, and our two stores have the same scenes."""
    folder = folder / "limit"
    folder.mkdir()
    with litellm(folder) as peer, running_postgres() as postgres, ExitStack() as stack:
        stores = [stack.enter_context(_opened(url, folder)) for url in (f"sqlite:///{folder / 'suanli.db'}", postgres)]
        deciders: Mapping[str, Decide] = {
            "LiteLLM": partial(theirs, peer, fail_closed=False),
            "LiteLLM, fail_closed": partial(theirs, peer, fail_closed=True),
            **{name: partial(ours, store) for name, store in zip(_OURS, stores, strict=True)},
        }
        price = _price(peer)
        return figures_of([_round(deciders, scenes(price, number)) for number in range(rounds)])


@contextmanager
def _opened(url: str, folder: Path) -> Iterator[Store]:
    """A new database's store, as the product opens it."""
    settings = load({"SUANLI_DATABASE_URL": url}, folder)
    wiring.upgrade(settings)
    with closing(wiring.open_store(settings)) as store:
        yield store


def _price(peer: LiteLLM) -> Price:
    """By the book, with as many tokens in as LiteLLM counts."""
    now = SystemClock().now()
    prices, tokens = PriceMap.read(price_map(), now), peer.ask("count", model=_MODEL, prompt=_PROMPT)
    return lambda output: prices.bill(Call(_MODEL, _PROVIDER, tokens, output), now).cost.total


def _round(deciders: Mapping[str, Decide], played: Sequence[Scene]) -> Round:
    return {
        (scene.name, name): judged(decide(scene), scene.budget) for scene in played for name, decide in deciders.items()
    }


def theirs(peer: LiteLLM, scene: Scene, *, fail_closed: bool) -> Sequence[Tried]:
    """What comes of it at LiteLLM's."""
    callers = [
        [(call.most_tokens, float(decimal(call.spent)), call.seconds) for call in calls] for calls in scene.callers
    ]
    log = peer.ask(
        "rush",
        model=_MODEL,
        prompt=_PROMPT,
        budget=float(decimal(scene.budget)),
        callers=callers,
        fail_closed=fail_closed,
    )
    found = list[Tried]()
    for number, n, asked, answered, reserved, settled in log:
        call = scene.callers[number][n]
        if fail_closed and reserved is not None and round(reserved * NANO) != call.most:
            raise WrongError(f"LiteLLM reserves {reserved} for what costs {decimal(call.most)} at most")
        found.append(Tried(asked, answered, call.most, call.spent, settled))
    return found


def ours(store: Store, scene: Scene) -> Sequence[Tried]:
    """What comes of it here: and what the books say in the end is what was spent, or it is an error."""
    clock = SystemClock()
    team = Scope(ScopeKind.DEPARTMENT, uuid4().hex)
    with store.begin() as tx:
        quota = tx.quotas.add(_quota(team, scene.budget))
        for number in range(len(scene.callers)):
            tx.quotas.add(_quota(_user(team, number), _WIDE))
    together = threading.Barrier(len(scene.callers))

    def caller(number: int) -> Sequence[Tried]:
        together.wait(_DONE_WITHIN)
        asks = (f"{team.id} {number} {n}" for n in count())
        who = (_user(team, number), team)
        return [
            _try(store, clock, Ask(key, key, who, call.most, USD), call)
            for key, call in zip(asks, scene.callers[number], strict=False)
        ]

    with ThreadPoolExecutor(len(scene.callers)) as pool:
        found = [tried for some in pool.map(caller, range(len(scene.callers))) for tried in some]
    _check(store, quota.id, sum(call.spent for call in found if call.settled is not None), clock.now())
    return found


def _try(store: Store, clock: SystemClock, ask: Ask, call: Planned) -> Tried:
    """Hold, wait as long as the call takes, and settle by its record."""
    asked = clock.elapsed()
    now = clock.now()
    with store.begin() as tx:
        decision = tx.holds.hold(ask, now, now + _LASTS)
    answered = clock.elapsed()
    clock.wait(threading.Event(), call.seconds)
    if isinstance(decision, Refused):
        return Tried(asked, answered, call.most, call.spent)
    assert isinstance(decision, Granted)
    with store.begin() as tx:
        (written,) = tx.records.write([_bill(ask, call.spent, now)], USD, clock.now())
    assert written.fate is Fate.NEW
    return Tried(asked, answered, call.most, call.spent, clock.elapsed())


def _bill(ask: Ask, spent: Nano, now: datetime) -> Judged:
    """The record of a call that was held for, by what it cost."""
    user, team = ask.scopes
    told = Told(
        request_id=ask.key,
        payer=Payer(user.id, department=team.id),
        model_name=_MODEL,
        usage=Usage(0),
        happened_at=now,
        provider_name=_PROVIDER,
        hold=ask.key,
        stated=spent,
    )
    return Judged(told, Stated(Cost(Nano(0), Nano(0), spent)))


def _user(team: Scope, number: int) -> Scope:
    return Scope(ScopeKind.USER, f"{team.id} {number}")


def _quota(scope: Scope, total: Nano) -> Quota:
    return Quota(QuotaId(0), scope.id, scope, total, Period.YEARLY, ZoneInfo("Asia/Shanghai"), USD)


def _check(store: Store, quota: QuotaId, spent: int, now: datetime) -> None:
    with store.begin() as tx:
        (account,) = tx.quotas.accounts(quota, now)
        drift = tx.holds.drift(now)
    if (account.used, account.held) != (spent, 0) or drift:
        raise WrongError(f"{account.used} used and {account.held} held, where {spent} was spent; {len(drift)} drift")


def figures_of(taken: Sequence[Round]) -> tuple[Figure, ...]:
    """The table: the worst of all rounds, for none may be bad."""

    def figures(scene: str, name: str) -> Iterator[Figure]:
        for what, unit, value in _MEASURES:
            values = tuple(value(one[scene, name]) for one in taken)
            target = Target("<", 1) if name in _OURS else None
            yield Figure(f"{scene}, {name}: {what}", max(values), unit, target, values)

    return tuple(figure for scene, name in taken[0] for figure in figures(scene, name))
