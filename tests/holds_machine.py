"""The machine of quotas and holds: any sequence of deeds, clocks and crashes, and a simple model beside it."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.store import SqlStore
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import (
    Ask,
    Conflict,
    Decision,
    Granted,
    Hold,
    HoldState,
    Quota,
    QuotaGrantId,
    Refused,
)
from suanli.domain.cost.records import Written
from suanli.domain.cost.windows import Period
from suanli.domain.ports import Transaction
from tests.contract.cost_kit import (
    BOT,
    CNY,
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOUR,
    LI,
    MINUTE,
    SALES,
    SECOND,
    ZHANG,
    ask,
    bill,
    quota,
)
from tests.fakes import NOON
from tests.holds_machine_model import Books, Kept, Purse

AMOUNTS = st.sampled_from([0, 1, 5, 10, 10, 20, 50])
LIMITS = st.sampled_from([0, 10, 30, 60, 100, 200])
LASTING = st.sampled_from([SECOND, 10 * MINUTE, 2 * HOUR])
STEPS = st.sampled_from([timedelta(0), SECOND, 5 * MINUTE, HOUR, 12 * HOUR - SECOND, DAY, -HOUR])
SCOPES = st.sampled_from([HIS, HERS, (LI, COMPANY), ()])
QUOTAS = (
    quota(ZHANG, 200, day=100, hour=60),
    quota(LI, 100, period=Period.HOURLY),
    quota(BOT, 60, soft=True),
    quota(SALES, 300, day=150, period=Period.WEEKLY),
    quota(COMPANY, 1000, hour=100, warning=0.5),
)


class HoldsMachine(RuleBasedStateMachine):
    """The real store on SQLite, as two processes have it, and the model beside it."""

    def __init__(self, empty: Path, folder: Path) -> None:
        super().__init__()
        path = folder / "holds.db"
        shutil.copyfile(empty, path)
        self.stores = [SqlStore(f"sqlite:///{path}") for _ in range(2)]
        self.now = NOON
        self.keys = (f"k{n}" for n in count())
        self.books = Books()
        self.turn = 0

    def teardown(self) -> None:
        for store in self.stores:
            store.close()

    @initialize()
    def begin(self) -> None:
        for added in self.do(lambda tx: [tx.quotas.add(each) for each in QUOTAS]):
            self.books.quotas[added.id] = added

    def do(self, deed: Callable[[Transaction], Any]) -> Any:
        """Do it in a transaction, now in this process and then in that; every third time only after a crash."""
        self.turn += 1
        store = self.stores[self.turn % 2]
        if self.turn % 3 == 0:
            with suppress(KeyboardInterrupt), self.stores[self.turn // 3 % 2].begin() as tx:
                deed(tx)
                raise KeyboardInterrupt
        with store.begin() as tx:
            return deed(tx)

    # What callers do.

    @rule(scopes=SCOPES, amount=AMOUNTS, lasts=LASTING)
    def hold(self, scopes: Any, amount: int, lasts: timedelta) -> None:
        asked = ask(next(self.keys), amount, scopes)
        answer = self.ask(asked, lasts)
        self.books.expire_due(self.now)
        self.is_decided(answer, asked, lasts)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data(), other=st.sampled_from([False, False, True]))
    def replay(self, data: st.DataObject, *, other: bool) -> None:
        kept = self.some(data)
        asked = replace(kept.ask, fingerprint="other") if other else kept.ask
        answer = self.ask(asked, HOUR)
        self.books.expire_due(self.now)
        self.is_decided(answer, asked, HOUR)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data(), actual=AMOUNTS)
    def settle(self, data: st.DataObject, actual: int) -> None:
        kept = self.some(data)
        told = bill(kept.ask.key, actual, kept.ask.scopes)
        (written,) = self.do(lambda tx: tx.records.write([told], CNY, self.now))
        self.is_settled(written, kept, actual)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        kept = self.some(data)
        answer = self.do(lambda tx: tx.holds.refund(kept.ask.key, self.now))
        if kept.state is HoldState.HELD:
            kept.state = HoldState.REFUNDED
            kept.free()
        self.ends(answer, kept, is_right=kept.state is not HoldState.SETTLED)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data(), amount=AMOUNTS, lasts=LASTING)
    def raise_hold(self, data: st.DataObject, amount: int, lasts: timedelta) -> None:
        kept, until = self.some(data), self.now + lasts
        answer = self.do(lambda tx: tx.holds.raise_hold(kept.ask.key, Nano(amount), self.now, until))
        self.books.expire_due(self.now)
        more = max(0, amount - kept.amount)
        full = self.books.full(kept.purses, more, self.now) if more else []
        if kept.state is not HoldState.HELD:
            assert answer == Conflict(kept.ask.key)
        elif full:
            self.is_refused(answer, full[0], more)
        else:
            replayed = not more and until <= kept.expires_at
            kept.free()
            kept.amount, kept.expires_at = kept.amount + more, max(until, kept.expires_at)
            for purse in kept.purses:
                purse.held += kept.amount
            assert answer == Granted(self.as_kept(kept, answer.hold), replayed=replayed)

    # What the clock and the sweep do.

    @rule(by=STEPS)
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule()
    def sweep(self) -> None:
        may = self.books.first_due(self.now)
        swept = self.do(lambda tx: tx.holds.expire(self.now))
        if swept is None:
            assert not may
            return
        assert swept.key in may
        kept = self.books.holds[swept.key]
        kept.state = HoldState.EXPIRED
        kept.free()
        assert swept == self.as_kept(kept, swept)

    @rule()
    def sweep_grants(self) -> None:
        swept = self.do(lambda tx: tx.quotas.end_expired(self.now))
        over = [each for each in self.books.grants.values() if not each.ended_at and each.expires_at <= self.now]
        assert (swept is None) == (not over)
        if swept is not None:
            self.ended(swept.id)

    # How it is told.

    @invariant()
    def the_books_are_right(self) -> None:
        with self.stores[0].begin() as tx:
            assert tx.holds.drift(self.now) == ()
            for (of, span, window), purse in self.books.purses.items():
                if self.books.limit_of(self.books.quotas[of], span, window) is not None:
                    shown = {each.span: each for each in tx.quotas.accounts(of, window.start)}[span]
                    assert (shown.window, shown.used, shown.held) == (window, purse.used, purse.held)
            for kept in list(self.books.holds.values())[-6:]:
                against = tx.holds.accounts(kept.ask.key, self.now)
                standing = {(each.quota, each.span, each.window, each.soft): (each.used, each.held) for each in against}
                assert standing == {
                    (each.quota.id, each.span, each.window, not each.refuses): (each.used, each.held)
                    for each in kept.purses
                }
            untold = tx.quotas.untold(self.now, 10_000)
        told = [(each.account.quota, each.account.span, each.account.window, each.level) for each in untold]
        assert len(told) == len({*told})
        assert {*told} == {level for level, is_told in self.books.told.items() if not is_told}
        assert all(purse.used >= 0 for purse in self.books.purses.values())

    def ask(self, asked: Ask, lasts: timedelta) -> Any:
        answer: Decision = self.do(lambda tx: tx.holds.hold(asked, self.now, self.now + lasts))
        return answer

    def is_decided(self, answer: Any, asked: Ask, lasts: timedelta) -> None:
        """What is due has expired."""
        kept = self.books.holds.get(asked.key)
        if kept is not None and asked.fingerprint != kept.ask.fingerprint:
            assert answer == Conflict(asked.key)
        elif kept is not None:
            assert answer == Granted(self.as_kept(kept, answer.hold), replayed=True)
        else:
            purses = self.books.of(asked.scopes, self.now)
            full = self.books.full(purses, asked.amount, self.now)
            if full:
                self.is_refused(answer, full[0], asked.amount)
                return
            self.books.hold(asked, purses, self.now + lasts)
            assert answer == Granted(self.as_kept(self.books.holds[asked.key], answer.hold))

    def is_settled(self, written: Written, kept: Kept, actual: int | None) -> None:
        fate = self.books.tell(kept, actual, self.now)
        assert (written.fate, written.charged) == (fate, kept.actual or 0)
        with self.stores[0].begin() as tx:
            found = tx.holds.find(kept.ask.key)
        assert found is not None
        assert found == self.as_kept(kept, found)

    def is_refused(self, answer: object, by: Purse, amount: int) -> None:
        assert isinstance(answer, Refused)
        account = answer.account
        assert (account.quota, account.span, account.window) == (by.quota.id, by.span, by.window)
        assert (account.limit, account.used, account.held) == (by.limit_at(self.now), by.used, by.held)
        assert answer.asked == amount

    def as_kept(self, kept: Kept, like: Hold) -> Hold:
        """A hold as the model has it."""
        actual = None if kept.actual is None else Nano(kept.actual)
        return replace(like, amount=Nano(kept.amount), state=kept.state, expires_at=kept.expires_at, actual=actual)

    def ends(self, answer: Any, kept: Kept, *, is_right: bool) -> None:
        right = self.as_kept(kept, answer) if is_right and isinstance(answer, Hold) else Conflict(kept.ask.key)
        assert answer == right

    def ended(self, grant: QuotaGrantId) -> None:
        given = self.books.grants[grant] = replace(self.books.grants[grant], ended_at=self.now)
        self.books.refresh(self.books.quotas[given.quota], self.now)

    def some(self, data: st.DataObject) -> Kept:
        return data.draw(st.sampled_from(list(self.books.holds.values())[-6:]))

    def a_quota(self, data: st.DataObject) -> Quota:
        return data.draw(st.sampled_from(list(self.books.quotas.values())))
