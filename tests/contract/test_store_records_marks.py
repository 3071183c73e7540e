"""Reading records on by number: from where, how far, and what is usual."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest

from storage.store import SqlStore
from suanli.domain.cost.marks import Mark, reach
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.records import RecordId
from suanli.domain.ports import Store
from tests.contract.cost_kit import CNY, DAY, HOUR, hold
from tests.contract.record_kit import costs, price, recorded, write
from tests.fakes import NOON

SHE = Payer("ou_she")


def marked(store: Store) -> Mark:
    with store.read() as tx:
        return tx.records.mark()


def before(store: Store, since: datetime) -> RecordId:
    with store.read() as tx:
        return tx.records.before(since)


@pytest.fixture
def other(database_url: str) -> Iterator[SqlStore]:
    """The same database as another process has it."""
    with closing(SqlStore(database_url)) as other:
        yield other


def test_where_nobody_writes_the_mark_is_the_last_record(store: Store) -> None:
    assert marked(store) == Mark(RecordId(0))
    write(store, costs("a", 1), costs("b", 1))
    assert marked(store) == Mark(recorded(store, "b").id)


@contextmanager
def slow_write(store: Store, *request_ids: str, held: str | None = None) -> Iterator[None]:
    """A transaction that has written calls, and does not end."""
    with store.begin() as tx:
        tx.records.write([costs(each, 1, hold=held) for each in request_ids], CNY, NOON)
        yield


@pytest.mark.parametrize(("calls", "held"), [("a", None), ("a", "h"), ("ab", None)])
def test_what_is_being_written_is_not_reached_before_it_is_there(
    store: Store, other: Store, database_url: str, calls: str, held: str | None
) -> None:
    hold(store, "h", 5)
    kept: Mark | None = None
    with slow_write(store, *calls, held=held):
        if database_url.startswith("postgresql"):
            write(other, costs("quick", 1, SHE))
        bound, kept = reach(kept, marked(other))
        assert bound in {None, 0}
        bound, kept = reach(kept, marked(other))
        assert bound in {None, 0}
    bound, kept = reach(kept, marked(other))
    assert bound is not None
    assert bound >= recorded(other, "a").id


@pytest.mark.service("postgres")
def test_who_began_after_the_kept_mark_is_not_waited_for(postgres_url: str) -> None:
    with closing(SqlStore(postgres_url)) as one, closing(SqlStore(postgres_url)) as two:
        with slow_write(one, "first of two"):
            _, kept = reach(None, marked(two))
        with slow_write(one, "second of two"):
            bound, kept = reach(kept, marked(two))
            assert bound is not None
            assert len(kept.writers) == 1
        assert reach(kept, marked(two))[0] == recorded(two, "second of two").id


def test_who_only_prices_or_reads_takes_no_numbers_and_the_first_records_of_a_time_are_found(store: Store) -> None:
    assert before(store, NOON - HOUR) == 0
    write(store, costs("old", 1, happened_at=NOON - DAY), costs("older", None, happened_at=NOON - 2 * DAY))
    assert before(store, NOON - HOUR) == recorded(store, "older").id
    write(store, costs("late", 1))
    write(store, costs("early", 1, happened_at=NOON - HOUR))
    assert before(store, NOON - HOUR) == recorded(store, "late").id - 1
    assert before(store, NOON + HOUR) == recorded(store, "early").id
    assert price(store, costs("older", 7)) == 1
    assert marked(store) == Mark(recorded(store, "early").id)


def test_the_newest_costs_of_a_model_are_those_of_priced_calls_with_their_types(store: Store) -> None:
    calls = [
        costs(f"k{n}", n, happened_at=NOON + timedelta(minutes=n), request_type="chat" if n % 2 else "")
        for n in range(4)
    ]
    write(store, *calls, costs("x", 99, model_name="n"), costs("unpriced", None, happened_at=NOON + DAY))
    with store.read() as tx:
        assert tx.records.newest_costs("m") == [("chat", 3), ("", 2), ("chat", 1), ("", 0)]
        assert tx.records.newest_costs("none") == []


def test_costs_are_looked_for_among_the_last_five_thousand_calls(store: Store) -> None:
    write(store, costs("first", 7, happened_at=NOON - HOUR))
    write(store, *(costs(f"k{n}", None) for n in range(4999)))
    with store.read() as tx:
        assert tx.records.newest_costs("m") == [("", 7)]
    write(store, costs("one more", None))
    with store.read() as tx:
        assert tx.records.newest_costs("m") == []
