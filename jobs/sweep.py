"""What is old enough to be forgotten."""

from datetime import datetime, timedelta

from suanli.domain.ports import Store

KEEP_INBOX = timedelta(hours=24)
"""A platform that delivers an event again within this time finds it done; later ones are too old to be executed."""

KEEP_OUTBOX = timedelta(days=30)
KEEP_RUNS = timedelta(days=90)
KEEP_AUDITS = timedelta(days=365)


def sweep(store: Store, now: datetime, *, keep_samples: timedelta) -> str:
    """Drop what is past its keep, in a short transaction a kind; how much of each, for the run's detail."""
    with store.begin() as tx:
        inbox = tx.inbox.forget_before(now - KEEP_INBOX)
    with store.begin() as tx:
        outbox = tx.outbox.forget_before(now - KEEP_OUTBOX)
    with store.begin() as tx:
        runs = tx.runs.forget_before(now - KEEP_RUNS)
    with store.begin() as tx:
        samples = tx.samples.forget_before(now - keep_samples)
    with store.begin() as tx:
        audits = tx.audits.forget_before(now - KEEP_AUDITS)
    return f"inbox {inbox}, outbox {outbox}, runs {runs}, samples {samples}, audits {audits}"
