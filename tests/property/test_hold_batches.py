"""Many at once come to the same as one after the other: the same answers, the same books."""

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from suanli.domain.cost.money import LARGEST, MoneyError
from suanli.domain.cost.quotas import Ask
from suanli.domain.cost.records import Judged, Written
from suanli.domain.ports import Transaction
from tests.contract.cost_kit import (
    BOT,
    CNY,
    COMPANY,
    DAY,
    HERS,
    HIS,
    HOSTILE,
    HOUR,
    LASTS,
    LI,
    SALES,
    SECOND,
    ZHANG,
    add,
    ask,
    bill,
    expire,
    grant,
    quota,
)
from tests.fakes import NOON

QUOTAS = (
    quota(ZHANG, 100, day=60, hour=30),
    quota(LI, 80, soft=True, warning=0.5),
    quota(BOT, 0, soft=True, currency="USD"),
    quota(SALES, 120, hour=50),
    quota(COMPANY, 200, day=150, warning=0.3, critical=0.6),
)
KEYS = st.sampled_from(["a", "b", "c", "d", "e", "f", "k?", "k\0", HOSTILE])
SOME = [0, 1, 5, 10, 20, 40, 61]
AMOUNTS = st.sampled_from([*SOME, LARGEST])
COSTS = st.sampled_from(SOME)
"""What calls came to: bills that cannot be counted are refused together, and not each for itself."""
CURRENCIES = st.sampled_from(["CNY", "CNY", "CNY", "USD", "JPY"])
SCOPES = st.sampled_from([HIS, HERS, (LI,), (ZHANG, COMPANY), (LI, LI, SALES), (), (type(ZHANG)(ZHANG.kind, HOSTILE),)])
ASKS = st.builds(ask, KEYS, AMOUNTS, SCOPES, currency=CURRENCIES, about=st.sampled_from(["", "", "", "\0"]))
LASTING = st.sampled_from([SECOND, LASTS, 3 * HOUR])
HOLDS = st.tuples(st.just("hold"), st.lists(st.tuples(ASKS, LASTING), max_size=12))


def told_as(number: int, one: Judged) -> Judged:
    """Under another id, as others might tell of a call of the same hold."""
    return replace(one, call=replace(one.call, request_id=f"{number} {one.call.request_id}"))


BILLS = st.builds(told_as, st.sampled_from([0, 0, 1, 2]), st.builds(bill, KEYS, COSTS, SCOPES))
SETTLES = st.tuples(st.just("settle"), st.lists(BILLS, max_size=12))
STEPS = st.lists(
    st.tuples(st.sampled_from([timedelta(0), SECOND, HOUR, DAY, -HOUR]), st.one_of(HOLDS, HOLDS, SETTLES)), max_size=8
)


TABLES = (
    """
    SELECT key, fingerprint, amount, currency, state, created_at, expires_at, actual, expired_at, finished_at
    FROM holds ORDER BY key
    """,
    "SELECT quota, span, starts_at, used, held FROM accounts WHERE used <> 0 OR held <> 0 ORDER BY 1, 2, 3",
    # Not what was used when a level was reached: of bills that are written together, that is what all came to.
    """
    SELECT a.quota, a.span, a.starts_at, t.level, t.reached_at, t."limit"
    FROM quota_alerts t JOIN accounts a ON a.id = t.account ORDER BY 1, 2, 3, 4
    """,
    "SELECT request_id, fingerprint, hold, user, charged, total_cost, recorded_at FROM cost_records ORDER BY 1",
)
Deed = Callable[[Transaction], Any]


class Ledger:
    """A store of one's own with these quotas."""

    def __init__(self, empty: Path, path: Path) -> None:
        shutil.copyfile(empty, path)
        self.path = path
        self.store = SqlStore(f"sqlite:///{path}")
        sales = add(self.store, *QUOTAS)[3]
        grant(self.store, sales, 30, HOUR + 2 * SECOND)

    def all_at_once(self, deed: Deed) -> list[Any]:
        with self.store.begin() as tx:
            return [told(answer) for answer in deed(tx)]

    def one_by_one(self, deeds: Sequence[Deed]) -> list[Any]:
        """What each is answered, in a transaction of its own."""
        answers = []
        for deed in deeds:
            try:
                with self.store.begin() as tx:
                    answers.append(told(deed(tx)))
            except MoneyError as error:
                answers.append(told(error))
        return answers

    def tables(self) -> list[list[Any]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return [connection.execute(table).fetchall() for table in TABLES]


def told(answer: Any) -> Any:
    """Two errors of the same words are not equal; and a record may have another number."""
    if isinstance(answer, Written):
        return replace(answer, record=None)
    return str(answer) if isinstance(answer, MoneyError) else answer


def holding(asks: Sequence[tuple[Ask, timedelta]], now: datetime) -> tuple[Deed, list[Deed]]:
    """Make these holds, all at once and one by one."""
    due = [(asked, now + lasts) for asked, lasts in asks]
    alone: list[Deed] = [partial(lambda asked, until, tx: tx.holds.hold(asked, now, until), *each) for each in due]
    return lambda tx: tx.holds.hold_all(due, now), alone


def settling(bills: Sequence[Judged], now: datetime) -> tuple[Deed, list[Deed]]:
    """Settle these holds, all at once and one by one; those that no hold is of are charged all the same."""
    alone: list[Deed] = [partial(lambda one, tx: tx.records.write([one], CNY, now)[0], each) for each in bills]
    return lambda tx: tx.records.write(bills, CNY, now), alone


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_many_at_once_are_answered_as_if_they_came_one_by_one(migrated: Path, steps: Any) -> None:
    now = NOON
    with TemporaryDirectory() as folder, ExitStack() as stack:
        one, other = (Ledger(migrated, Path(folder) / name) for name in ("one.db", "other.db"))
        for ledger in (one, other):
            stack.callback(ledger.store.close)
        for later, (deed, what) in steps:
            now += later
            together, alone = (holding if deed == "hold" else settling)(what, now)
            assert one.all_at_once(together) == other.one_by_one(alone)
            for ledger in (one, other):  # an error takes back what expired with it
                expire(ledger.store, now)
            assert one.tables() == other.tables()
