"""Transactions that only read."""

import pytest
from sqlalchemy.exc import DBAPIError

from storage.store import SqlStore
from tests.fakes import NOON


def put(store: SqlStore, value: str) -> None:
    with store.begin() as tx:
        tx.facts.put("fact", value, NOON)


def test_who_only_reads_keeps_nobody_waiting_who_writes(store: SqlStore) -> None:
    put(store, "old")
    with store.read() as tx:
        assert tx.facts.get("fact") == ("old", NOON)
        put(store, "new")
    with store.read() as tx:
        assert tx.facts.get("fact") == ("new", NOON)


def test_several_read_at_the_same_time_and_while_somebody_writes(store: SqlStore) -> None:
    put(store, "old")
    with store.begin() as writing:
        writing.facts.put("fact", "new", NOON)
        with store.read() as one, store.read() as other:
            assert one.facts.get("fact") == other.facts.get("fact") == ("old", NOON)


def test_nothing_is_written_by_who_only_reads(store: SqlStore) -> None:
    put(store, "old")
    with pytest.raises(DBAPIError), store.read() as tx:
        tx.facts.put("fact", "new", NOON)
    put(store, "newer")  # the connection is as good as before
    with store.read() as tx:
        assert tx.facts.get("fact") == ("newer", NOON)


def test_a_closed_store_is_read_again(store: SqlStore) -> None:
    put(store, "old")
    with store.read() as tx:
        assert tx.facts.get("nothing") is None
    store.close()
    with store.read() as tx:
        assert tx.facts.get("fact") == ("old", NOON)
