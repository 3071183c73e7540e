"""The delivery loop: claims outbox rows, sends them outside any transaction, and settles what came of each."""

import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NoReturn

import structlog

from suanli.clock import Clock
from suanli.domain.answer import Answer, Tone, line
from suanli.domain.chat import MessageId, Platform, Target
from suanli.domain.delivery import (
    ChannelBroken,
    Draft,
    Fate,
    LaneBusy,
    Parcel,
    PartlySent,
    PlatformBusy,
    Rates,
    Verdict,
    backoff,
    detour,
    judge,
    too_late,
)
from suanli.domain.errors import RemoteError
from suanli.domain.ports import Courier, Store, Transaction
from suanli.i18n import Texts

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""How long a claimed row is ours: longer than every time limit of a send together."""

POLL = 0.2
"""Seconds between two looks when nobody wakes us: another process may have written."""

TROUBLE = 5.0
"""Seconds to wait after the store itself failed."""

JITTER = 0.2
"""By how much of itself a wait that the platform asked for may grow, so that all lanes do not come back at once."""

NOTICE = "dead:"

BROKEN = "broken:"


class Early(RemoteError):  # noqa: N818 nothing went wrong
    """A drawing came to its turn before the message that it belongs to."""


@dataclass(frozen=True, slots=True)
class Operators:
    """Who is told of a message that could not be delivered, and in which language."""

    targets: tuple[Target, ...]
    texts: Texts

    def notices(self, parcel: Parcel, error: str) -> tuple[Draft, ...]:
        """What to write to them about a row set aside; nothing about such a notice itself, or it would never end.

        Nothing about a drawing either: the message that it was to bring up to date did arrive.
        """
        if parcel.redraws or parcel.key.startswith((NOTICE, BROKEN)):
            return ()
        place = f"{parcel.target.kind} {parcel.target.id}"
        text = line(self.texts("delivery.dead_text", target=place, error=error))
        answer = Answer(self.texts.lang, (text,), self.texts("delivery.dead_title"), Tone.BAD)
        return tuple(Draft(f"{NOTICE}{parcel.key}:{to.lane}", to, answer) for to in self.targets)

    def warnings(self, broken: Platform, error: str, now: datetime) -> tuple[Draft, ...]:
        """What to write to them about a platform that rests until somebody helps: once a day, over another one."""
        text = line(self.texts("delivery.broken_text", platform=broken, error=error))
        answer = Answer(self.texts.lang, (text,), self.texts("delivery.broken_title"), Tone.BAD)
        others = (to for to in self.targets if to.platform != broken)
        return tuple(Draft(f"{BROKEN}{broken}:{now:%Y-%m-%d}:{to.lane}", to, answer) for to in others)


class Delivery:
    """Sends what is in the outbox, at least once; the platform's own memory of uuids makes that once.

    One thread claims as many rows as there are free workers; the workers send. `owner` is unique to this process and
    start. Retrying happens in the row's `due_at` and nowhere else. Only platforms that `rates` names are delivered to;
    each has its courier. What alerts cannot be delivered go to `fallback`, if there is one.
    """

    def __init__(  # noqa: PLR0913 five of them are named where it is built
        self,
        store: Store,
        couriers: Mapping[Platform, Courier],
        rates: Mapping[Platform, Rates],
        clock: Clock,
        *,
        owner: str,
        operators: Operators,
        fallback: Target | None = None,
        random: Random,
        workers: int = 8,
    ) -> None:
        self._store = store
        self._couriers = couriers
        self._rates = rates
        self._clock = clock
        self._owner = owner
        self._operators = operators
        self._fallback = fallback
        self._random = random
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, "delivery")
        self._flying: set[Future[None]] = set()
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._dispatcher = threading.Thread(target=self._dispatch_on, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin to deliver, in threads of its own."""
        self._dispatcher.start()

    def wake(self) -> None:
        """Say that a row was written and committed."""
        self._woken.set()

    def stop(self, grace: timedelta) -> bool:
        """Claim no more and let what is on its way arrive; False when a send still hung after `grace`."""
        deadline = self._clock.elapsed() + grace.total_seconds()
        self._stopping.set()
        self._woken.set()
        if self._dispatcher.is_alive():
            self._dispatcher.join(grace.total_seconds())
        hanging = wait(tuple(self._flying), max(0.0, deadline - self._clock.elapsed())).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        return not hanging and not self._dispatcher.is_alive()

    def drain(self, timeout: timedelta) -> bool:
        """Deliver now until nothing waits any more, retries included; False when `timeout` ended it.

        For a command line that sends and leaves: `stop` follows, and `start` was never called. An error of the store
        is raised.
        """
        deadline = self._clock.elapsed() + timeout.total_seconds()
        while (left := deadline - self._clock.elapsed()) > 0:
            if self._dispatch():
                continue
            if self._flying:
                wait(tuple(self._flying), left, FIRST_COMPLETED)
            elif self._nothing_waits():
                return True
            else:
                self._clock.wait(self._woken, POLL)
        return False

    def _nothing_waits(self) -> bool:
        with self._store.begin() as tx:
            return tx.outbox.depth().waiting == 0

    def _dispatch_on(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._woken, self._dispatch_safely())

    def _dispatch_safely(self) -> float:
        """Dispatch once; the seconds until the next look."""
        try:
            return 0.0 if self._dispatch() else POLL
        except Exception:
            log.exception("delivery_broke")
            return TROUBLE

    def _dispatch(self) -> int:
        self._woken.clear()
        free = self._workers - len(self._flying)
        if free < 1:
            return 0
        with self._store.begin() as tx:
            parcels = tx.outbox.claim(
                owner=self._owner, now=self._clock.now(), lease=LEASE, limit=free, rates=self._rates
            )
        for parcel in parcels:
            self._launch(parcel)
        return len(parcels)

    def _launch(self, parcel: Parcel) -> None:
        flight = self._pool.submit(self._deliver_safely, parcel)
        self._flying.add(flight)
        flight.add_done_callback(self._landed)

    def _landed(self, flight: Future[None]) -> None:
        self._flying.discard(flight)
        self._woken.set()

    def _deliver_safely(self, parcel: Parcel) -> None:
        try:
            self._deliver(parcel)
        except Exception:
            # The row could not be settled: it is tried again when its lease ends, under the same uuid.
            log.exception("delivery_broke", key=parcel.key)

    def _deliver(self, parcel: Parcel) -> None:
        try:
            message_id = self._carry(parcel)
        except RemoteError as error:
            self._refused(parcel, error)
        except Exception as error:
            log.exception("courier_broke", key=parcel.key)
            self._refused(parcel, RemoteError(f"bug: {type(error).__name__}"))
        else:
            self._sent(parcel, message_id)

    def _carry(self, parcel: Parcel) -> MessageId | None:
        """Send or redraw; the id of a new message. Raises RemoteError."""
        if too_late(parcel, self._clock.now()):
            raise RemoteError("an earlier try may have arrived, too long ago to know", permanent=True)
        courier = self._couriers[parcel.target.platform]
        if parcel.redraws is None:
            return courier.send(parcel)
        courier.redraw(parcel.drawn or self._awaited(parcel.redraws), parcel.answer)
        return None

    def _awaited(self, key: str) -> NoReturn:
        """Say why there is no card to redraw: it is still on its way, or will never come."""
        with self._store.begin() as tx:
            original = tx.outbox.receipts([key]).get(key)
        if original is None or original.dead_at:
            raise RemoteError("the message to be redrawn was never sent", permanent=True)
        raise Early("the message to be redrawn is not sent yet")

    def _sent(self, parcel: Parcel, message_id: MessageId | None) -> None:
        now = self._clock.now()
        with self._store.begin() as tx:
            ours = tx.outbox.sent(parcel, message_id, now)
        log.info("message_sent", key=parcel.key, attempts=parcel.attempts, age=str(now - parcel.created_at), ours=ours)

    def _refused(self, parcel: Parcel, error: RemoteError) -> None:
        now = self._clock.now()
        verdict = judge(parcel, error, now)
        busy = isinstance(error, LaneBusy | PlatformBusy)
        with self._store.begin() as tx:
            if busy:
                tx.outbox.pause(*self._rest(parcel, error, now))
            if isinstance(error, ChannelBroken):
                for draft in self._operators.warnings(parcel.target.platform, str(error), now):
                    tx.outbox.post(draft, now)
            if verdict.fate is Fate.DEAD:
                ours = self._set_aside(tx, parcel, str(error), now)
            else:
                as_text = parcel.as_text or verdict.fate is Fate.AS_TEXT
                ours = tx.outbox.again(
                    parcel,
                    due_at=verdict.due_at,
                    error=str(error),
                    as_text=as_text,
                    counts=not busy,
                    progress=error.done if isinstance(error, PartlySent) else None,
                )
        say = _severity(parcel, verdict, error)
        log.log(say, "message_refused", key=parcel.key, fate=verdict.fate, error=str(error), code=error.code, ours=ours)

    def _rest(self, parcel: Parcel, error: RemoteError, now: datetime) -> tuple[Platform, str | None, datetime]:
        """Who is to rest, and until when: the lane, or with None the whole platform."""
        lane = parcel.target.lane if isinstance(error, LaneBusy) else None
        asked = error.retry_after or backoff(parcel.attempts)
        return parcel.target.platform, lane, now + asked * (1 + JITTER * self._random.random())

    def _set_aside(self, tx: Transaction, parcel: Parcel, error: str, now: datetime) -> bool:
        ours = tx.outbox.dead(parcel, error, now)
        for draft in self._instead_of(parcel, error) if ours else ():
            tx.outbox.post(draft, now)
        return ours

    def _instead_of(self, parcel: Parcel, error: str) -> Iterator[Draft]:
        """What is written because this could not be delivered."""
        instead = detour(parcel, self._fallback) if self._fallback else None
        if instead:
            yield instead
        yield from self._operators.notices(parcel, error)


def _severity(parcel: Parcel, verdict: Verdict, error: RemoteError) -> int:
    """How loudly the log says it: nobody has to look at a card that stays as it was."""
    if isinstance(error, Early):
        return logging.INFO
    if isinstance(error, ChannelBroken):
        return logging.ERROR
    return logging.ERROR if verdict.fate is Fate.DEAD and not parcel.redraws else logging.WARNING
