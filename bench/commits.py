"""What a commit takes when nothing else is to be done: one row, and the wait for the disk."""

from contextlib import closing

import psycopg

from bench.figures import percentile
from suanli.clock import SystemClock

_TIMES = 100


def commit_seconds(database: str, rounds: int) -> list[float]:
    """Seconds of a commit at p50, of so many rounds."""
    clock, found = SystemClock(), list[float]()
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (number bigint PRIMARY KEY)")
        connection.execute("TRUNCATE bench_commits")
        for number in range(rounds):
            taken = list[float]()
            for n in range(_TIMES):
                started = clock.elapsed()
                connection.execute("INSERT INTO bench_commits VALUES (%s)", (number * _TIMES + n,))
                taken.append(clock.elapsed() - started)
            found.append(percentile(taken, 0.5))
        connection.execute("DROP TABLE bench_commits")
    return found
