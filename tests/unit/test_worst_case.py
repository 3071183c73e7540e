"""The most that a call can cost: never less than what it costs in the end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import CostModelId, Rates, Tier, Unit, Usage
from suanli.domain.cost.worst_case import (
    Bound,
    Quote,
    UnboundedError,
    Why,
    bound_of_chat,
    bound_of_embeddings,
    most,
    size,
)
from suanli.domain.gateway import Kind, Offered, Route
from tests.contract.price_kit import CNY, USD, model, price, rate
from tests.fakes import NOON

OFFERED = Offered("m", Kind.CHAT, (Route("p", "m", "v"),), 1000, 800)
BARE = 256
"""Tokens of a template before the first message."""


def chat(*contents: Any, **said: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content} for content in contents], **said}


def bound(*contents: Any, **said: Any) -> Bound:
    return bound_of_chat(chat(*contents, **said), OFFERED)


def test_text_counts_its_bytes_whatever_its_language() -> None:
    base = bound("").input
    for text in ("hello", "你好，世界", "🀄" * 10, "\ud800", "a\nb\t"):
        assert bound(text).input == base + size(text)
    assert bound("你好").input - base == 6
    assert base > BARE


def test_every_message_and_every_tool_has_its_overhead() -> None:
    assert bound("", "").input - bound("").input >= 16
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    assert bound("", tools=tools).input > bound("").input + len(str(tools))


def test_parts_are_text_and_images() -> None:
    base = bound([]).input
    assert bound([{"type": "text", "text": "你好"}]).input == base + 6
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    assert bound([image, image]).input == base + 1600


@pytest.mark.parametrize(
    ("said", "output"),
    [
        ({}, 1000),
        ({"max_tokens": None}, 1000),
        ({"max_tokens": 10}, 10),
        ({"max_completion_tokens": 20}, 20),
        ({"max_tokens": 10, "max_completion_tokens": 20}, 20),
        ({"max_tokens": 5000}, 1000),
        ({"max_tokens": 10, "n": 3}, 30),
        ({"n": 2}, 2000),
    ],
)
def test_the_output_is_what_the_caller_allows_and_the_model_can(said: Mapping[str, Any], output: int) -> None:
    assert bound("hi", **said).output == output


def test_a_predicted_output_is_paid_for_too() -> None:
    predicted = {"type": "content", "content": "x" * 500}
    assert bound("hi", max_tokens=10, prediction=predicted).output > 510


NOT_OFF: tuple[object, ...] = ({}, {"a": 1}, [], True, "", 0)
"""Some options are switched on by being there."""
NO_TOOLS: tuple[object, ...] = (["f"], [{}], {"type": "web_search"}, "x")


@pytest.mark.parametrize(
    ("body", "why", "param"),
    [
        ({}, Why.MALFORMED, "messages"),
        ({"messages": []}, Why.MALFORMED, "messages"),
        ({"messages": ["hi"]}, Why.MALFORMED, "messages"),
        (chat(7), Why.MALFORMED, "messages"),
        (chat([7]), Why.MALFORMED, "messages"),
        (chat([{"type": "text"}]), Why.UNMETERED, "messages"),
        (chat([{"type": "video_url", "video_url": {"url": "https://x/y"}}]), Why.UNMETERED, "messages"),
        (chat([{"type": "file", "file": {"file_id": "f"}}]), Why.UNMETERED, "messages"),
        *((chat("a", max_tokens=wrong), Why.MALFORMED, "max_tokens") for wrong in (0, -1, 1.5, "9", True, 10**9)),
        (chat("a", n=False), Why.MALFORMED, "n"),
        *(
            (chat("a", **{name: value}), Why.UNMETERED, name)
            for name in ("web_search_options", "search_parameters", "web_search", "enable_search", "audio", "plugins")
            for value in NOT_OFF
        ),
        (chat("a", service_tier="priority"), Why.UNMETERED, "service_tier"),
        (chat("a", modalities=["text", "audio"]), Why.UNMETERED, "modalities"),
        (chat("a", modalities="audio"), Why.UNMETERED, "modalities"),
        *(
            (chat("a", tools=[{"type": kind, kind: {}}]), Why.UNMETERED, "tools")
            for kind in ("builtin_function", "web_search", "web_search_preview", "file_search", "code_interpreter")
        ),
        *((chat("a", tools=wrong), Why.UNMETERED, "tools") for wrong in NO_TOOLS),
        (chat("a", tools=[{"google_search": {}}]), Why.UNMETERED, "tools"),
        (chat("a", tools=[{"type": None, "web_search": {}}]), Why.UNMETERED, "tools"),
    ],
)
def test_what_has_no_bound(body: Mapping[str, Any], why: Why, param: str) -> None:
    with pytest.raises(UnboundedError) as caught:
        bound_of_chat(body, OFFERED)
    assert (caught.value.why, caught.value.param) == (why, param)


def test_what_is_switched_off_has_a_bound() -> None:
    function = {"name": "f", "parameters": {"type": "object"}}
    off: dict[str, Any] = dict.fromkeys(("enable_search", "web_search_options", "search_parameters", "plugins"))
    assert bound("a", **off, max_tokens=7).output == 7
    assert bound("a", **dict.fromkeys(off, False), modalities=["text"], max_tokens=7).output == 7
    assert bound("a", tools=None, modalities=None, service_tier=None, max_tokens=7).output == 7
    tools = [{"type": "function", "function": function}, {"function": function}, {"type": "custom", "custom": {}}]
    assert bound("a", tools=tools, max_tokens=7).output == 7
    assert bound("a", tools=[], max_tokens=7).output == 7


def test_embeddings_ask_for_nothing_else_either() -> None:
    with pytest.raises(UnboundedError):
        bound_of_embeddings({"input": "a", "fallbacks": ["another"]})


@pytest.mark.parametrize(
    ("given", "tokens"),
    [("你好", 16 + 6), (["a", "bc"], 32 + 3), ([1, 2, 3], 16 + 3), ([[1, 2], [3]], 32 + 3), (["a", [1, 2]], 32 + 3)],
)
def test_embeddings_have_input_alone(given: object, tokens: int) -> None:
    assert bound_of_embeddings({"input": given}) == Bound(tokens, 0)


@pytest.mark.parametrize("given", [None, [], [[]], 7.5, [True], [None], [["a"]], {"a": 1}])
def test_an_input_that_is_none_has_no_bound(given: object) -> None:
    with pytest.raises(UnboundedError):
        bound_of_embeddings({"input": given})


RATES = Rates(Nano(1_000_000), Nano(3_000_000), Nano(7))


def book(rates: Rates = RATES, *, unit: Unit = Unit.TOKEN, tiers: tuple[Tier, ...] = (), **fields: Any) -> PriceBook:
    known = model("m", "v", id=CostModelId(1), unit=unit)
    return PriceBook.of(CNY, [known], [price(known, rates=rates, tiers=tiers, **fields)], [rate(USD, "7.1")])


def quoted(known: PriceBook) -> Quote:
    quote = most(known, "m", "v", Bound(100, 10), NOON)
    assert isinstance(quote, Quote)
    return quote


def test_it_is_the_bound_at_the_price() -> None:
    assert quoted(book()).amount == 100 + 30 + 7
    assert quoted(book(currency=USD)).amount == 710 + 213 + 50  # each part rounded once


def test_the_dearest_kind_counts() -> None:
    rates = replace(RATES, cached=Nano(1), cache_write=Nano(1_250_000), reasoning=Nano(5_000_000))
    assert quoted(book(rates)).amount == 125 + 50 + 7


def test_the_dearest_tier_that_can_be_reached_counts() -> None:
    dear, cheap = Rates(Nano(9_000_000), Nano(9_000_000)), Rates(Nano(1), Nano(1))
    assert quoted(book(tiers=(Tier(99, dear),))).amount == 900 + 90
    assert quoted(book(tiers=(Tier(100, dear),))).amount == 137
    # An input that stays below a cheap tier costs what the tier before does.
    assert quoted(book(tiers=(Tier(50, cheap),))).amount == 50 + 30 + 7


def test_what_is_paid_by_the_request_is_one_request() -> None:
    quote = quoted(book(Rates(Nano(5_000_000), Nano(0)), unit=Unit.REQUEST))
    assert quote.amount == 5
    assert quote.counted(Usage(input=100, output=3)) == Usage(input=1)
    assert quoted(book()).counted(Usage(input=100)) == Usage(input=100)


def test_what_is_paid_by_time_has_no_worst_case() -> None:
    with pytest.raises(UnboundedError):
        most(book(unit=Unit.MINUTE), "m", "v", Bound(1, 1), NOON)


def test_why_a_price_is_missing_is_told() -> None:
    known = book(currency=USD)
    assert most(known, "x", "v", Bound(1, 1), NOON) == Unpriced(Missing.MODEL)
    assert most(known, "m", "v", Bound(1, 1), NOON - timedelta(days=2)) == Unpriced(Missing.PRICE)
    poor = PriceBook.of(CNY, known.models.values(), known.history(CostModelId(1)))
    assert most(poor, "m", "v", Bound(1, 1), NOON) == Unpriced(Missing.EXCHANGE)
