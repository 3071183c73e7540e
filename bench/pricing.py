"""What it takes to say what a call costs, beside LiteLLM.

LiteLLM is `cost_per_token`, told model, provider and numbers of tokens, its price map in memory. Ours is the
`PriceBook`, told the same: the model is found by name and provider, its price by the moment of the call out of four
that followed each other, the tier by the whole input; cached tokens have their own price, and each part is rounded to
a nano-unit.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean, median

from bench.figures import Figure, Target
from bench.litellm_peer import LiteLLM, litellm, price_map
from bench.price_check import Call, Cause, Compared, PriceMap, compare, numbers
from suanli.clock import SystemClock
from suanli.domain.cost.prices import Usage

CALLS: Mapping[str, Call] = {
    "gpt-4o": Call("gpt-4o", "openai", 1200, 350),
    "gpt-4o, cached": Call("gpt-4o", "openai", 1200, 350, 800),
    "deepseek-chat, cached": Call("deepseek/deepseek-chat", "deepseek", 6000, 900, 4000),
    "qwen-max": Call("dashscope/qwen-max", "dashscope", 2500, 700),
    "qwen3-max, 2nd of 3 tiers": Call("dashscope/qwen3-max", "dashscope", 40_000, 1200),
    "gemini-2.5-pro, 2nd of 2 tiers": Call("gemini/gemini-2.5-pro", "gemini", 250_000, 3000),
    "claude-sonnet-4-5, cached": Call("claude-sonnet-4-5", "anthropic", 30_000, 1500, 25_000),
}

_TIMES, _AS_MANY = 400, 10
"""LiteLLM is timed over so many calls, and ours over so many times as many, or the clock would be too coarse."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Microseconds of processor time for one call, by the two; and once more with each one's usage made before."""

    ours: float
    theirs: float
    ours_of_usage: float
    theirs_of_usage: float
    theirs_unsaid: float
    """LiteLLM's when it is not told the provider, and finds it out."""


Round = Mapping[str, Timed]
"""Each of the calls."""


def measure(folder: Path, *, counts: int, rounds: int) -> tuple[Figure, ...]:
    """So many numbers of tokens for every model; then so many rounds over the calls."""
    folder = folder / "pricing"
    folder.mkdir()
    now = SystemClock().now()
    with litellm(folder) as peer:
        prices = PriceMap.read(price_map(), now)
        compared = compare(prices, lambda calls: peer.ask("prices", calls=calls), numbers(counts), now)
        gc.collect()
        gc.freeze()  # what this process has gathered before is not to be looked through while it counts
        taken = [_round(prices, peer, now, number) for number in range(rounds)]
        gc.unfreeze()
    return figures_of(compared, taken)


def _round(prices: PriceMap, peer: LiteLLM, now: datetime, number: int) -> Round:
    """All calls, in turns; who begins changes."""
    found = {}
    for name, call in CALLS.items():
        if number % 2:
            ours = _ours(prices, call, now)
            theirs = _theirs(peer, call)
        else:
            theirs = _theirs(peer, call)
            ours = _ours(prices, call, now)
        found[name] = Timed(ours[0], theirs[0], ours[1], *theirs[1:])
    return found


def _theirs(peer: LiteLLM, call: Call) -> tuple[float, float, float]:
    seconds = (
        peer.ask("price_seconds", call=call, times=_TIMES, provided=True),
        peer.ask("usage_seconds", call=call, times=_TIMES),
        peer.ask("price_seconds", call=call, times=_TIMES, provided=False),
    )
    first, second, third = (each / _TIMES * 1e6 for each in seconds)
    return first, second, third


def _ours(prices: PriceMap, call: Call, now: datetime) -> tuple[float, float]:
    """From numbers of tokens, and from usages that are there; each call has a token more, as LiteLLM's have."""
    key, charge = prices.offers[call.name].key, prices.book.charge
    name, provider = key.name, key.provider
    times = _TIMES * _AS_MANY
    first = call.usage
    inputs = range(first.input, first.input + times)
    others = first.output, first.cached, first.cache_write
    usages = [Usage(tokens, *others) for tokens in inputs]
    started = time.thread_time()
    for tokens in inputs:
        charge(name, provider, Usage(tokens, *others), now)
    between = time.thread_time()
    for usage in usages:
        charge(name, provider, usage, now)
    ended = time.thread_time()
    return (between - started) / times * 1e6, (ended - between) / times * 1e6


def figures_of(compared: Compared, taken: Sequence[Round]) -> tuple[Figure, ...]:
    """The table."""
    return (
        *(_ratio(f"a call's cost, {name}: LiteLLM ÷ ours", [one[name] for one in taken]) for name in CALLS),
        *_of_all(taken),
        *_of(compared),
    )


def _ratio(name: str, timed: Sequence[Timed]) -> Figure:
    ratios = tuple(each.theirs / each.ours for each in timed)
    return Figure(name, median(ratios), "×", rounds=ratios)


def _of_all(taken: Sequence[Round]) -> tuple[Figure, ...]:
    """Of each round, the mean of all calls."""

    def figure(what: str, values: Sequence[float], unit: str, target: Target | None = None) -> Figure:
        return Figure(f"a call's cost, mean of {len(CALLS)} calls: {what}", median(values), unit, target, tuple(values))

    def each(field: str) -> Sequence[float]:
        return [mean(getattr(timed, field) for timed in one.values()) for one in taken]

    ours, theirs = each("ours"), each("theirs")
    of_usage = [b / a for a, b in zip(each("ours_of_usage"), each("theirs_of_usage"), strict=True)]
    unsaid = [b / a for a, b in zip(ours, each("theirs_unsaid"), strict=True)]
    return (
        figure("CPU", ours, "µs"),
        figure("LiteLLM's", theirs, "µs"),
        figure("LiteLLM's ÷ ours", [b / a for a, b in zip(ours, theirs, strict=True)], "×", Target("≥", 20)),
        figure("the same, LiteLLM not told the provider", unsaid, "×"),
        figure("the same, both with a usage made before", of_usage, "×"),
    )


def _of(compared: Compared) -> tuple[Figure, ...]:
    other = sum(compared.other.values())
    pairs = compared.same + other
    name = f"{pairs} amounts of {compared.models} models"
    return (
        Figure(f"{name}: the same to the 6th digit", compared.same / pairs * 100, "%"),
        *(
            Figure(
                f"{name}: other, {cause} ({compared.other_models.get(cause, 0)} models)",
                compared.other.get(cause, 0),
                "amounts",
                Target("<", 1) if cause is Cause.UNKNOWN else None,
            )
            for cause in Cause
        ),
    )
