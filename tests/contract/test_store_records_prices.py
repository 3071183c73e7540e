"""Unpriced records get their price once; accounts and sums follow."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, func, select

from storage.engine import address
from storage.tables import RecordRow, SumTailRow
from suanli.domain.cost.book import Bill
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.exchange import ExchangeRate
from suanli.domain.cost.money import LARGEST, Currency, MoneyError, Nano
from suanli.domain.cost.prices import Cost, CostModel, CostModelId, CostType, Price, PriceId, Rates, Unit, Usage
from suanli.domain.cost.quotas import Level, Span
from suanli.domain.cost.records import Ending, Fate, Judged, RecordId, Stated
from suanli.domain.ports import Store
from tests.contract.cost_kit import CNY, DAY, ZHANG, add, books, drift, levels, quota
from tests.contract.record_kit import costs, fates, price, recorded, told, unpriced, write
from tests.fakes import NOON

USD = Currency("USD")
MODEL = CostModel(CostModelId(3), "gpt", "openai", "chat", CostType.AI_API, Unit.TOKEN)
COST = Cost(Nano(1), Nano(2), Nano(4))


def summed(url: str) -> Mapping[str, int]:
    """All sums together."""
    columns = [column for column in SumTailRow.__table__.columns if column.name in NAMES]
    engine = create_engine(address(url))
    with engine.connect() as connection:
        row = connection.execute(select(*(func.sum(column).label(column.name) for column in columns))).one()
    engine.dispose()
    return {name: int(value) for name, value in row._asdict().items()}


NAMES = {
    "requests", "unpriced", "failed", "input_units", "output_units", "cached_units", "total_units",
    "input_cost", "output_cost", "total_cost", "took", "timed",
}  # fmt: skip


def test_an_unpriced_record_gets_its_price_once(store: Store, database_url: str) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", None), costs("b", None), costs("c", 5))
    assert unpriced(store) == [recorded(store, "a").id, recorded(store, "b").id]
    assert price(store, costs("a", 80), now=NOON + DAY) == 1
    assert price(store, costs("a", 99), costs("c", 99), now=NOON + DAY) == 0
    record = recorded(store, "a")
    assert (record.cost and record.cost.total, record.charged, record.missing) == (80, 80, "")
    assert (record.recorded_at, unpriced(store)) == (NOON, [recorded(store, "b").id])
    assert (books(store, mine), levels(store)) == ((85, 0), [("user ou_zhang", Span.PERIOD, Level.WARNING)])
    assert (summed(database_url)["unpriced"], summed(database_url)["total_cost"]) == (1, 85)
    assert drift(store) == ()


def test_many_are_priced_together_and_those_that_stay_unpriced_are_left(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 10**6))
    names = [f"k{n}" for n in range(300)]
    write(store, *(costs(name, None, happened_at=NOON - n * DAY) for n, name in enumerate(names)))
    still = Judged(told("k0"), Unpriced(Missing.EXCHANGE))
    assert price(store, still, *(costs(name, 2) for name in names[1:])) == 299
    assert (len(unpriced(store)), recorded(store, "k0").missing) == (1, Missing.PRICE)
    assert books(store, mine)[0] == 2 * 19  # the 20th of the month, at noon
    assert drift(store) == ()


def test_nothing_is_priced_of_no_records(store: Store) -> None:
    with store.begin() as tx:
        assert tx.records.price([], NOON) == 0
    with store.begin() as tx:
        assert tx.records.price([(RecordId(77), costs("a", 1))], NOON) == 0


def test_a_price_in_another_currency_keeps_what_it_was(store: Store) -> None:
    write(store, costs("a", None))
    rate = ExchangeRate(USD, CNY, Decimal("7.1"), NOON)
    original = Cost(Nano(10), Nano(20), Nano(40))
    usd = Price(PriceId(5), MODEL.id, Rates(Nano(1), Nano(2)), USD, NOON)
    assert price(store, Judged(told("a"), Bill(MODEL, usd, COST, original, rate))) == 1
    record = recorded(store, "a")
    assert (record.original, record.rate, record.cost, record.price) == (original, rate.rate, COST, usd.id)


def test_a_cost_in_another_currency_than_the_records_prices_nothing(store: Store) -> None:
    write(store, costs("a", None))
    usd = Price(PriceId(5), MODEL.id, Rates(Nano(1), Nano(2)), USD, NOON)
    assert price(store, Judged(told("a"), Bill(MODEL, usd, COST, COST))) == 0
    assert recorded(store, "a").cost is None


@pytest.mark.parametrize("second", [LARGEST, LARGEST - 20])
def test_prices_that_cannot_be_counted_leave_all_as_it_was(store: Store, second: int) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", None), costs("b", None), costs("c", 30))
    with pytest.raises(MoneyError):
        price(store, costs("a", 1), costs("b", second))
    assert (books(store, mine), len(unpriced(store)), drift(store)) == ((30, 0), 2, ())


def test_a_price_below_nothing_is_none(store: Store) -> None:
    write(store, costs("a", None))
    with pytest.raises(ValueError, match="less than nothing"):
        price(store, Judged(told("a"), Stated(Cost(Nano(-1), Nano(2), Nano(0)))))
    assert recorded(store, "a").cost is None


def test_sums_say_what_records_say(store: Store, database_url: str) -> None:
    usage = Usage(1, 10, 100, 1000, 10_000)
    calls = [
        Judged(told("a", usage=usage, took=7, ending=Ending.FAILED), Stated(COST)),
        Judged(told("b", usage=usage, ending=Ending.ABORTED), Unpriced(Missing.MODEL)),
    ]
    assert fates(write(store, *calls)) == [Fate.NEW, Fate.NEW]
    write(store, *calls)
    assert summed(database_url) == {
        "requests": 2, "unpriced": 1, "failed": 1,
        "input_units": 2202, "output_units": 20_020, "cached_units": 200, "total_units": 22_222,
        "input_cost": 1, "output_cost": 2, "total_cost": 7, "took": 7, "timed": 1,
    }  # fmt: skip
    price(store, costs("b", 9))
    after = summed(database_url)
    assert (after["requests"], after["unpriced"], after["total_cost"], after["total_units"]) == (2, 0, 16, 22_222)


def test_a_record_that_is_named_twice_gets_the_first_price(store: Store) -> None:
    (mine,) = add(store, quota(ZHANG, 100))
    write(store, costs("a", None))
    assert price(store, costs("a", 7), costs("a", 9)) == 1
    assert (books(store, mine), drift(store)) == ((7, 0), ())


def test_the_original_of_a_price_is_not_written_twice(store: Store, database_url: str) -> None:
    """Records of the site's own currency are most of all, and their originals are what they cost."""
    cny = Price(PriceId(5), MODEL.id, Rates(Nano(1), Nano(2)), CNY, NOON)
    write(store, Judged(told("a"), Bill(MODEL, cny, COST, COST)))
    engine = create_engine(address(database_url))
    with engine.connect() as connection:
        assert connection.execute(select(RecordRow.original_input, RecordRow.original_currency)).one() == (None, None)
    engine.dispose()
    assert recorded(store, "a").original == COST
