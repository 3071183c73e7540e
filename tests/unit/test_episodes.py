"""The life of a shortage, row by row of the table in gpu.md §2.1, and its corners."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.chat import OpenId
from suanli.domain.stock import Model, Scope
from suanli.domain.stock.episodes import (
    Blindness,
    Claim,
    Episode,
    Mute,
    News,
    Reading,
    Standing,
    State,
    abandon,
    claim,
    observe,
    release,
)
from suanli.domain.stock.rules import Rule, Severity
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


# The rows of the table.


def test_ok_and_too_few_cards_is_pending_without_a_word() -> None:
    got = see(None, 99, NOON)
    assert (got.state, got.low, got.news, got.fired_at) == (State.PENDING, 1, 0, None)
    assert (got.scope, got.opened_at, got.free, got.lowest) == (RULE.scope, NOON, 99, 99)


@pytest.mark.parametrize("free", [100, 109, 5000])
def test_ok_and_enough_cards_stays_ok(free: int) -> None:
    assert is_ok(None, free, NOON)


@pytest.mark.parametrize("free", [100, 5000])
def test_pending_and_enough_cards_is_ok_again(free: int) -> None:
    assert is_ok(see(None, 99, NOON), free, NOON + STEP)


def test_pending_and_enough_low_samples_fires_with_the_first_notice() -> None:
    got = fired(free=99)
    assert (got.state, got.latest, got.news, got.severity) == (State.FIRING, News.FIRST, 1, Severity.WARNING)
    assert (got.opened_at, got.fired_at) == (NOON - STEP, NOON)


def test_low_samples_count_only_in_a_row() -> None:
    high = observe(see(None, 99, NOON), RULE, Reading(100), NOON + STEP)
    again = see(high, 99, NOON + 2 * STEP)
    assert (again.state, again.low) == (State.PENDING, 1)


def test_pending_and_the_severity_of_the_sample_that_fires_counts() -> None:
    worse = see(see(None, 99, NOON), 49, NOON + STEP)
    better = see(see(None, 49, NOON), 99, NOON + STEP)
    assert (worse.severity, better.severity) == (Severity.CRITICAL, Severity.WARNING)


@pytest.mark.parametrize(
    ("free", "severity"), [(50, Severity.WARNING), (49, Severity.CRITICAL), (0, Severity.CRITICAL)]
)
def test_a_shortage_starts_critical_below_half(free: int, severity: Severity) -> None:
    assert fired(free).severity is severity


@pytest.mark.parametrize(
    ("days_left", "severity"),
    [(13.9, Severity.CRITICAL), (14.0, Severity.WARNING), (None, Severity.WARNING), (0.0, Severity.CRITICAL)],
)
def test_a_shortage_is_critical_when_cards_are_gone_before_new_ones_come(
    days_left: float | None, severity: Severity
) -> None:
    slow = replace(RULE, lead_days=14, samples=1)
    assert see(None, 99, NOON, days_left, slow).severity is severity


def test_pending_and_lasting_long_enough_fires_whatever_the_count() -> None:
    rule = replace(RULE, samples=10, hold=10 * MINUTE)
    waiting = see(see(None, 99, NOON, rule=rule), 99, NOON + 10 * MINUTE - timedelta(seconds=1), rule=rule)
    assert waiting.state is State.PENDING
    assert see(waiting, 99, NOON + 10 * MINUTE, rule=rule).latest is News.FIRST


def test_the_count_fires_before_the_duration_when_it_is_reached_first() -> None:
    rule = replace(RULE, samples=2, hold=DAY)
    assert see(see(None, 99, NOON, rule=rule), 99, NOON + MINUTE, rule=rule).state is State.FIRING


def test_firing_and_getting_worse_is_told_at_once_and_once() -> None:
    worse = see(fired(80), 49, NOON + STEP)
    assert (worse.state, worse.severity, worse.latest, worse.news) == (
        State.FIRING,
        Severity.CRITICAL,
        News.ESCALATED,
        2,
    )
    still = see(see(worse, 0, NOON + 2 * STEP), 48, NOON + 3 * STEP)
    assert (still.severity, still.news) == (Severity.CRITICAL, 2)


def test_firing_and_getting_better_but_not_well_stays_critical_and_escalates_no_second_time() -> None:
    episode = fired(10)
    for n, free in enumerate((60, 99, 105, 10, 99, 10)):
        episode = see(episode, free, NOON + (n + 1) * STEP)
        assert (episode.severity, episode.news) == (Severity.CRITICAL, 1)


def test_firing_and_running_out_sooner_than_new_ones_come_is_worse() -> None:
    rule = replace(RULE, lead_days=14)
    worse = see(fired(80), 80, NOON + STEP, 3.0, rule)
    assert (worse.severity, worse.latest) == (Severity.CRITICAL, News.ESCALATED)


def test_firing_and_acknowledged_is_acked_without_news() -> None:
    got = acked()
    assert (got.state, got.news) == (State.ACKED, 1)
    assert got.claim == Claim(ALICE, NOON, NOON + DAY)


def test_acked_stays_acked_while_the_claim_lasts() -> None:
    got = see(acked(), 80, NOON + DAY - timedelta(seconds=1))
    assert (got.state, got.news, got.free) == (State.ACKED, 1, 80)


def test_acked_and_getting_worse_reopens_at_once() -> None:
    got = see(acked(until=NOON + 30 * DAY, ordered=True), 49, NOON + STEP)
    assert (got.state, got.severity, got.latest, got.claim) == (State.FIRING, Severity.CRITICAL, News.REOPENED, None)
    assert got.news == 2


@pytest.mark.parametrize("free", [80, 100, 109])
def test_acked_and_the_acknowledgement_over_reopens(free: int) -> None:
    got = see(acked(), free, NOON + DAY)
    assert (got.state, got.latest, got.news, got.claim) == (State.FIRING, News.REOPENED, 2, None)


def test_acked_and_the_order_late_reopens_while_cards_are_few() -> None:
    got = see(acked(until=NOON + 10 * DAY, ordered=True), 99, NOON + 10 * DAY)
    assert (got.state, got.latest) == (State.FIRING, News.REOPENED)


def test_acked_and_the_order_late_but_cards_above_the_threshold_stays_quiet_until_they_are_few() -> None:
    waiting = see(acked(until=NOON + 10 * DAY, ordered=True), 100, NOON + 11 * DAY)
    assert (waiting.state, waiting.news) == (State.ACKED, 1)
    assert see(waiting, 99, NOON + 12 * DAY).latest is News.REOPENED


@pytest.mark.parametrize("before", [fired(), acked(), fired(10)])
def test_firing_or_acked_and_enough_cards_is_recovering_without_a_word(before: Episode) -> None:
    got = see(before, 110, NOON + STEP)
    assert (got.state, got.recovering_at, got.news, got.claim) == (State.RECOVERING, NOON + STEP, before.news, None)


@pytest.mark.parametrize("free", [100, 105, 109])
def test_between_threshold_and_recovery_a_shortage_goes_on(free: int) -> None:
    assert see(fired(), free, NOON + STEP).state is State.FIRING
    assert see(acked(), free, NOON + STEP).state is State.ACKED


@pytest.mark.parametrize("free", [100, 109])
def test_between_threshold_and_recovery_a_recovery_goes_on_too(free: int) -> None:
    got = see(recovering(), free, NOON + 2 * STEP)
    assert (got.state, got.recovering_at) == (State.RECOVERING, NOON + STEP)


def test_recovering_and_too_few_again_fires_in_the_same_episode_without_a_first_notice() -> None:
    before = replace(recovering(), number=7)
    got = see(before, 99, NOON + 2 * STEP)
    assert (got.state, got.number, got.news, got.latest) == (State.FIRING, 7, 1, News.FIRST)
    assert (got.recovering_at, got.fired_at, got.opened_at) == (None, NOON, NOON - STEP)


def test_recovering_and_worse_than_ever_goes_straight_to_escalation() -> None:
    got = see(recovering(), 49, NOON + 2 * STEP)
    assert (got.state, got.severity, got.latest, got.news) == (State.FIRING, Severity.CRITICAL, News.ESCALATED, 2)


def test_a_second_recovery_is_kept_for_its_whole_time_again() -> None:
    again = see(see(recovering(), 99, NOON + 2 * STEP), 110, NOON + 5 * STEP)
    assert (again.state, again.recovering_at) == (State.RECOVERING, NOON + 5 * STEP)
    assert see(again, 110, NOON + 8 * STEP - timedelta(seconds=1)).state is State.RECOVERING
    assert see(again, 110, NOON + 8 * STEP).state is State.CLOSED


def test_recovering_long_enough_closes_with_the_recovery_notice() -> None:
    got = see(recovering(), 120, NOON + STEP + RULE.keep)
    assert (got.state, got.latest, got.news, got.quiet) == (State.CLOSED, News.RECOVERED, 2, False)
    assert (got.closed_at, got.lowest, got.free) == (NOON + STEP + RULE.keep, 80, 120)


def test_after_the_end_a_new_shortage_is_a_new_episode() -> None:
    over = replace(see(recovering(), 120, NOON + HOUR), number=7)
    assert is_ok(over, 120, NOON + 2 * HOUR)
    fresh = see(over, 30, NOON + 2 * HOUR)
    assert (fresh.number, fresh.state, fresh.low, fresh.opened_at) == (0, State.PENDING, 1, NOON + 2 * HOUR)
    assert (fresh.lowest, fresh.news) == (30, 0)


def test_muted_at_the_end_is_quiet_for_good() -> None:
    got = see(recovering(), 120, NOON + HOUR, muted=True)
    assert (got.state, got.quiet) == (State.CLOSED, True)


def test_a_mute_changes_nothing_of_the_state() -> None:
    loud, mute = fired(), fired()
    for n, free in enumerate((80, 49, 110, 110, 30, 105, 110)):
        loud = see(loud, free, NOON + n * STEP)
        mute = see(mute, free, NOON + n * STEP, muted=True)
        assert mute == loud


# Corners.


def test_one_sample_is_enough_where_the_rule_says_so() -> None:
    got = see(None, 99, NOON, rule=replace(RULE, samples=1))
    assert (got.state, got.latest, got.opened_at, got.fired_at) == (State.FIRING, News.FIRST, NOON, NOON)


def test_one_sample_is_enough_when_somebody_asked_for_the_look() -> None:
    assert see(None, 99, NOON, decisive=True).latest is News.FIRST
    assert see(see(None, 99, NOON, rule=replace(RULE, samples=9)), 99, NOON + MINUTE, decisive=True).news == 1
    assert is_ok(None, 100, NOON, decisive=True)


def test_a_decisive_look_tells_nothing_twice_and_ends_nothing_early() -> None:
    assert see(fired(), 80, NOON + MINUTE, decisive=True).news == 1
    assert see(recovering(), 120, NOON + STEP + MINUTE, decisive=True).state is State.RECOVERING


def test_the_lowest_is_the_lowest_of_the_whole_episode() -> None:
    episode = see(None, 30, NOON)
    for n, free in enumerate((90, 12, 99, 110, 70)):
        episode = see(episode, free, NOON + (n + 1) * STEP)
    assert (episode.lowest, episode.free) == (12, 70)


def test_a_threshold_raised_above_the_recovery_level_does_not_end_the_shortage() -> None:
    """A file's `recover` may be overtaken by a `min_free` set in chat; half of all samples would then be silent."""
    rule = replace(RULE, min_free=200, recover=110)
    got = see(acked(), 150, NOON + STEP, rule=rule)
    assert (got.state, got.claim) == (State.ACKED, acked().claim)
    assert see(fired(), 200, NOON + STEP, rule=rule).state is State.RECOVERING


