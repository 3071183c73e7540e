"""How fast calls that somebody tells of become records, with their prices, quotas and sums, 10,000 at a time.

Each batch is taken in by one transaction, as the API does it, and then its sums are put by, as the job does it: both
count. Beside it, in the same run, the rows that were written are copied once more, by the database's quickest way and
nothing else, into an empty table with the same indexes.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from bench.figures import Figure, Target
from bench.processes import apart
from bench.proof import WrongError
from bench.spenders import calls, furnish, payers
from handlers.cost.ingest import take_in
from jobs.keep_books import AT_ONCE
from suanli import collector, logs, wiring
from suanli.clock import SystemClock
from suanli.domain.cost.records import Call, Fate
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.settings import load
from tests.postgres import running_postgres

BATCH = 10_000
PEOPLE = 200

_DONE_WITHIN = 600.0
_COPY = "COPY {} FROM STDIN"


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a batch: to write it down, to put its sums by, and to copy its rows and nothing else."""

    write: float
    put_by: float
    raw: float


def measure(folder: Path, *, rounds: int) -> tuple[Figure, ...]:
    """So many batches, and one before them that warms up, on each database."""
    folder = folder / "ingest"
    folder.mkdir()
    with ExitStack() as stack:
        databases = {
            "SQLite": (f"sqlite:///{folder / 'suanli.db'}", 10_000),
            "PostgreSQL, durable": (stack.enter_context(running_postgres(durable=True)), 20_000),
            "PostgreSQL, not waiting for the disk": (stack.enter_context(running_postgres()), None),
        }
        return tuple(
            figure
            for name, (url, least) in databases.items()
            for figure in _of(name, apart(_DONE_WITHIN, take, folder, url, rounds), least)
        )


def take(folder: Path, url: str, rounds: int) -> Sequence[Took]:
    """Runs in a process of its own."""
    settings = load({"SUANLI_DATABASE_URL": url}, folder)
    with (folder / "ingest.log").open("a") as log:
        logs.configure(log)
        wiring.upgrade(settings)
        site, clock, people = wiring.build_site(settings), SystemClock(), payers(PEOPLE)
        with closing(wiring.open_store(settings)) as store:
            furnish(store, settings.timezone, settings.cost.currency, people, clock.now())
            collector.settle_down()  # as processes that serve do
            again = _RAW[url.partition(":")[0]](url)
            taken = [
                _batch(store, site, clock, calls(people, BATCH, f"batch-{number}", clock.now()), again)
                for number in range(rounds + 1)
            ]
            _check(store, clock, (rounds + 1) * BATCH)
    return taken[1:]


Again = Callable[[int], float]
"""Copies the last rows once more, so many; seconds."""


def _batch(store: Store, site: Site, clock: SystemClock, told: Sequence[Call], again: Again) -> Took:
    gc.collect()
    gc.freeze()  # what the bench holds ready is not to be looked through
    started = clock.elapsed()
    with store.begin() as tx:
        written = take_in(tx, site, told, clock.now())
    between = clock.elapsed()
    while _put_by(store) == AT_ONCE:
        pass
    ended = clock.elapsed()
    gc.unfreeze()
    if any(each.fate is not Fate.NEW or not each.is_priced for each in written):
        raise WrongError("a call was not new, or has no price")
    return Took(between - started, ended - between, again(len(told)))


def _put_by(store: Store) -> int:
    with store.begin() as tx:
        return tx.sums.put_by(AT_ONCE)


def _check(store: Store, clock: SystemClock, records: int) -> None:
    """Everything agrees: accounts, records and sums."""
    with store.begin() as tx:
        found = tx.books.reconcile(clock.now(), None)
    if not found.is_clean or found.records_seen != records:
        raise WrongError(f"the books do not agree: {found.records_seen} records of {records}")


def _sqlite_again(url: str) -> Again:
    """By `executemany`, in one transaction, with the product's settings."""
    path = url.partition("///")[2]
    other = f"{path}.raw"

    def again(count: int) -> float:
        with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(other, isolation_level=None)) as there:
            rows = here.execute("SELECT * FROM cost_records ORDER BY id DESC LIMIT ?", (count,)).fetchall()
            there.execute("PRAGMA journal_mode = WAL")
            there.execute("PRAGMA synchronous = NORMAL")
            form = (
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name = 'cost_records' ORDER BY type DESC"
            )
            if not there.execute("SELECT 1 FROM sqlite_master").fetchone():
                for (statement,) in here.execute(form):
                    there.execute(statement)
            clock = SystemClock()
            started = clock.elapsed()
            there.execute("BEGIN IMMEDIATE")
            there.executemany(f"INSERT INTO cost_records VALUES ({', '.join('?' * len(rows[0]))})", rows[::-1])  # noqa: S608 question marks
            there.execute("COMMIT")
            return clock.elapsed() - started

    return again


def _postgres_again(url: str) -> Again:
    """By COPY, of text that is ready, in one transaction."""

    def again(count: int) -> float:
        with closing(psycopg.connect(url)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_raw (LIKE cost_records INCLUDING ALL)")
            with connection.cursor().copy(
                f"COPY (SELECT * FROM cost_records WHERE id > (SELECT max(id) - {count} FROM cost_records)) TO STDOUT"  # noqa: S608 a number
            ) as out:
                rows = b"".join(out)
            connection.commit()
            clock = SystemClock()
            started = clock.elapsed()
            with connection.cursor().copy("COPY bench_raw FROM STDIN") as copy:
                copy.write(rows)
            connection.commit()
            return clock.elapsed() - started

    return again


_RAW: Mapping[str, Callable[[str], Again]] = {"sqlite": _sqlite_again, "postgresql": _postgres_again}


def _of(name: str, taken: Sequence[Took], least: int | None) -> Iterator[Figure]:
    target = None if least is None else Target("≥", least)
    whole = tuple(BATCH / (each.write + each.put_by) for each in taken)
    raw = tuple(BATCH / each.raw for each in taken)
    ratio = tuple(one / other for one, other in zip(whole, raw, strict=True))
    yield _figure(f"ingest, {name}: records with their sums", whole, "records/s", target)
    yield _figure(f"ingest, {name}: records, sums not yet put by", [BATCH / each.write for each in taken], "records/s")
    yield _figure(f"ingest, {name}: the rows alone (the floor)", raw, "records/s")
    yield _figure(f"ingest, {name}: ours ÷ the floor", ratio, "×")


def _figure(name: str, rounds: Sequence[float], unit: str, target: Target | None = None) -> Figure:
    return Figure(name, median(rounds), unit, target, tuple(rounds))
