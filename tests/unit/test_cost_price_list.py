"""What a price map offers, what it leaves open, and what it does not get through with unseen."""

from decimal import Decimal

import pytest

from suanli.domain.cost.money import Nano
from suanli.domain.cost.offers import ASKED, Concern, LeftOut, Listing, ModelKey, Offer, Why
from suanli.domain.cost.price_list import read_map
from suanli.domain.cost.prices import Rates, Tier, Unit
from tests.price_map import TODAY, listing, offer

TOKENS = {"input_cost_per_token": Decimal("0.000001"), "output_cost_per_token": Decimal("0.000002")}


def entry(**says: object) -> dict[str, object]:
    return {"litellm_provider": "openai", "mode": "chat", **TOKENS, **says}


def only(**says: object) -> Offer:
    """The one offer of an entry that says so."""
    return found(**says).offers[0]


def found(**says: object) -> Listing:
    return read_map({"x": entry(**says)}, TODAY)


def left_out(name: str) -> LeftOut:
    return next(each for each in listing().left_out if each.name == name)


def test_prices_for_one_token_are_rates_for_a_million_exactly() -> None:
    gpt = offer("openai/gpt-4o")
    assert gpt.terms.rates == Rates(
        Nano(2_500_000_000),
        Nano(10_000_000_000),
        cached=Nano(1_250_000_000),
        batch_input=Nano(1_250_000_000),
        batch_output=Nano(5_000_000_000),
    )
    assert (gpt.terms.unit, gpt.terms.currency, gpt.model_type) == (Unit.TOKEN, "USD", "chat")
    assert gpt.source == "https://developers.openai.com/api/docs/pricing"
    assert gpt.concerns == frozenset()


def test_what_is_no_model_is_no_offer_and_no_complaint() -> None:
    assert read_map({"sample_spec": entry(), "fallback_generalizations": {"rules": []}}, TODAY) == Listing((), (), {})
    assert read_map({}, TODAY) == Listing((), (), {})


def test_prices_at_other_speeds_of_service_are_reported_and_not_taken() -> None:
    assert offer("openai/gpt-4o").not_taken == (
        "cache_read_input_token_cost_priority",
        "input_cost_per_token_priority",
        "output_cost_per_token_priority",
    )
    assert listing().not_taken["input_cost_per_token_flex"] == 3
    assert "off_peak_pricing" in offer("deepseek/deepseek-flash").not_taken
    assert "cache_creation_input_token_cost_above_1hr" in offer("anthropic/claude-sonnet-4-5").not_taken


def test_a_price_of_a_kind_that_nobody_has_seen_yet_is_reported() -> None:
    assert only(output_cost_per_dream=Decimal("0.1"), dream_pricing={"long": 1}).not_taken == (
        "dream_pricing",
        "output_cost_per_dream",
    )
    assert only(output_cost_per_dream=0, dream_pricing={"long": 0}, supports_dreams=True).not_taken == ()


@pytest.mark.parametrize("name", ["openai/glm-4-7", "free"])
def test_a_model_for_nothing_has_to_be_confirmed(name: str) -> None:
    free = read_map({name: entry(input_cost_per_token=0, output_cost_per_token=Decimal("0.0"))}, TODAY).offers[0]
    assert free.concerns == {Concern.FREE}
    assert free.concerns <= ASKED
    assert offer("volcengine/glm-4-7-251222").concerns == {Concern.FREE}


def test_half_a_price_has_to_be_confirmed_unless_a_call_has_a_price_or_gives_nothing_back() -> None:
    assert only(output_cost_per_token=0).concerns == {Concern.OUTPUT_FREE}
    assert only(input_cost_per_token=0).concerns == {Concern.INPUT_FREE}
    assert only(output_cost_per_token=0, mode="embedding").concerns == frozenset()
    assert offer("openai/text-embedding-3-small").concerns == frozenset()
    assert offer("perplexity/pplx-7b-online").terms.rates.base == 5_000_000


def test_nothing_for_tokens_but_something_else_for_something_is_not_free() -> None:
    assert left_out("gemini/lyria-3.5") == LeftOut("gemini/lyria-3.5", Why.OTHER_UNITS, "output_cost_per_image")


def test_a_missing_price_is_not_nothing() -> None:
    assert left_out("twelvelabs.pegasus-1-2-v1:0").why is Why.INCOMPLETE
    assert found(output_cost_per_token=None).left_out == (LeftOut("x", Why.INCOMPLETE),)
    assert only(output_cost_per_token=None, mode="embedding").terms.rates.output == 0


def test_pictures_are_no_tokens() -> None:
    assert left_out("aiml/dall-e-3").why is Why.OTHER_UNITS
    assert left_out("exa_ai/search").why is Why.OTHER_UNITS


def test_speech_costs_by_the_minute_and_a_search_by_the_call() -> None:
    speech, search = offer("openai/whisper-1"), offer("cohere/rerank-v3.5")
    assert (speech.terms.unit, speech.terms.rates.input, speech.unit_size) == (Unit.MINUTE, 6_000_000_000_000, 1)
    assert (search.terms.unit, search.terms.rates.input, search.unit_size) == (Unit.REQUEST, 2_000_000_000_000, 1)


