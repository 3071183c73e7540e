"""Windows in the zones where clocks do odd things."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.windows import Period, Window, window_at

HOURS = timedelta(hours=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def window(period: Period, zone: str, at: str) -> tuple[str, str]:
    """The window's first moment and the first one after it, as the zone's clocks show them."""
    place = ZoneInfo(zone)
    found = window_at(period, place, moment(at))
    return found.start.astimezone(place).isoformat(), found.end.astimezone(place).isoformat()


def hours(zone: str, at: str) -> float:
    found = window_at(Period.DAILY, ZoneInfo(zone), moment(at))
    return (found.end - found.start) / HOURS


def test_a_window_holds_its_first_moment_and_not_the_first_one_after_it() -> None:
    day = window_at(Period.DAILY, ZoneInfo("Asia/Shanghai"), moment("2026-11-22T12:00+08:00"))
    assert day == Window(moment("2026-11-22T00:00+08:00"), moment("2026-11-23T00:00+08:00"))
    assert day.start in day
    assert day.end - timedelta(microseconds=1) in day
    assert day.end not in day


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.HOURLY, "2026-11-22T07:00:00+08:00", "2026-11-22T08:00:00+08:00"),
        (Period.DAILY, "2026-11-22T00:00:00+08:00", "2026-11-23T00:00:00+08:00"),
        (Period.WEEKLY, "2026-11-16T00:00:00+08:00", "2026-11-23T00:00:00+08:00"),
        (Period.MONTHLY, "2026-11-01T00:00:00+08:00", "2026-12-01T00:00:00+08:00"),
        (Period.YEARLY, "2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
    ],
)
def test_shanghai_rolls_over_at_its_own_midnight_and_not_at_eight(period: Period, start: str, end: str) -> None:
    assert window(period, "Asia/Shanghai", "2026-11-22T07:59:59+08:00") == (start, end)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("2024-02-29T12:00Z", "2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"),
        ("2025-02-28T23:59Z", "2025-02-01T00:00:00+00:00", "2025-03-01T00:00:00+00:00"),
        ("2026-12-31T23:59Z", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-01-31T00:00Z", "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"),
    ],
)
def test_a_month_ends_with_its_last_day(at: str, start: str, end: str) -> None:
    assert window(Period.MONTHLY, "UTC", at) == (start, end)


def test_a_day_is_as_long_as_its_zone_makes_it() -> None:
    assert hours("America/New_York", "2026-03-08T12:00-04:00") == 23
    assert hours("America/New_York", "2026-11-01T12:00-05:00") == 25
    assert hours("Australia/Lord_Howe", "2026-04-05T12:00+10:30") == 24.5
    assert hours("Australia/Lord_Howe", "2026-10-04T12:00+11:00") == 23.5
    assert hours("Asia/Kathmandu", "2026-11-22T12:00+05:45") == 24


def test_an_hour_that_comes_twice_is_in_the_same_day() -> None:
    day = window_at(Period.DAILY, ZoneInfo("America/New_York"), moment("2026-11-01T01:30-04:00"))
    assert moment("2026-11-01T01:30-05:00") in day


def test_a_day_whose_midnight_is_skipped_begins_where_it_would_have_come() -> None:
    assert window(Period.DAILY, "America/Havana", "2026-03-08T12:00-04:00") == (
        "2026-03-08T01:00:00-04:00",
        "2026-03-09T00:00:00-04:00",
    )


def test_a_midnight_that_comes_twice_begins_the_day_the_first_time() -> None:
    for at in ("2026-11-01T00:30-04:00", "2026-11-01T00:30-05:00"):
        assert window(Period.DAILY, "America/Havana", at) == ("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00")


def test_a_day_that_a_zone_skips_has_no_window() -> None:
    friday_away = "2011-12-31T00:00:00+14:00"
    assert window(Period.DAILY, "Pacific/Apia", "2011-12-29T12:00-10:00") == ("2011-12-29T00:00:00-10:00", friday_away)
    assert window(Period.DAILY, "Pacific/Apia", "2011-12-31T12:00+14:00") == (friday_away, "2012-01-01T00:00:00+14:00")
    assert window(Period.WEEKLY, "Pacific/Apia", "2011-12-31T12:00+14:00") == (
        "2011-12-26T00:00:00-10:00",
        "2012-01-02T00:00:00+14:00",
    )


def test_clocks_set_back_over_midnight_lead_back_into_no_day_that_has_ended() -> None:
    """St John's set its clocks from one minute past midnight to one minute past eleven."""
    zone = ZoneInfo("America/St_Johns")
    sunday = window_at(Period.DAILY, zone, moment("2010-11-07T00:00:30-02:30"))
    again_saturday = moment("2010-11-06T23:30-03:30")
    assert again_saturday.astimezone(zone).day == 6
    assert again_saturday in sunday
    assert window_at(Period.DAILY, zone, again_saturday) == sunday


def test_clocks_set_forward_from_before_midnight_end_the_day_when_it_was_to_end() -> None:
    """Toronto set its clocks from half past eleven to half past midnight."""
    zone = ZoneInfo("America/Toronto")
    early = moment("1919-03-31T00:40-04:00")
    found = window_at(Period.DAILY, zone, early)
    assert early in found
    assert found.end == moment("1919-03-31T01:00-04:00")
    assert window_at(Period.DAILY, zone, found.end).start == found.end


def test_hours_are_an_hour_long_whatever_the_clocks_do() -> None:
    for zone in ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"):
        found = window_at(Period.HOURLY, ZoneInfo(zone), moment("2026-04-04T15:10Z"))
        assert found == Window(moment("2026-04-04T15:00Z"), moment("2026-04-04T16:00Z"))


def test_a_moment_of_no_zone_is_in_no_window() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        window_at(Period.DAILY, ZoneInfo("UTC"), moment("2026-11-22T00:00Z").replace(tzinfo=None))
