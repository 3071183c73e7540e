"""What one recipient is told of a shortage, given what they were told before (gpu.md §2.1)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import (
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

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
ALICE = OpenId("ou_alice")
RULE = Rule(Scope(Model("4090")), min_free=100, samples=1, keep=HOUR)


def see(episode: Episode | None, free: int, at: datetime = NOON, *, muted: bool = False) -> Episode:
    seen = observe(episode, RULE, Reading(free), at, muted=muted)
    assert seen is not None
    return seen


def told(episode: Episode, at: datetime = NOON, kind: News | None = None) -> Told:
    """The last notice: that of the episode as it stands."""
    kind = kind or episode.latest or News.FIRST
    return Told(episode.number, "ou_alice", 1, kind, episode.news, episode.free, at, "k")


def say(episode: Episode, before: Told | None, now: datetime = NOON, mute: Mute | None = None) -> News | None:
    return to_tell(episode, RULE, before, mute, now)


def muted(until: datetime, at: datetime = NOON) -> Mute:
    return Mute(until, ALICE, at)


FIRING = replace(see(None, 80), number=7)
CRITICAL = replace(see(None, 10), number=7)
WORSE = see(FIRING, 10, NOON + HOUR)
ACKED = claim(FIRING, Claim(ALICE, NOON, NOON + DAY))
RECOVERING = see(FIRING, 120, NOON + HOUR)
OVER = see(RECOVERING, 120, NOON + 2 * HOUR)
PENDING = Episode(RULE.scope, State.PENDING, Severity.WARNING, NOON, 80, NOON, 80)


@pytest.mark.parametrize("episode", [FIRING, CRITICAL, WORSE, see(RECOVERING, 10, NOON + 2 * HOUR), release(ACKED)])
def test_whoever_heard_nothing_yet_hears_the_first_notice_whatever_happened_meanwhile(episode: Episode) -> None:
    """Quiet hours, or a filter of severities: who wants critical ones only hears first when it escalates."""
    assert say(episode, None, NOON + 9 * HOUR) is News.FIRST


def test_a_recipient_of_critical_ones_hears_first_at_escalation() -> None:
    picky = Recipient("ou_alice", severities=frozenset({Severity.CRITICAL}))
    assert not picky.wants(RULE, FIRING.severity)
    assert picky.wants(RULE, WORSE.severity)
    assert say(WORSE, None, NOON + HOUR) is News.FIRST
    assert say(WORSE, told(WORSE, NOON + HOUR), NOON + HOUR) is None


@pytest.mark.parametrize("episode", [PENDING, ACKED, RECOVERING])
@pytest.mark.parametrize("before", [None, told(FIRING)])
def test_nobody_is_told_while_pending_acked_or_recovering(episode: Episode, before: Told | None) -> None:
    assert say(episode, before, NOON + 30 * DAY) is None


def test_a_notice_is_not_repeated_before_its_time() -> None:
    assert say(FIRING, told(FIRING), NOON) is None
    assert say(FIRING, told(FIRING), NOON + DAY - SECOND) is None
    assert say(FIRING, told(FIRING), NOON + DAY) is News.REMINDER


def test_reminders_count_from_the_last_notice_and_follow_the_rule() -> None:
    reminded = told(FIRING, NOON + DAY, News.REMINDER)
    assert say(FIRING, reminded, NOON + 2 * DAY - SECOND) is None
    assert say(FIRING, reminded, NOON + 2 * DAY) is News.REMINDER
    often = replace(RULE, repeat=HOUR)
    assert to_tell(FIRING, often, reminded, None, NOON + DAY + HOUR) is News.REMINDER


def test_an_escalation_does_not_wait_for_the_repeat_interval_and_is_told_once() -> None:
    assert say(WORSE, told(FIRING), NOON + HOUR) is News.ESCALATED
    assert say(WORSE, told(WORSE), NOON + HOUR) is None


def test_a_reopened_shortage_is_told_at_once_and_once() -> None:
    reopened = see(ACKED, 80, NOON + DAY)
    assert say(reopened, told(FIRING, NOON + DAY - SECOND), NOON + DAY) is News.REOPENED
    assert say(reopened, told(reopened, NOON + DAY), NOON + DAY) is None


def test_a_shortage_that_came_back_while_recovering_is_no_news_but_is_reminded_of() -> None:
    back = see(RECOVERING, 80, NOON + HOUR)
    assert say(back, told(FIRING), NOON + 2 * HOUR) is None
    assert say(back, told(FIRING), NOON + DAY) is News.REMINDER


def test_a_shortage_that_came_back_worse_is_told_at_once() -> None:
    assert say(see(RECOVERING, 10, NOON + HOUR), told(FIRING), NOON + HOUR) is News.ESCALATED


def test_of_several_missed_news_the_last_is_told() -> None:
    missed = release(claim(WORSE, Claim(ALICE, NOON, NOON + DAY)))
    assert missed.news == 3
    assert say(missed, told(FIRING), NOON + HOUR) is News.REOPENED


def test_the_end_is_told_to_those_who_knew_of_it_and_once() -> None:
    assert say(OVER, told(FIRING), NOON + 2 * HOUR) is News.RECOVERED
    assert say(OVER, told(FIRING), NOON + 3 * DAY) is News.RECOVERED
    assert say(OVER, told(OVER), NOON + 3 * DAY) is None


def test_the_end_of_what_they_never_heard_of_is_not_told() -> None:
    assert say(OVER, None) is None


def test_the_end_while_muted_is_never_told_not_even_after_the_mute() -> None:
    quiet = see(RECOVERING, 120, NOON + 2 * HOUR, muted=True)
    assert say(quiet, told(FIRING), NOON + 2 * HOUR, muted(NOON + DAY)) is None
    assert say(quiet, told(FIRING), NOON + 2 * DAY, muted(NOON + DAY)) is None


def test_the_end_of_a_rule_is_not_told() -> None:
    assert say(abandon(FIRING, NOON), told(FIRING)) is None


@pytest.mark.parametrize("episode", [FIRING, WORSE, OVER, release(ACKED)])
@pytest.mark.parametrize("before", [None, told(FIRING)])
def test_nothing_is_told_while_muted(episode: Episode, before: Told | None) -> None:
    assert say(episode, before, NOON + 30 * DAY, muted(NOON + 30 * DAY + SECOND)) is None


def test_when_a_mute_ends_what_still_fires_is_reminded_of_and_once() -> None:
    mute = muted(NOON + 3 * HOUR)
    assert say(FIRING, told(FIRING), NOON + 3 * HOUR - SECOND, mute) is None
    assert say(FIRING, told(FIRING), NOON + 3 * HOUR, mute) is News.REMINDER
    reminded = told(FIRING, NOON + 3 * HOUR, News.REMINDER)
    assert say(FIRING, reminded, NOON + 3 * HOUR, mute) is None
    assert say(FIRING, reminded, NOON + DAY + 3 * HOUR, mute) is News.REMINDER


def test_when_a_mute_ends_a_shortage_that_began_under_it_is_told_for_the_first_time() -> None:
    assert say(FIRING, None, NOON + 3 * HOUR, muted(NOON + 3 * HOUR)) is News.FIRST


def test_when_a_mute_ends_an_escalation_under_it_is_told_as_such() -> None:
    assert say(WORSE, told(FIRING), NOON + 3 * HOUR, muted(NOON + 3 * HOUR)) is News.ESCALATED


@pytest.mark.parametrize("episode", [ACKED, RECOVERING])
def test_when_a_mute_ends_nobody_is_reminded_of_what_does_not_fire(episode: Episode) -> None:
    assert say(episode, told(FIRING), NOON + 3 * HOUR, muted(NOON + 3 * HOUR)) is None


def test_a_mute_of_long_ago_reminds_nobody() -> None:
    assert say(FIRING, told(FIRING), NOON, muted(NOON - DAY, at=NOON - 2 * DAY)) is None


def test_a_notice_from_the_future_is_as_good_as_one_of_now() -> None:
    """The clock was set back; the store lets such notices be of now, so the wait is no longer than one interval."""
    assert say(FIRING, told(FIRING, NOON + 365 * DAY), NOON) is None
    assert say(WORSE, told(FIRING, NOON + 365 * DAY), NOON) is News.ESCALATED


def test_two_recipients_are_told_each_for_themselves() -> None:
    """The original's fourth defect: one success stamped the model for everybody."""
    assert [say(FIRING, before, NOON + HOUR) for before in (told(FIRING), None)] == [None, News.FIRST]
