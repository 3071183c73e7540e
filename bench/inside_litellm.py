"""Runs in LiteLLM's own environment: a line of JSON on stdin asks for something, a line on stdout answers.

Nothing of suanli is imported here. LiteLLM's functions are called as its proxy calls them; where they are called with
less than the proxy gives them, that is said.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Call = tuple[str, str, int, int, int, int]
"""Model, provider, tokens in (all of them), tokens out, and of those in: read from the cache, and written to it."""

_ROUTE = "/chat/completions"
_WIDE = 1e6
"""A caller's own budget, which is in nobody's way."""


def prices(calls: Sequence[Call]) -> list[float | None]:
    """What each of these calls costs; None where it does not know."""
    return [_price(call) for call in calls]


def _price(call: Call) -> float | None:
    litellm = import_module("litellm")
    try:
        return float(sum(litellm.cost_per_token(**_named(call))))
    except Exception:  # noqa: BLE001 it has many ways to say that it does not know
        return None


def _named(call: Call) -> dict[str, Any]:
    name, provider, tokens, out, cached, written = call
    return {
        "model": name,
        "custom_llm_provider": provider,
        "prompt_tokens": tokens,
        "completion_tokens": out,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
    }


def price_seconds(call: Call, times: int, *, provided: bool) -> float:
    """Processor seconds for pricing a call so many times, each with a token more; `provided`: the provider is said.

    Saying it is quicker, for it need not be found out.
    """
    cost_per_token = import_module("litellm").cost_per_token
    about = _named(call)
    if not provided:
        del about["custom_llm_provider"]
    first = about.pop("prompt_tokens")
    gc.collect()
    started = time.process_time()
    for tokens in range(first, first + times):
        cost_per_token(prompt_tokens=tokens, **about)
    return time.process_time() - started


def usage_seconds(call: Call, times: int) -> float:
    """The same with a `Usage` made before, as LiteLLM has it when a provider's answer told of it."""
    litellm = import_module("litellm")
    name, provider, *_ = call
    about = {key: value for key, value in _named(call).items() if key not in {"model", "custom_llm_provider"}}
    first = about.pop("prompt_tokens")
    usages = [litellm.Usage(prompt_tokens=tokens, **about) for tokens in range(first, first + times)]
    gc.collect()
    started = time.process_time()
    for usage in usages:
        litellm.cost_per_token(model=name, custom_llm_provider=provider, usage_object=usage)
    return time.process_time() - started


def count(model: str, prompt: str) -> int:
    """Tokens of a prompt, as a reservation counts them."""
    litellm = import_module("litellm")
    return int(litellm.token_counter(model=model, messages=[{"role": "user", "content": prompt}]))


class _Rush:
    """Callers, each with a key of its own, of one team whose budget they all spend.

    `log` gets of each call: the caller's number and its own, the moments when it was asked for and answered, what was
    reserved for it (None: refused), and the moment when it was settled.
    """

    def __init__(self, model: str, prompt: str, budget: float, *, fail_closed: bool) -> None:
        self.proxy = import_module("litellm.proxy.proxy_server")
        self.reservation = import_module("litellm.proxy.spend_tracking.budget_reservation")
        self.types = import_module("litellm.proxy._types")
        self.exceeded = import_module("litellm").BudgetExceededError
        self.team = self.types.LiteLLM_TeamTable(team_id="team", max_budget=budget, spend=0.0)
        self.model, self.prompt, self.fail_closed = model, prompt, fail_closed
        self.log: list[tuple[float | None, ...]] = []
        # What earlier rounds spent is forgotten; besides, there is room for 200 counters.
        self.proxy.spend_counter_cache.in_memory_cache.flush_cache()

    async def run(self, callers: Sequence[Sequence[Sequence[float]]]) -> None:
        await asyncio.gather(*(self._caller(number, calls) for number, calls in enumerate(callers)))

    async def _caller(self, number: int, calls: Sequence[Sequence[float]]) -> None:
        key = self.types.UserAPIKeyAuth(token=f"key-{number}", team_id="team", max_budget=_WIDE, spend=0.0)
        for n, (most, cost, seconds) in enumerate(calls):
            asked = time.perf_counter()
            reserved = await self._reserve(key, int(most))
            answered = time.perf_counter()
            if reserved is None:
                self.log.append((number, n, asked, answered, None, None))
            await asyncio.sleep(seconds)
            if reserved is None:
                continue
            await self._settle(key, cost, reserved)
            self.log.append((number, n, asked, answered, reserved["reserved_cost"], time.perf_counter()))

    async def _reserve(self, key: Any, most: int) -> dict[str, Any] | None:
        """As the proxy's authentication does, with an empty router, no database, and memory in place of Redis.

        It asks besides, before, whether the budget is used up already, which can only refuse more.
        """
        messages = [{"role": "user", "content": self.prompt}]
        try:
            made = await self.reservation.reserve_budget_for_request(
                request_body={"model": self.model, "messages": messages, "max_tokens": most},
                route=_ROUTE,
                llm_router=None,
                valid_token=key,
                team_object=self.team,
                user_object=None,
                prisma_client=None,
                user_api_key_cache=self.proxy.user_api_key_cache,
                proxy_logging_obj=self.proxy.proxy_logging_obj,
                fail_closed_budget_enforcement=self.fail_closed,
            )
        except self.exceeded:
            return None
        if made is None:
            raise RuntimeError("nothing was reserved, and the call was let through")
        return dict(made)

    async def _settle(self, key: Any, cost: float, reserved: dict[str, Any]) -> None:
        """As the proxy does when it knows the cost of a call that ended well."""
        await self.proxy.increment_spend_counters(
            token=key.token, team_id="team", user_id=None, response_cost=cost, budget_reservation=reserved
        )


def rush(model: str, prompt: str, budget: float, callers: Sequence[Any], *, fail_closed: bool) -> list[Any]:
    """Let all callers make their calls at once, each of most tokens, cost in the end, and seconds; the log of them."""
    at = _Rush(model, prompt, budget, fail_closed=fail_closed)
    asyncio.run(at.run(callers))
    return at.log


_DOES: dict[str, Callable[..., Any]] = {
    "prices": prices,
    "price_seconds": price_seconds,
    "usage_seconds": usage_seconds,
    "count": count,
    "rush": rush,
}


def main() -> None:
    """Answer until there is nothing to read any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what LiteLLM prints is no answer
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(_DOES[asked.pop("what")](**asked)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
