"""Sums in short, against the sums themselves: whatever was appended and put by, and of whatever is asked."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from storage.sum_tail import SumKey
from suanli.domain.cost.sums import Dimension, Grain, Outlay, Question, Sum
from tests.contract.sum_kit import Entry, tell

ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu")])
# Some months, so that there are days before whole ones, and days behind them.
MOMENTS = st.integers(0, 100 * 24).map(lambda n: datetime(2026, 9, 20, tzinfo=UTC) + n * timedelta(hours=1))
NAMES = st.sampled_from(["", "a", "b"])
AMOUNTS = st.integers(-2, 9)
ENTRIES = st.lists(
    st.tuples(st.builds(SumKey, MOMENTS, *(NAMES for _ in Dimension)), st.builds(Sum, *(AMOUNTS for _ in fields(Sum)))),
    max_size=8,
)
QUESTIONS = st.builds(
    lambda ends, by, where: Question(min(ends), max(ends), Grain.ALL, by, where),
    st.tuples(MOMENTS, MOMENTS),
    st.none() | st.sampled_from(Dimension),
    st.dictionaries(st.sampled_from(Dimension), NAMES, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(
    rounds=st.lists(st.tuples(ENTRIES, st.integers(0, 9)), max_size=4),
    zone=ZONES,
    asked=st.lists(QUESTIONS, min_size=1, max_size=4),
)
def test_outlays_are_what_the_sums_say_in_short(
    migrated: Path, rounds: Sequence[tuple[Sequence[Entry], int]], zone: ZoneInfo, asked: Sequence[Question]
) -> None:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/suanli.db"
        shutil.copyfile(migrated, f"{folder}/suanli.db")
        with closing(SqlStore(url, zone)) as store:
            for entries, limit in rounds:
                tell(url, entries)
                with store.begin() as tx:
                    tx.sums.put_by(limit)
            with store.read() as tx:
                for question in asked:
                    expected = {line.value: line.sum.outlay for line in tx.sums.of(question)}
                    found = tx.sums.outlays(question)
                    assert found == {value: each for value, each in expected.items() if each != Outlay()}