@pytest.mark.parametrize(
    ("ends", "has_ended"),
    [("2026-11-21", True), ("2026-11-22", True), ("2026-11-23", False), ("soon", True), ("", False)],
)
def test_a_model_that_its_provider_has_ended_has_to_be_confirmed(ends: str, has_ended: bool) -> None:  # noqa: FBT001 a case
    assert (Concern.DEPRECATED in only(deprecation_date=ends).concerns) is has_ended


def test_a_table_of_tiers_is_tiers() -> None:
    terms = offer("dashscope/qwen3-max").terms
    assert terms.rates == Rates(Nano(1_200_000_000), Nano(6_000_000_000))
    assert terms.tiers == (
        Tier(32_000, Rates(Nano(2_400_000_000), Nano(12_000_000_000))),
        Tier(128_000, Rates(Nano(3_000_000_000), Nano(15_000_000_000))),
    )


def test_prices_above_a_bound_are_a_tier_which_keeps_what_they_do_not_say() -> None:
    (tier,) = only(
        cache_read_input_token_cost=Decimal("5e-7"),
        input_cost_per_token_above_200k_tokens=Decimal("0.000004"),
        output_cost_per_token_above_200k_tokens=Decimal("0.000008"),
        input_cost_per_token_above_200k_tokens_priority=Decimal(1),
    ).terms.tiers
    assert tier == Tier(200_000, Rates(Nano(4_000_000_000), Nano(8_000_000_000), cached=Nano(500_000_000)))


@pytest.mark.parametrize(
    "table",
    [
        [{"range": [0, 10], **TOKENS}, {"range": [20, 30], **TOKENS}],
        [{"range": [0, 10], **TOKENS}, {"range": [5, 30], **TOKENS}],
        [{"range": [1, 10], **TOKENS}],
        [{"range": [0, 10], "input_cost_per_token": Decimal(1)}],
        [{"range": [10, 0], **TOKENS}],
        [{"range": [0, Decimal("10.5")], **TOKENS}],
        [{"range": [0], **TOKENS}],
        [{"range": ["a", "b"], **TOKENS}],
        [{"range": [0, Decimal("NaN")], **TOKENS}],
        [{"max_results_range": [0, 10], "input_cost_per_query": Decimal(1)}],
        [7],
    ],
)
def test_a_table_with_holes_is_no_offer(table: list[object]) -> None:
    assert found(tiered_pricing=table).offers == ()


def test_a_number_spoiled_by_binary_arithmetic_is_rounded_and_that_is_told() -> None:
    spoiled = offer("databricks/databricks-gemini-2-5-flash")
    assert Concern.ROUNDED in spoiled.concerns
    assert spoiled.terms.rates.input == 300_020_000


@pytest.mark.parametrize(
    "price",
    [
        0.1,
        True,
        "free",
        "",
        "1e999",
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal(-1),
        Decimal("1E+999999999"),
        [1],
        {},
    ],
)
def test_what_is_no_price_leaves_its_model_unpriced_and_the_others_as_they_are(price: object) -> None:
    both = read_map({"bad": entry(input_cost_per_token=price), "good": entry()}, TODAY)
    assert [offer.key.name for offer in both.offers] == ["good"]
    assert both.left_out == (LeftOut("bad", Why.UNREADABLE, "input_cost_per_token"),)


def test_a_number_in_words_is_a_number() -> None:
    assert only(input_cost_per_token="3e-07").terms.rates.input == 300_000_000


@pytest.mark.parametrize(
    "says", [None, 7, [], {}, {"litellm_provider": ""}, {"litellm_provider": 3}, {**entry(), "mode": 1}]
)
def test_an_entry_that_is_none_is_left_out(says: object) -> None:
    assert read_map({"x": says}, TODAY).left_out == (LeftOut("x", Why.NOT_A_MODEL),)


def test_a_model_goes_by_its_providers_name_and_by_that_of_the_map() -> None:
    qwen = offer("dashscope/qwen3-max")
    assert (qwen.key, qwen.aliases) == (ModelKey("dashscope", "qwen3-max"), ("dashscope/qwen3-max",))
    assert offer("vertex_ai/deepseek-ai/deepseek-v3.1-maas").aliases == ("vertex_ai/deepseek-ai/deepseek-v3.1-maas",)


def test_two_entries_of_one_name_stay_two_models() -> None:
    assert offer("deepseek/deepseek-chat").aliases == ()
    assert offer("deepseek/deepseek/deepseek-chat").terms.rates.cache_write == 0


def test_families_of_a_provider_are_that_provider() -> None:
    families = {"text-completion-openai": "openai", "bedrock_converse": "bedrock", "vertex_ai-qwen_models": "vertex_ai"}
    entries = {name: entry(litellm_provider=name) for name in families}
    assert [offer.key.provider for offer in read_map(entries, TODAY).offers] == list(families.values())


def test_the_whole_map_is_read() -> None:
    assert len(listing().offers) + len(listing().left_out) == 27 - 1
