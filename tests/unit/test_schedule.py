"""When schedules fire: intervals, wall clocks that change, and what a downtime leaves behind."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.schedule import (
    EPOCH,
    MOST_DUE,
    CatchUp,
    Daily,
    Every,
    JobName,
    Plan,
    Run,
    RunId,
    Schedule,
    due_since,
    next_after,
    next_try,
    plan,
)

FIVE_MINUTES = Every(timedelta(minutes=5))
TEN_IN_SHANGHAI = Daily(time(10), ZoneInfo("Asia/Shanghai"))
NOW = datetime(2026, 11, 20, 4, 0, 7, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def firings(trigger: Every | Daily, since: str, count: int) -> list[str]:
    moment, found = utc(since), []
    for _ in range(count):
        moment = next_after(trigger, moment)
        found.append(f"{moment:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (EPOCH, EPOCH + timedelta(minutes=5)),
        (EPOCH - timedelta(microseconds=1), EPOCH),
        (EPOCH - timedelta(minutes=5), EPOCH),
        (EPOCH + timedelta(minutes=4, seconds=59), EPOCH + timedelta(minutes=5)),
        (NOW, NOW.replace(minute=5, second=0)),
    ],
)
def test_an_interval_counts_from_the_epoch_and_fires_strictly_later(moment: datetime, expected: datetime) -> None:
    assert next_after(FIVE_MINUTES, moment) == expected


def test_a_daily_firing_is_strictly_after_the_moment() -> None:
    ten = utc("2026-11-20T02:00")
    assert next_after(TEN_IN_SHANGHAI, ten - timedelta(microseconds=1)) == ten
    assert next_after(TEN_IN_SHANGHAI, ten) == ten + timedelta(days=1)


def test_the_local_date_decides_not_the_date_in_utc() -> None:
    early = Daily(time(1), ZoneInfo("Asia/Shanghai"))
    assert next_after(early, utc("2026-11-20T16:30")) == utc("2026-11-20T17:00")


@pytest.mark.parametrize(
    ("zone", "at", "since", "expected"),
    [
        pytest.param(
            "America/New_York", time(2, 30), "2026-03-07T00:00",
            ["03-07 07:30", "03-08 07:30", "03-09 06:30"],
            id="a wall time that spring skips comes an hour later, not never",
        ),
        pytest.param(
            "America/New_York", time(1, 30), "2026-10-31T00:00",
            ["10-31 05:30", "11-01 05:30", "11-02 06:30"],
            id="a wall time that autumn repeats fires once, the first time",
        ),
        pytest.param(
            "Australia/Lord_Howe", time(2, 15), "2026-10-02T00:00",
            ["10-02 15:45", "10-03 15:45", "10-04 15:15"],
            id="a change of half an hour forward",
        ),
        pytest.param(
            "Australia/Lord_Howe", time(1, 45), "2026-04-03T00:00",
            ["04-03 14:45", "04-04 14:45", "04-05 15:15"],
            id="a change of half an hour back",
        ),
        pytest.param(
            "America/Nuuk", time(23, 30), "2026-03-27T12:00",
            ["03-28 01:30", "03-29 00:30", "03-30 00:30"],
            id="an hour skipped before midnight fires before the jump, still on its own date",
        ),
        pytest.param(
            "Pacific/Apia", time(10), "2011-12-28T00:00",
            ["12-28 20:00", "12-29 20:00", "12-30 20:00"],
            id="a date that a zone left out has no firing of its own",
        ),
        pytest.param(
            "Asia/Shanghai", time(10), "2026-03-08T00:00",
            ["03-08 02:00", "03-09 02:00", "03-10 02:00"],
            id="no clock changes in China",
        ),
    ],
)  # fmt: skip
def test_a_daily_schedule_survives_clock_changes(zone: str, at: time, since: str, expected: list[str]) -> None:
    assert firings(Daily(at, ZoneInfo(zone)), since, len(expected)) == expected


def test_a_time_marked_as_the_second_of_two_fires_the_first_time_all_the_same() -> None:
    marked = Daily(time(1, 30, fold=1), ZoneInfo("America/New_York"))
    assert firings(marked, "2026-10-31T12:00", 1) == ["11-01 05:30"]


def test_an_interval_under_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="at least a second"):
        Every(timedelta(milliseconds=999))


def test_a_daily_time_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="wall-clock"):
        Daily(time(10, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))


def test_due_are_the_firings_after_the_cursor_up_to_now_and_including_it() -> None:
    cursor = utc("2026-11-20T03:50")
    assert due_since(FIVE_MINUTES, cursor, utc("2026-11-20T04:00")) == [
        utc("2026-11-20T03:55"),
        utc("2026-11-20T04:00"),
    ]
    assert due_since(TEN_IN_SHANGHAI, utc("2026-11-18T02:00"), utc("2026-11-20T02:00")) == [
        utc("2026-11-19T02:00"),
        utc("2026-11-20T02:00"),
    ]


@pytest.mark.parametrize("trigger", [FIVE_MINUTES, TEN_IN_SHANGHAI])
def test_nothing_is_due_at_the_cursor_or_before_it(trigger: Every | Daily) -> None:
    assert not due_since(trigger, NOW, NOW)
    assert not due_since(trigger, NOW + timedelta(days=3), NOW)


@pytest.mark.parametrize(
    ("trigger", "newest"),
    [
        (Every(timedelta(seconds=1)), NOW),
        (FIVE_MINUTES, NOW.replace(second=0)),
        (TEN_IN_SHANGHAI, NOW.replace(hour=2, minute=0, second=0)),
    ],
)
def test_of_a_downtime_of_decades_the_newest_firings_are_due(trigger: Every | Daily, newest: datetime) -> None:
    due = due_since(trigger, datetime(1970, 1, 1, tzinfo=UTC), NOW)
    assert len(due) == MOST_DUE
    assert due[-1] == newest


def test_a_date_that_a_zone_left_out_takes_no_firing_from_those_that_are_due() -> None:
    in_samoa = Daily(time(10), ZoneInfo("Pacific/Apia"))
    assert len(due_since(in_samoa, utc("2000-01-01T00:00"), utc("2012-02-01T00:00"))) == MOST_DUE


def test_an_interval_of_decades_is_counted_like_any_other() -> None:
    assert due_since(Every(timedelta(days=36500)), EPOCH - timedelta(seconds=1), NOW) == [EPOCH]


def schedule(trigger: Every | Daily = FIVE_MINUTES, **more: object) -> Schedule:
    return Schedule(JobName("sample"), trigger, **more)  # type: ignore[arg-type]  # each test says which


def test_after_a_downtime_the_last_firing_runs_and_the_others_are_missed() -> None:
    planned = plan(schedule(), utc("2026-11-20T03:45"), NOW)
    assert planned == Plan(run=(utc("2026-11-20T04:00"),), missed=(utc("2026-11-20T03:50"), utc("2026-11-20T03:55")))


def test_a_firing_older_than_the_grace_is_missed() -> None:
    ten = utc("2026-11-20T02:00")
    patient = schedule(TEN_IN_SHANGHAI, grace=timedelta(hours=2))
    assert plan(patient, ten - timedelta(hours=1), ten + timedelta(hours=2)) == Plan((ten,), ())
    assert plan(patient, ten - timedelta(hours=1), ten + timedelta(hours=2, seconds=1)) == Plan((), (ten,))


def test_a_schedule_that_skips_leaves_what_was_missed_and_still_runs_what_comes_on_time() -> None:
    skipping = schedule(TEN_IN_SHANGHAI, catch_up=CatchUp.SKIP)
    ten = utc("2026-11-20T02:00")
    assert plan(skipping, ten - timedelta(hours=1), ten + timedelta(seconds=30)) == Plan((ten,), ())
    assert plan(skipping, ten - timedelta(hours=1), ten + timedelta(minutes=2)) == Plan((), (ten,))


def test_without_any_grace_a_firing_on_time_still_runs() -> None:
    at = NOW.replace(second=0)
    assert plan(schedule(grace=timedelta(0)), at - timedelta(seconds=1), NOW) == Plan((at,), ())


def test_nothing_is_planned_between_two_firings() -> None:
    assert plan(schedule(), NOW.replace(second=0), NOW) == Plan((), ())


def test_a_cursor_from_a_clock_that_ran_ahead_does_not_silence_the_schedule() -> None:
    ahead = NOW + timedelta(hours=8)
    assert plan(schedule(), ahead, NOW) == Plan((NOW.replace(second=0),), ())
    assert plan(schedule(), ahead, NOW.replace(minute=2)) == Plan((), ())


def test_without_a_cursor_what_is_due_right_now_runs() -> None:
    assert plan(schedule(), None, NOW) == Plan((NOW.replace(second=0),), ())


def attempt(number: int) -> Run:
    return Run(RunId(1), JobName("sample"), NOW, number, "me")


def test_a_failed_run_has_its_retries_and_no_more() -> None:
    retrying = schedule(retries=2, retry_after=timedelta(minutes=3))
    tries = [next_try(retrying, attempt(n), RemoteError("down"), NOW) for n in (1, 2, 3)]
    assert tries == [NOW + timedelta(minutes=3), NOW + timedelta(minutes=3), None]


def test_the_outside_names_the_time_of_the_next_try() -> None:
    error = RemoteError("busy", retry_after=timedelta(seconds=40))
    assert next_try(schedule(retries=1), attempt(1), error, NOW) == NOW + timedelta(seconds=40)


def test_what_cannot_succeed_is_not_tried_again() -> None:
    assert next_try(schedule(retries=5), attempt(1), RemoteError("no such panel", permanent=True), NOW) is None
