"""Sending what a command that ends by itself has written."""

from datetime import timedelta

from suanli import wiring
from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.i18n import Texts
from suanli.settings import Settings

LIMIT = timedelta(minutes=2)
"""How long such a command waits for its messages to leave; what is left goes with the next run, once."""


def deliver(settings: Settings, store: Store, clock: Clock, texts: Texts, nothing: str) -> bool:
    """Send what waits, or say `nothing` when nothing does; whether all of it arrived."""
    with store.begin() as tx:
        before = tx.outbox.depth()
    if not before.waiting:
        print(nothing)
        return True
    delivery = wiring.build_delivery(settings, store, clock, wiring.build_courier(settings, clock))
    delivery.drain(LIMIT)
    delivery.stop(timedelta(seconds=5))
    with store.begin() as tx:
        after = tx.outbox.depth()
    failed = after.dead - before.dead
    print(texts("stock_cli.sent", sent=before.waiting - after.waiting - failed, failed=failed, waiting=after.waiting))
    return not failed and not after.waiting
