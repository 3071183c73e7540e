"""What was reset away does not come back: no limit can be passed by a call that gets its price afterwards."""

from suanli.domain.cost.quotas import Quota
from suanli.domain.ports import Store
from tests.contract.cost_kit import COMPANY, ZHANG, accounts, add, books, drift, hold, quota, refused, tamper
from tests.contract.record_kit import costs, price, write
from tests.fakes import NOON
from tests.ledgers import adjustments


def reset(store: Store, of: Quota) -> None:
    with store.begin() as tx:
        tx.quotas.reset(of.id, made_by="ou_boss", why="a new start", now=NOON)


def unpriced(store: Store, key: str, amount: int) -> None:
    """A call without a price, that is charged what was held for it."""
    assert hold(store, key, amount)
    write(store, costs(key, None, hold=key))


def test_a_lower_price_of_what_was_reset_away_gives_nothing_back(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    unpriced(store, "a", 100)
    reset(store, his)
    assert price(store, costs("a", 10)) == 1
    assert books(store, his) == (0, 0)
    assert refused(store, "b", 190).left == 100
    assert [each.amount for each in adjustments(store, his.id)] == [-100, 90]
    assert drift(store) == ()


def test_what_was_charged_since_stays_charged(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000))
    unpriced(store, "a", 100)
    reset(store, his)
    unpriced(store, "b", 70)
    write(store, costs("c", 5))
    assert price(store, costs("a", 10), costs("b", 30)) == 2
    assert (books(store, his), drift(store)) == ((35, 0), ())


def test_a_price_that_makes_up_for_another_ones_gives_nothing_back_either(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000))
    unpriced(store, "a", 100)
    reset(store, his)
    unpriced(store, "b", 20)
    assert price(store, costs("a", 10), costs("b", 110)) == 2  # 90 less, and 90 more
    assert (books(store, his), drift(store)) == ((110, 0), ())


def test_a_higher_price_counts_by_what_was_not_counted_before(store: Store) -> None:
    (his,) = add(store, quota(ZHANG, 1000))
    unpriced(store, "a", 100)
    reset(store, his)
    assert price(store, costs("a", 130)) == 1
    assert (books(store, his), drift(store)) == ((30, 0), ())


def test_only_windows_that_were_reset_are_left_alone(store: Store) -> None:
    his, company = add(store, quota(ZHANG, 1000, hour=500), quota(COMPANY, 1000))
    unpriced(store, "a", 100)
    reset(store, his)
    assert price(store, costs("a", 10)) == 1
    assert [each.used for each in accounts(store, his)] == [0, 0]
    assert (books(store, company), adjustments(store, company.id)) == ((10, 0), ())
    assert drift(store) == ()


def test_an_account_that_is_used_less_than_nothing_is_found(store: Store, database_url: str) -> None:
    """As versions before this one left them; a reset makes them right."""
    (his,) = add(store, quota(ZHANG, 100))
    unpriced(store, "a", 100)
    reset(store, his)
    tamper(database_url, "UPDATE adjustments SET last_record = 0")
    tamper(database_url, "UPDATE accounts SET used = used - 90")
    tamper(database_url, "UPDATE holds SET actual = 10")
    (found,) = drift(store)
    assert (found.account.used, found.used) == (-90, -90)
    with store.begin() as tx:
        assert not tx.books.reconcile(NOON, None).is_clean
    reset(store, his)
    assert (books(store, his), drift(store)) == ((0, 0), ())


def test_no_correction_takes_an_account_below_nothing(store: Store, database_url: str) -> None:
    (his,) = add(store, quota(ZHANG, 100))
    unpriced(store, "a", 100)
    tamper(database_url, "UPDATE accounts SET used = 20")
    before = drift(store)
    assert price(store, costs("a", 10)) == 1
    assert books(store, his) == (0, 0)
    assert [each.used - each.account.used for each in drift(store)] == [each.used - 20 for each in before] == [80]
