"""The watch list: whom to tell, at which hours, of what, and how bad it must be."""

from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.stock import Model
from suanli.domain.stock.rules import Recipient, Severity
from suanli.settings import load
from tests.watch_tables import recipient, table, wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def test_an_id_alone_hears_of_everything_at_any_time() -> None:
    assert table(recipients=["ou_1", {"id": " ou_2 "}]).recipients == (Recipient("ou_1"), Recipient("ou_2"))


def test_a_table_narrows_what_they_hear(tmp_path: Path) -> None:
    text = """
    [[stock.watch.recipients]]
    id = "ou_1"
    hours = "09:00-21:00"
    weekdays = ["mon", "周三", "fri-sun"]
    models = ["nvidia h20", "B300"]
    severities = ["critical"]
    [[stock.watch.recipients]]
    id = "oc_2"
    [stock.watch.thresholds]
    H20.min_free = 1
    """
    (tmp_path / "suanli.toml").write_text(text, "utf-8")
    settings = load({}, tmp_path)
    watch = settings.watch()
    assert watch is not None
    assert watch.recipients == (
        Recipient(
            "ou_1",
            (time(9), time(21)),
            frozenset({0, 2, 4, 5, 6}),
            frozenset({Model("H20"), Model("B300")}),
            frozenset({Severity.CRITICAL}),
        ),
        Recipient("oc_2"),
    )
    assert [line.partition(": ")[0] for line in settings.warnings()] == ["B300"]


def test_the_same_twice_is_told_once_and_one_id_with_two_wishes_is_a_mistake() -> None:
    one = {"id": "ou_1", "severities": ["critical"]}
    assert len(table(recipients=[one, dict(one)]).recipients) == 1
    ((loc, told),) = wrong(recipients=["ou_2", "ou_1", one])
    assert loc == ("recipients", 2)
    assert "[1]" in told


@pytest.mark.parametrize(
    ("written", "begin", "end"),
    [
        ("00:00-23:59", time(0), time(23, 59)),
        ("22:00-06:00", time(22), time(6)),
        ("18:00-24:00", time(18), time(0)),
        ("09:00 - 21:30", time(9), time(21, 30)),
    ],
)
def test_hours_may_reach_over_midnight(written: str, begin: time, end: time) -> None:
    assert recipient(hours=written).hours == (begin, end)


@pytest.mark.parametrize(
    "written",
    [
        "9:00-21:00",
        "09:00",
        "09:00-",
        "09:00-24:01",
        "24:00-09:00",
        "09:00-21:60",
        "",
        "０9:00-21:00",
        9,
        ["09:00"],
    ],
)
def test_what_are_no_hours_is_refused(written: object) -> None:
    ((loc, told),) = wrong(recipients=[{"id": "ou_1", "hours": written}])
    assert loc == ("recipients", 0, "hours")
    assert "09:00-21:00" in told


@pytest.mark.parametrize("written", ["09:00-09:00", "00:00-24:00"])
def test_hours_that_end_when_they_begin_are_refused(written: str) -> None:
    ((_, told),) = wrong(recipients=[{"id": "ou_1", "hours": written}])
    assert "全天" in told


@given(st.times(), st.times())
def test_any_two_moments_of_a_day_are_hours(begin: time, end: time) -> None:
    begin, end = (each.replace(second=0, microsecond=0) for each in (begin, end))
    if begin != end:
        assert recipient(hours=f"{begin:%H:%M}-{end:%H:%M}").hours == (begin, end)


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_of_days_goes_on_until_its_last_also_over_sunday(first: int, last: int) -> None:
    found = recipient(weekdays=[f"{DAYS[first]}-{DAYS[last]}"]).weekdays
    expected, day = {first}, first
    while day != last:
        day = (day + 1) % 7
        expected.add(day)
    assert found == expected


@pytest.mark.parametrize(
    ("written", "days"),
    [("Mon", {0}), ("周日", {6}), ("星期天", {6}), ("周一至周五", {0, 1, 2, 3, 4}), ("sat – sunday", {5, 6})],
)
def test_days_have_several_names(written: str, days: set[int]) -> None:
    assert recipient(weekdays=[written]).weekdays == days


@pytest.mark.parametrize("written", ["", "-", "mon-", "mon-tue-wed", "m", "0", 0, True])
def test_what_is_no_day_is_refused(written: object) -> None:
    ((loc, _),) = wrong(recipients=[{"id": "ou_1", "weekdays": ["fri", written]}])
    assert loc == ("recipients", 0, "weekdays", 1)


def test_a_mistyped_day_names_the_nearest() -> None:
    ((_, told),) = wrong(recipients=[{"id": "ou_1", "weekdays": ["mon-fryday"]}])
    assert "did you mean friday?" in told


@pytest.mark.parametrize("key", ["weekdays", "models", "severities"])
def test_a_list_that_would_leave_nothing_is_refused(key: str) -> None:
    ((loc, _),) = wrong(recipients=[{"id": "ou_1", key: []}])
    assert loc == ("recipients", 0, key)


def test_both_severities_may_be_named() -> None:
    assert recipient(severities=["warning", "critical"]).severities == set(Severity)


@pytest.mark.parametrize("value", ["替换为实际的用户ID", "ou_xxx", "", " "])
@pytest.mark.parametrize("as_table", [False, True])
def test_a_placeholder_is_refused_as_one_mistake(value: str, *, as_table: bool) -> None:
    ((loc, told),) = wrong(recipients=["ou_1", {"id": value} if as_table else value])
    assert loc == ("recipients", 1, "id")[: 3 if as_table else 2]
    assert "/userid" in told
