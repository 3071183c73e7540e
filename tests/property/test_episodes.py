"""Shortages through any samples, gaps, claims, mutes, changes of rules and clocks: who is told of what, and when."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
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
    Told,
    abandon,
    claim,
    observe,
    release,
    to_tell,
)
from suanli.domain.stock.rules import Recipient, Rule, Severity
from tests.fakes import NOON

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))
ALICE = OpenId("ou_alice")
RULES = (
    Rule(Scope(Model("4090")), 100, lead_days=3),
    Rule(Scope(Model("4090")), 100, recover=110, samples=9, hold=20 * MINUTE),
    Rule(Scope(Model("4090")), 60, samples=3, lead_days=3),
    Rule(Scope(Model("4090")), 200, recover=110),
    Rule(Scope(Model("4090")), 100, recover=100, samples=1, keep=0 * SECOND),
)
RECIPIENTS = (
    Recipient("ou_always"),
    Recipient("ou_another"),
    Recipient("ou_grave", severities=frozenset({Severity.CRITICAL})),
    Recipient("ou_mild", severities=frozenset({Severity.WARNING})),
    Recipient("ou_night", hours=(time(22), time(6)), weekdays=frozenset({4, 5, 6})),
)
FREE = st.sampled_from([0, 29, 49, 50, 59, 80, 99, 99, 100, 105, 110, 120, 150, 220, 300])
DAYS_LEFT = st.sampled_from([None, None, None, 0.0, 2.9, 3.0, 40.0])
PERIODS = st.sampled_from([0 * SECOND, SECOND, 5 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY])
BACK = st.sampled_from([SECOND, 3 * MINUTE, HOUR, 2 * DAY, 400 * DAY])
LIVE = {State.FIRING, State.ACKED, State.RECOVERING}


@dataclass(frozen=True)
class Notice:
    """A notice that went out: when by a clock that never steps."""

    kind: News
    severity: Severity
    news: int
    elapsed: timedelta


class EpisodeMachine(RuleBasedStateMachine):
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
        self.told: dict[tuple[int, str], Told] = {}
        self.notices: dict[tuple[int, str], list[Notice]] = defaultdict(list)

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

    def follows(self, before: Episode | None, seen: Episode | None, free: int, *, decisive: bool) -> None:
        """One sample led from one to the other as the table has it."""
        low = free < self.rule.min_free
        if seen is None:
            assert not low
            assert before is None or before.state is State.PENDING
            return
        assert seen.seen_at == self.now
        assert all(moment <= self.now for moment in (seen.opened_at, seen.fired_at, seen.recovering_at) if moment)
        if before is None or before.state is State.PENDING:
            assert low
            assert seen.low == (before.low + 1 if before else 1)
            lasted = self.rule.hold is not None and self.now - seen.opened_at >= self.rule.hold
            fires = decisive or lasted or seen.low >= self.rule.samples
            assert (seen.state, seen.news) == ((State.FIRING, 1) if fires else (State.PENDING, 0))
            return
        assert seen.number == before.number
        assert seen.severity >= before.severity
        assert not low or seen.state in {State.FIRING, State.ACKED}
        self.tells_its_news(before, seen)
        self.keeps_its_claim(before, seen, low=low)
        self.recovers(before, seen, free)

    def tells_its_news(self, before: Episode, seen: Episode) -> None:
        """There is news when it got worse, when a claim ended, and at the end; and no other."""
        news = None
        if seen.state is State.CLOSED:
            news = News.RECOVERED
        elif before.state is State.ACKED and seen.state is State.FIRING:
            news = News.REOPENED
        elif seen.severity > before.severity:
            news = News.ESCALATED
        assert seen.news == before.news + (news is not None)
        assert seen.latest is (news or before.latest)

    def keeps_its_claim(self, before: Episode, seen: Episode, *, low: bool) -> None:
        """A claim ends by its time, by getting worse, or because cards are back; and none comes of itself."""
        held = before.as_of(self.now).claim
        if held is None or seen.state is State.RECOVERING:
            assert seen.claim is None
            return
        late = held.until <= self.now and (low or not held.ordered)
        assert (seen.claim is None) is (late or seen.severity > before.severity)
        assert seen.claim in {None, held}

    def recovers(self, before: Episode, seen: Episode, free: int) -> None:
        """Recovery begins when enough cards are free, lasts its time, and ends with too few or for good."""
        least = self.rule.min_free
        enough = least if before.state is State.RECOVERING else max(least, self.rule.recovered_at)
        assert (seen.state in {State.RECOVERING, State.CLOSED}) is (free >= enough)
        assert seen.state not in {State.FIRING, State.ACKED} or seen.recovering_at is None
        if before.state is State.RECOVERING and seen.recovering_at is not None:
            assert (seen.state is State.CLOSED) is (self.now - seen.recovering_at >= self.rule.keep)
        else:
            assert seen.state is not State.CLOSED

    def nobody_waits(self) -> None:
        """After a good sample, whoever listens and is concerned knows what there is to know."""
        for recipient in self.listening():
            for episode in self.over:
                known = self.notices[episode.number, recipient.id]
                assert not known or episode.quiet or known[-1].kind is News.RECOVERED
            if (
                self.episode
                and self.episode.state is State.FIRING
                and recipient.wants(self.rule, self.episode.severity)
            ):
                last = self.notices[self.episode.number, recipient.id][-1]
                assert last.news == self.episode.news
                assert self.is_fresh(last, self.rule.repeat, self.back_at)
                assert self.mute is None or self.told[self.episode.number, recipient.id].told_at >= self.mute.until

    def may_be_told(self, episode: Episode, recipient: Recipient, kind: News) -> None:
        """This notice is in its place among those that this recipient got of this episode."""
        earlier = self.notices[episode.number, recipient.id]
        assert not self.is_muted
        assert episode.state is (State.CLOSED if kind is News.RECOVERED else State.FIRING)
        assert (kind is News.FIRST) is (not earlier)
        assert all(each.kind is not News.RECOVERED for each in earlier)
        if kind is News.RECOVERED:
            assert not episode.quiet
        if kind is News.ESCALATED:
            assert episode.severity > max(each.severity for each in earlier)
        if kind is News.REMINDER:
            waited = self.elapsed - earlier[-1].elapsed >= self.rule.repeat
            assert waited or self.muted_at >= earlier[-1].elapsed

    # How the job does it.

    @property
    def is_muted(self) -> bool:
        return self.mute is not None and self.mute.is_on(self.now)

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

    def listening(self) -> Iterator[Recipient]:
        return (r for r in RECIPIENTS if r.listens(self.now) and not self.is_muted)

    def tell(self) -> None:
        for episode in (*self.over, *((self.episode,) if self.episode else ())):
            for recipient in RECIPIENTS:
                last = self.told.get((episode.number, recipient.id))
                kind = to_tell(episode, self.rule, last, self.mute, self.now)
                wanted = kind is News.RECOVERED or recipient.wants(self.rule, episode.severity)
                if kind and wanted and recipient.listens(self.now):
                    self.may_be_told(episode, recipient, kind)
                    self.write(episode, recipient, last, kind)

    def write(self, episode: Episode, recipient: Recipient, last: Told | None, kind: News) -> None:
        key = (episode.number, recipient.id)
        number = last.count + 1 if last else 1
        self.told[key] = Told(*key, number, kind, episode.news, episode.free, self.now, "")
        self.notices[key].append(Notice(kind, episode.severity, episode.news, self.elapsed))

    def tell_operators(self) -> None:
        assert self.misses >= BLIND_AFTER
        assert not self.blind_told or self.elapsed - self.blind_told[-1].elapsed >= BLIND_REPEAT
        self.blindness = replace(self.blindness, told_at=self.now)
        self.blind_told.append(Notice(News.FIRST, Severity.CRITICAL, 0, self.elapsed))

    def is_fresh(self, notice: Notice, repeat: timedelta, back_at: timedelta) -> bool:
        """Whether it is younger than the interval, which begins anew when the clock is set back."""
        return self.elapsed - max(notice.elapsed, back_at) < repeat


def test_everybody_is_told_of_every_shortage_once_and_in_time() -> None:
    run_state_machine_as_test(
        EpisodeMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None)
    )
