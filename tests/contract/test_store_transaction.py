import multiprocessing
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError, StatementError

from storage.store import SqlStore
from suanli.domain.ports import Store
from tests.fakes import NOON

REFUSED = 3
SHANGHAI = timezone(timedelta(hours=8))


def put(store: Store, name: str, at: datetime = NOON) -> None:
    with store.begin() as tx:
        tx.facts.put(name, "x", at)


def known(store: Store, *names: str) -> list[bool]:
    with store.begin() as tx:
        return [tx.facts.get(name) is not None for name in names]


def test_what_a_transaction_did_is_there_for_the_next(store: Store, database_url: str) -> None:
    put(store, "a")
    with closing(SqlStore(database_url)) as another:
        assert known(another, "a") == [True]


def test_a_transaction_that_raises_did_nothing_and_its_error_goes_on(store: Store) -> None:
    def fail() -> None:
        with store.begin() as tx:
            tx.facts.put("a", "x", NOON)
            raise LookupError("bug")

    with pytest.raises(LookupError, match="bug"):
        fail()
    assert known(store, "a") == [False]


def test_what_a_savepoint_did_is_undone_alone_when_it_raises(store: Store) -> None:
    with store.begin() as tx:
        tx.facts.put("before", "x", NOON)
        with suppress(LookupError), tx.savepoint():
            tx.facts.put("inside", "x", NOON)
            raise LookupError
        tx.facts.put("after", "x", NOON)
    assert known(store, "before", "inside", "after") == [True, False, True]


def test_a_savepoint_undoes_all_of_its_inside_even_after_one_inside_it_was_undone(store: Store) -> None:
    with store.begin() as tx:
        with suppress(LookupError), tx.savepoint():
            tx.facts.put("outer", "x", NOON)
            with suppress(LookupError), tx.savepoint():
                tx.facts.put("inner", "x", NOON)
                raise LookupError
            raise LookupError
        tx.facts.put("after", "x", NOON)
    assert known(store, "outer", "inner", "after") == [False, False, True]


def test_what_a_savepoint_did_stays_when_it_ends_well_and_goes_with_its_transaction(store: Store) -> None:
    with store.begin() as tx, tx.savepoint():
        tx.facts.put("a", "x", NOON)
    with suppress(LookupError), store.begin() as tx:
        with tx.savepoint():
            tx.facts.put("b", "x", NOON)
        raise LookupError
    assert known(store, "a", "b") == [True, False]


def test_a_savepoint_survives_the_databases_own_refusal(store: Store) -> None:
    with store.begin() as tx:
        with suppress(SQLAlchemyError), tx.savepoint():
            tx.facts.put("a", None, NOON)  # type: ignore[arg-type]  # the column refuses it
        tx.facts.put("b", "x", NOON)
    assert known(store, "a", "b") == [False, True]


def test_a_moment_comes_back_in_utc_to_the_microsecond_whatever_zone_it_went_in_with(store: Store) -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=SHANGHAI)
    put(store, "a", at)
    with store.begin() as tx:
        found = tx.facts.get("a")
    assert found is not None
    assert found[1] == at
    assert found[1].tzinfo is UTC


def test_moments_compare_by_time_and_not_by_their_zone(store: Store) -> None:
    late = NOON.astimezone(SHANGHAI)
    with store.begin() as tx:
        tx.runs.declare([], NOON)
        assert tx.runs.forget_before(late) == 0
        tx.samples.failed("a", "", late)
        assert tx.samples.states()[0].failed_at == NOON


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="no zone"):
        put(store, "a", datetime(2026, 11, 20))  # noqa: DTZ001 what is refused
    assert known(store, "a") == [False]


def test_many_threads_take_turns_on_one_store(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: put(store, f"k{number}"), range(200)))
    assert all(known(store, *(f"k{number}" for number in range(200))))


def test_transactions_that_lock_a_name_never_decide_on_the_same_before(store: Store, database_url: str) -> None:
    def count(store: Store) -> None:
        for _ in range(20):
            with store.begin() as tx:
                tx.lock("counter")
                value, _ = tx.facts.get("counter") or ("0", NOON)
                tx.facts.put("counter", str(int(value) + 1), NOON)

    with ExitStack() as stack, ThreadPoolExecutor(4) as threads:
        stores = [stack.enter_context(closing(SqlStore(database_url))) for _ in range(4)]
        list(threads.map(count, stores))
    with store.begin() as tx:
        assert tx.facts.get("counter") == ("80", NOON)


def test_a_store_that_was_closed_opens_again(store: SqlStore) -> None:
    put(store, "a")
    store.close()
    store.close()
    assert known(store, "a") == [True]


def test_a_store_that_was_never_used_or_was_closed_works_on_both_sides_of_a_fork(store: SqlStore) -> None:
    for name in ("first", "second"):
        assert exit_code_of_fork(store, f"{name} child") == 0
        put(store, f"{name} parent")
        store.close()
    assert all(known(store, "first child", "first parent", "second child", "second parent"))


def test_a_store_that_was_open_is_refused_in_a_fork_and_goes_on_in_its_own_process(store: Store) -> None:
    with store.begin() as tx:
        assert exit_code_of_fork(store, "child") == REFUSED
        tx.facts.put("parent", "x", NOON)
    assert known(store, "parent", "child") == [True, False]


def exit_code_of_fork(store: Store, name: str) -> int | None:
    def life() -> None:
        try:
            put(store, name)
        except RuntimeError:
            sys.exit(REFUSED)

    child = multiprocessing.get_context("fork").Process(target=life)
    child.start()
    child.join(60)
    return child.exitcode


def test_a_database_that_is_down_is_an_error_of_sqlalchemy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a database")
    for url in (f"sqlite:///{tmp_path}/file", f"postgresql://suanli@/postgres?host={tmp_path}"):
        with closing(SqlStore(url)) as store, pytest.raises(SQLAlchemyError):
            put(store, "a")


def test_a_sqlite_file_is_made_with_its_folders_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "suanli.db"
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        assert not path.exists()
        with store.begin():
            pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root:hunter2@db/suanli", "redis://db"])
def test_a_database_that_suanli_cannot_use_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite") as caught:
        SqlStore(url)
    assert "hunter2" not in str(caught.value)
