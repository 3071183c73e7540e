"""Quotas and holds against a simple model of them, through any sequence of deeds, clocks and crashes.

What is held is the sum of what is held, what is used the sum of what records came to but for what was reset away; no
new hold passes a hard limit, and none is refused while there is room. A hold is settled by the record of its
call, once. A window that a quota has no more, or that is of none in force, refuses nothing and tells nothing. What was
reset away does not come back, and who is given more is told once more. So it is for many in one transaction.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from suanli.domain.cost.quotas import Ask
from suanli.domain.cost.records import Fate
from tests.contract.cost_kit import CNY, ask, bill
from tests.holds_machine import AMOUNTS, LASTING, SCOPES
from tests.holds_machine_edits import EditsMachine

NEW = st.lists(st.tuples(SCOPES, AMOUNTS), max_size=6)


class BatchesMachine(EditsMachine):
    """Many at once, too, and bills of no hold."""

    @rule(data=st.data(), new=NEW, lasts=LASTING)
    def hold_all(self, data: st.DataObject, new: list[tuple[Any, int]], lasts: timedelta) -> None:
        asks = [ask(next(self.keys), amount, scopes) for scopes, amount in new]
        known: list[Ask] = asks + [each.ask for each in list(self.books.holds.values())[-6:]]
        if known:
            again = data.draw(st.lists(st.sampled_from(known), max_size=4))
            asks += [replace(each, fingerprint="other") if n % 3 == 2 else each for n, each in enumerate(again)]
            asks = data.draw(st.permutations(asks))
        until = self.now + lasts
        answers = self.do(lambda tx: tx.holds.hold_all([(each, until) for each in asks], self.now))
        if asks:
            self.books.expire_due(self.now)
        for asked, answer in zip(asks, answers, strict=True):
            self.is_decided(answer, asked, lasts)

    @precondition(lambda self: self.books.holds)
    @rule(data=st.data(), actuals=st.lists(AMOUNTS, max_size=6))
    def settle_all(self, data: st.DataObject, actuals: list[int]) -> None:
        ends = [(self.some(data), actual) for actual in actuals]
        bills = [bill(kept.ask.key, actual, kept.ask.scopes) for kept, actual in ends]
        written = self.do(lambda tx: tx.records.write(bills, CNY, self.now))
        for (kept, actual), each in zip(ends, written, strict=True):
            self.is_settled(each, kept, actual)

    @rule(scopes=SCOPES, actual=AMOUNTS)
    def charge(self, scopes: Any, actual: int) -> None:
        """Nobody knows the hold that a bill names: it counts as a call of now."""
        told = bill(next(self.keys), actual, scopes, self.now)
        (written,) = self.do(lambda tx: tx.records.write([told], CNY, self.now))
        assert (written.fate, written.charged) == (Fate.NEW, actual)
        for purse in self.books.of(scopes, self.now):
            self.books.use(purse, actual, self.now)


def test_holds_and_quotas_do_what_their_model_does(migrated: Path, tmp_path: Path) -> None:
    machine: Any = partial(BatchesMachine, migrated, tmp_path)
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
