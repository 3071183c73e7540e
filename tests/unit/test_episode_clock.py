"""A shortage and a clock that is set back: no moment in the future, and nothing lasts longer than it should."""

from dataclasses import replace

from suanli.domain.stock.episodes import News, State
from tests.episode_kit import DAY, HOUR, MINUTE, RULE, acked, recovering, see
from tests.fakes import NOON


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
