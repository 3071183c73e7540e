"""Sums against a plain sum in Python, whatever was appended, put by and asked in whatever order."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.store import SqlStore
from storage.sum_tail import SumKey
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import Cost, CostType, Usage
from suanli.domain.cost.records import Call, Ending, Judged, RecordId, Stated
from suanli.domain.cost.sums import Dimension, Grain, Line, Question, Sum
from suanli.domain.cost.windows import Period, window_at
from tests.contract.cost_kit import CNY
from tests.contract.sum_kit import Entry, tell
from tests.fakes import NOON

ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC")])
# From some days before New York's clocks are set back to some after.
MOMENTS = st.integers(0, 8 * 24 * 12).map(lambda n: datetime(2026, 10, 29, tzinfo=UTC) + n * timedelta(minutes=5))
NAMES = st.sampled_from(["", "a", "b"])
AMOUNTS = st.integers(-5, 1000)
KEYS = st.builds(SumKey, MOMENTS, *(NAMES for _ in Dimension))
SUMS = st.builds(Sum, *(AMOUNTS for _ in fields(Sum)))
ENTRIES = st.lists(st.tuples(KEYS, SUMS), max_size=8)
PAYERS = (Dimension.USER, Dimension.PROJECT, Dimension.DEPARTMENT, Dimension.ORGANIZATION)


@dataclass(frozen=True, slots=True)
class PutBy:
    """One of several appliers puts so much by."""

    applier: int
    limit: int


def questions() -> st.SearchStrategy[Question]:
    span = st.tuples(MOMENTS, MOMENTS).map(sorted)
    wheres = st.dictionaries(st.sampled_from(Dimension), NAMES, max_size=3)
    by = st.none() | st.sampled_from(Dimension)
    return st.builds(lambda ends, *rest: Question(ends[0], ends[1], *rest), span, st.sampled_from(Grain), by, wheres)


STEPS = st.lists(ENTRIES | st.builds(PutBy, st.integers(0, 2), st.integers(1, 12)) | questions(), max_size=12)


@contextmanager
def fresh(migrated: Path) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        shutil.copyfile(migrated, f"{folder}/suanli.db")
        yield f"sqlite:///{folder}/suanli.db"


def expected(entries: Sequence[Entry], question: Question, zone: ZoneInfo) -> Mapping[tuple[object, str], Sum]:
    """The answer, by time and value, without any cleverness."""
    found: defaultdict[tuple[object, str], Sum] = defaultdict(Sum)
    for key, amounts in entries:
        if not _is_in(question, key.at, zone):
            continue
        if any(getattr(key, dimension.value) != value for dimension, value in question.where.items()):
            continue
        value = "" if question.by is None else getattr(key, question.by.value)
        found[_time(question.grain, key.at, zone), value] += amounts
    return {key: total for key, total in found.items() if total != Sum()}


def _is_in(question: Question, moment: datetime, zone: ZoneInfo) -> bool:
    period = Period.HOURLY if question.grain is Grain.HOUR else Period.DAILY
    first, end = (window_at(period, zone, each).start for each in (question.since, question.until))
    return first <= moment < end


def _time(grain: Grain, moment: datetime, zone: ZoneInfo) -> object:
    match grain:
        case Grain.HOUR:
            return moment.replace(minute=0)
        case Grain.DAY:
            return moment.astimezone(zone).date()
        case Grain.ALL:
            return None


def answered(lines: Sequence[Line]) -> Mapping[tuple[object, str], Sum]:
    return {(line.hour or line.day, line.value): line.sum for line in lines}


def is_mixed(question: Question) -> bool:
    """Whether hours are asked for that nobody keeps."""
    asked = {*question.where, *([] if question.by is None else [question.by])}
    return question.grain is Grain.HOUR and bool(asked & set(PAYERS)) and bool(asked - set(PAYERS))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, zone=ZONES, last=questions())
def test_every_answer_is_the_plain_sum_whatever_was_put_by(
    migrated: Path, steps: Sequence[object], zone: ZoneInfo, last: Question
) -> None:
    told: list[Entry] = []
    with fresh(migrated) as url, ExitStack() as stack:
        stores = [stack.enter_context(closing(SqlStore(url, zone))) for _ in range(3)]
        for step in [*steps, last]:
            match step:
                case PutBy(applier, limit):
                    with stores[applier].begin() as tx:
                        tx.sums.put_by(limit)
                case Question() if not is_mixed(step):
                    with stores[0].begin() as tx:
                        lines = tx.sums.of(step)
                    assert answered(lines) == expected(told, step, zone)
                    times = [(line.hour or line.day or date.min, line.value) for line in lines]
                    assert times == sorted(times)
                case list():
                    told += step
                    tell(url, step)
                case _:
                    pass


TEXTS = st.text(st.characters(codec=None, categories=["L", "Cs", "Cc"]), max_size=2)
UNITS, COSTS = st.integers(0, 99), st.integers(0, 99).map(Nano)
JUDGEMENTS = st.just(Unpriced(Missing.PRICE)) | st.builds(Stated, st.builds(Cost, COSTS, COSTS, COSTS))
CALLS = st.builds(
    Call,
    st.uuids().map(str),
    st.builds(Payer, TEXTS, NAMES, NAMES, NAMES),
    TEXTS,
    st.builds(Usage, UNITS, UNITS, UNITS, UNITS, UNITS),
    st.integers(0, 10**12).map(lambda n: NOON + timedelta(microseconds=n)),
    NAMES,
    NAMES,
    st.sampled_from(CostType),
    st.sampled_from(Ending),
    took=st.none() | UNITS,
)
RECORDS = st.lists(st.builds(Judged, CALLS, JUDGEMENTS), max_size=8)


@settings(max_examples=40, deadline=None)
@given(records=RECORDS, later=st.builds(Cost, COSTS, COSTS, COSTS), limit=st.integers(0, 8))
def test_sums_made_anew_are_those_that_were_kept_all_along(
    migrated: Path, records: Sequence[Judged], later: Cost, limit: int
) -> None:
    with fresh(migrated) as url, closing(SqlStore(url)) as store:
        with store.begin() as tx:
            tx.records.write(records, CNY, NOON)
        with store.begin() as tx:
            tx.sums.put_by(limit)
        with store.begin() as tx:
            some = tx.records.unpriced(RecordId(0), limit)
            tx.records.price([(each.id, Judged(each.call, Stated(later))) for each in some], NOON)
        kept = everything(store)
        with store.begin() as tx:
            assert tx.books.reconcile(NOON, None).is_clean
            assert tx.sums.rebuild() == len(records)
        assert everything(store) == kept
        assert sum(line.sum.requests for line in kept[0]) == len(records)
        assert (
            sum(line.sum.total_cost for line in kept[0])
            == sum(judged.judgement.cost.total for judged in records if isinstance(judged.judgement, Stated))
            + len(some) * later.total
        )


def everything(store: SqlStore) -> Sequence[Sequence[Line]]:
    """The answers to a question of each kind."""
    asked = [(grain, by) for grain in Grain for by in (None, *Dimension)]
    with store.begin() as tx:
        return [tx.sums.of(Question(NOON - timedelta(days=1), NOON + timedelta(days=20), *each)) for each in asked]
