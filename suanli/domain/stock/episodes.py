"""Episodes: the life of one shortage, from the first low sample to the recovery notice (gpu.md §2.1).

ok → pending → firing ⇄ acked → recovering → ok. "ok" is having no episode. Every function here takes the moment and
gives back a new value; what a recipient is told follows from the episode and from what they were told before.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from suanli.domain.chat import OpenId
from suanli.domain.stock.rules import Rule, Severity
from suanli.domain.stock.scope import Scope

BLIND_AFTER = 3
"""Samples in a row without a count, after which operators are told."""

BLIND_REPEAT = timedelta(hours=24)


class State(StrEnum):
    """Where an episode stands; a scope without an open one is ok."""

    PENDING = "pending"
    FIRING = "firing"
    ACKED = "acked"
    RECOVERING = "recovering"
    CLOSED = "closed"


class News(StrEnum):
    """What a notice says of an episode."""

    FIRST = "first"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    REOPENED = "reopened"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody sees to it until then: by an acknowledgement, or because cards are on order."""

    by: OpenId
    at: datetime
    until: datetime
    ordered: bool = False

    def as_of(self, now: datetime) -> "Claim":
        """The same, not made in the future: an acknowledgement lasts no longer for it, an order's day stays."""
        ahead = max(self.at - now, timedelta(0))
        return replace(self, at=self.at - ahead, until=self.until if self.ordered else self.until - ahead)


