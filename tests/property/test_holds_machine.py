"""Quotas and holds against a simple model of them, through any sequence of deeds, clocks and crashes.

What is held is the sum of what is held, what is used the sum of what was settled and set right by hand; no new hold
passes a hard limit, and none is refused while there is room. So it is for many in one transaction.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Ask
from tests.contract.cost_kit import ask
from tests.holds_machine import AMOUNTS, LASTING, SCOPES, HoldsMachine

NEW = st.lists(st.tuples(SCOPES, AMOUNTS), max_size=6)


class BatchesMachine(HoldsMachine):
    """Many at once, too."""

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
        bills = [(kept.ask.key, Nano(actual)) for kept, actual in ends]
        answers = self.do(lambda tx: tx.holds.settle_all(bills, self.now))
        for (kept, actual), answer in zip(ends, answers, strict=True):
            self.is_settled(answer, kept, actual)


def test_holds_and_quotas_do_what_their_model_does(migrated: Path, tmp_path: Path) -> None:
    machine: Any = partial(BatchesMachine, migrated, tmp_path)
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
