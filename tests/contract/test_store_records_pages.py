"""Records in pages and one by one: any filter, both orders, each once, whatever is written meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from random import Random

import pytest
from sqlalchemy import create_engine, insert

from storage.engine import address
from storage.tables import RecordRow
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostType
from suanli.domain.cost.records import Judged, Labels, Record, RecordFilter, RecordId, Sort
from suanli.domain.ports import Store
from tests.contract.cost_kit import DAY, HOSTILE, HOUR, SECOND
from tests.contract.record_kit import ALL, HE, SHE, costs, everything, pages, price, recorded, told, unpriced, write
from tests.fakes import NOON

MICROSECOND = timedelta(microseconds=1)

Fits = Callable[[Record], bool]


def is_early(record: Record) -> bool:
    return NOON <= record.call.happened_at < NOON + HOUR


FILTERS: list[tuple[RecordFilter, Fits]] = [
    (ALL, lambda _: True),
    (RecordFilter(since=NOON + HOUR), lambda each: each.call.happened_at >= NOON + HOUR),
    (RecordFilter(until=NOON + HOUR), lambda each: each.call.happened_at < NOON + HOUR),
    (RecordFilter(user=HE.user), lambda each: each.call.payer.user == HE.user),
    (RecordFilter(project="p2"), lambda each: each.call.payer.project == "p2"),
    (RecordFilter(department="sales"), lambda each: each.call.payer.department == "sales"),
    (RecordFilter(organization="nobody"), lambda _: False),
    (RecordFilter(model_name="m1"), lambda each: each.call.model_name == "m1"),
    (RecordFilter(provider_name="x", request_type="chat"), lambda each: each.call.request_type == "chat"),
    (RecordFilter(cost_type=CostType.STORAGE), lambda each: each.call.cost_type is CostType.STORAGE),
    (RecordFilter(session_id="s1"), lambda each: each.call.labels.session_id == "s1"),
    (RecordFilter(request_id="k7"), lambda each: each.call.request_id == "k7"),
    (RecordFilter(is_priced=True), lambda each: each.is_priced),
    (RecordFilter(is_priced=False), lambda each: not each.is_priced),
    (RecordFilter(since=NOON, until=NOON + HOUR, is_priced=True), lambda each: each.is_priced and is_early(each)),
    (
        RecordFilter(is_priced=False, user=SHE.user),
        lambda each: not each.is_priced and each.call.payer.user == SHE.user,
    ),
]


def call(number: int, dice: Random) -> Judged:
    """Any call; many happened at one moment, or cost the same."""
    return costs(
        f"k{number}",
        dice.choice([None, 0, 5, 5, 6, dice.randrange(10**15)]),
        Payer(dice.choice([HE.user, SHE.user]), f"p{dice.randrange(4)}", dice.choice(["sales", ""]), "company"),
        happened_at=NOON + dice.choice([0, 0, HOUR // MICROSECOND, dice.randrange(10**10)]) * MICROSECOND,
        model_name=f"m{dice.randrange(3)}",
        provider_name="x",
        request_type=dice.choice(["chat", "embedding"]),
        cost_type=dice.choice([CostType.AI_API, CostType.STORAGE]),
        labels=Labels(session_id=dice.choice(["", "s1", "s2"])),
    )


@pytest.fixture
def known(store: Store) -> list[Record]:
    """Forty records, by number."""
    dice = Random(5)  # noqa: S311 the same ones each time
    write(store, *(call(number, dice) for number in range(40)))
    found = everything(store)
    assert [record.id for record in found] == list(range(1, 41))
    return found


def place(record: Record, sort: Sort) -> tuple[object, RecordId]:
    if sort is Sort.HAPPENED_AT:
        return record.call.happened_at, record.id
    return (-1 if record.cost is None else record.cost.total), record.id


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", list(Sort))
def test_pages_are_in_order_and_have_every_record_that_fits_once(
    store: Store, known: list[Record], sort: Sort, *, ascending: bool
) -> None:
    for which, fits in FILTERS:
        wanted = sorted(filter(fits, known), key=lambda record: place(record, sort), reverse=not ascending)
        for limit in (1, 3, 7, len(wanted), 100):
            found = pages(store, sort, ascending=ascending, limit=max(1, limit), which=which)
            assert list(chain(*found)) == wanted
            assert all(len(page) == limit for page in found[:-1])
            assert len(found) == max(1, -(-len(wanted) // max(1, limit)))


@pytest.mark.parametrize("ascending", [True, False])
def test_the_dearest_of_a_time_are_found_beneath_any_number_that_is_dearer(
    store: Store, database_url: str, *, ascending: bool
) -> None:
    """A thousand come before most of the day's, whichever way one looks; one of the day is before them."""
    write(store, costs("k", 10**6))
    engine = create_engine(address(database_url))
    with engine.begin() as connection:
        (row,) = connection.execute(RecordRow.__table__.select()).mappings()
        cheap = [{**row, "id": 10 + n, "request_id": f"c{n}", "total_cost": n} for n in range(1_003)]
        dear = [{**each, "id": 10**5 + each["id"], "request_id": f"d{each['id']}", "total_cost": 10**9 + each["id"]}
                for each in cheap]  # fmt: skip
        connection.execute(insert(RecordRow), cheap + dear)
    engine.dispose()
    amounts = [0, 10**5, 10**5, 10**5 + 1, 2 * 10**9]
    write(store, *(costs(f"t{n}", amount, happened_at=NOON + DAY) for n, amount in enumerate(amounts)))
    which = RecordFilter(since=NOON + DAY, until=NOON + 2 * DAY)
    for limit in (1, 2, 5, 9):
        found = list(chain(*pages(store, Sort.TOTAL_COST, ascending=ascending, limit=limit, which=which)))
        names = [each.call.request_id for each in found]
        assert names == (["t0", "t1", "t2", "t3", "t4"] if ascending else ["t4", "t3", "t2", "t1", "t0"])


