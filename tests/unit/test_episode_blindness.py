"""Blind: what cannot be counted, what it does to a shortage, and when operators are told of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.stock.episodes import Blindness, Standing, State
from tests.episode_kit import DAY, HOUR, RULE, STEP, fired, see
from tests.fakes import NOON


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
