"""How soon `/stock trend` is answered when two years of hours lie behind it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from bench.figures import Figure, Target, percentile
from bench.floor import stored
from bench.processes import apart
from bench.proof import check_hours, check_trends
from bot.router import Router
from suanli import logs, wiring
from suanli.clock import SystemClock
from suanli.domain.chat import ChatId, ChatKind, Message, MessageId, OpenId, Origin, Person, Platform
from suanli.domain.stock.trend import PERIOD
from suanli.sandbox.fleet import SandboxFleet
from suanli.settings import Settings, load

QUESTION = "/stock trend 4090"

_YEARS = timedelta(days=730)
_HOUR = timedelta(hours=1)
_DONE_WITHIN = 120.0
_CONFIG = """\
[stock.watch]
recipients = ["ou_buyer"]

[stock.watch.thresholds.4090]
min_free = 100
lead_days = 21
"""
_READ = """
    SELECT hour, samples, free_min, free_sum, free_max, total_sum FROM samples_hourly
    WHERE source = ? AND model = '4090' AND region = '' AND clock = '' AND hour >= ? ORDER BY hour
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Seconds of each answer, and of each read of the same hours alone; how many rows there are, of how many scopes."""

    answers: tuple[float, ...]
    reads: tuple[float, ...]
    rows: int
    scopes: int


def measure(folder: Path, *, questions: int) -> tuple[Figure, ...]:
    """So many people ask in private, one after the other, in a process of its own: from the router to the commit."""
    asked = apart(_DONE_WITHIN, ask, folder / "trend", questions)
    name = f"{QUESTION}, 2 years of {asked.scopes} scopes"
    return (
        Figure(f"{name}: p50", percentile(asked.answers, 0.50) * 1000, "ms"),
        Figure(f"{name}: p99", percentile(asked.answers, 0.99) * 1000, "ms", Target("<", 100)),
        Figure(f"{name}: the first", asked.answers[0] * 1000, "ms"),
        Figure(f"{name}: hours alone", percentile(asked.reads, 0.50) * 1000, "ms"),
        Figure(f"{name}: rows", asked.rows, "rows"),
    )


def ask(folder: Path, questions: int) -> Asked:
    """Runs in a process of its own."""
    folder.mkdir()
    database = folder / "suanli.db"
    (folder / "suanli.toml").write_text(_CONFIG, "utf-8")
    settings = load({"SUANLI_DATABASE_URL": f"sqlite:///{database}"}, folder)
    with (folder / "trend.log").open("w") as log:
        logs.configure(log)
        clock = SystemClock()
        scopes = _remember(settings, database, clock.now())
        rows = check_hours(database, scopes, _YEARS // _HOUR)
        answers = _ask(settings, clock, questions)
        check_trends(database, QUESTION, questions)
        return Asked(answers, _read(database, settings.stock.source, clock, questions), rows, scopes)


def _ask(settings: Settings, clock: SystemClock, questions: int) -> tuple[float, ...]:
    store, seconds = wiring.open_store(settings), list[float]()
    router = Router(store, wiring.build_site(settings), clock, lambda: None)
    for number in range(questions):
        message = _question(number, clock.now())
        started = clock.elapsed()
        router.handle(message)
        seconds.append(clock.elapsed() - started)
    store.close()
    return tuple(seconds)


def _question(number: int, at: datetime) -> Message:
    sender = Person(OpenId(f"ou_{number}"), None, None, "", "tenant")
    chat = ChatId(f"oc_{number}")
    origin = Origin(Platform.FEISHU, f"bench:{number}", f"event_{number}", "tenant", chat, ChatKind.PRIVATE, at)
    return Message(origin, MessageId(f"om_{number}"), sender, QUESTION, (), addressed=True)


def _read(database: Path, source: str, clock: SystemClock, times: int) -> tuple[float, ...]:
    """Seconds of reading the hours of a trend with sqlite3 alone."""
    seconds, since = list[float](), stored(clock.now() - PERIOD)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for _ in range(times):
            started = clock.elapsed()
            connection.execute(_READ, (source, since)).fetchall()
            seconds.append(clock.elapsed() - started)
    return tuple(seconds)


def _remember(settings: Settings, database: Path, now: datetime) -> int:
    """Two years of hours: the period of a trend as the product counts it, what lies before it by hand. The scopes."""
    wiring.upgrade(settings)
    store, fleet = wiring.open_store(settings), SandboxFleet(now)
    with store.begin() as tx:
        for samples in fleet.history(settings.stock.to_domain(), settings.stock.source, until=now, past=PERIOD):
            tx.samples.add(samples, samples[0].taken_at)
    store.close()
    with closing(sqlite3.connect(database)) as connection, connection:
        known = connection.execute("SELECT * FROM samples_hourly GROUP BY source, model, region, clock").fetchall()
        connection.executemany(
            f"INSERT INTO samples_hourly VALUES ({', '.join('?' * len(known[0]))})",  # noqa: S608 question marks
            _hours_before(known, now.replace(minute=0, second=0, microsecond=0)),
        )
    return len(known)


def _hours_before(known: Sequence[tuple[Any, ...]], now: datetime) -> Iterator[tuple[Any, ...]]:
    """An hour like the known one, for each hour of two years that lies before the period of a trend."""
    moments = [stored(now - n * _HOUR) for n in range(_YEARS // _HOUR - 1, PERIOD // _HOUR, -1)]
    for (*scope, _, samples, least, total, most, cards, used, unavailable), at in product(known, moments):
        yield *scope, at, samples, least, total, most, cards, used, unavailable