@dataclass(frozen=True, slots=True)
class Episode:
    """One shortage of a scope. `number` is 0 until it is stored.

    `low` counts the low samples in a row while pending. `news` counts what there was to tell, `latest` is the last of
    it. A `quiet` episode ended while muted: nobody is told of its end.
    """

    scope: Scope
    state: State
    severity: Severity
    opened_at: datetime
    free: int
    seen_at: datetime
    lowest: int
    number: int = 0
    low: int = 1
    fired_at: datetime | None = None
    recovering_at: datetime | None = None
    closed_at: datetime | None = None
    claim: Claim | None = None
    news: int = 0
    latest: News | None = None
    quiet: bool = False

    def as_of(self, now: datetime) -> "Episode":
        """The same without moments that are still to come: the clock was set back since they were written."""
        return replace(
            self,
            opened_at=min(self.opened_at, now),
            seen_at=min(self.seen_at, now),
            fired_at=self.fired_at and min(self.fired_at, now),
            recovering_at=self.recovering_at and min(self.recovering_at, now),
            claim=self.claim and self.claim.as_of(now),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A scope's free cards in one sample, and in how many days the last is gone (None: nobody knows)."""

    free: int
    days_left: float | None = None


def observe(
    episode: Episode | None, rule: Rule, reading: Reading, now: datetime, *, muted: bool = False, decisive: bool = False
) -> Episode | None:
    """The episode after one more good sample; None when all is well.

    `decisive`: somebody asked for this look, so one low sample is enough to fire.
    """
    if episode is None or episode.state is State.CLOSED:
        return _begin(rule, reading, now, decisive=decisive)
    known = episode.as_of(now)
    seen = replace(known, free=reading.free, seen_at=now, lowest=min(known.lowest, reading.free))
    match seen.state:
        case State.PENDING:
            return _wait(seen, rule, reading, now, decisive=decisive)
        case State.FIRING:
            return _recover(seen, rule, now) or _worsen(seen, rule, reading, News.ESCALATED)
        case State.ACKED:
            return _recover(seen, rule, now) or _reopen(seen, rule, reading, now)
        case _:
            return _settle(seen, rule, reading, now, muted=muted)


def _begin(rule: Rule, reading: Reading, now: datetime, *, decisive: bool) -> Episode | None:
    if reading.free >= rule.min_free:
        return None
    severity = rule.severity(reading.free, reading.days_left)
    fresh = Episode(rule.scope, State.PENDING, severity, now, reading.free, now, reading.free)
    return _ripen(fresh, rule, now, decisive=decisive)


def _wait(episode: Episode, rule: Rule, reading: Reading, now: datetime, *, decisive: bool) -> Episode | None:
    if reading.free >= rule.min_free:
        return None
    severity = rule.severity(reading.free, reading.days_left)
    return _ripen(replace(episode, low=episode.low + 1, severity=severity), rule, now, decisive=decisive)


def _ripen(episode: Episode, rule: Rule, now: datetime, *, decisive: bool) -> Episode:
    lasted = rule.hold is not None and now - episode.opened_at >= rule.hold
    if episode.low < rule.samples and not lasted and not decisive:
        return episode
    return _with_news(replace(episode, state=State.FIRING, fired_at=now), News.FIRST)


def _recover(episode: Episode, rule: Rule, now: datetime) -> Episode | None:
    # What was set in chat may have raised the threshold above the file's recovery level.
    if episode.free < max(rule.recovered_at, rule.min_free):
        return None
    return replace(episode, state=State.RECOVERING, recovering_at=now, claim=None)


def _worsen(episode: Episode, rule: Rule, reading: Reading, news: News) -> Episode:
    """The same or, if it is worse than ever before, with news; it never gets better, or it could get worse again."""
    severity = rule.severity(reading.free, reading.days_left) if reading.free < rule.min_free else episode.severity
    if severity <= episode.severity:
        return episode
    return _with_news(replace(episode, state=State.FIRING, severity=severity, claim=None), news)


def _reopen(episode: Episode, rule: Rule, reading: Reading, now: datetime) -> Episode:
    worse = _worsen(episode, rule, reading, News.REOPENED)
    if worse.state is State.FIRING or episode.claim is None:
        return worse
    late = now >= episode.claim.until
    # Cards that came late enough are no reason to disturb anybody; an acknowledgement simply ends.
    if late and (reading.free < rule.min_free or not episode.claim.ordered):
        return _with_news(replace(episode, state=State.FIRING, claim=None), News.REOPENED)
    return episode


def _settle(episode: Episode, rule: Rule, reading: Reading, now: datetime, *, muted: bool) -> Episode:
    if reading.free < rule.min_free:
        back = replace(episode, state=State.FIRING, recovering_at=None)
        return _worsen(back, rule, reading, News.ESCALATED)
    if now - (episode.recovering_at or now) < rule.keep:
        return episode
    return _with_news(replace(episode, state=State.CLOSED, closed_at=now, quiet=muted), News.RECOVERED)


def _with_news(episode: Episode, news: News) -> Episode:
    return replace(episode, news=episode.news + 1, latest=news)


def claim(episode: Episode, claim: Claim) -> Episode:
    """Somebody sees to it. Only a firing or an acked episode can be claimed; any other stays as it is."""
    if episode.state not in {State.FIRING, State.ACKED}:
        return episode
    return replace(episode, state=State.ACKED, claim=claim)


def release(episode: Episode) -> Episode:
    """Nobody sees to it any more: what was acked fires again, with news."""
    if episode.state is not State.ACKED:
        return episode
    return _with_news(replace(episode, state=State.FIRING, claim=None), News.REOPENED)


def abandon(episode: Episode, now: datetime) -> Episode:
    """The rule is gone, and with it the episode; nobody is told."""
    return replace(episode, state=State.CLOSED, closed_at=now, quiet=True)


@dataclass(frozen=True, slots=True)
class Blindness:
    """Since when a scope cannot be counted, and why. `told_at` is when operators heard of it."""

    failures: int = 0
    cause: str = ""
    since: datetime | None = None
    told_at: datetime | None = None

    @property
    def is_blind(self) -> bool:
        """Whether it has lasted long enough to matter."""
        return self.failures >= BLIND_AFTER

    def again(self, cause: str, now: datetime) -> "Blindness":
        """One more sample without a count."""
        since = min(self.since or now, now)
        return Blindness(self.failures + 1, cause, since, self.told_at and min(self.told_at, now))

    def is_due(self, now: datetime) -> bool:
        """Whether operators are to be told now."""
        return self.is_blind and (self.told_at is None or now - self.told_at >= BLIND_REPEAT)


@dataclass(frozen=True, slots=True)
class Mute:
    """Nobody is told of a scope until then. It stays on record when it is over."""

    until: datetime
    by: OpenId
    at: datetime
    reason: str = ""

    def is_on(self, now: datetime) -> bool:
        """Whether it still holds."""
        return now < self.until


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that is remembered of a scope: its open episode, whether it can be seen, and a mute."""

    scope: Scope
    episode: Episode | None = None
    blindness: Blindness = Blindness()
    mute: Mute | None = None

    def is_muted(self, now: datetime) -> bool:
        """Whether a mute holds now."""
        return self.mute is not None and self.mute.is_on(now)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: what a recipient was told of an episode, the `count`-th time, in which message of the outbox."""

    episode: int
    recipient: str
    count: int
    kind: News
    news: int
    free: int
    told_at: datetime
    message_key: str


def to_tell(
    episode: Episode,
    rule: Rule,
    told: Told | None,
    mute: Mute | None,
    now: datetime,
    *,
    early: timedelta = timedelta(0),
) -> News | None:
    """What one recipient is to be told of an episode now, given the last notice they got; a reminder, so `early`."""
    if mute is not None and mute.is_on(now):
        return None
    if episode.state is State.CLOSED:
        ended = told is not None and told.kind is not News.RECOVERED and not episode.quiet
        return News.RECOVERED if ended else None
    if episode.state is not State.FIRING:
        return None
    if told is None:
        return News.FIRST
    if told.news < episode.news:
        return episode.latest
    told_at = min(told.told_at, now)
    unmuted = mute is not None and told_at < mute.until
    return News.REMINDER if unmuted or now - told_at >= rule.repeat - early else None
