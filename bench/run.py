"""The whole run: every measurement once, a table, a file, and 1 as exit code when a target is missed."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from bench import (
    footprint,
    gateway,
    holding,
    ingest,
    latency,
    limit,
    litellm_peer,
    looks,
    matching,
    pace,
    pricing,
    reports,
    routing,
    throughput,
    trend,
    upstream,
    within,
)
from bench.company import Company, open_company
from bench.figures import Figure, load_average, machine, save, show
from bench.processes import ROOT
from suanli.clock import SystemClock

WIDTH = 120
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True, slots=True)
class _Size:
    """How much is measured, and the seconds after which the run is given up."""

    rounds: int
    events_a_round: int
    latency_events: int
    footprint_events: int
    within_events: int
    look_rounds: int
    trend_questions: int
    pace_models: int
    repositories: int
    upstream_rounds: int
    matching_rounds: int
    routed_events: int
    routing_rounds: int
    priced: int
    pricing_rounds: int
    limit_rounds: int
    gateway_calls: int
    gateway_rounds: int
    holding_rounds: int
    holding_seconds: int
    ingest_rounds: int
    report_records: int
    report_times: int
    limit: int


_FULL = _Size(
    7, 1000, 1500, 1000, 1000, 5, 500, 50, 1000, 5, 25, 10_000, 3, 12, 11, 5, 150, 5, 3, 3, 5, 1_000_000, 11, 2700
)  # fmt: skip
PARTS = (
    "throughput", "latency", "footprint", "process", "checks", "trend", "pace", "upstream", "matching", "routing",
    "pricing", "limit", "gateway", "holding", "ingest", "reports",
)  # fmt: skip
_BESIDE_LITELLM = {"pricing", "limit"}

_QUICK = _Size(1, 200, 150, 100, 200, 1, 100, 5, 60, 1, 1, 1000, 1, 2, 1, 1, 30, 1, 1, 1, 1, 50_000, 3, 900)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, keep; 0 when every target is met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="figures for docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="a smoke run: too short for its figures to mean much")
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this part alone; may be given often")
    parser.add_argument("--records", type=int, help="so many behind the reports; with ten million it takes long")
    options = parser.parse_args(arguments)
    size, wanted = _QUICK if options.quick else _FULL, options.part or PARTS
    if options.records:  # four minutes for a million of them
        more = max(0, options.records - size.report_records) // 4000
        size = replace(size, report_records=options.records, limit=size.limit + more)
    if _BESIDE_LITELLM & {*wanted}:
        litellm_peer.install()  # before the time runs: it takes minutes, once
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(size.limit)
    console, at = Console(width=WIDTH), SystemClock().now()
    about = machine() | {"size": str(size), "load_before": load_average()}
    with tempfile.TemporaryDirectory(prefix="suanli-bench-") as folder, open_company() as company:
        figures = _measure(company, Path(folder), size, console, wanted)
    about["load_after"] = load_average()
    show(figures, console)
    console.print("\n".join(f"{name}: {value}" for name, value in about.items()))
    console.print(f"kept in {save(figures, about, at, RESULTS).relative_to(ROOT)}")
    return 1 if any(figure.missed for figure in figures) else 0


def _measure(
    company: Company, folder: Path, size: _Size, console: Console, wanted: Sequence[str]
) -> tuple[Figure, ...]:
    parts: Mapping[str, Callable[[], tuple[Figure, ...]]] = {
        "throughput": lambda: throughput.measure(company, folder, rounds=size.rounds, events=size.events_a_round),
        "latency": lambda: latency.measure(company, folder, events=size.latency_events),
        "footprint": lambda: footprint.measure(company, folder, events=size.footprint_events),
        "process": lambda: within.measure(company, folder, events=size.within_events),
        "checks": lambda: looks.measure(folder, rounds=size.look_rounds),
        "trend": lambda: trend.measure(folder, questions=size.trend_questions),
        "pace": lambda: pace.measure(folder, models=size.pace_models),
        "upstream": lambda: upstream.measure(folder, repositories=size.repositories, rounds=size.upstream_rounds),
        "matching": lambda: matching.measure(rounds=size.matching_rounds),
        "routing": lambda: routing.measure(folder, events=size.routed_events, rounds=size.routing_rounds),
        "pricing": lambda: pricing.measure(folder, counts=size.priced, rounds=size.pricing_rounds),
        "limit": lambda: limit.measure(folder, rounds=size.limit_rounds),
        "holding": lambda: holding.measure(folder, rounds=size.holding_rounds, seconds=size.holding_seconds),
        "ingest": lambda: ingest.measure(folder, rounds=size.ingest_rounds),
        "reports": lambda: reports.measure(folder, records=size.report_records, times=size.report_times),
        "gateway": lambda: gateway.measure(folder, calls=size.gateway_calls, rounds=size.gateway_rounds),
    }
    clock = SystemClock()
    figures: list[Figure] = []
    for name in (each for each in PARTS if each in wanted):
        started = clock.elapsed()
        figures += parts[name]()
        console.print(f"{name}: measured in {clock.elapsed() - started:.0f} s", style="dim")
    return tuple(figures)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit("ended from outside")


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("the whole bench took too long")
