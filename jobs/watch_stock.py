"""Ask the stock source how many cards there are; store the answer, and tell people what follows from it.

Sample, episodes, notices and messages are one transaction: a sample is counted once, however many processes look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from handlers.stock import board
from handlers.stock.ledger import rules_of
from jobs.stock_notices import Telling
from suanli.clock import Clock
from suanli.domain.errors import RemoteError
from suanli.domain.ports import StockSource, Store, Transaction
from suanli.domain.site import Site
from suanli.domain.stock import Counts, Sample, Scope, count_scopes, sample
from suanli.domain.stock.episodes import (
    BLIND_AFTER,
    Blindness,
    Episode,
    Reading,
    Standing,
    abandon,
    observe,
)
from suanli.domain.stock.rules import Rule
from suanli.domain.stock.trend import Burn, days_until

log = structlog.get_logger()

UNNAMED = "-"
"""The cause of a scope that a good answer does not name; it is put into words where it is read."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a look came about: one that somebody asked for needs no second sample, to fire or to be blind.

    Reminders may be so `early`: a look that is made once a day would else miss one by seconds, and then by a day.
    """

    fires_at_once: bool = False
    is_blind_at_once: bool = False
    early: timedelta = timedelta(0)


REGULAR = Look()
DAILY = Look(fires_at_once=True, early=timedelta(minutes=10))
ASKED = replace(DAILY, is_blind_at_once=True)


@dataclass(frozen=True, slots=True)
class WatchStock:
    """One answer of the source becomes one set of samples and moves every rule's episode by one step.

    A failure is written down and never becomes zeros: it makes scopes blind, of which operators are told.
    """

    store: Store
    source: StockSource
    site: Site
    clock: Clock

    def run(self, _scheduled_for: datetime) -> str:
        """The look of every few minutes; what came of it. Raises what the source raises."""
        return self.look(REGULAR)

    def daily(self, _scheduled_for: datetime) -> str:
        """The look at the time of day that the settings name."""
        return self.look(DAILY)

    def look(self, look: Look) -> str:
        """Fetch, store, decide and tell; what came of it. Raises what the source raises, after writing that down."""
        try:
            rows = self.source.fetch()
        except RemoteError as error:
            with self.store.begin() as tx:
                tx.lock(board.LOCK)
                now = self.clock.now()
                tx.samples.failed(self.source.name, str(error), now)
                _Check(tx, self.site, now, look).lost(str(error))
            raise
        with self.store.begin() as tx:
            tx.lock(board.LOCK)
            now = self.clock.now()
            samples = sample(rows, self.site.fleet, source=self.source.name, taken_at=now)
            told = _Check(tx, self.site, now, look).seen(samples) if tx.samples.add(samples, now) else 0
        return f"{len(samples)} samples, {told} told"


class _Check:
    """One look at every rule, inside one transaction that holds the stock's lock."""

    def __init__(self, tx: Transaction, site: Site, now: datetime, look: Look) -> None:
        self._tx, self._site, self._now, self._look = tx, site, now, look
        self._rules = rules_of(tx, site)
        self._before = tx.episodes.standings()

    def seen(self, samples: tuple[Sample, ...]) -> int:
        """Count every rule's cards; how many messages follow."""
        counts, burns = count_scopes(samples), self._tx.burns.all()
        return self._settle({scope: self._see(rule, counts.get(scope), burns) for scope, rule in self._rules.items()})

    def lost(self, cause: str) -> int:
        """Note that nothing could be counted; how many messages follow."""
        return self._settle({scope: self._lose(self._standing(scope), cause) for scope in self._rules})

    def _see(self, rule: Rule, counts: Counts | None, burns: Mapping[Scope, Burn]) -> Standing:
        standing = self._standing(rule.scope)
        if counts is None:
            return self._lose(standing, UNNAMED)
        reading = Reading(counts.free, days_until(0, counts.free, burns.get(rule.scope)))
        episode = observe(
            standing.episode,
            rule,
            reading,
            self._now,
            muted=standing.is_muted(self._now),
            decisive=self._look.fires_at_once,
        )
        return Standing(rule.scope, episode, Blindness(), standing.mute)

    def _lose(self, standing: Standing, cause: str) -> Standing:
        blindness = standing.blindness.again(cause, self._now)
        if self._look.is_blind_at_once and not blindness.is_blind:
            blindness = Blindness(BLIND_AFTER, cause, blindness.since, blindness.told_at)
        return Standing(standing.scope, standing.episode, blindness, standing.mute)

    def _settle(self, after: Mapping[Scope, Standing]) -> int:
        """Write down what changed and tell of it."""
        orphans = [s for scope, s in self._before.items() if scope not in self._rules]
        gone = [
            Standing(s.scope, s.episode and abandon(s.episode, self._now), mute=s.mute)
            for s in orphans
            if s.episode or s.blindness != Blindness()
        ]
        telling = Telling(self._tx, self._site, self._rules, self._now, early=self._look.early)
        after = {**after, **telling.tell_operators(self._before, after)}
        changed = [s for scope, s in after.items() if s != self._standing(scope)]
        saved = self._tx.episodes.save([*changed, *gone])
        standings = {**after, **{standing.scope: standing for standing in saved}}
        shifted = [s.episode for s in saved if s.episode and _looks_different(self._before.get(s.scope), s.episode)]
        # Before anybody is told anew: what is redrawn is the card that hangs there, not the one that follows.
        board.redraw(self._tx, self._site, shifted, self._now, standings=standings)
        return telling.tell(standings)

    def _standing(self, scope: Scope) -> Standing:
        return self._before.get(scope) or Standing(scope)


def _looks_different(before: Standing | None, episode: Episode) -> bool:
    """Whether cards that show an episode are out of date: free cards alone are no reason to draw them anew."""
    known = before.episode if before else None
    if known is None:
        return False
    return (known.state, known.severity, known.claim) != (episode.state, episode.severity, episode.claim)
