"""What a look may make of shortages: the state machine's own account of counts, gaps, claims and mutes."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobs.watch_stock import Look
from suanli.domain.stock import Scope
from suanli.domain.stock.episodes import Blindness, Episode, State
from suanli.domain.stock.rules import Rule, Severity
from tests.fakes import FakeClock
from tests.stock_machine_picture import Picture
from tests.stock_machine_scene import BURN, DAY, Reply

CLAIMABLE = {State.FIRING, State.ACKED}
KNOWN = {*CLAIMABLE, State.RECOVERING}


@dataclass
class Shortages:
    """Every scope and every shortage as it must be. Moments of `…_seen` are by a clock that never steps."""

    clock: FakeClock
    free: dict[int, int] = field(default_factory=dict)
    lowest: dict[int, int] = field(default_factory=dict)
    lows: dict[Scope, int] = field(default_factory=lambda: defaultdict(int))
    greatest: int = 0
    muted_until: dict[Scope, datetime] = field(default_factory=dict)
    muted_seen: dict[Scope, timedelta] = field(default_factory=dict)
    claimed_seen: dict[int, timedelta] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def elapsed(self) -> timedelta:
        return timedelta(seconds=self.clock.elapsed())

    def is_muted(self, scope: Scope) -> bool:
        return scope in self.muted_until and self.now < self.muted_until[scope]

    def watch(self, picture: Picture) -> None:
        """Hold the store against what must be so at any moment, and note who is muted and claimed."""
        picture.is_whole()
        for scope, standing in picture.standings.items():
            assert (standing.mute and standing.mute.until) == self.muted_until.get(scope)
        for scope in filter(self.is_muted, self.muted_until):
            self.muted_seen[scope] = self.elapsed
        for episode in picture.open_episodes:
            assert (episode.state is State.ACKED) is (episode.claim is not None)
            assert (episode.free, episode.lowest) == (self.free[episode.number], self.lowest[episode.number])
            if episode.claim:
                assert not episode.claim.ordered or picture.ordered(episode.scope)
                self.claimed_seen[episode.number] = self.elapsed

    # What people may do.

    def acted(self, before: Picture, after: Picture) -> None:
        """People claim and release what is firing, and change nothing else of a shortage."""
        assert after.episodes.keys() == before.episodes.keys()
        for scope in before.standings.keys() | after.standings.keys():
            was, now = before.episode(scope), after.episode(scope)
            if was is None or now is None:
                assert was is now
                continue
            assert _apart_from_claim(was) == _apart_from_claim(now)
            assert was.state is now.state or {was.state, now.state} == {State.FIRING, State.ACKED}
            assert before.of(scope).blindness == after.of(scope).blindness
            if was.state in CLAIMABLE and after.ordered(scope) - before.ordered(scope):
                assert now.claim
                assert now.claim.ordered

    # What a look may do.

    def looked(self, before: Picture, after: Picture, reply: Reply, look: Look) -> None:
        """A count moves a shortage by one step; where there is none, it stays as it was."""
        for scope, rule in after.rules.items():
            if scope in reply.counts:
                self._counted(before.episode(scope), after, rule, reply.counts[scope], look)
            else:
                assert after.episode(scope) == before.episode(scope)
        for scope in before.standings.keys() | self.lows.keys():
            if scope not in after.rules:
                self._dropped(scope, before, after)

    def _counted(self, was: Episode | None, after: Picture, rule: Rule, free: int, look: Look) -> None:
        now = after.episode(rule.scope)
        self.lows[rule.scope] = self.lows[rule.scope] + 1 if free < rule.min_free else 0
        if was is None or was.state not in KNOWN:
            assert (now.state if now else None) is self._begun(rule, free, look)
        if was is None:
            self._is_new(now)
        same = after.after(was) if was else now
        if same is None:
            return
        self.free[same.number] = free
        self.lowest[same.number] = min(self.lowest.get(same.number, free), free)
        assert (same.seen_at, same.free, same.lowest) == (self.now, free, self.lowest[same.number])
        if was and was.state in KNOWN:
            self._goes_on(was, same, rule, free)
        days_left = free / BURN
        if free < rule.min_free and (free < rule.critical_below or days_left < rule.lead_days):
            assert same.severity is Severity.CRITICAL

    def _begun(self, rule: Rule, free: int, look: Look) -> State | None:
        if free >= rule.min_free:
            return None
        return State.FIRING if look.fires_at_once or self.lows[rule.scope] >= rule.samples else State.PENDING

    def _is_new(self, episode: Episode | None) -> None:
        if episode is not None:
            assert episode.number > self.greatest
            self.greatest = episode.number

    def _goes_on(self, was: Episode, now: Episode, rule: Rule, free: int) -> None:
        """A shortage that people know of goes on under its number, or ends by the rule."""
        assert now.state in _followers(was.as_of(self.now), rule, free, self.now)
        assert now.severity >= was.severity
        assert now.state is not State.CLOSED or now.quiet is self.is_muted(rule.scope)
        if was.state is State.ACKED and now.state is State.FIRING:
            claim = was.as_of(self.now).claim
            assert now.severity > was.severity or (claim and claim.until <= self.now)
        if now.claim:
            assert was.claim
            assert free >= rule.min_free or self.now < now.claim.until
            assert now.claim.ordered or now.claim.until - self.now <= DAY

    def _dropped(self, scope: Scope, before: Picture, after: Picture) -> None:
        """A rule that is gone takes its shortage and its blindness with it."""
        assert after.episode(scope) is None
        assert after.of(scope).blindness == Blindness()
        self.lows[scope] = 0
        was = before.episode(scope)
        assert was is None or was.state not in KNOWN or after.episodes[was.number].quiet


def _followers(was: Episode, rule: Rule, free: int, now: datetime) -> set[State]:
    """The states in which one more count may leave a shortage that people know of."""
    if free < rule.min_free:
        return {State.FIRING} if was.state is State.RECOVERING else {was.state, State.FIRING}
    if was.state is State.RECOVERING:
        begun = was.recovering_at or now
        return {State.CLOSED if now - begun >= rule.keep else State.RECOVERING}
    if free >= max(rule.recovered_at, rule.min_free):
        return {State.RECOVERING}
    return {was.state, State.FIRING}


def _apart_from_claim(episode: Episode) -> Episode:
    return replace(episode, state=State.FIRING if episode.claim else episode.state, claim=None, news=0, latest=None)
