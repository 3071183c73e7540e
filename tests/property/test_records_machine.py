"""Records and holds against a simple model of them: whatever is told, priced, held and ended, and in whatever order.

What is used of a window is the sum of what its records were charged, each of them once; a hold is settled by one.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Quota, Scope
from suanli.domain.cost.records import Fate, Judged, Stated
from suanli.domain.cost.windows import Period, Window, window_at
from tests.contract.cost_kit import (
    BOT,
    COMPANY,
    DAY,
    HOUR,
    LASTS,
    LI,
    SALES,
    ZHANG,
    add,
    bill,
    drift,
    expire,
    hold,
    quota,
    refund,
)
from tests.contract.record_kit import HE, SHE, costs, everything, fate, price, write
from tests.fakes import NOON

LOTS = 10**9
QUOTAS = (
    quota(ZHANG, LOTS, day=LOTS, hour=LOTS),
    quota(LI, LOTS, period=Period.HOURLY),
    quota(BOT, LOTS, soft=True),
    quota(SALES, 30, day=15, period=Period.WEEKLY, soft=True),
    quota(COMPANY, LOTS, hour=LOTS),
)
PAYERS = st.sampled_from([HE, SHE, Payer(SHE.user, organization="company"), Payer("ou_nobody")])
AMOUNTS = st.sampled_from([None, 0, 3, 10, 10, 25])
AGES = st.sampled_from([0 * HOUR, 0 * HOUR, HOUR, DAY, 31 * DAY, -HOUR])
STEPS = st.sampled_from([timedelta(minutes=3), LASTS, HOUR, DAY])


@dataclass
class Kept:
    """A hold in the model; `state` in one letter: held, expired, refunded, or settled by a record."""

    payer: Payer
    made_at: datetime
    amount: int
    state: str = "h"


@dataclass
class Told:
    """A record in the model; `at` is the moment whose windows it counts in."""

    call: Judged
    at: datetime
    payer: Payer
    charged: int
    cost: int | None


class RecordsMachine(RuleBasedStateMachine):
    """The real store on SQLite, as two processes have it, and the model beside it."""

    def __init__(self, empty: Path, folder: Path) -> None:
        super().__init__()
        path = folder / "records.db"
        shutil.copyfile(empty, path)
        self.stores = [SqlStore(f"sqlite:///{path}") for _ in range(2)]
        self.now = NOON
        self.names = (f"h{n}" for n in count())
        self.holds: dict[str, Kept] = {}
        self.told: dict[str, Told] = {}
        self.turn = 0

    def teardown(self) -> None:
        for store in self.stores:
            store.close()

    @property
    def store(self) -> SqlStore:
        self.turn += 1
        return self.stores[self.turn % 2]

    @initialize()
    def begin(self) -> None:
        self.quotas = add(self.store, *QUOTAS)

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(payer=PAYERS, amount=st.integers(0, 40))
    def hold(self, payer: Payer, amount: int) -> None:
        key = next(self.names)
        if hold(self.store, key, amount, payer.scopes, self.now):
            self.holds[key] = Kept(payer, self.now, amount)
        self.expire_model()

    @rule()
    def sweep(self) -> None:
        expire(self.store, self.now)
        self.expire_model()

    def expire_model(self) -> None:
        for kept in self.holds.values():
            if kept.state == "h" and kept.made_at + LASTS <= self.now:
                kept.state = "e"

    @rule(data=st.data(), actual=st.integers(0, 40))
    def settle(self, data: st.DataObject, actual: int) -> None:
        """As who made the hold does it: by a bill, under the hold's own key."""
        key = data.draw(st.sampled_from([*self.holds, "none"]))
        kept = self.holds.get(key, Kept(HE, NOON, 0))
        call = bill(key, actual, kept.payer.scopes, kept.made_at)
        expected = self.tell(call, set())
        assert fate(self.store, call, self.now) is expected

    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([*self.holds, "none"]))
        refund(self.store, key, self.now)
        if key in self.holds and self.holds[key].state == "h":
            self.holds[key].state = "r"

    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        keys = st.sampled_from([None, None, "none", *list(self.holds)[-4:]])
        names = st.sampled_from([f"r{n}" for n in range(12)])
        one = st.builds(self.call, names, AMOUNTS, PAYERS, AGES, keys)
        again = st.sampled_from([each.call for each in self.told.values()]) if self.told else one
        calls = data.draw(st.lists(one | again, min_size=1, max_size=5))
        seen: set[str] = set()
        expected = [self.tell(call, seen) for call in calls]
        written = write(self.store, *calls, now=self.now)
        assert [each.fate for each in written] == expected
        for call, each in zip(calls, written, strict=True):
            if each.fate is not Fate.CONFLICT:
                known = self.told[call.call.request_id]
                assert (each.charged, each.is_priced) == (known.charged, known.cost is not None)

    def call(self, name: str, amount: int | None, payer: Payer, age: timedelta, key: str | None) -> Judged:
        return costs(name, amount, payer, happened_at=self.now - age, hold=key)

    def tell(self, call: Judged, seen: set[str]) -> Fate:
        """What becomes of a call, as the model has it."""
        name, judged = call.call.request_id, call.call
        known = self.told.get(name)
        if known is not None:
            return Fate.KNOWN if known.call.call == judged else Fate.CONFLICT
        if name in seen:
            return Fate.CONFLICT
        seen.add(name)
        cost = call.judgement.cost.total if isinstance(call.judgement, Stated) else None
        kept = self.holds.get(judged.hold or "")
        if kept is None:
            self.told[name] = Told(call, judged.happened_at, judged.payer, cost or 0, cost)
            return Fate.NEW
        amount = kept.amount if cost is None else cost
        if kept.state in "rs":
            return Fate.CONFLICT
        kept.state = "s"
        self.told[name] = Told(call, kept.made_at, kept.payer, amount, cost)
        return Fate.NEW

    @rule(data=st.data(), amount=st.integers(0, 60))
    def price(self, data: st.DataObject, amount: int) -> None:
        names = data.draw(st.lists(st.sampled_from([f"r{n}" for n in range(12)]), unique=True))
        unpriced = [self.told[name] for name in names if name in self.told and self.told[name].cost is None]
        assert price(self.store, *(costs(name, amount) for name in names), now=self.now) == len(unpriced)
        for each in unpriced:
            each.cost = each.charged = amount

    @invariant()
    def windows_have_used_what_was_charged_in_them(self) -> None:
        charges = [(each.payer, each.at, each.charged) for each in self.told.values()]
        used: Counter[tuple[Scope, int, Window]] = Counter()
        for payer, at, amount in charges:
            for each in self.binding(payer):
                for span, (period, _) in each.spans().items():
                    used[each.scope, span, window_at(period, each.zone, at)] += amount
        with self.store.begin() as tx:
            for at in {at for _, at, _ in charges}:
                for each in self.quotas:
                    for account in tx.quotas.accounts(each.id, at):
                        assert account.used == used[account.scope, account.span, account.window]

    def binding(self, payer: Payer) -> list[Quota]:
        return [each for each in self.quotas if each.scope in payer.scopes]

    @invariant()
    def the_books_agree(self) -> None:
        assert drift(self.store, self.now) == ()
        found = {each.call.request_id: each for each in everything(self.store)}
        assert found.keys() == self.told.keys()
        for name, record in found.items():
            told = self.told[name]
            cost = None if told.cost is None else Nano(told.cost)
            assert (record.charged, record.cost and record.cost.total) == (told.charged, cost)
            assert record.call == told.call.call


def test_records_and_holds_are_charged_as_their_model_says(migrated: Path, tmp_path: Path) -> None:
    machine: Any = partial(RecordsMachine, migrated, tmp_path)
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))
