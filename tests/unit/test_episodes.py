"""The life of a shortage, row by row of the table in gpu.md §2.1, and its corners."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.stock.episodes import Claim, Episode, Mute, News, Reading, Standing, State, abandon, observe
from suanli.domain.stock.rules import Severity
from tests.episode_kit import ALICE, DAY, HOUR, MINUTE, RULE, STEP, acked, fired, is_ok, recovering, see
from tests.fakes import NOON

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


def test_an_abandoned_episode_is_over_without_a_word() -> None:
    got = abandon(fired(), NOON + HOUR)
    assert (got.state, got.quiet, got.closed_at, got.news) == (State.CLOSED, True, NOON + HOUR, 1)


def test_a_mute_holds_until_its_end_and_no_longer() -> None:
    muted = Standing(RULE.scope, fired(), mute=Mute(NOON + DAY, ALICE, NOON, "racking"))
    assert muted.is_muted(NOON + DAY - timedelta(seconds=1))
    assert not muted.is_muted(NOON + DAY)
    assert not Standing(RULE.scope).is_muted(NOON)
