"""The gateway's money: holds before a call, and what it came to afterwards, written down whatever it takes."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from handlers.cost.ingest import take_in
from suanli.admission import Admission
from suanli.clock import Clock
from suanli.domain.cost.money import Nano
from suanli.domain.cost.quotas import Ask, Decision
from suanli.domain.cost.records import Call, Fate, Written
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.group_commit import GroupCommit
from suanli.web.gateway.access import Access, Accesses

log = structlog.get_logger()

WAITS = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds between tries of writing a call down, when the database is away."""


class Purse:
    """Who may spend, holds, and records. Holds and records of calls at the same time share a transaction.

    `stopping`, once set, ends waits between tries.
    """

    def __init__(self, store: Store, site: Site, clock: Clock, stopping: threading.Event) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._stopping = stopping
        self.accesses = Accesses(store, site.money.currency)
        self._admission = Admission(store, clock)
        self._records: GroupCommit[tuple[Call, datetime], Written] = GroupCommit(self._write, clock)

    def hold(self, ask: Ask, lasts: timedelta, remembered: Access | None = None) -> Decision:
        """Put money aside. Raises MoneyError, and OutdatedError when what was `remembered` is so no more."""
        return self._admission.hold(ask, lasts, None if remembered is None else remembered.still_holds)

    def raise_hold(self, hold: str, amount: Nano, lasts: timedelta) -> Decision | None:
        """Let a hold be of so much, and last so long from now on. Raises MoneyError."""
        now = self._clock.now()
        with self._store.begin() as tx:
            return tx.holds.raise_hold(hold, amount, now, now + lasts)

    def refund(self, hold: str) -> None:
        """Give a hold back, for a call that cost nothing. When that fails, it expires by itself."""
        try:
            with self._store.begin() as tx:
                tx.holds.refund(hold, self._clock.now())
        except Exception as error:  # noqa: BLE001 the store's own errors; nothing is lost but some minutes
            log.warning("gateway_refund_failed", hold=hold, error=type(error).__name__)

    def settle(self, call: Call) -> Written | None:
        """Write a call down, which settles its hold; None when that could not be done.

        A database that is away is waited for. After that everything that is needed to tell of the call stands in the
        log, to be told by hand: its hold would expire, and nobody would know what was spent.
        """
        for wait in (*WAITS, None):
            try:
                written = self._records.do((call, self._clock.now()))
            except Exception as error:  # noqa: BLE001 whatever it was, what was spent must not be lost
                log.warning("gateway_settling_failed", request=call.request_id, error=type(error).__name__)
                if wait is None or self._clock.wait(self._stopping, wait):
                    break
                continue
            if written.fate is not Fate.CONFLICT:
                return written
            break
        log.error("gateway_call_unsettled", **_said(call))
        return None

    def stop(self, grace: timedelta) -> bool:
        """Take nothing more, and let what was taken be done; False when something still hung after `grace`."""
        is_done = self._admission.stop(grace)
        return self._clock.wait(self._records.close(), grace.total_seconds()) and is_done

    def _write(self, items: Sequence[tuple[Call, datetime]]) -> Sequence[Written]:
        now = max(moment for _, moment in items)
        with self._store.begin() as tx:
            return take_in(tx, self._site, [call for call, _ in items], now)


def _said(call: Call) -> dict[str, object]:
    """Everything of a call that it is told by, under the names of records; no text of it is known here."""
    payer, usage = call.payer, call.usage
    return {
        "request": call.request_id,
        "user": payer.user,
        "project": payer.project,
        "department": payer.department,
        "organization": payer.organization,
        "model": call.model_name,
        "provider": call.provider_name,
        "request_type": call.request_type,
        "happened_at": call.happened_at.isoformat(),
        "ending": call.ending.value,
        "input_units": usage.input,
        "output_units": usage.output,
        "cached_units": usage.cached,
        "cache_write_units": usage.cache_write,
        "reasoning_units": usage.reasoning,
        "hold": call.hold,
        "took": call.took,
    }
