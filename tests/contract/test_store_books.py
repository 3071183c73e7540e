"""Reconciliation: what somebody changed behind the store's back is found, and nothing else is."""

from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from storage.cuboids import OF_DAYS, OF_HOURS
from storage.store import SqlStore
from storage.sum_zone import OtherZoneError
from suanli.domain.cost.findings import Fault, Findings, Misfit, Skew
from suanli.domain.cost.quotas import Span
from suanli.domain.ports import Store
from tests.contract.cost_kit import COMPANY, DAY, HOUR, ZHANG, add, hold, quota, refund, settle, tamper
from tests.contract.record_kit import HE, SHE, costs, price, recorded, write
from tests.contract.sum_kit import put_by
from tests.fakes import NOON

TODAY = "2026-11-20"
CLEAN = Findings((), (), (), accounts_seen=4, records_seen=5)


def reconcile(store: Store, since: datetime | None = None, now: datetime = NOON) -> Findings:
    with store.begin() as tx:
        return tx.books.reconcile(now, since)


@pytest.fixture
def spent(store: Store) -> Store:
    """Five records of two days: with a hold, unpriced with a hold, priced later, without a hold, and of yesterday.

    Some of their sums were put by, and some were not.
    """
    add(store, quota(ZHANG, 10_000, hour=5_000), quota(COMPANY, 10_000))
    assert hold(store, "h1", 50)
    assert hold(store, "h2", 60)
    write(store, costs("a", 40, hold="h1"), costs("b", None, hold="h2"), costs("c", None))
    write(store, costs("d", 30, SHE, took=5), costs("e", 20, HE, happened_at=NOON - DAY))
    assert price(store, costs("c", 77)) == 1
    assert put_by(store, 3) == 3
    return store


def misfit(store: Store, request_id: str, *faults: Fault) -> tuple[Misfit, ...]:
    return tuple(Misfit(recorded(store, request_id).id, request_id, fault) for fault in faults)


def test_books_without_an_entry_agree(store: Store) -> None:
    assert reconcile(store) == Findings((), (), (), accounts_seen=0, records_seen=0)
    assert reconcile(store, NOON - DAY).is_clean


def test_books_that_nobody_tampered_with_agree(spent: Store) -> None:
    assert reconcile(spent) == CLEAN
    assert reconcile(spent, NOON - HOUR).is_clean
    assert reconcile(spent).is_clean  # reading them changed nothing
    put_by(spent)
    assert reconcile(spent) == CLEAN


def test_holds_that_ended_otherwise_are_in_order(store: Store) -> None:
    add(store, quota(ZHANG, 10_000))
    for key in ("settled", "refunded", "held"):
        assert hold(store, key, 10)
    settle(store, "settled", 7)
    refund(store, "refunded")
    write(store, costs("late", 5, hold="unknown"))
    assert reconcile(store).is_clean


def test_a_total_that_somebody_changed_is_found_with_its_day(spent: Store, database_url: str) -> None:
    tamper(database_url, "UPDATE cost_records SET total_cost = 4 WHERE request_id = 'a'")
    found = reconcile(spent)
    assert not found.is_clean
    assert (found.records, found.accounts) == (misfit(spent, "a", Fault.PARTS), ())
    assert found.sums == (Skew(TODAY, 147, 111, 4, 4),)


@pytest.mark.parametrize(
    ("change", "request_id", "faults"),
    [
        ("input_cost = input_cost + 1", "d", [Fault.PARTS]),
        ("charged = 1", "d", [Fault.PARTS]),
        ("charged = 1", "c", [Fault.PARTS]),
        ("charged = 1", "a", [Fault.HOLD, Fault.PARTS]),
        ("charged = 1", "b", [Fault.HOLD]),
        ("input_cost = NULL", "d", [Fault.PARTS]),
        ("input_cost = 3", "b", [Fault.PARTS]),
        ("hold = 'h9'", "a", [Fault.HOLD]),
        ("account_set = NULL", "d", [Fault.HOLD]),
    ],
)
def test_a_record_that_disagrees_with_itself_or_its_hold_is_found(
    spent: Store, database_url: str, change: str, request_id: str, faults: list[Fault]
) -> None:
    tamper(database_url, f"UPDATE cost_records SET {change} WHERE request_id = '{request_id}'")  # noqa: S608 ours
    assert reconcile(spent).records == misfit(spent, request_id, *faults)


