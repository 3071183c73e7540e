"""Models, prices and rates of exchange: added, never changed, and found as they were added."""

from dataclasses import replace
from datetime import datetime

import pytest

from suanli.domain.cost.exchange import ExchangeError
from suanli.domain.cost.money import LARGEST, Nano
from suanli.domain.cost.prices import CostModelId, CostType, PriceError, Rates, Tier, Unit
from suanli.domain.ports import Store
from tests.contract.cost_kit import HOSTILE
from tests.contract.price_kit import (
    CNY,
    DAY,
    EVERY_RATE,
    TIERS,
    USD,
    add,
    model,
    price,
    rate,
    set_price,
    taken,
)
from tests.fakes import NOON
from tests.ledgers import imports


def test_there_is_nothing_at_first(store: Store) -> None:
    with store.begin() as tx:
        assert (tx.models.all(active_only=False), tx.exchange.all()) == ((), ())
        assert tx.models.find(CostModelId(1)) is None
        assert tx.models.named("deepseek", "deepseek-chat") is None
        assert not tx.models.change(model(id=CostModelId(1)))
        assert tx.prices.of(CostModelId(1)) == ()
        assert tx.prices.origins() == {}
        assert tx.prices.book(CNY).models == {}


def test_a_model_is_found_as_it_was_added(store: Store) -> None:
    first = add(store, model(aliases=("ds", "深度求索", "a b")))
    second = add(
        store,
        model("disk", "aliyun", model_type="ssd", cost_type=CostType.STORAGE, unit=Unit.GB, unit_size=10**9),
    )
    assert first.id < second.id
    with store.begin() as tx:
        assert tx.models.all() == (first, second)
        assert tx.models.find(second.id) == second
        assert tx.models.named("deepseek", "deepseek-chat") == first
        assert tx.models.named("aliyun", "deepseek-chat") is None


def test_a_providers_name_is_given_once(store: Store) -> None:
    first = add(store, model())
    other = add(store, model(provider="azure"))
    with store.begin() as tx:
        assert tx.models.add(model(model_type="embedding")) is None
        assert tx.models.all() == (first, other)


def test_a_deleted_model_keeps_its_name_and_prices_and_comes_back_under_its_number(store: Store) -> None:
    old = add(store, model())
    known = set_price(store, price(old))
    with store.begin() as tx:
        assert tx.models.change(replace(old, active=False))
        assert tx.models.all() == ()
        assert tx.models.all(active_only=False) == (replace(old, active=False),)
        assert tx.prices.of(old.id) == (known,)
    back = add(store, model(aliases=("ds",)))
    assert back == replace(old, aliases=("ds",))
    with store.begin() as tx:
        assert tx.models.find(old.id) == back
        assert tx.prices.of(old.id) == (known,)


def test_what_tells_a_model_apart_and_what_its_prices_are_for_stays(store: Store) -> None:
    old = add(store, model())
    with store.begin() as tx:
        assert tx.models.change(replace(old, unit=Unit.REQUEST, unit_size=1))
        assert tx.models.change(old)
    set_price(store, price(old))
    for other in (replace(old, name="b"), replace(old, provider="b"), replace(old, unit=Unit.REQUEST)):
        with pytest.raises(ValueError, match="model 1 has"), store.begin() as tx:
            tx.models.change(other)
    with store.begin() as tx:
        tx.models.change(replace(old, active=False))
    with pytest.raises(ValueError, match="another unit"):
        add(store, model(unit=Unit.MINUTE))


def test_a_price_is_found_as_it_was_added(store: Store) -> None:
    known = add(store, model())
    whole = price(
        known, rates=EVERY_RATE, tiers=TIERS, currency=USD, source="https://…", set_by="ou_boss", valid_to=NOON + DAY
    )
    first = set_price(store, whole)
    later = set_price(store, price(known, NOON + 2 * DAY, rate=LARGEST, tiers=(Tier(10**12, Rates(Nano(0), Nano(0))),)))
    assert first == replace(whole, id=first.id)
    with store.begin() as tx:
        assert tx.prices.of(known.id) == (first, later)


