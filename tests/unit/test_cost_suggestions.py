"""What could be spent better: only what the figures say, and never more saved than was spent."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.money import NANO, Nano
from suanli.domain.cost.prices import Rates, Unit
from suanli.domain.cost.suggestions import (
    Excess,
    Size,
    Spent,
    SuggestionType,
    Used,
    cheaper_models,
    fitting_quotas,
    in_batches,
    less_excess,
)
from suanli.domain.cost.sums import Sum
from tests.contract.cost_kit import SALES, quota

YUAN = NANO


def used(name: str, per_million: int, requests: int = 100, paid: int | None = None, **fields: Any) -> Used:
    """A million tokens of input of a model that costs so much for them."""
    cost = per_million if paid is None else paid
    amounts = Sum(requests=requests, input_units=1_000_000, total_units=1_000_000, total_cost=cost * YUAN)
    rates = Rates(Nano(per_million * YUAN), Nano(per_million * YUAN))
    return replace(Used(name, "openai", "chat", Unit.TOKEN, rates, amounts), **fields)


def test_the_model_that_costs_least_for_the_same_is_proposed_with_what_it_saves() -> None:
    (found,) = cheaper_models([used("gpt-4", 100), used("mini", 50), used("micro", 48)])[:1]
    assert (found.type, found.about["model"], found.about["other"]) == (
        SuggestionType.MODEL, "openai/gpt-4", "openai/micro",
    )  # fmt: skip
    assert (found.current, found.savings, str(found.percent), found.priority) == (
        100 * YUAN, 52 * YUAN, "52.0", Size.HIGH,
    )  # fmt: skip
    assert found.evidence == {"same_units_here": str(100 * YUAN), "same_units_there": str(48 * YUAN)}


def test_only_models_of_the_same_kind_that_are_really_used_are_proposed() -> None:
    dear = used("gpt-4", 100)
    for other in (
        used("embedding", 1, model_type="embedding"),
        used("speech", 1, unit=Unit.MINUTE),
        used("tried-once", 1, requests=19),
        dear,
    ):
        assert cheaper_models([dear, other]) == ()
    assert cheaper_models([used("gpt-4", 100, requests=19), used("mini", 1)]) == ()
    assert cheaper_models([]) == ()


def test_the_same_name_at_another_provider_is_another_model() -> None:
    (found,) = cheaper_models([used("gpt-4", 100), used("gpt-4", 80, provider="azure")])
    assert (found.about["other"], str(found.percent), found.priority) == ("azure/gpt-4", "20.0", Size.MEDIUM)


def test_a_saving_of_a_few_percent_is_not_worth_anybodys_time() -> None:
    assert cheaper_models([used("a", 100), used("b", 96)]) == ()
    (found,) = cheaper_models([used("a", 100), used("b", 95)])
    assert found.priority is Size.LOW


def test_what_was_paid_less_before_is_not_saved_again() -> None:
    assert cheaper_models([used("a", 100, paid=50), used("b", 50)]) == ()
    (found,) = cheaper_models([used("a", 100, paid=60), used("b", 50)])
    # Half of what was paid by proportion, but no more than it costs above the other's price.
    assert found.savings == 10 * YUAN


def test_cached_input_counts_at_its_own_price_on_both_sides() -> None:
    half = Sum(requests=100, input_units=1_000_000, cached_units=500_000, total_units=1_000_000, total_cost=60 * YUAN)
    dear = used("a", 100, sum=half, rates=Rates(Nano(100 * YUAN), Nano(0), cached=Nano(20 * YUAN)))
    assert cheaper_models([dear, used("b", 60)]) == ()
    (found,) = cheaper_models([dear, used("b", 30)])
    assert found.savings == 30 * YUAN


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 60)), min_size=2, max_size=6))
def test_nothing_saves_more_than_was_paid(models: list[tuple[int, int, int]]) -> None:
    some = [used(str(number), rate, requests, paid) for number, (rate, paid, requests) in enumerate(models)]
    for found in cheaper_models(some):
        assert 0 < found.savings <= found.current


BATCH = Rates(Nano(100 * YUAN), Nano(100 * YUAN), batch_input=Nano(50 * YUAN), batch_output=Nano(50 * YUAN))


def test_calls_at_night_are_proposed_for_batches_where_these_have_a_price() -> None:
    (found,) = in_batches([used("a", 100, rates=BATCH), used("b", 100)], "9–19")
    assert (found.type, found.savings, found.about["hours"]) == (SuggestionType.USAGE, 50 * YUAN, "9–19")
    assert in_batches([used("a", 100, requests=3, rates=BATCH)], "9–19") == ()


def test_calls_that_were_batches_already_are_not_proposed_again() -> None:
    assert in_batches([used("a", 100, paid=50, rates=BATCH)], "9–19") == ()


def test_only_what_is_beyond_the_usual_could_have_been_saved() -> None:
    (found,) = less_excess([Excess(Nano(30), Nano(10)), Excess(Nano(5), Nano(9)), Excess(Nano(7), Nano(7))], Nano(100))
    assert (found.current, found.savings, found.about["count"]) == (30, 20, "1")
    assert less_excess([Excess(Nano(5), Nano(9))], Nano(100)) == ()
    assert less_excess([], Nano(0)) == ()


def windows(limit: int, *amounts: int) -> list[Spent]:
    return [Spent(quota(SALES, limit), tuple(map(Nano, amounts)))]


def test_a_limit_that_was_never_half_used_could_be_lower_and_saves_nobody_money() -> None:
    (found,) = fitting_quotas(windows(100, 10, 50, 20, 0))
    assert (found.form, found.savings, found.about["fitting"], found.about["windows"]) == ("quota_low", 40, "60", "4")


def test_a_limit_that_stopped_people_in_half_of_its_windows_could_be_higher() -> None:
    (found,) = fitting_quotas(windows(100, 95, 60, 100, 70))
    assert (found.form, found.savings, found.about["full"], found.about["fitting"]) == ("quota_high", 0, "2", "120")
    assert fitting_quotas(windows(100, 94, 60, 100, 70)) == ()


@pytest.mark.parametrize("spent", [windows(100, 1, 1, 1), windows(0, 0, 0, 0, 0), windows(100, 60, 60, 60, 60), []])
def test_nothing_is_said_of_few_windows_of_a_limit_of_nothing_and_of_one_that_fits(spent: list[Spent]) -> None:
    assert fitting_quotas(spent) == ()