@pytest.mark.parametrize("change", ["actual = 41", "state = 'held'", "state = 'refunded'", "actual = NULL"])
def test_a_hold_that_somebody_changed_is_found_with_its_record_and_its_accounts(
    spent: Store, database_url: str, change: str
) -> None:
    tamper(database_url, f"UPDATE holds SET {change} WHERE key = 'h1'")  # noqa: S608 ours
    found = reconcile(spent)
    assert found.records == misfit(spent, "a", Fault.HOLD)
    assert {each.account.scope for each in found.accounts} == {ZHANG, COMPANY}
    assert found.sums == ()


def test_a_record_that_somebody_removed_is_missed_in_the_sums_and_the_accounts(spent: Store, database_url: str) -> None:
    tamper(database_url, "DELETE FROM cost_records WHERE request_id = 'd'")
    found = reconcile(spent)
    assert found.sums == (Skew(TODAY, 147, 117, 4, 3),)
    assert [(each.account.scope, each.account.used, each.used) for each in found.accounts] == [(COMPANY, 227, 197)]


def test_an_account_that_somebody_changed_is_found(spent: Store, database_url: str) -> None:
    tamper(database_url, "UPDATE accounts SET used = used + 1 WHERE span = 'hour' AND used > 100")
    (found,) = reconcile(spent).accounts
    assert (found.account.span, found.account.used - found.used) == (Span.HOUR, 1)
    assert reconcile(spent, NOON).accounts == (found,)
    over = reconcile(spent, NOON + HOUR)  # and so is the hour of yesterday
    assert (over.accounts, over.accounts_seen) == ((), 2)


@pytest.mark.parametrize("cuboid", OF_DAYS + OF_HOURS)
def test_a_sum_that_somebody_changed_is_found_at_every_level(spent: Store, database_url: str, cuboid: int) -> None:
    put_by(spent)
    tamper(database_url, f"UPDATE cost_sums SET total_cost = total_cost - 1 WHERE cuboid = {cuboid}")  # noqa: S608 ours
    assert {each.day for each in reconcile(spent).sums} == {"2026-11-19", TODAY}
    with spent.begin() as tx:
        assert tx.sums.rebuild() == 5
    assert reconcile(spent) == CLEAN


def test_sums_that_are_lost_are_found_whether_they_were_put_by_or_not(spent: Store, database_url: str) -> None:
    tamper(database_url, "DELETE FROM sum_tail")
    assert [each.summed < each.recorded for each in reconcile(spent).sums] == [True]
    assert not reconcile(spent).is_clean
    tamper(database_url, "DELETE FROM cost_sums")
    assert reconcile(spent).sums == (Skew("2026-11-19", 0, 20, 0, 1), Skew(TODAY, 0, 147, 0, 4))


LATER = NOON + 3 * DAY


def test_a_look_at_what_is_new_passes_over_what_is_old(spent: Store, database_url: str) -> None:
    """Records are looked at by when they were written, days by when something was, or was written, in them."""
    write(spent, costs("new", 5, happened_at=NOON - DAY), costs("newer", 6, happened_at=LATER), now=LATER)
    tamper(database_url, "UPDATE cost_records SET total_cost = total_cost + 1 WHERE request_id IN ('a', 'e')")
    found = reconcile(spent, LATER - HOUR, LATER)
    assert (found.records, found.records_seen) == ((), 2)
    assert [each.day for each in found.sums] == ["2026-11-19"]  # in which a new one happened, beside 'e'
    tamper(database_url, "UPDATE cost_records SET total_cost = total_cost + 1 WHERE request_id IN ('new', 'newer')")
    found = reconcile(spent, LATER - HOUR, LATER)
    assert found.records == misfit(spent, "new", Fault.PARTS) + misfit(spent, "newer", Fault.PARTS)
    assert [each.day for each in found.sums] == ["2026-11-19", "2026-11-23"]
    assert [each.day for each in reconcile(spent).sums] == ["2026-11-19", TODAY, "2026-11-23"]
    assert reconcile(spent).records_seen == 7


def test_the_first_of_the_new_records_is_found_among_many(store: Store) -> None:
    for minute in range(0, 600, 7):
        write(store, costs(f"{minute}", 1), now=NOON + timedelta(minutes=minute))
    for since in (-1, 0, 1, 63, 300, 594, 595, 596):
        seen = reconcile(store, NOON + timedelta(minutes=since), LATER).records_seen
        assert seen == sum(minute >= since for minute in range(0, 600, 7))


@pytest.mark.usefixtures("spent")
def test_books_with_the_days_of_another_zone_are_refused(database_url: str) -> None:
    with closing(SqlStore(database_url, ZoneInfo("Asia/Kolkata"))) as moved:
        with pytest.raises(OtherZoneError):
            reconcile(moved)
        with moved.begin() as tx:
            tx.sums.rebuild()
        assert reconcile(moved) == CLEAN
