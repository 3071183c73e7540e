"""What calls are charged: the figures that LiteLLM comes to by the same prices, and the calls that have no price.

The expected amounts were worked out by hand from tests/golden/prices, as 1234 · 0.0000025 + 567 · 0.00001.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from suanli.domain.cost.book import Bill, PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.model_names import ModelNames
from suanli.domain.cost.money import Currency, Nano, shown
from suanli.domain.cost.prices import CostModel, CostModelId, CostType, Price, Rates, Unit, Usage, cost
from tests.price_map import NOW, model

ORDINARY = [
    ("openai/gpt-4o", Usage(1234, 567), "0.008755"),
    ("openai/gpt-4o", Usage(1, 1), "0.000013"),  # 0.0000125
    ("deepseek/deepseek-chat", Usage(1_000_000, 1_000_000), "0.700000"),
    ("dashscope/qwen-max", Usage(3000, 500), "0.008000"),
    ("openai/text-embedding-3-small", Usage(8191), "0.000164"),
    ("openai/gpt-4o", Usage(), "0.000000"),
]
CACHED = [
    ("openai/gpt-4o", Usage(200, 100, cached=1000), "0.002750"),
    ("openai/gpt-5", Usage(200, 100, cached=10_000), "0.002500"),
    ("anthropic/claude-sonnet-4-5", Usage(100, 200, cached=4000, cache_write=2000), "0.012000"),
    ("deepseek/deepseek-chat", Usage(1000, 1000, cached=100_000), "0.003500"),
    ("dashscope/qwen-max", Usage(1000, 0, cached=1000), "0.003200"),  # no price for the cache: as input
]
REASONING = [
    ("openai/o3", Usage(1000, 100, reasoning=900), "0.010000"),  # no price for it: as output
    ("dashscope/qwen-turbo", Usage(1000, 100, reasoning=900), "0.000520"),
    ("dashscope/qwen-plus-2025-07-28", Usage(1000, 100, reasoning=900), "0.004120"),
]
BATCH = [
    ("openai/gpt-4o", Usage(1234, 567, is_batch=True), "0.004378"),  # 0.0043775
    ("openai/gpt-4o", Usage(200, 100, cached=1000, is_batch=True), "0.002000"),
    ("openai/gpt-5", Usage(200, 100, cached=10_000, is_batch=True), "0.001250"),
    ("openai/o3", Usage(1000, 100, reasoning=900, is_batch=True), "0.005000"),
    ("anthropic/claude-sonnet-4-5", Usage(100, 200, cached=4000, cache_write=2000, is_batch=True), "0.006000"),
]
TIERS = [
    ("dashscope/qwen3-max", Usage(32_000, 100), "0.039000"),
    ("dashscope/qwen3-max", Usage(32_001, 100), "0.078002"),  # 0.0780024: the whole call, output too
    ("dashscope/qwen3-max", Usage(1, 100, cached=128_000), "0.385503"),
    ("dashscope/qwen3-max", Usage(900_000, 0), "2.700000"),  # above the last bound: as below it
    ("gemini/gemini-2.5-pro", Usage(200_000, 1000), "0.260000"),
    ("gemini/gemini-2.5-pro", Usage(100_000, 1000, cached=100_001), "0.290000"),
    ("xai/grok-4.7", Usage(199_999, 0), "0.399998"),
    ("xai/grok-4.7", Usage(200_000, 0), "0.800000"),  # this provider's begins at the bound
]
OTHERS = [
    ("openai/whisper-1", Usage(90_000), "0.009000"),  # 1.5 minutes of speech
    ("cohere/rerank-v3.5", Usage(1), "0.002000"),
    ("perplexity/pplx-7b-online", Usage(1000, 1000), "0.005280"),  # and so much for every call
]


def charge(of: CostModel, prices: Sequence[Price], usage: Usage, moment: datetime) -> Bill | Unpriced:
    """What a call costs by these prices, which are in dollars."""
    return PriceBook.of(Currency("USD"), [of], prices).charge(of.name, of.provider, usage, moment)


@pytest.mark.parametrize(("key", "usage", "expected"), ORDINARY + CACHED + REASONING + BATCH + TIERS + OTHERS)
def test_a_call_costs_what_litellm_says_to_the_sixth_digit(key: str, usage: Usage, expected: str) -> None:
    found = charge(*model(key), usage, NOW)
    assert isinstance(found, Bill)
    assert shown(found.cost.total) == expected
    assert found.price.currency == "USD"


def test_a_call_keeps_the_price_of_its_moment() -> None:
    gpt, (old,) = model("openai/gpt-4o")
    ends = NOW + timedelta(days=1)
    prices = (replace(old, valid_to=ends), replace(old, valid_from=ends, rates=Rates(Nano(0), Nano(0))))
    costs = [cost(each.rates, Usage(1000)) for each in prices]
    assert [charge(gpt, prices, Usage(1000), at) for at in (NOW, ends)] == [
        Bill(gpt, price, each, each) for price, each in zip(prices, costs, strict=True)
    ]


def test_a_call_without_a_price_is_unpriced_and_costs_no_zero() -> None:
    gpt, prices = model("openai/gpt-4o")
    for found in (charge(gpt, (), Usage(1000), NOW), charge(gpt, prices, Usage(1000), NOW - timedelta(days=1))):
        assert found == Unpriced(Missing.PRICE)
        assert not hasattr(found, "cost")


def test_a_batch_without_prices_of_its_own_costs_as_any_call() -> None:
    key = "dashscope/qwen-max"
    single, batch = (charge(*model(key), Usage(3000, 500, is_batch=each), NOW) for each in (False, True))
    assert single == batch


def named(number: int, provider: str, name: str, *aliases: str) -> CostModel:
    return CostModel(CostModelId(number), name, provider, "chat", CostType.AI_API, Unit.TOKEN, aliases=aliases)


OPENAI, AZURE = named(1, "openai", "gpt-4o"), named(2, "azure", "gpt-4o", "gpt4o-prod")
BARE, PREFIXED = named(3, "deepseek", "deepseek-chat"), named(4, "deepseek", "deepseek/deepseek-chat")
NAMES = ModelNames.of([OPENAI, AZURE, BARE, PREFIXED, replace(named(5, "openai", "gone"), active=False)])


@pytest.mark.parametrize(
    ("name", "provider", "expected"),
    [
        ("gpt-4o", "azure", AZURE),
        ("gpt-4o", "", Missing.PROVIDER),
        ("azure/gpt-4o", "", AZURE),
        ("gpt4o-prod", "", AZURE),
        ("gpt4o-prod", "openai", Missing.MODEL),
        ("deepseek-chat", "", BARE),
        ("deepseek/deepseek-chat", "deepseek", PREFIXED),  # its own name comes before what another goes by
        ("gpt-4", "openai", Missing.MODEL),
        ("GPT-4o", "openai", Missing.MODEL),
        ("gone", "", Missing.MODEL),
        ("", "", Missing.MODEL),
    ],
)
def test_a_model_is_found_by_its_names_and_never_guessed(
    name: str, provider: str, expected: CostModel | Missing
) -> None:
    assert NAMES.find(name, provider) == expected
