"""`suanli stock`: what the original program's two flags did, with the original's files."""

import argparse
import csv
import sys

from jobs.watch_stock import ASKED
from suanli import logs, wiring
from suanli.cli.delivering import deliver
from suanli.cli.demands import require
from suanli.cli.serve import wait_for_signal
from suanli.clock import Clock, SystemClock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Store
from suanli.domain.stock import Counts, Snapshot, count_scopes
from suanli.domain.stock.purchases import csv_rows
from suanli.domain.stock.rules import Rule, Watch
from suanli.i18n import Texts, texts_in
from suanli.settings import Process, Settings, from_process


def run(options: argparse.Namespace) -> int:
    """Look once and exit, or each day in the foreground."""
    logs.configure(sys.stderr)
    if options.export_purchases:
        return _export(from_process())
    settings, clock = require(Process.STOCK, migrates=True), SystemClock()
    watch = settings.watch()
    if watch is None:
        raise RuntimeError("the settings were checked to have a watch list")
    store = wiring.open_store(settings)
    try:
        wiring.take_over(settings, store, clock)
        return _check(settings, store, clock, watch) if options.check else _schedule(settings, store, clock, watch)
    finally:
        store.close()


def _export(settings: Settings) -> int:
    """Every purchase as CSV on the standard output; that takes a database and nothing else."""
    wiring.upgrade(settings)
    store = wiring.open_store(settings)
    with store.begin() as tx:
        tickets = tx.tickets.all()
    store.close()
    csv.writer(sys.stdout, lineterminator="\n").writerows(csv_rows(tickets))
    return 0


def _check(settings: Settings, store: Store, clock: Clock, watch: Watch) -> int:
    texts = texts_in(settings.lang)
    print(texts("stock_cli.begin", at=f"{clock.now().astimezone(settings.timezone):%Y-%m-%d %H:%M:%S}"))
    failed = False
    try:
        wiring.build_watch(settings, store, clock).look(ASKED)
    except RemoteError as error:
        print(texts("stock_cli.no_data", error=error))
        failed = True
    else:
        with store.begin() as tx:
            _report(texts, watch, tx.samples.latest(settings.stock.source))
    return 1 if not deliver(settings, store, clock, texts, texts("stock_cli.nothing")) or failed else 0


def _report(texts: Texts, watch: Watch, snapshot: Snapshot) -> None:
    counts = count_scopes(snapshot.samples)
    for rule in watch.rules:
        print(_line(texts, rule, counts.get(rule.scope)))


def _line(texts: Texts, rule: Rule, counts: Counts | None) -> str:
    name = f"{rule.title} ({' '.join(rule.scope.words)})"
    if counts is None:
        return texts("stock_cli.unseen", name=name)
    key = "low" if counts.free < rule.min_free else "enough"
    return texts(f"stock_cli.{key}", name=name, free=counts.free, total=counts.total, min_free=rule.min_free)


def _schedule(settings: Settings, store: Store, clock: Clock, watch: Watch) -> int:
    work = wiring.build_work(settings, store, clock, only=wiring.Only.STOCK)
    work.start()
    print(texts_in(settings.lang)("stock_cli.scheduled", at=watch.check_time, zone=settings.timezone.key))
    wait_for_signal()
    return 0 if work.stop() else 1