def test_a_threshold_lowered_below_what_is_free_ends_a_pending_and_a_firing_one() -> None:
    rule = replace(RULE, min_free=10)
    assert is_ok(see(None, 80, NOON), 80, NOON + STEP, rule=rule)
    assert see(fired(), 80, NOON + STEP, rule=rule).state is State.RECOVERING


def test_a_claim_ends_when_cards_come_back_and_does_not_return_with_the_shortage() -> None:
    got = see(see(acked(until=NOON + 9 * DAY), 110, NOON + STEP), 80, NOON + 2 * STEP)
    assert (got.state, got.claim) == (State.FIRING, None)


@pytest.mark.parametrize("episode", [see(None, 99, NOON), recovering(), see(recovering(), 120, NOON + DAY)])
def test_only_what_fires_can_be_claimed(episode: Episode) -> None:
    assert claim(episode, Claim(ALICE, NOON, NOON + DAY)) == episode


def test_a_later_claim_takes_the_place_of_an_earlier_one() -> None:
    order = Claim(OpenId("ou_bob"), NOON + HOUR, NOON + 9 * DAY, ordered=True)
    got = claim(acked(), order)
    assert (got.state, got.claim, got.news) == (State.ACKED, order, 1)


def test_a_claim_that_is_already_over_reopens_at_the_next_sample() -> None:
    got = see(claim(fired(), Claim(ALICE, NOON, NOON - DAY)), 80, NOON + STEP)
    assert (got.state, got.latest) == (State.FIRING, News.REOPENED)


