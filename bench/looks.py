"""How long a check of the stock takes that has much to tell: 500 rules with five recipients each, over 50 models."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from bench.figures import Figure, Target
from bench.floor import insert_again, rows_since
from bench.processes import apart
from bench.proof import check_told
from bench.watched import CRITICAL, LOW, MODELS, PLENTY, RULES, TOLD, ShiftedClock, Watched, rules_for, set_up, watching
from suanli import logs, wiring
from suanli.settings import Settings

FEW, MANY = 250, RULES * TOLD
"""People on the watch list: each told of about ten rules on one card, or of one each."""

_DONE_WITHIN = 120.0
_SOON, _DAY = timedelta(minutes=5), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Look:
    """A check: what the source says of every model, how long after the last one, and what everybody hears of it."""

    name: str
    free: int
    after: timedelta
    news: str | None = None
    drawn: int = 0


_FIRST = "all fire"
_LOOKS = (
    _Look("nothing is low", PLENTY, _SOON),
    _Look(_FIRST, LOW, _SOON, "first"),
    _Look("all firing, nothing due", LOW, _SOON),
    _Look("all are reminded", LOW, _DAY, "reminder"),
    _Look("all escalate", CRITICAL, _SOON, "escalated", drawn=2),
    _Look("all recover", PLENTY, _SOON, drawn=3),
    _Look("all are over", PLENTY, timedelta(minutes=15), "recovered", drawn=3),
)
"""In this order, again and again: the life of a shortage of everything. Escalated is told anew, on the old card too."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Seconds of each look in each round; the rows that the first firing wrote, and seconds to insert just these."""

    seconds: tuple[tuple[float, ...], ...]
    rows: int
    floor: tuple[float, ...]


def measure(folder: Path, *, rounds: int) -> tuple[Figure, ...]:
    """Every look of `rounds` rounds, with few and with many people on the watch list, each in a process of its own."""
    figures: list[Figure] = []
    for people in (FEW, MANY):
        looked = apart(_DONE_WITHIN, take_looks, folder / f"looks-{people}", people, rounds)
        figures += _figures(f"check, {RULES} rules × {TOLD} of {people}", looked)
    return tuple(figures)


def take_looks(folder: Path, people: int, rounds: int) -> Looked:
    """Runs in a process of its own. A look is timed from asking the source to the end of the commit."""
    listed = [f"ou_{number:04}" for number in range(people)]
    settings, rules = set_up(folder, listed, MODELS, {}), rules_for(listed, MODELS)
    with (folder / "looks.log").open("w") as log:
        logs.configure(log)
        return _take(settings, folder, rules, rounds)


def _take(settings: Settings, folder: Path, rules: Sequence[Watched], rounds: int) -> Looked:
    clock, store, database = ShiftedClock(), wiring.open_store(settings), folder / "suanli.db"
    job, source = watching(settings, store, clock)
    seconds: list[list[float]] = [[] for _ in _LOOKS]
    rows, floor = 0, list[float]()
    for number in range(rounds):
        for look, took in zip(_LOOKS, seconds, strict=True):
            clock.advance(look.after)
            source.free, since = look.free, clock.now()
            gc.collect()  # what setting up and checking left behind is not the look's
            started = clock.elapsed()
            job.run(since)
            took.append(clock.elapsed() - started)
            check_told(database, since, rules, look.news, drawn=look.drawn)
            if number == 0 and look.name == _FIRST:
                rows, floor = _floor(folder, database, since)
    store.close()
    return Looked(tuple(map(tuple, seconds)), rows, tuple(floor))


def _floor(folder: Path, database: Path, since: datetime) -> tuple[int, list[float]]:
    written = rows_since(database, since)
    return sum(len(rows) for rows in written.values()), insert_again(database, written, folder / "floor.db")


def _figures(name: str, looked: Looked) -> tuple[Figure, ...]:
    every = [second for each in looked.seconds for second in each]
    return (
        *(
            Figure(f"{name}: {look.name}", median(took), "s", rounds=took)
            for look, took in zip(_LOOKS, looked.seconds, strict=True)
        ),
        Figure(f"{name}: slowest of {len(every)}", max(every), "s", Target("<", 1)),
        Figure(f"{name}: {looked.rows} rows of {_FIRST!r} alone", median(looked.floor), "s", rounds=looked.floor),
    )
