"""How SQLite finds the holds whose time is over, which every decision asks for, among all that there ever were."""

import pytest
from sqlalchemy import Select, create_engine, text
from sqlalchemy.dialects import sqlite

from storage.hold_expiry import LOCK_DUE, LOCK_DUE_AND


@pytest.mark.parametrize("locking", [LOCK_DUE, LOCK_DUE_AND])
def test_holds_that_are_due_are_found_by_their_index(sqlite_url: str, locking: Select[tuple[str]]) -> None:
    sql = str(locking.compile(dialect=sqlite.dialect(paramstyle="named")))
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), {"now": "2026-11-20", "of_key": "k"})
        plan = [row.detail for row in rows]
    engine.dispose()
    assert any("ix_holds_due" in step for step in plan)
    assert not any(step.startswith("SCAN") for step in plan)
