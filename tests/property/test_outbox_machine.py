"""The outbox against a simple model of it, through any sequence of posts, claims, settlings, pauses and crashes."""

import shutil
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from storage.store import SqlStore
from suanli.domain.chat import Platform
from suanli.domain.delivery import Parcel, Rate
from tests.fakes import NOON
from tests.outbox_machine_model import FATES, PERIODS, Fate, Message, Passed, message_id
from tests.parcels import LEASE, SECOND, answer, claim, draft, post, rates, redraw, target

LANE = Rate(per=3, window=SECOND, burst=2)
WHOLE = (Rate(per=6, window=SECOND, burst=3), Rate(per=20, window=5 * SECOND, burst=8))
RATES = rates(LANE, *WHOLE)
PLACES = st.sampled_from(["ou_1", "ou_2", "ou_3"])
OWNERS = st.sampled_from(["one", "one", "two"])


class OutboxMachine(RuleBasedStateMachine):
    """The real outbox on SQLite, and the model beside it."""

    def __init__(self, empty: Path, folder: Path) -> None:
        super().__init__()
        path = folder / "outbox.db"
        shutil.copyfile(empty, path)
        self.store = SqlStore(f"sqlite:///{path}")
        self.now = NOON
        self.numbers = count()
        self.messages: dict[str, Message] = {}
        self.held: list[Parcel] = []
        self.limits: dict[str, Passed] = defaultdict(Passed)

    def teardown(self) -> None:
        try:
            self.deliver_the_rest()
        finally:
            self.store.close()

    def deliver_the_rest(self) -> None:
        """Nothing was lost: all that still waits can be delivered."""
        self.now += timedelta(days=1)
        while self.something_waits():
            for parcel in self.claimed("last", 5):
                self.settle(parcel, Fate("sent"))
            self.now += timedelta(minutes=2)
        with self.store.begin() as tx:
            depth = tx.outbox.depth()
        # A drawing that was given up is no lost message.
        lost = sum(each.end == "dead" and each.redraws is None for each in self.messages.values())
        assert (depth.waiting, depth.dead) == (0, lost)

    @initialize(places=st.lists(PLACES, min_size=3, max_size=5))
    def begin(self, places: list[str]) -> None:
        self.post(places, urgent=False)

    @rule(places=st.lists(PLACES, min_size=1, max_size=3), urgent=st.booleans())
    def post(self, places: list[str], *, urgent: bool) -> None:
        for place in places:
            order = next(self.numbers)
            message = Message(f"k{order}", target(place).lane, urgent, order, self.now)
            post(self.store, self.now, draft(message.key, place, urgent=urgent))
            self.messages[message.key] = message

    @rule(data=st.data(), urgent=st.booleans())
    def redraw(self, data: st.DataObject, *, urgent: bool) -> None:
        self.draw(data.draw(st.sampled_from(["k0", "k1"])), urgent=urgent)

    def draw(self, of: str, *, urgent: bool) -> None:
        lane, known = self.messages[of].lane, self.messages.get(f"redraw:{of}")
        draft = redraw(of, f"{known.revision + 1 if known else 0}", to=lane.rpartition(":")[2], urgent=urgent)
        post(self.store, self.now, draft)
        if known:
            known.draw_anew(self.now, urgent=urgent)
            return
        self.messages[draft.key] = Message(draft.key, lane, urgent, next(self.numbers), self.now, redraws=of)

    @precondition(lambda self: self.something_waits())
    @rule(data=st.data(), after=PERIODS, owner=OWNERS, rounds=st.integers(1, 6))
    def work(self, data: st.DataObject, after: timedelta, owner: str, rounds: int) -> None:
        self.now += after
        for _ in range(rounds):
            for parcel in self.claimed(owner, data.draw(st.integers(1, 4))):
                self.held.append(parcel)
                self.settle(parcel, data.draw(FATES))

    @rule(owner=OWNERS)
    def crash_inside_a_claim(self, owner: str) -> None:
        with suppress(KeyboardInterrupt), self.store.begin() as tx:
            tx.outbox.claim(owner=owner, now=self.now, lease=LEASE, limit=4, rates=RATES)
            raise KeyboardInterrupt

    @rule(owner=OWNERS)
    def crash(self, owner: str) -> None:
        self.held = [parcel for parcel in self.held if parcel.owner != owner]
        self.store.close()

    @precondition(lambda self: self.held)
    @rule(data=st.data(), fate=FATES)
    def settle_late(self, data: st.DataObject, fate: Fate) -> None:
        claimed = [parcel for parcel in self.held if self.messages[parcel.key].is_claimed]
        self.settle(data.draw(st.sampled_from(claimed or self.held)), fate)

    @precondition(lambda self: self.drawings_in_flight())
    @rule(data=st.data(), urgent=st.booleans(), fate=FATES)
    def redraw_in_flight(self, data: st.DataObject, fate: Fate, *, urgent: bool) -> None:
        parcel = data.draw(st.sampled_from(self.drawings_in_flight()))
        self.draw(str(parcel.redraws), urgent=urgent)
        self.settle(parcel, fate)

    def drawings_in_flight(self) -> list[Parcel]:
        return [parcel for parcel in self.held if parcel.redraws and self.messages[parcel.key].is_claimed]

    @rule(place=st.none() | PLACES, period=st.sampled_from([SECOND / 2, 2 * SECOND]))
    def pause(self, place: str | None, period: timedelta) -> None:
        lane = target(place).lane if place else None
        with self.store.begin() as tx:
            tx.outbox.pause(Platform.FEISHU, lane, self.now + period)
        limit = self.limits[lane or "platform"]
        limit.rests_until = max(limit.rests_until, self.now + period)

    def something_waits(self) -> bool:
        return any(message.end is None for message in self.messages.values())

    def settle(self, parcel: Parcel, fate: Fate) -> None:
        """Settle as whoever believes to hold the parcel, rightly or not."""
        if fate.kind == "held":
            return
        before = self.is_ours(parcel)
        with self.store.begin() as tx:
            assert fate.settle(tx.outbox, parcel, self.now) is before
        message = self.messages[parcel.key]
        if before:
            message.befall(fate, self.now)
            if not fate.counts:  # it may come again with the same number: nobody settles the first one twice
                self.held = [each for each in self.held if each is not parcel]
        elif self.holds(parcel):
            message.owner = None

    def holds(self, parcel: Parcel) -> bool:
        row = self.messages[parcel.key]
        claim = (parcel.owner, parcel.attempts, parcel.revision)
        return row.end is None and claim == (row.owner, row.attempts, row.claimed_revision)

    def is_ours(self, parcel: Parcel) -> bool:
        return self.holds(parcel) and parcel.revision == self.messages[parcel.key].revision

    def claimed(self, owner: str, limit: int) -> list[Parcel]:
        """Claim, and hold what came against the model."""
        due = [message for message in self.messages.values() if self.may_go(message)]
        parcels = list(claim(self.store, self.now, owner=owner, limit=limit, rates=RATES))
        taken = [self.messages[parcel.key] for parcel in parcels]
        assert len(taken) <= limit
        assert all(message in due for message in taken)
        assert len({message.lane for message in taken}) == len(taken)
        assert [message.rank for message in taken] == sorted(message.rank for message in taken)
        for parcel, message in zip(parcels, taken, strict=True):
            assert all(message.rank <= other.rank for other in due if other.lane == message.lane)
            self.take(parcel, message)
        assert taken or not self.must_go(due)
        return parcels

    def take(self, parcel: Parcel, message: Message) -> None:
        if message.claimed_revision < message.revision:
            message.claimed_revision, message.attempts, message.first_tried_at = message.revision, 0, None
        message.owner, message.lease_until = parcel.owner, self.now + LEASE
        message.attempts += 1
        message.first_tried_at = message.first_tried_at or self.now
        message.uuid = message.uuid or parcel.uuid
        assert (parcel.uuid, parcel.attempts, parcel.as_text) == (message.uuid, message.attempts, message.as_text)
        assert parcel.first_tried_at == message.first_tried_at
        if message.redraws is not None:
            of = self.messages[message.redraws]
            assert parcel.drawn == (message_id(of.key) if of.end == "sent" else None)
            assert (parcel.revision, parcel.answer) == (message.revision, answer(f"{message.revision}"))
        for name, rate in self.limits_of(message):
            self.limits[name].moments.append(self.now)
            assert self.limits[name].keeps(rate)

    def limits_of(self, message: Message) -> list[tuple[str, Rate]]:
        return [(message.lane, LANE), *((f"whole {number}", rate) for number, rate in enumerate(WHOLE))]

    def may_go(self, message: Message) -> bool:
        """Whether anything but a rate forbids it."""
        resting = any(self.limits[name].rests_until > self.now for name in (message.lane, "platform"))
        busy = any(each.is_held(self.now) for each in self.lane_of(message))
        return message.is_due(self.now) and not resting and not busy

    def must_go(self, due: list[Message]) -> bool:
        """Whether one of them was free to go by every rate."""
        return any(all(self.limits[name].is_idle(rate, self.now) for name, rate in self.limits_of(m)) for m in due)

    def lane_of(self, message: Message) -> list[Message]:
        return [each for each in self.messages.values() if each.lane == message.lane]


def test_the_outbox_does_what_its_model_does(migrated: Path, tmp_path: Path) -> None:
    machine: Any = partial(OutboxMachine, migrated, tmp_path)
    run_state_machine_as_test(machine, settings=settings(max_examples=80, stateful_step_count=40, deadline=None))
