"""The stock over the whole path, through any counts, gaps, clicks, commands, clocks, crashes and two schedulers.

No second first notice of a shortage; no shortage silent for longer than its interval unless somebody sees to it or it
is muted; nothing told of what was not counted.
"""

import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.syntax import read
from jobs.watch_stock import REGULAR, Look, WatchStock
from storage.store import SqlStore
from suanli.domain.chat import MessageId
from suanli.domain.delivery import Draft, Parcel, too_late
from suanli.domain.errors import RemoteError
from suanli.domain.stock.episodes import State
from suanli.domain.stock.trend import Burn
from tests.fakes import FakeClock, FakeSource
from tests.parcels import EVERYWHERE, LEASE
from tests.stock_machine_notices import Notices
from tests.stock_machine_picture import Picture
from tests.stock_machine_scene import (
    ANSWERS,
    BACK,
    BURN,
    CRASHES,
    DAY,
    ETAS,
    FAILURES,
    GOOD,
    H20,
    H200,
    HOUR,
    LINES,
    LOOKS,
    MINUTE,
    NAMES,
    OUTSIDERS,
    PACES,
    PERIODS,
    PERSONS,
    RECENT,
    REPLIES,
    SCOPES,
    SENDERS,
    SITE,
    Chat,
    Reply,
    pressable,
)
from tests.stock_machine_shortages import Shortages
from tests.stock_machine_store import BrittleStore, Crash

NUMBER = re.compile(r"#(\d+)")


