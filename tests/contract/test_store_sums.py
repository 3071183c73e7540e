"""What was spent, added up: the answers are the same whatever was put by of them."""

from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from storage.store import SqlStore
from storage.sum_tail import append
from storage.sum_zone import OtherZoneError
from suanli.domain.cost.money import LARGEST
from suanli.domain.cost.sums import Dimension, Grain, Line, Question, Sum
from suanli.domain.ports import Store
from tests.contract.cost_kit import HOSTILE
from tests.contract.sum_kit import DAY, ONE, ask, connected, key, put_by, requests, tell, waiting
from tests.fakes import NOON

HOUR = timedelta(hours=1)
ALL, HOURS, DAYS = Grain.ALL, Grain.HOUR, Grain.DAY
USER, MODEL, TYPE = Dimension.USER, Dimension.MODEL, Dimension.REQUEST_TYPE
DEPARTMENT, PROVIDER = Dimension.DEPARTMENT, Dimension.PROVIDER

PutBy = Callable[[Store], object]
TIMES: list[PutBy] = [lambda _: None, lambda store: put_by(store, 2), put_by]


@pytest.fixture(params=TIMES, ids=["nothing put by", "some put by", "all put by"])
def some_put_by(request: pytest.FixtureRequest) -> PutBy:
    """Puts by as much as a job may have come to."""
    wanted: PutBy = request.param
    return wanted


def test_nothing_was_spent_in_the_beginning(store: Store) -> None:
    assert [ask(store, grain) for grain in Grain] == [(), (), ()]
    assert put_by(store) == 0


def test_all_of_a_sum_is_added(store: Store, database_url: str, some_put_by: PutBy) -> None:
    odd = Sum(*range(1, 13))
    tell(database_url, [(key(), odd), (key(), odd), (key(user="ou_li"), odd), (key(NOON + DAY), ONE)])
    some_put_by(store)
    assert ask(store) == (Line(odd + odd + odd + ONE),)
    assert ask(store, DAYS) == (
        Line(odd + odd + odd, day=date(2026, 11, 20)),
        Line(ONE, day=date(2026, 11, 21)),
    )
    assert ask(store, HOURS, USER, until=NOON + HOUR) == (
        Line(odd, hour=NOON, value="ou_li"),
        Line(odd + odd, hour=NOON, value="ou_zhang"),
    )


def test_spending_is_told_apart_by_every_dimension(store: Store, database_url: str, some_put_by: PutBy) -> None:
    tell(database_url, [(key(**{each.value: "other"}), ONE) for each in Dimension])
    some_put_by(store)
    for each in Dimension:
        assert requests(store, by=each) == {getattr(key(), each.value): 7, "other": 1}
        assert requests(store, DAYS, by=each, where={each: "other"}) == {"2026-11-20 other": 1}
        for other in Dimension:
            assert requests(store, by=each, where={other: "other"}) == {
                "other" if each is other else getattr(key(), each.value): 1
            }


def test_several_conditions_hold_together(store: Store, database_url: str, some_put_by: PutBy) -> None:
    people = [key(user=user, model=model, request_type=kind) for user in "ab" for model in "mn" for kind in "xy"]
    tell(database_url, [(each, ONE) for each in people])
    some_put_by(store)
    assert requests(store, where={USER: "a"}) == {"": 4}
    assert requests(store, where={USER: "a", MODEL: "m"}) == {"": 2}
    assert requests(store, by=USER, where={MODEL: "m", TYPE: "x", DEPARTMENT: "sales"}) == {"a": 1, "b": 1}
    assert requests(store, by=MODEL, where={USER: "b", TYPE: "y"}) == {"m": 1, "n": 1}
    assert requests(store, DAYS, by=TYPE, where={USER: "b", MODEL: "n"}) == {"2026-11-20 x": 1, "2026-11-20 y": 1}
    assert requests(store, where={USER: "a", MODEL: "z"}) == {}


def test_days_begin_where_those_of_the_site_do(store: Store, database_url: str, some_put_by: PutBy) -> None:
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    second = timedelta(seconds=1)
    tell(database_url, [(key(midnight - second), ONE), (key(midnight), ONE), (key(midnight + DAY - second), ONE)])
    some_put_by(store)
    assert requests(store, DAYS) == {"2026-11-20": 1, "2026-11-21": 2}
    # Both ends are taken as the days that they are in.
    assert requests(store, DAYS, since=midnight + HOUR, until=midnight + DAY + HOUR) == {"2026-11-21": 2}
    assert requests(store, since=midnight - DAY, until=midnight) == {"": 1}
    assert requests(store, HOURS) == {"11-20T15": 1, "11-20T16": 1, "11-21T15": 1}
    assert requests(store, HOURS, since=midnight, until=midnight + HOUR) == {"11-20T16": 1}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_days_of_other_zones_are_as_long_as_they_are_there(database_url: str, zone: str, some_put_by: PutBy) -> None:
    at = ZoneInfo(zone)
    # The clocks of New York were set back on the first of November 2026, those of Lord Howe forward on 4 October.
    starts = [datetime(2026, month, day, tzinfo=at).astimezone(UTC) for month in (10, 11) for day in range(1, 10)]
    second = timedelta(seconds=1)
    with closing(SqlStore(database_url, at)) as store:
        tell(database_url, [(key(moment), ONE) for start in starts for moment in (start - second, start)])
        some_put_by(store)
        found = requests(store, DAYS)
        assert {
            f"2026-{month}-{day:02}": found[f"2026-{month}-{day:02}"] for month in (10, 11) for day in range(1, 9)
        } == {f"2026-{month}-{day:02}": 2 for month in (10, 11) for day in range(1, 9)}