def test_a_released_claim_fires_again_with_news_and_only_once() -> None:
    got = release(acked())
    assert (got.state, got.claim, got.latest, got.news) == (State.FIRING, None, News.REOPENED, 2)
    assert release(got) == got
    assert release(recovering()) == recovering()


def test_an_abandoned_episode_is_over_without_a_word() -> None:
    got = abandon(fired(), NOON + HOUR)
    assert (got.state, got.quiet, got.closed_at, got.news) == (State.CLOSED, True, NOON + HOUR, 1)


# A clock that is set back.


def test_a_clock_set_back_leaves_no_moment_in_the_future() -> None:
    before = NOON - 365 * DAY
    got = replace(acked(), recovering_at=NOON).as_of(before)
    assert got.claim is not None
    moments = (got.opened_at, got.seen_at, got.fired_at, got.recovering_at, got.claim.at)
    assert moments == (before,) * 5
    assert acked().as_of(NOON + DAY) == acked()


def test_a_clock_set_back_while_recovering_delays_the_end_by_no_more_than_the_keeping_time() -> None:
    before = NOON - 365 * DAY
    back = see(recovering(), 110, before)
    assert back.state is State.RECOVERING
    assert see(back, 110, before + RULE.keep).state is State.CLOSED


def test_a_clock_set_back_while_pending_delays_the_start_by_no_more_than_the_hold() -> None:
    rule = replace(RULE, samples=99, hold=10 * MINUTE)
    before = NOON - 365 * DAY
    back = see(see(None, 99, NOON, rule=rule), 99, before, rule=rule)
    assert see(back, 99, before + 10 * MINUTE, rule=rule).state is State.FIRING


