"""Sums of what was spent, for tests of how they are kept and asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from storage.engine import address, open_engine
from storage.sum_tail import SumKey, append
from suanli.domain.cost.sums import Dimension, Grain, Line, Question, Sum
from suanli.domain.ports import Store
from tests.fakes import NOON

Entry = tuple[SumKey, Sum]

DAY = timedelta(days=1)
LONG_AGO, FAR_OFF = NOON - 4000 * DAY, NOON + 4000 * DAY
ONE = Sum(requests=1, total_cost=10, input_cost=4, output_cost=6, input_units=3, total_units=5, took=7, timed=1)

_ROWS = text("""
    SELECT cuboid, time, p.level, p."user", p.project, p.department, p.organization,
           q.level, q.model, q.provider, q.request_type, q.cost_type, requests, unpriced, failed,
           input_units, output_units, cached_units, total_units, input_cost, output_cost, total_cost, took, timed
    FROM cost_sums JOIN cost_payers p ON p.id = payer JOIN cost_products q ON q.id = product
""")


def key(at: datetime = NOON, /, **names: str) -> SumKey:
    """Zhang of sales asks gpt."""
    known = {
        "user": "ou_zhang", "project": "bot", "department": "sales", "organization": "company",
        "model": "gpt", "provider": "openai", "request_type": "chat", "cost_type": "ai_api",
    }  # fmt: skip
    return SumKey(at, **{**known, **names})


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One transaction, as the store has it inside."""
    engine = open_engine(address(url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def tell(url: str, entries: Iterable[Entry]) -> None:
    """Append in one transaction."""
    with connected(url) as connection:
        append(connection, entries)


def waiting(url: str) -> int:
    """How many rows are not yet put by."""
    with connected(url) as connection:
        return int(connection.execute(text("SELECT count(*) FROM sum_tail")).scalar_one())


def put_by(store: Store, limit: int = 1000) -> int:
    with store.begin() as tx:
        return tx.sums.put_by(limit)


def ask(
    store: Store,
    grain: Grain = Grain.ALL,
    by: Dimension | None = None,
    since: datetime = LONG_AGO,
    until: datetime = FAR_OFF,
    where: Mapping[Dimension, str] | None = None,
) -> Sequence[Line]:
    with store.begin() as tx:
        return tx.sums.of(Question(since, until, grain, by, where or {}))


def requests(store: Store, grain: Grain = Grain.ALL, by: Dimension | None = None, **asked: Any) -> dict[str, int]:
    """How many requests, by the time and the value of each line."""
    lines = ask(store, grain, by, **asked)
    return {_named(line): line.sum.requests for line in lines}


def _named(line: Line) -> str:
    time = line.day.isoformat() if line.day else f"{line.hour:%m-%dT%H}" if line.hour else ""
    return f"{time} {line.value}".strip()


def rows(url: str) -> Sequence[tuple[Any, ...]]:
    """Every sum there is, by the names of what it is of."""
    with connected(url) as connection:
        return sorted(tuple(row) for row in connection.execute(_ROWS))