def test_what_is_written_or_priced_meanwhile_neither_repeats_nor_hides_others(store: Store) -> None:
    write(store, *(costs(f"k{n}", None if n % 2 else n, happened_at=NOON + n * SECOND) for n in range(8)))
    with store.begin() as tx:
        first = tx.records.page(ALL, Sort.HAPPENED_AT, ascending=False, after=None, limit=4)
        dear = tx.records.page(ALL, Sort.TOTAL_COST, ascending=False, after=None, limit=2)
    write(store, costs("newer", 1, happened_at=NOON + DAY), costs("older", 3, happened_at=NOON - DAY))
    price(store, costs("k1", 1))
    with store.begin() as tx:
        second = tx.records.page(ALL, Sort.HAPPENED_AT, ascending=False, after=first.next, limit=9)
        cheap = tx.records.page(ALL, Sort.TOTAL_COST, ascending=False, after=dear.next, limit=9)
    assert [record.call.request_id for record in second.records] == ["k3", "k2", "k1", "k0", "older"]
    assert [record.call.request_id for record in dear.records] == ["k6", "k4"]
    names = [record.call.request_id for record in cheap.records]
    assert names == ["older", "k2", "newer", "k1", "k0", "k7", "k5", "k3"]
    assert (second.next, cheap.next) == (None, None)


def test_a_page_of_nothing_has_no_next_one(store: Store) -> None:
    assert pages(store, Sort.HAPPENED_AT, ascending=True) == [()]
    write(store, costs("a", 1))
    with store.begin() as tx:
        page = tx.records.page(ALL, Sort.TOTAL_COST, ascending=True, after=None, limit=0)
    assert (page.records, page.next) == ((), None)


def test_unpriced_records_come_by_number_and_in_parts(store: Store) -> None:
    write(store, *(costs(f"k{n}", None if n % 3 else 1) for n in range(9)))
    numbers = unpriced(store)
    assert len(numbers) == 6
    with store.begin() as tx:
        assert [record.id for record in tx.records.unpriced(numbers[1], 3)] == numbers[2:5]
        assert tx.records.unpriced(numbers[-1], 3) == ()


def test_hostile_filters_find_what_was_told_in_the_same_words(store: Store) -> None:
    labels = Labels(session_id=HOSTILE)
    write(store, costs("a", 1, Payer(HOSTILE), labels=labels), costs("b", 1))
    for which in (RecordFilter(user=HOSTILE), RecordFilter(session_id=HOSTILE)):
        assert [record.call.request_id for record in everything(store, which)] == ["a"]


def test_a_record_is_read_as_it_was_told_on_every_page(store: Store) -> None:
    write(store, costs("a", 7))
    ((record,),) = pages(store, Sort.HAPPENED_AT, ascending=True)
    assert record == recorded(store, "a")
    assert replace(record.call, request_id="") == told("")
