"""`suanli up` without the platform's limits: 50 events a second for long are more than Feishu lets an app answer.

The settings allow no such rates (feishu.md §3.5: 1,000 messages a minute), so a copy of them is changed here.
"""

import signal
import sys
from types import FrameType

from waitress.server import create_server

from suanli import logs, wiring
from suanli.cli.serve import THREADS
from suanli.clock import SystemClock
from suanli.settings import Settings, from_process

_NO_LIMIT = {"per_second": 10_000, "per_minute": 600_000}


def unlimited(settings: Settings) -> Settings:
    """These settings with rates for the whole platform that nobody reaches; the rate of one chat stays."""
    return settings.model_copy(update={"feishu": settings.feishu.model_copy(update=_NO_LIMIT)})


def main() -> None:
    """What `suanli up` does, with these rates."""
    logs.configure(sys.stdout)
    settings, clock = unlimited(from_process()), SystemClock()
    store = wiring.open_store(settings)
    wiring.take_over(settings, store, clock)
    work = wiring.build_work(settings, store, clock)
    app = wiring.build_web(settings, store, clock, work.delivery.wake)
    server = create_server(app, host=settings.listen.host, port=settings.listen.port, threads=THREADS)
    signal.signal(signal.SIGTERM, _exit)
    work.start()
    try:
        server.run()
    finally:
        work.stop()
        store.close()


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
