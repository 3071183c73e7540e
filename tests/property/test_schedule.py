"""Schedules in every zone of the world, from a century ago to a century ahead."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.schedule import MOST_DUE, CatchUp, Daily, Every, JobName, Schedule, due_since, next_after, plan

ZONES = sorted(available_timezones() - {"localtime", "Factory"})

moments = st.datetimes(datetime(1930, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 aware by `timezones`
zones = st.sampled_from(ZONES).map(ZoneInfo)
everies = st.timedeltas(timedelta(seconds=1), timedelta(days=400)).map(Every)
dailies = st.builds(Daily, st.times(), zones)
triggers = everies | dailies
schedules = st.builds(
    Schedule,
    st.just(JobName("any")),
    triggers,
    st.sampled_from(CatchUp),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)


def walk(trigger: Every | Daily, since: datetime, until: datetime) -> Iterator[datetime]:
    at = next_after(trigger, since)
    while at <= until:
        yield at
        at = next_after(trigger, at)


@given(triggers, moments)
def test_the_next_firing_is_strictly_later_and_nothing_lies_between(trigger: Every | Daily, moment: datetime) -> None:
    at = next_after(trigger, moment)
    assert at > moment
    assert next_after(trigger, at - timedelta(microseconds=1)) == at


@given(triggers, moments, st.floats(0, 1))
def test_whoever_starts_later_finds_the_same_firings(trigger: Every | Daily, moment: datetime, part: float) -> None:
    step = trigger.interval if isinstance(trigger, Every) else timedelta(days=1)
    end = moment + 6 * step
    later = moment + 5 * step * part
    assert list(walk(trigger, later, end)) == [at for at in walk(trigger, moment, end) if at > later]


@given(triggers, moments, zones)
def test_the_zone_in_which_a_moment_is_told_changes_nothing(
    trigger: Every | Daily, moment: datetime, zone: ZoneInfo
) -> None:
    assert next_after(trigger, moment.astimezone(zone)) == next_after(trigger, moment)


@given(dailies, moments)
def test_a_daily_schedule_fires_exactly_once_on_each_local_date_that_there_is(trigger: Daily, moment: datetime) -> None:
    start = moment.astimezone(trigger.zone).date()
    fired = [at.astimezone(trigger.zone).date() for at in walk(trigger, moment, moment + timedelta(days=12))]
    whole = [start + timedelta(days=n) for n in range(2, 10) if exists(start + timedelta(days=n), trigger.zone)]
    assert [day for day in fired if whole[0] <= day <= whole[-1]] == whole


def exists(day: date, zone: ZoneInfo) -> bool:
    """Whether any minute of the date was ever on a clock: Samoa went from the 29th to the 31st."""
    noon = datetime.combine(day, time(12), zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


@given(triggers, moments, st.floats(0, 1))
def test_what_is_due_is_every_firing_since_the_cursor(trigger: Every | Daily, now: datetime, part: float) -> None:
    step = trigger.interval if isinstance(trigger, Every) else timedelta(days=1)
    cursor = now - 20 * step * part
    assert list(due_since(trigger, cursor, now)) == list(walk(trigger, cursor, now))


@given(everies.filter(lambda every: every.interval < timedelta(days=30)), moments)
def test_of_too_many_the_newest_are_due(trigger: Every, now: datetime) -> None:
    due = due_since(trigger, now - trigger.interval * (MOST_DUE + 50), now)
    assert list(due) == list(walk(trigger, now - trigger.interval * MOST_DUE, now))


@given(schedules, moments, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_a_plan_has_each_due_firing_once_and_runs_at_most_the_last(
    schedule: Schedule, now: datetime, down: timedelta
) -> None:
    planned = plan(schedule, now - down, now)
    assert (*planned.missed, *planned.run) == tuple(due_since(schedule.trigger, now - down, now))
    assert len(planned.run) <= 1


@given(
    schedules, moments, st.timedeltas(timedelta(0), timedelta(hours=2)), st.timedeltas(timedelta(0), timedelta(hours=2))
)
def test_looking_twice_plans_nothing_twice(
    schedule: Schedule, now: datetime, down: timedelta, later: timedelta
) -> None:
    first = plan(schedule, now - down, now)
    handled = {*first.missed, *first.run}
    second = plan(schedule, max(handled, default=now - down), now + later)
    assert handled.isdisjoint({*second.missed, *second.run})
