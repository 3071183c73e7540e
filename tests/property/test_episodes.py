"""Shortages through any samples, gaps, claims, mutes, changes of rules and clocks: who is told of what, and when."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from suanli.domain.stock.episodes import (
    BLIND_AFTER,
    BLIND_REPEAT,
    Blindness,
    Claim,
    Episode,
    Mute,
    News,
    Reading,
    State,
    abandon,
    claim,
    observe,
    release,
)
from suanli.domain.stock.rules import Rule, Severity
from tests.episode_kit import ALICE, DAY, HOUR, MINUTE
from tests.episode_machine_notices import Notice, Notices
from tests.episode_machine_scene import BACK, DAYS_LEFT, FREE, PERIODS, RULES
from tests.episode_machine_table import Table
from tests.fakes import NOON

LIVE = {State.FIRING, State.ACKED, State.RECOVERING}


class EpisodeMachine(Table, Notices, RuleBasedStateMachine):
    """The state machine in the place of the job that drives it, and a ledger of everything that was told."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.elapsed = NOON, timedelta(0)
        self.back_at, self.back_seen, self.was_set_back = -DAY, -DAY, False
        self.rule = RULES[0]
        self.episode: Episode | None = None
        self.over: list[Episode] = []
        self.mute: Mute | None = None
        self.muted_at = -DAY
        self.blindness = Blindness()
        self.misses = 0
        self.blind_told: list[Notice] = []
        self.numbers = count(1)
        self.lowest: dict[int, int] = {}
        self.told = {}
        self.notices = defaultdict(list)

    # What happens.

    @rule(free=FREE, days_left=DAYS_LEFT, after=PERIODS, decisive=st.sampled_from([False, False, False, True]))
    def sample(self, free: int, days_left: float | None, after: timedelta, *, decisive: bool) -> None:
        self.pass_time(after)
        before = self.episode
        reading = Reading(free, days_left)
        seen = observe(before, self.rule, reading, self.now, muted=self.is_muted, decisive=decisive)
        self.blindness, self.misses = Blindness(), 0
        self.blind_told.clear()
        self.follows(before, seen, free, decisive=decisive)
        self.keep(seen)
        self.tell()
        self.nobody_waits()

    @rule(free=st.integers(0, 99), times=st.integers(2, 30), after=st.sampled_from([5 * MINUTE, HOUR]))
    def stay(self, free: int, times: int, after: timedelta) -> None:
        for _ in range(times):
            self.sample(free, None, after, decisive=False)

    @rule(free=st.sampled_from([150, 220, 300]), times=st.integers(2, 5), after=st.sampled_from([5 * MINUTE, HOUR]))
    def get_well(self, free: int, times: int, after: timedelta) -> None:
        for _ in range(times):
            self.sample(free, None, after, decisive=False)

    @rule(times=st.integers(1, 30), after=PERIODS)
    def miss(self, times: int, after: timedelta) -> None:
        before = self.episode
        for _ in range(times):
            self.pass_time(after)
            self.misses += 1
            self.back_seen = self.elapsed if self.was_set_back else self.back_seen
            self.was_set_back = False
            self.blindness = self.blindness.again("HTTP 502", self.now)
            if self.blindness.is_due(self.now):
                self.tell_operators()
            if self.misses >= BLIND_AFTER:
                assert self.is_fresh(self.blind_told[-1], BLIND_REPEAT, self.back_seen)
        assert self.episode is before

    @precondition(lambda self: self.episode)
    @rule(lasts=PERIODS, ordered=st.booleans())
    def claim(self, lasts: timedelta, *, ordered: bool) -> None:
        self.change(claim(self.open, Claim(ALICE, self.now, self.now + lasts, ordered)))

    @precondition(lambda self: self.episode)
    @rule()
    def release(self) -> None:
        was_acked = self.open.state is State.ACKED
        news = self.open.news + was_acked
        self.change(release(self.open))
        assert self.open.news == news
        assert not was_acked or (self.open.state, self.open.latest) == (State.FIRING, News.REOPENED)

    @rule(lasts=PERIODS)
    def mute_for(self, lasts: timedelta) -> None:
        self.mute = Mute(self.now + lasts, ALICE, self.now)
        self.muted_at = self.elapsed

    @precondition(lambda self: self.is_muted)
    @rule()
    def unmute(self) -> None:
        assert self.mute is not None
        self.mute = replace(self.mute, until=self.now)

    @rule(by=BACK)
    def set_the_clock_back(self, by: timedelta) -> None:
        self.now -= by
        self.back_at, self.was_set_back = self.elapsed, True
        self.pass_time(timedelta(0))

    @rule(to=st.sampled_from(RULES))
    def change_the_rule(self, to: Rule) -> None:
        self.rule = to

    @precondition(lambda self: self.episode)
    @rule()
    def drop_the_rule(self) -> None:
        self.keep(abandon(self.open, self.now))
        self.tell()

    # What must hold.

    @invariant()
    def only_what_is_claimed_is_acked(self) -> None:
        if self.episode is not None:
            assert (self.episode.state is State.ACKED) is (self.episode.claim is not None)
            assert self.episode.state is not State.CLOSED

    # How the job does it.

    @property
    def open(self) -> Episode:
        assert self.episode is not None
        return self.episode

    def pass_time(self, after: timedelta) -> None:
        self.now += after
        self.elapsed += after
        self.muted_at = self.elapsed if self.is_muted else self.muted_at
        # As the store does: notices of the future are of now.
        self.told = {key: replace(each, told_at=min(each.told_at, self.now)) for key, each in self.told.items()}

    def keep(self, seen: Episode | None) -> None:
        if seen is not None and seen.number == 0:
            seen = replace(seen, number=next(self.numbers))
        if seen is not None:
            self.lowest[seen.number] = min(self.lowest.get(seen.number, seen.free), seen.free)
            assert seen.lowest == self.lowest[seen.number]
        if seen is not None and seen.state is State.CLOSED:
            assert seen.quiet or not self.is_muted
            self.over.append(seen)
            seen = None
        self.episode = seen

    def change(self, episode: Episode) -> None:
        """A click changes the state, and what it was is still known."""
        before = self.open
        assert replace(episode, state=before.state, claim=before.claim, news=0, latest=None) == replace(
            before, news=0, latest=None
        )
        assert (episode.state in LIVE) is (before.state in LIVE)
        self.keep(episode)

    def tell_operators(self) -> None:
        assert self.misses >= BLIND_AFTER
        assert not self.blind_told or self.elapsed - self.blind_told[-1].elapsed >= BLIND_REPEAT
        self.blindness = replace(self.blindness, told_at=self.now)
        self.blind_told.append(Notice(News.FIRST, Severity.CRITICAL, 0, self.elapsed))


def test_everybody_is_told_of_every_shortage_once_and_in_time() -> None:
    run_state_machine_as_test(
        EpisodeMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None)
    )
