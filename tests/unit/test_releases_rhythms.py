"""The words for when a watch tells."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Mode, Rhythm
from suanli.domain.releases.rhythms import read_quiet, read_rhythm

NIGHT = (time(22), time(8))


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("instant", Rhythm()),
        (" INSTANT ", Rhythm()),
        ("即时", Rhythm()),
        ("hourly", Rhythm(Mode.HOURLY)),
        ("每小时", Rhythm(Mode.HOURLY)),
        ("daily 09:10", Rhythm(Mode.DAILY, time(9, 10))),
        ("daily 9:10", Rhythm(Mode.DAILY, time(9, 10))),
        ("Daily  23:59", Rhythm(Mode.DAILY, time(23, 59))),
        ("每天 18:00", Rhythm(Mode.DAILY, time(18))),
        ("每天１８：００", Rhythm(Mode.DAILY, time(18))),
        ("每日\u30000:00", Rhythm(Mode.DAILY, time(0))),
        ("weekly mon 09:10", Rhythm(Mode.WEEKLY, time(9, 10), 0)),
        ("weekly Friday 17:30", Rhythm(Mode.WEEKLY, time(17, 30), 4)),
        ("weekly 周日 17:30", Rhythm(Mode.WEEKLY, time(17, 30), 6)),
        ("每周一 09:10", Rhythm(Mode.WEEKLY, time(9, 10), 0)),
        ("每周三08:00", Rhythm(Mode.WEEKLY, time(8), 2)),
        ("每星期天 10:00", Rhythm(Mode.WEEKLY, time(10), 6)),
    ],
)
def test_a_rhythm_is_named_in_english_or_chinese(text: str, rhythm: Rhythm) -> None:
    assert read_rhythm(text) == rhythm


def test_what_is_not_said_of_a_rhythm_is_as_usual() -> None:
    assert read_rhythm("daily") == Rhythm(Mode.DAILY)
    assert read_rhythm("每周") == Rhythm(Mode.WEEKLY)
    assert read_rhythm("weekly fri") == Rhythm(Mode.WEEKLY, weekday=4)
    assert read_rhythm("weekly 10:00") == Rhythm(Mode.WEEKLY, time(10))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "daily 24:00",
        "daily 9",
        "daily 09:60",
        "daily 9:1",
        "instant 09:10",
        "hourly 09:10",
        "daily mon 09:10",
        "weekly 09:10 mon",
        "weekly mo 09:10",
        "每周八 09:10",
        "daily 09:10 daily",
        "09:10",
        "daily\n09:10 x",
        "monthly",
    ],
)
def test_anything_else_is_no_rhythm(text: str) -> None:
    with pytest.raises(ValueError, match="no rhythm"):
        read_rhythm(text)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("22:00-08:00", NIGHT),
        ("22:00 - 8:00", NIGHT),
        ("２２：００～０８：００", NIGHT),
        ("22:00至08:00", NIGHT),
        ("12:00-13:30", (time(12), time(13, 30))),
        ("18:00-24:00", (time(18), time(0))),
        ("off", None),
        (" OFF ", None),
        ("关", None),
    ],
)
def test_quiet_hours_are_a_span_or_none(text: str, quiet: tuple[time, time] | None) -> None:
    assert read_quiet(text) == quiet


@pytest.mark.parametrize(
    "text", ["", "22:00", "22:00-", "25:00-08:00", "24:00-08:00", "08:00-08:00", "00:00-24:00", "22-8", "on", "a-b"]
)
def test_anything_else_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match="no quiet hours"):
        read_quiet(text)


@given(st.times(), st.times(), st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
def test_every_minute_and_day_can_be_named(at: time, other: time, day: str) -> None:
    assert read_rhythm(f"daily {at:%H:%M}").at == at.replace(second=0, microsecond=0)
    weekly = read_rhythm(f"weekly {day} {at:%H:%M}")
    assert (weekly.at, weekly.mode) == (at.replace(second=0, microsecond=0), Mode.WEEKLY)
    if f"{at:%H:%M}" != f"{other:%H:%M}":
        assert read_quiet(f"{at:%H:%M}-{other:%H:%M}") == tuple(
            each.replace(second=0, microsecond=0) for each in (at, other)
        )


@given(st.text("instalhourydewkmn0129: 每周天小时一即-", max_size=20))
def test_reading_either_answers_or_refuses(text: str) -> None:
    for read in (read_rhythm, read_quiet):
        try:
            read(text)
        except ValueError as error:
            assert str(error) in {"no rhythm", "no quiet hours"}  # noqa: PT017 any other ValueError would be a bug
