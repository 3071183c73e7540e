"""What is old enough to be forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from suanli.domain.ports import Store

KEEP_INBOX = timedelta(hours=24)
"""A platform that delivers an event again within this time finds it done; later ones are too old to be executed."""

KEEP_OUTBOX = timedelta(days=30)
KEEP_RUNS = timedelta(days=30)
"""Hubs are looked at six times a minute, and each look is a run."""

KEEP_ALERTS = timedelta(days=90)
KEEP_RESOURCES = timedelta(days=30)
"""What nobody follows any more; who follows it again within this time hears what happened meanwhile."""

KEEP_REPLIES = timedelta(hours=24)
"""A request that comes again with its Idempotency-Key within this time is answered as before."""

KEEP_AUDITS = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long history stays: every sample, the hours that they are thinned to, and what changed on the hubs."""

    samples: timedelta
    hours: timedelta
    happenings: timedelta = timedelta(days=180)


def sweep(store: Store, now: datetime, keep: Keep) -> str:
    """Drop what is past its keep, in a short transaction a kind; how much of each, for the run's detail.

    Samples are counted into their hours as they come, so what is dropped of them is already thinned. What was told
    about money, and who changed what of it, is kept for good.
    """
    with store.begin() as tx:
        inbox = tx.inbox.forget_before(now - KEEP_INBOX)
    with store.begin() as tx:
        outbox = tx.outbox.forget_before(now - KEEP_OUTBOX)
    with store.begin() as tx:
        runs = tx.runs.forget_before(now - KEEP_RUNS)
    with store.begin() as tx:
        samples = tx.samples.forget_before(now - keep.samples)
    with store.begin() as tx:
        hours = tx.samples.forget_hours_before(now - keep.hours)
    with store.begin() as tx:
        episodes = tx.episodes.forget_before(now - keep.hours)
    with store.begin() as tx:
        alerts = tx.alerts.forget_before(now - KEEP_ALERTS)
    with store.begin() as tx:
        happenings = tx.happenings.forget_before(now - keep.happenings)
    with store.begin() as tx:
        resources = tx.resources.forget_before(now - KEEP_RESOURCES)
    with store.begin() as tx:
        replies = tx.replies.forget_before(now - KEEP_REPLIES)
    with store.begin() as tx:
        audits = tx.audits.forget_before(now - KEEP_AUDITS)
    counts = {
        "inbox": inbox,
        "outbox": outbox,
        "runs": runs,
        "samples": samples,
        "hours": hours,
        "episodes": episodes,
        "alerts": alerts,
        "happenings": happenings,
        "resources": resources,
        "replies": replies,
        "audits": audits,
    }
    return ", ".join(f"{name} {count}" for name, count in counts.items())
