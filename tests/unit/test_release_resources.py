"""Where a resource stands after a reading or a failure, and when a host may be asked again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.releases import Allowance, Part, Place, Reading, Tracked
from suanli.domain.releases.resources import OVERLAP, Identity, Status, Sweep, after_failure, after_reading
from tests.fakes import NOON
from tests.release_items import DAY, HOUR, MINUTE, VLLM, tracked

EVERY = 5 * MINUTE
FRESH = tracked(VLLM, Part.ISSUES)
READ = replace(FRESH, baselined_at=NOON - DAY, cursor=NOON - HOUR, whole=True, read_at=NOON - EVERY)
SWEEP = Sweep("https://api.github.com/repositories/41/issues?page=11", NOON)


def read(before: Tracked, reading: Reading) -> Tracked:
    return after_reading(before, reading, EVERY, NOON)


def fail(
    before: Tracked, status: Status = Status.FAILING, interval: timedelta = EVERY, *, drift: bool = False
) -> Tracked:
    return after_failure(before, "HTTP 502", NOON, interval=interval, status=status, drift=drift)


def test_the_first_reading_is_a_baseline_though_there_was_nothing() -> None:
    after = read(FRESH, Reading((), whole=True))
    assert (after.baselined_at, after.whole, after.cursor, after.next_at) == (NOON, True, None, NOON + EVERY)
    assert read(after, Reading((), whole=False)).whole


@pytest.mark.parametrize("cursor", [None, NOON - 2 * HOUR])
def test_the_cursor_never_goes_back(cursor: datetime | None) -> None:
    assert read(READ, Reading((), cursor=cursor)).cursor == NOON - HOUR


def test_what_was_read_last_is_read_again_a_little() -> None:
    assert read(READ, Reading((), cursor=NOON)).since == NOON - OVERLAP
    assert FRESH.since is None


def test_a_reading_that_was_stopped_goes_on_at_once_and_moves_the_cursor_only_at_its_end() -> None:
    stopped = read(READ, Reading((), cursor=NOON, sweep=SWEEP))
    assert (stopped.sweep, stopped.cursor, stopped.next_at) == (SWEEP, NOON - HOUR, NOON)
    ended = read(stopped, Reading((), cursor=SWEEP.high))
    assert (ended.sweep, ended.cursor, ended.next_at) == (None, NOON, NOON + EVERY)


def test_the_first_reading_takes_what_it_did_not_reach_for_known() -> None:
    after = read(FRESH, Reading((), cursor=NOON, sweep=SWEEP))
    assert (after.sweep, after.cursor, after.next_at) == (None, NOON, NOON + EVERY)


def test_another_name_of_the_place_is_taken_over_and_its_key_stays() -> None:
    known = read(READ, Reading((), identity=Identity("41", "vllm-project/vllm")))
    renamed = read(known, Reading((), identity=Identity("41", "vllm/vllm")))
    assert (renamed.place.name, renamed.key, renamed.identified_at) == ("vllm/vllm", known.key, NOON)


def test_a_place_without_a_number_has_the_same_key_in_any_case() -> None:
    assert FRESH.key == replace(FRESH, place=Place(VLLM.hub, "VLLM-Project/vLLM")).key


def test_an_archived_repository_is_read_once_a_day_until_it_is_said_not_to_be() -> None:
    archived = read(READ, Reading((), identity=Identity("41", VLLM.name, archived=True)))
    assert (archived.status, archived.next_at) == (Status.ARCHIVED, NOON + DAY)
    assert read(archived, Reading((), unchanged=True)).next_at == NOON + DAY
    back = read(archived, Reading((), identity=Identity("41", VLLM.name)))
    assert (back.status, back.next_at) == (Status.WELL, NOON + EVERY)


def test_a_failure_concludes_nothing_and_waits_longer_each_time_up_to_an_hour() -> None:
    pauses, resource = [], READ
    for _ in range(7):
        resource = fail(resource)
        pauses.append((resource.next_at - NOON) / MINUTE)
    assert pauses == [5, 10, 20, 40, 60, 60, 60]
    assert (resource.cursor, resource.baselined_at, resource.whole) == (READ.cursor, READ.baselined_at, True)
    assert (resource.failures, resource.failing_since, resource.error) == (7, NOON, "HTTP 502")


def test_what_is_not_there_is_asked_for_less_and_less_down_to_once_a_day() -> None:
    resource = READ
    for _ in range(1000):
        resource = fail(resource, Status.MISSING)
    assert resource.next_at == NOON + DAY


def test_a_failure_is_never_tried_again_sooner_than_a_success_is() -> None:
    assert fail(READ, interval=3 * HOUR).next_at == NOON + 3 * HOUR


def test_an_interval_of_nothing_waits_a_minute() -> None:
    assert fail(READ, interval=timedelta(0)).next_at == NOON + MINUTE


def test_a_good_reading_ends_all_trouble_but_what_was_told_of_it() -> None:
    troubled = replace(fail(fail(READ, drift=True), Status.BLOCKED), told_failing=True)
    assert (troubled.drifts, troubled.status) == (1, Status.BLOCKED)
    well = read(troubled, Reading((), unchanged=True))
    assert (well.status, well.failures, well.drifts, well.error, well.failing_since) == (Status.WELL, 0, 0, "", None)
    assert well.told_failing


# Allowances.

SPENT = Allowance("api.github.com", limit=60, remaining=0, reset_at=NOON + MINUTE)


def waits(allowance: Allowance) -> timedelta:
    return allowance.opens_at(NOON) - NOON


def test_a_host_that_said_nothing_may_be_asked() -> None:
    assert waits(Allowance("api.github.com")) == timedelta(0)
    assert waits(replace(SPENT, remaining=None)) == timedelta(0)


@pytest.mark.parametrize(("remaining", "closed"), [(501, False), (500, True), (0, True)])
def test_a_tenth_of_the_allowance_is_left_for_others(remaining: int, *, closed: bool) -> None:
    pause = HOUR + timedelta(seconds=1) if closed else timedelta(0)
    assert waits(Allowance("api.github.com", limit=5000, remaining=remaining, reset_at=NOON + HOUR)) == pause


def test_a_window_that_is_over_holds_nobody_up() -> None:
    assert waits(replace(SPENT, reset_at=NOON)) == timedelta(0)


def test_the_longer_of_a_pause_and_a_window_counts() -> None:
    assert waits(replace(SPENT, paused_until=NOON + HOUR)) == HOUR
    assert waits(replace(SPENT, paused_until=NOON - HOUR)) == MINUTE + timedelta(seconds=1)
