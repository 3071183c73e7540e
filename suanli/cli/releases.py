"""`suanli releases`: what the original release tracker's flags did, with its JSON file and its state."""

import argparse
import sys
from pathlib import Path

from suanli import logs, wiring
from suanli.cli.delivering import deliver
from suanli.cli.serve import wait_for_signal
from suanli.clock import Clock, SystemClock
from suanli.domain.ports import Store
from suanli.i18n import Texts, texts_in
from suanli.settings import Settings, read_tracker_state, tracker_from_process, tracker_warnings


def run(options: argparse.Namespace) -> int:
    """Read everything once and exit, or keep reading in the foreground; without either flag, once."""
    logs.configure(sys.stderr)
    tracker, settings = tracker_from_process(Path(options.config))
    for warning in tracker_warnings(tracker, settings):
        print(f"! {warning}", file=sys.stderr)
    clock = SystemClock()
    told = read_tracker_state(tracker.state)
    wiring.upgrade(settings)
    store = wiring.open_store(settings)
    texts = texts_in(settings.lang)
    try:
        wiring.declare_releases(settings, store, clock)
        begun = wiring.take_over_releases(store, told, clock)
        if begun:
            print(texts("releases_cli.continued", n=begun))
        return _daemon(settings, store, clock, texts) if options.daemon else _once(settings, store, clock, texts)
    finally:
        store.close()


def _once(settings: Settings, store: Store, clock: Clock, texts: Texts) -> int:
    print(texts("releases_cli.begin", at=f"{clock.now().astimezone(settings.timezone):%Y-%m-%d %H:%M:%S}"))
    site = wiring.build_site(settings)
    reading = wiring.build_reading(settings, store, site, clock)
    reading.hurry()
    print(texts("releases_cli.read", said=reading.run(clock.now())))
    failing = _report(store, texts)
    return 1 if not deliver(settings, store, clock, texts, texts("releases_cli.nothing")) or failing else 0


def _report(store: Store, texts: Texts) -> bool:
    """Say what could not be read; whether there was anything."""
    with store.begin() as tx:
        failing = [each for each in tx.resources.all() if each.failures]
    for each in failing:
        print(texts("releases_cli.failed", place=each.place.word, part=each.part, error=each.error))
    return bool(failing)


def _daemon(settings: Settings, store: Store, clock: Clock, texts: Texts) -> int:
    work = wiring.build_work(settings, store, clock, only=wiring.Only.RELEASES)
    work.start()
    print(texts("releases_cli.watching", seconds=int(settings.releases.interval.total_seconds())))
    wait_for_signal()
    return 0 if work.stop() else 1