def test_a_new_price_ends_the_one_before_and_what_held_stays(store: Store) -> None:
    known = add(store, model())
    first = set_price(store, price(known, NOON, 1))
    second = set_price(store, price(known, NOON + DAY, 2), NOON + DAY)
    between = set_price(store, price(known, NOON + DAY / 2, 3), NOON)
    earlier = set_price(store, price(known, NOON - DAY, 4), NOON)
    with store.begin() as tx:
        assert tx.prices.of(known.id) == (
            earlier,
            replace(first, valid_to=NOON + DAY / 2),
            replace(between, valid_to=NOON + DAY),
            second,
        )
    assert earlier.valid_to == NOON


@pytest.mark.parametrize("since", [NOON, NOON + DAY])
def test_a_price_that_would_change_what_held_is_refused_and_nothing_is_written(store: Store, since: datetime) -> None:
    known = add(store, model())
    first = set_price(store, price(known))
    with pytest.raises(PriceError), store.begin() as tx:
        tx.prices.add(price(known, since, 2), NOON + 2 * DAY)
    with store.begin() as tx:
        assert tx.prices.of(known.id) == (first,)


def test_a_price_is_of_a_model_that_there_is(store: Store) -> None:
    with pytest.raises(LookupError), store.begin() as tx:
        tx.prices.add(price(model(id=CostModelId(9))), NOON)


def test_a_list_that_was_taken_over_is_noted_and_its_prices_are_known(store: Store) -> None:
    known, other = add(store, model()), add(store, model("b"))
    with store.begin() as tx:
        first = tx.prices.note_import(taken("litellm 1"))
        second = tx.prices.note_import(taken("prices.csv", "prices.csv"))
    assert first == replace(taken("litellm 1"), id=first.id)
    listed = set_price(store, price(known), taken_from=first.id)
    later = set_price(store, price(known, NOON + DAY), taken_from=second.id)
    set_price(store, price(other))
    assert imports(store) == (first, second)
    with store.begin() as tx:
        assert tx.prices.origins() == {listed.id: "litellm", later.id: "prices.csv"}


def test_rates_of_exchange_are_found_as_they_were_added_oldest_first(store: Store) -> None:
    rates = [rate(USD, "7.123456789012", NOON + DAY), rate(USD, "0.000000000001"), rate(CNY, "999999", NOON, USD)]
    for each in rates:
        with store.begin() as tx:
            tx.exchange.add(each, NOON)
    with store.begin() as tx:
        assert tx.exchange.all() == (rates[1], rates[2], rates[0])


def test_a_rate_of_exchange_that_would_change_what_held_is_refused(store: Store) -> None:
    with store.begin() as tx:
        tx.exchange.add(rate(USD, "7", NOON - DAY), NOON)
        tx.exchange.add(rate(USD, "6", NOON - 2 * DAY), NOON)
    for late in (rate(USD, "8", NOON - DAY), rate(USD, "8", NOON - DAY / 2)):
        with pytest.raises(ExchangeError), store.begin() as tx:
            tx.exchange.add(late, NOON)
    with store.begin() as tx:
        assert [each.rate for each in tx.exchange.all()] == [6, 7]


def test_whatever_people_and_lists_write_is_kept_as_text(store: Store) -> None:
    known = add(store, model(HOSTILE, HOSTILE, aliases=(HOSTILE, '"];--'), model_type=HOSTILE))
    set_price(store, price(known, source=HOSTILE, set_by=HOSTILE))
    with store.begin() as tx:
        (found,) = tx.models.all()
        assert tx.models.named(HOSTILE, HOSTILE) == found
        assert found.aliases == (HOSTILE, '"];--')
        assert tx.prices.of(found.id)[0].source == HOSTILE.replace("\0", "?").replace("\ud800", "?")
