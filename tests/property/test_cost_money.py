"""What a call costs, whatever the rates and whatever it used."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.cost.money import LARGEST, Nano, decimal, nano, rounded, shown
from suanli.domain.cost.prices import PER, Rates, Unit, Usage, cost
from suanli.domain.cost.rates import for_units, nearest_rate, rate

nanos = st.integers(0, 10**12).map(Nano)
"""Rates up to 0.001 of the currency's unit a token, or 1,000 for a million of them."""

counts = st.one_of(st.integers(0, 20), st.integers(0, 10**7))
some_rates = st.builds(
    Rates,
    input=nanos,
    output=nanos,
    base=st.integers(0, 10**9).map(Nano),
    cached=st.none() | nanos,
    cache_write=st.none() | nanos,
    reasoning=st.none() | nanos,
    batch_input=st.none() | nanos,
    batch_output=st.none() | nanos,
    batch_cached=st.none() | nanos,
    batch_cache_write=st.none() | nanos,
)
usages = st.builds(Usage, counts, counts, counts, counts, counts, st.booleans())
units = st.sampled_from(Unit)


def first(*rates: Nano | None) -> Decimal:
    """The first rate that there is, for one unit in the currency's unit."""
    found = next(each for each in rates if each is not None)
    return Decimal(found).scaleb(-15)


def in_decimals(rates: Rates, usage: Usage, unit: Unit) -> tuple[Decimal, Decimal, Decimal]:
    """The same by Decimals, each part rounded once to the ninth digit."""
    batch_in = rates.batch_input if usage.is_batch else None
    batch_out = rates.batch_output if usage.is_batch else None
    if batch_in is None:
        plain, read, write = rates.input, rates.cached, rates.cache_write
    else:
        plain, read, write = batch_in, rates.batch_cached, rates.batch_cache_write
    thought = rates.reasoning if batch_out is None else batch_out
    written = first(batch_out, rates.output)
    with localcontext() as context:
        context.prec = 200
        parts = {Unit.TOKEN: 1, Unit.REQUEST: 1, Unit.MINUTE: 60_000, Unit.GB: 1_000_000_000}[unit]
        into = usage.input * first(plain) + usage.cached * first(read, plain) + usage.cache_write * first(write, plain)
        out = usage.output * written + usage.reasoning * (written if thought is None else first(thought))
        ninth = Decimal("1E-9")
        return (
            (into / parts).quantize(ninth, ROUND_HALF_UP),
            (out / parts).quantize(ninth, ROUND_HALF_UP),
            Decimal(rates.base).scaleb(-9),
        )


@given(some_rates, usages, units)
def test_integers_come_to_what_decimals_come_to(rates: Rates, usage: Usage, unit: Unit) -> None:
    found = cost(rates, usage, unit)
    expected = in_decimals(rates, usage, unit)
    assert (decimal(found.input), decimal(found.output), decimal(found.base)) == expected
    assert decimal(found.total) == sum(expected)


@given(some_rates, usages, units)
def test_each_part_is_off_by_half_a_nano_unit_at_most(rates: Rates, usage: Usage, unit: Unit) -> None:
    whole = replace(usage, input=usage.input * PER * unit.parts, cached=0, cache_write=0, output=0, reasoning=0)
    exact = Fraction(cost(rates, whole, unit).input, PER * unit.parts)
    one = cost(rates, replace(usage, cached=0, cache_write=0), unit).input
    assert abs(one - exact) <= Fraction(1, 2)


@given(some_rates, usages, units, st.sampled_from(["input", "output", "cached", "cache_write", "reasoning"]), counts)
def test_to_use_more_never_costs_less(rates: Rates, usage: Usage, unit: Unit, kind: str, more: int) -> None:
    larger = replace(usage, **{kind: getattr(usage, kind) + more})
    assert cost(rates, larger, unit).total >= cost(rates, usage, unit).total


@given(some_rates, usages)
def test_kinds_without_a_rate_of_their_own_cost_as_the_ordinary_kind(rates: Rates, usage: Usage) -> None:
    plain = Rates(rates.input, rates.output, rates.base)
    together = Usage(usage.whole_input, usage.output + usage.reasoning)
    assert cost(plain, usage) == cost(plain, together)


@given(st.decimals(Decimal(-9_000_000_000), Decimal(9_000_000_000), allow_nan=False, places=9))
def test_an_amount_comes_back_as_it_was(amount: Decimal) -> None:
    assert decimal(nano(amount)) == amount


@given(st.decimals(Decimal(-9_000_000_000), Decimal(9_000_000_000), allow_nan=False))
def test_rounding_is_off_by_half_a_nano_unit_at_most(amount: Decimal) -> None:
    assert abs(Fraction(rounded(amount)) - Fraction(amount) * 10**9) <= Fraction(1, 2)


@given(st.integers(-LARGEST, LARGEST))
def test_what_is_shown_is_off_by_half_of_its_last_digit_at_most(amount: int) -> None:
    text = shown(amount)
    assert len(text.partition(".")[2]) == 6
    assert abs(Decimal(text) - decimal(amount)) <= Decimal("5E-7")


@given(st.decimals(0, 1000, allow_nan=False, places=12), st.sampled_from([1, 10, 1000]))
def test_a_price_of_twelve_digits_is_a_rate_exactly_and_comes_back(price: Decimal, size: int) -> None:
    assert for_units(rate(price, size), size) == price
    assert nearest_rate(price, size) == rate(price, size)
