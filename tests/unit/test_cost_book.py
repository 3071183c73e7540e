"""The book of prices: what a call costs in the site's currency, or why nobody knows."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.exchange import ExchangeRate, convert
from suanli.domain.cost.money import Currency, Nano, shown
from suanli.domain.cost.prices import CostModelId, Price, PriceId, Rates, Usage, cost
from tests.price_map import NOW, model

CNY, USD, EUR = Currency("CNY"), Currency("USD"), Currency("EUR")
HOUR = timedelta(hours=1)
GPT, (LISTED,) = model("openai/gpt-4o")
RATE = ExchangeRate(USD, CNY, Decimal("7.1234"), NOW)
CALL = Usage(1234, 567)


def book(*prices: Price, currency: Currency = USD, rates: tuple[ExchangeRate, ...] = ()) -> PriceBook:
    return PriceBook.of(currency, [GPT], prices or (LISTED,), rates)


def test_a_call_costs_what_its_price_says() -> None:
    expected = cost(LISTED.rates, CALL)
    found = book().charge("gpt-4o", "openai", CALL, NOW)
    assert found == Bill(GPT, LISTED, expected, expected, None)
    assert shown(expected.total) == "0.008755"
    assert book().charge("openai/gpt-4o", "", CALL, NOW) == found


def test_a_price_in_another_currency_is_converted_at_the_rate_of_the_calls_moment() -> None:
    later = replace(RATE, rate=Decimal(8), valid_from=NOW + HOUR)
    elsewhere = ExchangeRate(USD, EUR, Decimal("0.9"), NOW)
    known = book(currency=CNY, rates=(later, RATE, elsewhere))
    original = cost(LISTED.rates, CALL)
    bills = [known.charge("gpt-4o", "", CALL, NOW + hours * HOUR) for hours in (0, 1)]
    assert bills == [Bill(GPT, LISTED, convert(original, each), original, each) for each in (RATE, later)]
    assert [shown(bill.cost.total) for bill in bills if isinstance(bill, Bill)] == ["0.062365", "0.070040"]


@pytest.mark.parametrize("rates", [(), (replace(RATE, valid_from=NOW + HOUR),), (replace(RATE, currency=EUR),)])
def test_without_a_rate_of_that_moment_a_call_is_unpriced(rates: tuple[ExchangeRate, ...]) -> None:
    known = book(currency=CNY, rates=rates)
    assert known.charge("gpt-4o", "", CALL, NOW) == Unpriced(Missing.EXCHANGE)
    assert known.charge("gpt-4o", "", Usage(), NOW) == Unpriced(Missing.EXCHANGE)


def test_why_a_call_has_no_price_is_said() -> None:
    known = PriceBook.of(USD, [GPT, replace(GPT, id=CostModelId(2), provider="azure")], [LISTED])
    assert known.charge("gpt-9", "openai", CALL, NOW) == Unpriced(Missing.MODEL)
    assert known.charge("gpt-4o", "", CALL, NOW) == Unpriced(Missing.PROVIDER)
    assert known.charge("gpt-4o", "azure", CALL, NOW) == Unpriced(Missing.PRICE)
    assert known.charge("gpt-4o", "openai", CALL, NOW - HOUR) == Unpriced(Missing.PRICE)


def test_a_deleted_model_is_no_model() -> None:
    known = PriceBook.of(USD, [replace(GPT, active=False)], [LISTED])
    assert known.charge("gpt-4o", "openai", CALL, NOW) == Unpriced(Missing.MODEL)


def test_each_moment_has_the_price_that_held_then_and_a_gap_has_none() -> None:
    first = replace(LISTED, id=PriceId(1), valid_to=NOW + HOUR, rates=Rates(Nano(1), Nano(1)))
    second = replace(LISTED, id=PriceId(2), valid_from=NOW + 2 * HOUR)
    known = book(second, first)
    moments = (NOW - HOUR, NOW, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR, NOW + 2 * HOUR, NOW + 99 * HOUR)
    assert [known.price_at(GPT.id, moment) for moment in moments] == [None, first, first, None, second, second]
    assert known.history(GPT.id) == [first, second]
    assert list(known.history(CostModelId(9))) == []
    assert known.charge("gpt-4o", "", CALL, NOW + HOUR) == Unpriced(Missing.PRICE)