class StockMachine(RuleBasedStateMachine):
    """The real store, jobs and router, and an account of all that happened beside them."""

    def __init__(self, empty: Path, folder: Path) -> None:
        super().__init__()
        path = folder / "stock.db"
        shutil.copyfile(empty, path)
        self.real = SqlStore(f"sqlite:///{path}")
        self.store = BrittleStore(self.real)
        self.clock = FakeClock()
        self.chat = Chat(cast("SqlStore", self.store), self.clock, SITE)
        self.shortages = Shortages(self.clock)
        self.notices = Notices(self.shortages)
        self.picture = Picture.take(self.real)
        self.buttons: list[dict[str, str]] = []
        self.looked_at = {self.clock.now() - DAY}
        self.events = count()
        self.uuids: dict[str, str] = {}
        self.sent: set[str] = set()
        self.dead: set[str] = set()

    def teardown(self) -> None:
        try:
            self.nothing_was_lost()
        finally:
            self.real.close()

    # What happens.

    @initialize(reply=GOOD)
    def begin(self, reply: Reply) -> None:
        with self.real.begin() as tx:
            tx.burns.replace({H20: Burn(BURN, 300, self.clock.now())})
        self.look(reply, REGULAR, None)

    @rule(reply=REPLIES, look=LOOKS, after=PERIODS, crash=CRASHES)
    def one_scheduler_looks(self, reply: Reply, look: Look, after: timedelta, crash: int | None) -> None:
        self.clock.advance(after)
        self.look(reply, look, crash)

    @rule(replies=st.tuples(REPLIES, REPLIES) | REPLIES.map(lambda reply: (reply, reply)), after=PERIODS, crash=CRASHES)
    def two_schedulers_look(self, replies: tuple[Reply, Reply], after: timedelta, crash: int | None) -> None:
        self.clock.advance(after)
        for reply in replies:
            self.look(reply, REGULAR, crash)

    @rule(reply=ANSWERS | FAILURES, pace=PACES, times=st.integers(2, 5))
    def it_stays_so(self, reply: Reply, pace: timedelta, times: int) -> None:
        for _ in range(times):
            self.clock.advance(pace)
            self.look(reply, REGULAR, None)

    @rule(replies=st.lists(GOOD, min_size=2, max_size=5), pace=PACES)
    def it_goes_up_and_down(self, replies: list[Reply], pace: timedelta) -> None:
        for reply in replies:
            self.clock.advance(pace)
            self.look(reply, REGULAR, None)

    @rule(by=BACK, reply=REPLIES)
    def the_clock_is_set_back(self, by: timedelta, reply: Reply) -> None:
        self.clock.step_to(self.clock.now() - by)
        self.look(reply, REGULAR, None)

    @rule(name=NAMES, sender=SENDERS, crash=CRASHES)
    def acknowledge(self, name: str, sender: str, crash: int | None) -> None:
        before = self.picture.episode(SCOPES[name])
        self.say(f"/stock ack {name}", sender, crash)
        after = self.picture.episode(SCOPES[name])
        if self.has_say(sender, name) and before and before.state is State.FIRING:
            assert after
            assert after.claim
            assert (after.claim.by, after.claim.until) == (PERSONS[sender].open_id, self.clock.now() + DAY)
        else:
            assert after == before

    @rule(name=NAMES, sender=SENDERS, hours=st.sampled_from([0, 1, 2, 30]), crash=CRASHES)
    def mute(self, name: str, sender: str, hours: int, crash: int | None) -> None:
        if self.has_say(sender, name) and (hours or self.shortages.is_muted(SCOPES[name])):
            self.shortages.muted_until[SCOPES[name]] = self.clock.now() + hours * HOUR
        self.say(f"/stock mute {name} {hours}h" if hours else f"/stock unmute {name}", sender, crash)

    @rule(line=LINES, name=NAMES, eta=ETAS, ticket=RECENT, sender=SENDERS, crash=CRASHES)
    def command(self, line: str, name: str, eta: int, ticket: int, sender: str, crash: int | None) -> None:
        number = max(1, len(self.picture.tickets) - ticket)
        before = self.picture
        self.say(line.format(name=name, eta=self.day(eta), ticket=number), sender, crash)
        assert sender not in OUTSIDERS or self.picture == before

    @rule(crash=CRASHES)
    def a_rule_of_chat_comes_and_goes(self, crash: int | None) -> None:
        known = H200 in self.picture.rules
        self.say("/stock rule unset H200" if known else "/stock rule set H200 min_free=40 samples=1", "boss", crash)
        assert (H200 in self.picture.rules) is not known

    @precondition(lambda self: self.buttons)
    @rule(data=st.data(), old=st.booleans(), eta=ETAS, sender=SENDERS, crash=CRASHES)
    def press(self, data: st.DataObject, eta: int, sender: str, crash: int | None, *, old: bool) -> None:
        value = data.draw(st.sampled_from(self.buttons if old else self.buttons[-8:]))
        filled = {"quantity": "40", "date": self.day(eta)}
        form = {name: filled[name.split("_")[0]] for name in value.get("fields", "").split()}
        before, numbers = self.picture, NUMBER.findall(value["run"])
        self.expect_mute(value["run"], form, sender)
        self.act(lambda key: self.chat.click(value, sender=PERSONS[sender], key=key, form=form), crash)
        known = {str(episode.number) for episode in before.open_episodes}
        assert self.picture == before or (sender not in OUTSIDERS and known.issuperset(numbers))

    @rule(crash=st.booleans(), limit=st.integers(1, 8), after=st.sampled_from([0, 1, 61, 4000]))
    def deliver(self, limit: int, after: int, *, crash: bool) -> None:
        self.clock.advance(timedelta(seconds=after))
        self.shortages.watch(self.picture)
        with self.real.begin() as tx:
            parcels = tx.outbox.claim(owner="me", now=self.clock.now(), lease=LEASE, limit=limit, rates=EVERYWHERE)
        for parcel in parcels:
            self.carry(parcel, settles=not crash)

    # How it happens.

    def look(self, reply: Reply, look: Look, crash: int | None) -> None:
        """One look of a scheduler; after a crash, it looks again."""
        job = WatchStock(self.store, FakeSource(reply.said, name=SITE.stock_source), SITE, self.clock)

        def once() -> None:
            with suppress(RemoteError):
                job.look(look)

        before, posted = self.whole(once, crash)
        if reply.counts and self.clock.now() in self.looked_at:
            assert (self.picture, posted) == (before, [])
            return
        if reply.counts:
            self.looked_at.add(self.clock.now())
        self.shortages.looked(before, self.picture, reply, look)
        self.notices.looked(before, self.picture, reply, look, posted)
        self.keep(posted)

    def say(self, text: str, sender: str, crash: int | None) -> None:
        self.act(lambda key: self.chat.say(text, sender=PERSONS[sender], key=key), crash)

    def has_say(self, sender: str, name: str) -> bool:
        return sender not in OUTSIDERS and SCOPES[name] in self.picture.rules

    def act(self, deed: Callable[[str], object], crash: int | None) -> None:
        """Something that a person does, which the platform brings until it is taken, and once more."""
        key = f"cli_a:deed {next(self.events)}"
        before, posted = self.whole(lambda: deed(key), crash)
        self.shortages.acted(before, self.picture)
        self.notices.acted(before, self.picture, posted)
        self.keep(posted)
        known, again = self.whole(lambda: deed(key), None)
        assert (self.picture, again) == (known, [])

    def whole(self, deed: Callable[[], object], crash: int | None) -> tuple[Picture, list[Draft]]:
        """Do it, after a crash once more: all of it happened then, and nothing before; what was, and what is new."""
        before = self.picture
        self.store.crash_after(crash)
        try:
            deed()
        except Crash:
            assert Picture.take(self.real) == before
            assert self.store.take_posted() == []
            assert self.unknown(draft.key for draft in self.store.drafts if not draft.redraws)
            deed()
        self.store.crash_after(None)
        self.picture = Picture.take(self.real)
        return before, self.store.take_posted()

    def keep(self, posted: list[Draft]) -> None:
        """What was posted is in the outbox; its buttons can be pressed from now on."""
        self.shortages.watch(self.picture)
        keys = [draft.key for draft in posted]
        with self.real.begin() as tx:
            assert tx.outbox.receipts(keys).keys() == {*keys}
        self.buttons += [value for draft in posted for value in pressable(draft.answer)]

    def unknown(self, keys: Iterable[str]) -> bool:
        """Whether none of these was written, apart from those of before."""
        with self.real.begin() as tx:
            return not {*tx.outbox.receipts([*keys])} - self.notices.keys

    def expect_mute(self, run: str, form: dict[str, str], sender: str) -> None:
        """Note the mute that a button asks for, if it is for the shortage of now and whoever presses it may."""
        words = read(run).words
        name = max((each for each in SCOPES if {*each.split()} <= {*words}), key=len)
        episode = self.picture.episode(SCOPES[name])
        if words[1] == "mute" and self.has_say(sender, name) and episode and words[-1] == f"#{episode.number}":
            days = {"1d": DAY, "3d": 3 * DAY}.get(words[-2])
            self.shortages.muted_until[SCOPES[name]] = self.clock.now() + days if days else self.end_of(*form.values())

    def end_of(self, day: str) -> datetime:
        return datetime.combine(date.fromisoformat(day), time(0), SITE.zone) + DAY

    def day(self, after: int) -> str:
        return (self.clock.now() + after * DAY).astimezone(SITE.zone).date().isoformat()

    def carry(self, parcel: Parcel, *, settles: bool = True) -> None:
        """Send as a process does that may be killed before it has written down that it did."""
        now = self.clock.now()
        assert self.uuids.setdefault(parcel.key, parcel.uuid) == parcel.uuid
        assert len({*self.uuids.values()}) == len(self.uuids)
        with self.real.begin() as tx:
            if too_late(parcel, now) or parcel.redraws in self.dead:
                assert tx.outbox.dead(parcel, "", now)
                self.dead.add(parcel.key)
            elif parcel.redraws and parcel.drawn is None:
                assert parcel.redraws in self.notices.keys - self.sent
                assert tx.outbox.again(parcel, due_at=now + MINUTE, error="", as_text=False, counts=False)
            elif settles:
                assert parcel.drawn == (parcel.redraws and f"om {parcel.redraws}")
                assert tx.outbox.sent(parcel, MessageId(f"om {parcel.key}"), now)
                self.sent.add(parcel.key)

    def nothing_was_lost(self) -> None:
        """Whatever was told leaves in the end, or was set aside because nobody knew whether it had."""
        self.clock.step_to(max(self.looked_at) + 2 * DAY)
        for _ in takewhile(lambda _: self.something_waits(), range(1000)):
            with self.real.begin() as tx:
                parcels = tx.outbox.claim(owner="last", now=self.clock.now(), lease=LEASE, limit=50, rates=EVERYWHERE)
            for parcel in parcels:
                self.carry(parcel)
            self.clock.advance(2 * MINUTE)
        told = {told.message_key for told in self.picture.told.values()}
        assert told <= self.sent | self.dead
        assert not self.something_waits()

    def something_waits(self) -> bool:
        with self.real.begin() as tx:
            return tx.outbox.depth().waiting > 0


def test_people_are_told_once_in_time_and_only_of_what_was_counted(migrated: Path, tmp_path: Path) -> None:
    machine: Any = partial(StockMachine, migrated, tmp_path)
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
