"""Sums over years: whole months or their days, whichever a question reads, come to the plain sum of what was told."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from storage.sum_tail import SumKey
from suanli.domain.cost.sums import Dimension, Grain, Question
from tests.contract.sum_kit import Entry, tell
from tests.property.test_sums import NAMES, SUMS, ZONES, PutBy, answered, expected, fresh

# From the leap year 2028's beginning to 2029's, over the changes of New York's clocks: mostly around ends of months.
_FIRST = datetime(2028, 1, 1, tzinfo=UTC)
_ENDS = [datetime(2028 + n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(16)]
MOMENTS = st.integers(0, 470 * 24).map(lambda hours: _FIRST + timedelta(hours=hours)) | st.builds(
    lambda end, minutes: end + timedelta(minutes=minutes), st.sampled_from(_ENDS), st.integers(-2000, 2000)
)
KEYS = st.builds(SumKey, MOMENTS, *(NAMES for _ in Dimension))
ENTRIES = st.lists(st.tuples(KEYS, SUMS), max_size=10)
GRAINS = st.sampled_from([Grain.ALL, Grain.ALL, Grain.ALL, Grain.DAY])


def questions() -> st.SearchStrategy[Question]:
    span = st.tuples(MOMENTS, MOMENTS).map(sorted)
    wheres = st.dictionaries(st.sampled_from(Dimension), NAMES, max_size=2)
    by = st.none() | st.sampled_from(Dimension)
    return st.builds(lambda ends, *rest: Question(ends[0], ends[1], *rest), span, GRAINS, by, wheres)


STEPS = st.lists(ENTRIES | st.builds(PutBy, st.integers(0, 1), st.integers(1, 12)) | questions(), max_size=12)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, zone=ZONES, last=questions())
def test_every_answer_over_months_is_the_plain_sum_whatever_was_put_by(
    migrated: Path, steps: Sequence[object], zone: ZoneInfo, last: Question
) -> None:
    told: list[Entry] = []
    with fresh(migrated) as url, ExitStack() as stack:
        stores = [stack.enter_context(closing(SqlStore(url, zone))) for _ in range(2)]
        for step in [*steps, PutBy(0, 100), last]:
            match step:
                case PutBy(applier, limit):
                    with stores[applier].begin() as tx:
                        tx.sums.put_by(limit)
                case Question():
                    with stores[0].begin() as tx:
                        lines = tx.sums.of(step)
                    assert answered(lines) == expected(told, step, zone)
                case list():
                    told += step
                    tell(url, step)
                case _:
                    pass
