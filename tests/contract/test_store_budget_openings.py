"""What was spent before a budget was there counts in its window of now; what comes into force later, the same."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from suanli.domain.cost.money import Currency
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.quotas import Level, Span
from suanli.domain.cost.windows import Period, window_at
from suanli.domain.ports import Store
from tests.contract.budget_kit import HE, SHE, add_budget, budget, change_budget, kept_by, record, spent
from tests.contract.cost_kit import BOT, DAY, HOUR, LI, SALES, ZHANG, drift, hold, levels
from tests.fakes import NOON
from tests.ledgers import adjustments

TICK = timedelta(microseconds=1)
MONTH = 31 * DAY


def put_by(store: Store) -> None:
    with store.begin() as tx:
        assert tx.sums.put_by(1000)


def test_what_was_spent_before_in_its_window_counts_and_stands_in_the_ledger(store: Store) -> None:
    record(store, "long ago", 1000, at=NOON - MONTH)
    record(store, "a", 40)
    put_by(store)
    record(store, "b", 2)
    record(store, "c", 3, SHE)
    known = add_budget(store, budget(100, (SALES, 60), (BOT, 1), (LI, 30)))
    assert spent(store, known) == [45, 42, 42, 3]
    record(store, "d", 5)
    assert spent(store, known) == [50, 47, 47, 3]
    made = [adjustments(store, quota.id) for quota in kept_by(store, known)]
    assert [[(each.amount, each.made_by, each.made_at) for each in some] for some in made] == [
        [(amount, "suanli", NOON)] for amount in (45, 42, 42, 3)
    ]
    assert all(each.why for some in made for each in some)
    assert drift(store) == ()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
@pytest.mark.parametrize("period", Period)
def test_every_window_begins_and_ends_to_the_microsecond(store: Store, period: Period, zone: str) -> None:
    window = window_at(period, ZoneInfo(zone), NOON)
    moments = [
        window.start - TICK, window.start, window.start + HOUR / 2 - TICK, window.start + HOUR / 2, NOON,
        window.end - TICK, window.end,
    ]  # fmt: skip
    for number, at in enumerate(moments):
        record(store, str(number), 10**number, at=at)
    planned = budget(100, (SALES, 60), (ZHANG, 1), period=period, zone=ZoneInfo(zone))
    late = add_budget(store, planned)
    put_by(store)
    later = add_budget(store, planned)
    due = sum(10**number for number, at in enumerate(moments) if at in window)
    assert spent(store, late) == spent(store, later) == [due] * 3


def test_unpriced_calls_count_as_quotas_count_them(store: Store) -> None:
    assert hold(store, "h", 7)
    record(store, "a", None, hold="h")
    record(store, "b", None)
    record(store, "c", 1)
    for zone in ("Asia/Shanghai", "Asia/Kathmandu"):
        assert spent(store, add_budget(store, budget(100, (SALES, 60), zone=ZoneInfo(zone)))) == [8, 8]


def test_a_call_that_was_held_before_stays_with_the_quotas_that_were_there(store: Store) -> None:
    assert hold(store, "h", 7)
    known = add_budget(store, budget(100, (SALES, 60)))
    record(store, "a", 5, hold="h")
    assert spent(store, known) == [0, 0]
    assert drift(store) == ()


def test_what_was_spent_in_another_currency_counts_for_nobody(store: Store) -> None:
    record(store, "a", 40)
    assert spent(store, add_budget(store, budget(100, currency=Currency("USD")))) == [0]


def test_levels_that_it_has_come_to_before_are_told_once(store: Store) -> None:
    record(store, "a", 96)
    known = add_budget(store, budget(100, (SALES, 97)))
    found = [(known.name, Span.PERIOD, level) for level in (Level.CRITICAL, Level.WARNING)]
    assert sorted(levels(store)) == sorted(2 * found)
    change_budget(store, known, name=known.name)
    assert sorted(levels(store)) == sorted(2 * found)


def test_one_that_is_not_active_counts_nothing_until_it_is(store: Store) -> None:
    record(store, "a", 40)
    known = add_budget(store, budget(100, (SALES, 60), active=False))
    record(store, "b", 2)
    assert spent(store, known) == [0, 0]
    change_budget(store, known, active=True)
    assert spent(store, known) == [42, 42]
    assert drift(store) == ()


def test_what_was_spent_while_it_was_out_of_force_counts_when_it_is_back(store: Store) -> None:
    known = add_budget(store, budget(100, (SALES, 60), (BOT, 5)))
    record(store, "a", 40)
    off = change_budget(store, known, active=False)
    record(store, "b", 2)
    on = change_budget(store, off, active=True, allocations=known.allocations[:1])
    record(store, "c", 3)
    assert spent(store, on) == [45, 45]
    assert spent(store, change_budget(store, on, allocations=known.allocations)) == [45, 45, 45]
    assert drift(store) == ()


def test_a_change_alone_adds_nothing(store: Store) -> None:
    record(store, "a", 40)
    known = add_budget(store, budget(100, (SALES, 60)))
    (whole, _) = kept_by(store, known)
    with store.begin() as tx:
        tx.quotas.reset(whole.id, made_by="ou_boss", why="a new start", now=NOON)
    change_budget(store, known, total=200, warning=0.1)
    assert spent(store, known) == [0, 40]
    assert len(adjustments(store, whole.id)) == 2


def test_an_allocation_that_is_added_counts_what_was_spent_before(store: Store) -> None:
    known = add_budget(store, budget(100))
    record(store, "a", 40)
    record(store, "b", 2, SHE)
    more = change_budget(store, known, allocations=budget(100, (SALES, 60), (LI, 3)).allocations)
    assert spent(store, more) == [42, 40, 2]


def test_a_new_period_or_zone_begins_with_what_was_spent_in_that_window(store: Store) -> None:
    record(store, "yesterday", 40, at=NOON - DAY)
    record(store, "a", 2)
    known = add_budget(store, budget(100, (SALES, 60)))
    daily = change_budget(store, known, period=Period.DAILY)
    assert spent(store, daily) == [2, 2]
    record(store, "b", 3)
    assert spent(store, daily) == [5, 5]
    assert spent(store, change_budget(store, known)) == [45, 45]
    assert drift(store) == ()


def test_who_has_no_department_is_in_nobodys_budget(store: Store) -> None:
    record(store, "a", 40, Payer(HE.user))
    assert spent(store, add_budget(store, budget(100, (SALES, 60), (ZHANG, 5)))) == [0, 0, 40]


def test_the_window_of_now_is_that_of_the_one_who_adds_it(store: Store) -> None:
    late = window_at(Period.MONTHLY, ZoneInfo("Asia/Shanghai"), NOON).end
    record(store, "a", 40)
    known = add_budget(store, budget(100), late)
    assert spent(store, known, late) == [0]
