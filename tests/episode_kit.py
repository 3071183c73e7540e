"""Shortages in every state of their life, for tests of the state machine."""

from datetime import datetime, timedelta

from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import Claim, Episode, Reading, claim, observe
from suanli.domain.stock.rules import Rule
from tests.fakes import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEP = 5 * MINUTE
ALICE = OpenId("ou_alice")
RULE = Rule(Scope(Model("4090"), "国内"), min_free=100)
"""Critical below 50, recovered at 110, two samples, 15 minutes of keeping, 24 hours between reminders."""


def see(
    episode: Episode | None, free: int, at: datetime, days_left: float | None = None, rule: Rule = RULE, **how: bool
) -> Episode:
    """The episode after a sample, where there is one."""
    seen = observe(episode, rule, Reading(free, days_left), at, **how)
    assert seen is not None
    return seen


def is_ok(episode: Episode | None, free: int, at: datetime, rule: Rule = RULE, **how: bool) -> bool:
    """Whether there is no episode after a sample."""
    return observe(episode, rule, Reading(free), at, **how) is None


def fired(free: int = 80) -> Episode:
    """A shortage that two samples confirmed, the second at NOON."""
    return see(see(None, free, NOON - STEP), free, NOON)


def acked(*, until: datetime = NOON + DAY, ordered: bool = False, free: int = 80) -> Episode:
    return claim(fired(free), Claim(ALICE, NOON, until, ordered=ordered))


def recovering(free: int = 110, before: Episode | None = None) -> Episode:
    return see(before or fired(), free, NOON + STEP)
