"""The book of prices: remembered, and never older than the last edit, nor half of one."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event

from storage.engine import address, open_engine
from storage.price_book import SqlPriceBook
from storage.store import SqlStore
from suanli.domain.access import Role
from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Currency
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostModel, Usage
from suanli.domain.ports import Store, Transaction
from suanli.domain.tokens import ApiToken, TokenId
from tests.contract.price_kit import CNY, DAY, TIERS, USD, add, added, model, price, rate, set_price
from tests.fakes import NOON

CALL = Usage(1_000_000)


def book(store: Store, currency: Currency = CNY) -> PriceBook:
    with store.begin() as tx:
        return tx.prices.book(currency)


def cost(store: Store) -> int | Missing:
    found = book(store).charge("deepseek-chat", "deepseek", CALL, NOON)
    return found.cost.total if isinstance(found, Bill) else found.why


def token() -> ApiToken:
    payer = Payer("ou_zhang", "bot", "sales", "company")
    return ApiToken(TokenId(0), "t", "digest", payer, frozenset(), Role.MEMBER, "ou_boss", NOON)


class Undone(Exception):  # noqa: N818 what a test means to happen
    pass


def edit_and_fail(tx: Transaction, known: CostModel) -> None:
    """Set a price, and see that it is in the book."""
    tx.prices.add(price(known, rate=5), NOON)
    assert isinstance(tx.prices.book(CNY).charge(known.name, known.provider, CALL, NOON), Bill)
    raise Undone


@pytest.fixture
def elsewhere(database_url: str) -> Iterator[SqlStore]:
    """A store as another process has it."""
    with closing(SqlStore(database_url)) as store:
        yield store


def test_the_book_has_everything_that_was_added(store: Store) -> None:
    known = add(store, model(aliases=("ds",)))
    gone = add(store, model("gone", active=False))
    first = set_price(store, price(known, tiers=TIERS))
    later = set_price(store, price(known, NOON + DAY, currency=USD))
    old = set_price(store, price(gone, rate=7))
    dollars = rate(USD, "7.1")
    with store.begin() as tx:
        tx.exchange.add(dollars, NOON)
        tx.exchange.add(rate(CNY, "0.14", to=USD), NOON)
    held = (replace(first, valid_to=NOON + DAY), later, old)
    assert book(store) == PriceBook.of(CNY, (known, gone), held, (dollars,))
    assert book(store, USD) == PriceBook.of(USD, (known, gone), held, (rate(CNY, "0.14", to=USD),))
    assert book(store).charge("gone", "", CALL, NOON) == Unpriced(Missing.MODEL)


def test_the_book_is_read_once_while_nothing_is_edited(store: Store) -> None:
    set_price(store, price(add(store, model())))
    first = book(store)
    book(store, USD)
    with store.begin() as tx:
        assert tx.models.all()
        assert tx.prices.book(CNY) is first
    assert book(store) is first


def test_what_another_process_edits_holds_in_the_next_transaction(store: Store, elsewhere: SqlStore) -> None:
    assert cost(store) is Missing.MODEL
    known = add(elsewhere, model())
    assert cost(store) is Missing.PRICE
    set_price(elsewhere, price(known, rate=5))
    assert cost(store) == 5
    set_price(elsewhere, price(known, NOON + DAY, rate=6, currency=USD))
    tomorrow = NOON + DAY
    assert book(store).charge(known.name, known.provider, CALL, tomorrow) == Unpriced(Missing.EXCHANGE)
    with elsewhere.begin() as tx:
        tx.exchange.add(rate(USD, "7"), NOON)
    found = book(store).charge(known.name, known.provider, CALL, tomorrow)
    assert isinstance(found, Bill)
    assert (found.cost.total, found.original.total) == (42, 6)
    with elsewhere.begin() as tx:
        tx.models.change(replace(known, active=False))
    assert cost(store) is Missing.MODEL


def test_a_transaction_sees_its_own_edits_and_nobody_sees_those_that_are_rolled_back(
    store: Store, elsewhere: SqlStore
) -> None:
    known = add(store, model())
    assert cost(store) is Missing.PRICE
    with pytest.raises(Undone), store.begin() as tx:
        edit_and_fail(tx, known)
    assert cost(store) is Missing.PRICE
    assert cost(elsewhere) is Missing.PRICE


def test_what_is_undone_in_a_part_of_a_transaction_is_in_no_book(store: Store, elsewhere: SqlStore) -> None:
    with store.begin() as tx:
        known = added(tx, model())
        with pytest.raises(Undone), tx.savepoint():
            edit_and_fail(tx, known)
    assert (cost(store), cost(elsewhere)) == (Missing.PRICE, Missing.PRICE)


def test_an_edit_after_one_that_was_undone_is_seen_by_all(store: Store, elsewhere: SqlStore) -> None:
    known = add(store, model())
    assert cost(elsewhere) is Missing.PRICE
    with store.begin() as tx:
        with pytest.raises(Undone), tx.savepoint():
            edit_and_fail(tx, known)
        assert tx.prices.book(CNY).charge(known.name, known.provider, CALL, NOON) == Unpriced(Missing.PRICE)
        tx.prices.add(price(known, rate=6), NOON)
    assert (cost(store), cost(elsewhere)) == (6, 6)


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
def test_who_reads_while_another_edits_never_sees_half_an_edit(database_url: str) -> None:
    """An edit adds a model with its price: a book with one and without the other is half of it.

    On SQLite nobody can edit meanwhile.
    """
    engine = open_engine(address(database_url))
    edits = iter(range(3))

    def edit(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        """Between the models and their prices."""
        number = next(edits, None) if "FROM cost_models" in statement else None
        if number is not None:
            with closing(SqlStore(database_url)) as other, other.begin() as tx:
                tx.prices.add(price(added(tx, model(f"m{number}"))), NOON)

    event.listen(engine, "after_cursor_execute", edit)
    with engine.begin() as connection:
        found = SqlPriceBook(connection, {}).read(CNY)
    engine.dispose()
    assert found.models.keys() == found.prices.keys()
    assert len(found.models) == 3


def test_prices_that_are_set_at_once_follow_each_other(store: Store, database_url: str) -> None:
    known = add(store, model())
    start = threading.Barrier(4)

    def work(number: int) -> None:
        with closing(SqlStore(database_url)) as mine:
            start.wait(30)
            for n in range(5):
                set_price(mine, price(known, NOON + timedelta(minutes=4 * n + number), rate=number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with store.begin() as tx:
        prices = tx.prices.of(known.id)
    assert [each.valid_from for each in prices] == [NOON + timedelta(minutes=n) for n in range(20)]
    assert all(before.valid_to == after.valid_from for before, after in pairwise(prices))
    assert prices[-1].valid_to is None


def test_a_model_that_two_add_at_once_is_added_once(store: Store, database_url: str) -> None:
    start = threading.Barrier(4)

    def work(_: int) -> bool:
        with closing(SqlStore(database_url)) as mine:
            start.wait(30)
            with mine.begin() as tx:
                return tx.models.add(model()) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [False, False, False, True]
    assert len(book(store).models) == 1


def test_who_looks_a_token_up_and_then_edits_sees_the_edit(store: Store) -> None:
    known = add(store, model())
    assert cost(store) is Missing.PRICE
    with store.begin() as tx:
        tx.tokens.add(token())
        assert tx.tokens.by_digest("digest") is not None
        tx.prices.add(price(known, rate=5), NOON)
        assert isinstance(tx.prices.book(CNY).charge(known.name, known.provider, CALL, NOON), Bill)
    assert cost(store) == 5


def test_who_looks_a_token_up_finds_the_book_of_that_moment_or_a_newer_one(store: Store, elsewhere: SqlStore) -> None:
    known = add(store, model())
    with store.begin() as tx:
        tx.tokens.add(token())
    set_price(elsewhere, price(known, rate=5))
    with store.begin() as tx:
        assert tx.tokens.by_digest("digest") is not None
        assert isinstance(tx.prices.book(CNY).charge(known.name, known.provider, CALL, NOON), Bill)
        assert tx.prices.book(CNY) is tx.prices.book(CNY)