def test_a_clock_set_back_makes_an_acknowledgement_no_longer_than_it_was() -> None:
    before = NOON - 365 * DAY
    back = see(acked(), 80, before)
    assert back.state is State.ACKED
    assert see(back, 80, before + DAY).latest is News.REOPENED


def test_a_clock_set_back_leaves_the_day_of_arrival_where_it_is() -> None:
    back = see(acked(until=NOON + 9 * DAY, ordered=True), 80, NOON - HOUR)
    assert back.claim is not None
    assert back.claim.until == NOON + 9 * DAY


# Blind: what cannot be counted.


def blind(failures: int, told_at: datetime | None = None) -> Blindness:
    state = Blindness()
    for n in range(failures):
        state = state.again(f"cause {n}", NOON + n * STEP)
    return replace(state, told_at=told_at)


@pytest.mark.parametrize(("failures", "is_blind"), [(0, False), (1, False), (2, False), (3, True), (50, True)])
def test_blind_is_three_samples_in_a_row_without_a_count(failures: int, *, is_blind: bool) -> None:
    assert blind(failures).is_blind is is_blind
    assert blind(failures).is_due(NOON + DAY) is is_blind


def test_blindness_keeps_its_beginning_and_its_last_cause() -> None:
    assert (blind(4).since, blind(4).cause, blind(4).failures) == (NOON, "cause 3", 4)


def test_operators_are_told_again_a_day_later_and_not_before() -> None:
    told = blind(3, told_at=NOON)
    assert not told.again("x", NOON + DAY - STEP).is_due(NOON + DAY - timedelta(seconds=1))
    assert told.again("x", NOON + DAY).is_due(NOON + DAY)


def test_operators_are_told_within_a_day_though_the_clock_was_set_back() -> None:
    before = NOON - 365 * DAY
    back = blind(3, told_at=NOON).again("x", before)
    assert (back.since, back.told_at) == (before, before)
    assert back.is_due(before + DAY)


def test_being_told_of_sight_again_needs_having_been_told_of_blindness() -> None:
    """`told_at` is what says so: it stays through every further failure, and starts empty."""
    assert blind(9).told_at is None
    assert blind(3, told_at=NOON).again("x", NOON + HOUR).told_at == NOON


def test_blindness_freezes_the_episode_which_goes_on_where_it_was() -> None:
    standing = Standing(RULE.scope, fired())
    for n in range(5):
        standing = replace(standing, blindness=standing.blindness.again("HTTP 502", NOON + n * HOUR))
    assert standing.episode == fired()
    after = see(standing.episode, 80, NOON + 6 * HOUR)
    assert (after.state, after.news, after.lowest) == (State.FIRING, 1, 80)


def test_a_mute_holds_until_its_end_and_no_longer() -> None:
    muted = Standing(RULE.scope, fired(), mute=Mute(NOON + DAY, ALICE, NOON, "racking"))
    assert muted.is_muted(NOON + DAY - timedelta(seconds=1))
    assert not muted.is_muted(NOON + DAY)
    assert not Standing(RULE.scope).is_muted(NOON)