def test_a_correction_takes_away_and_what_comes_to_nothing_is_not_told(
    store: Store, database_url: str, some_put_by: PutBy
) -> None:
    taken = Sum(
        requests=-1, total_cost=-10, input_cost=-4, output_cost=-6, input_units=-3, total_units=-5, took=-7, timed=-1
    )
    tell(database_url, [(key(), ONE), (key(user="ou_li"), ONE), (key(NOON + DAY), Sum(unpriced=1))])
    some_put_by(store)
    tell(database_url, [(key(), taken), (key(NOON + DAY), Sum(unpriced=-1, total_cost=7))])
    assert ask(store, by=USER) == (Line(ONE, value="ou_li"), Line(Sum(total_cost=7), value="ou_zhang"))
    put_by(store)
    assert ask(store, DAYS, USER) == (
        Line(ONE, day=date(2026, 11, 20), value="ou_li"),
        Line(Sum(total_cost=7), day=date(2026, 11, 21), value="ou_zhang"),
    )


def test_whatever_people_write_is_kept_apart(store: Store, database_url: str, some_put_by: PutBy) -> None:
    names = [HOSTILE, "a\tb", "a\\tb", "a\nb", "\\N", "", " ", "a\r", "'; DROP TABLE sum_tail --", "%s %(x)s ?"]
    tell(database_url, [(key(user=name, model=name), ONE) for name in names])
    some_put_by(store)
    assert len(ask(store, by=USER)) == len(names)
    for name in names:
        assert ask(store, where={USER: name, MODEL: name}) == (Line(ONE),)


def test_amounts_may_be_as_large_as_can_be_kept(store: Store, database_url: str, some_put_by: PutBy) -> None:
    huge = Sum(requests=1, total_cost=LARGEST, input_units=LARGEST)
    tell(database_url, [(key(), huge)])
    some_put_by(store)
    assert ask(store, by=USER, where={MODEL: "gpt"}) == (Line(huge, value="ou_zhang"),)


def test_ten_thousand_entries_are_added_up_before_they_are_written(store: Store, database_url: str) -> None:
    tell(database_url, [(key(NOON + timedelta(milliseconds=n), user=f"ou_{n % 200}"), ONE) for n in range(10_000)])
    assert waiting(database_url) == 200
    assert put_by(store, 150) == 150
    assert put_by(store, 150) == 50
    assert put_by(store, 150) == 0
    assert (waiting(database_url), requests(store)) == (0, {"": 10_000})


def test_what_is_rolled_back_was_never_spent(store: Store, database_url: str) -> None:
    with suppress(ZeroDivisionError), connected(database_url) as connection:
        append(connection, [(key(), ONE)])
        raise ZeroDivisionError
    tell(database_url, [(key(), ONE)])
    with suppress(ZeroDivisionError), store.begin() as tx:
        assert tx.sums.put_by(10) == 1
        raise ZeroDivisionError
    assert (waiting(database_url), requests(store)) == (1, {"": 1})


def test_hours_are_told_of_who_pays_or_of_what_is_paid_for_but_not_of_both(
    store: Store, database_url: str, some_put_by: PutBy
) -> None:
    tell(database_url, [(key(), ONE), (key(user="ou_li", model="qwen"), ONE)])
    some_put_by(store)
    assert requests(store, HOURS, where={USER: "ou_li", DEPARTMENT: "sales"}) == {"11-20T04": 1}
    assert requests(store, HOURS, MODEL, where={PROVIDER: "openai"}) == {"11-20T04 gpt": 1, "11-20T04 qwen": 1}
    for by, where in ((USER, MODEL), (MODEL, USER)):
        with pytest.raises(ValueError, match="by who pays or by what is paid for"):
            ask(store, HOURS, by, where={where: "x"})


def test_the_days_of_another_zone_are_refused_until_they_are_made_anew(store: Store, database_url: str) -> None:
    tell(database_url, [(key(), ONE)])
    with closing(SqlStore(database_url, ZoneInfo("America/New_York"))) as moved:
        assert requests(moved, DAYS) == {"2026-11-19": 1}  # nothing was put by yet, so these are nobody's days
        put_by(store)
        tell(database_url, [(key(), ONE)])
        for refused in (lambda: ask(moved), lambda: ask(moved, DAYS), lambda: put_by(moved)):
            with pytest.raises(OtherZoneError, match="Asia/Shanghai"):
                refused()
        assert requests(moved, HOURS) == {"11-20T04": 2}
        assert waiting(database_url) == 1
        with moved.begin() as tx:
            assert tx.sums.rebuild() == 0  # there are no records behind these
        assert ask(moved, DAYS) == ()
        with pytest.raises(OtherZoneError, match="America/New_York"), store.begin() as tx:
            tx.sums.of(Question(NOON - DAY, NOON + DAY))
