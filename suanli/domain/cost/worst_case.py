"""The most that a call to a model can cost, known before it is made and without the provider's tokenizer.

Tokens of text are never more than its bytes in UTF-8: the tokenizers of today's models put bytes together. To this
comes what a chat's template writes around messages and tools, taken generously. What is used in the end is far less
as a rule; the difference is held for as long as the call lasts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from suanli.domain.cost.book import PriceBook
from suanli.domain.cost.charges import Missing, Unpriced
from suanli.domain.cost.exchange import convert
from suanli.domain.cost.money import Nano
from suanli.domain.cost.prices import Cost, Price, Rates, Unit, Usage, cost
from suanli.domain.gateway import Offered

_PER_REQUEST = 256
"""Tokens of what a template says before the first message."""
_PER_MESSAGE = 16
_PER_TOOLS = 1024
"""Tokens of how a model is told to use tools."""
_MOST = 10**9
"""More tokens than any call has."""
_LIMITS = ("max_tokens", "max_completion_tokens")
_UNMETERED = (
    # Searches, and what else a provider does itself: paid for by the use.
    "web_search_options",
    "search_parameters",
    "search_options",
    "web_search",
    "enable_search",
    "enable_enhancement",
    "enable_code_interpreter",
    "plugins",
    "audio",
    # Other models than the one whose price is known, and what is settled with the provider and not seen here.
    "models",
    "fallbacks",
    "preset",
    "extra_body",
    # More is read or written than the request says, or the answer comes another way.
    "chat_template",
    "best_of",
    "use_beam_search",
    "deferred",
)
_TIERS_OF_SERVICE = (None, "auto", "default")
_TOOLS = ("function", "custom")


class Why(StrEnum):
    """Why nobody can say what a call costs at the most."""

    MALFORMED = "malformed"
    UNMETERED = "unmetered"
    """It asks for what is paid for otherwise than by tokens, or is not bounded by what it says."""
    UNIT = "unit"
    """The model is paid for by something else than tokens or requests."""


class UnboundedError(ValueError):
    """No worst case; `param` is what of the request stands in the way."""

    def __init__(self, why: Why, param: str) -> None:
        super().__init__(f"{why.value}: {param}")
        self.why = why
        self.param = param


@dataclass(frozen=True, slots=True)
class Bound:
    """Tokens that a call can come to at the most; `output` of all choices together, with the reasoning."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that a call can cost by one route, in the site's currency, and the unit that it is paid by."""

    amount: Nano
    unit: Unit = Unit.TOKEN

    def counted(self, usage: Usage) -> Usage:
        """What is charged for: tokens, or the one request."""
        return Usage(input=1) if self.unit is Unit.REQUEST else usage


def bound_of_chat(body: Mapping[str, Any], model: Offered) -> Bound:
    """The bound of a body of chat completions. Raises UnboundedError."""
    _refuse_unmetered(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise UnboundedError(Why.MALFORMED, "messages")
    rest = {name: value for name, value in body.items() if name != "messages"}
    tokens = _PER_REQUEST + written(rest) + (_PER_TOOLS if rest.get("tools") or rest.get("functions") else 0)
    tokens += sum(_of_message(message, model.image_tokens) for message in messages)
    output = _whole(body, "n", 1) * min(_most_output(body, model.max_output), model.max_output)
    predicted = body.get("prediction")
    return Bound(tokens, output + (written(predicted) if predicted else 0))


def bound_of_embeddings(body: Mapping[str, Any]) -> Bound:
    """The bound of a body of embeddings, whose input is text or tokens, one or several. Raises UnboundedError."""
    _refuse_unmetered(body)
    given = body.get("input")
    entries = given if isinstance(given, list) else [given]
    if entries and all(_is_token(entry) for entry in entries):
        return Bound(_PER_MESSAGE + len(entries), 0)
    if not entries:
        raise UnboundedError(Why.MALFORMED, "input")
    return Bound(sum(_PER_MESSAGE + _of_entry(entry) for entry in entries), 0)


def most(book: PriceBook, name: str, vendor: str, bound: Bound, moment: datetime) -> Quote | Unpriced:
    """The most that a call of this bound can cost, or why its price is not known.

    Whatever of the input turns out to be cached or written to the cache, whatever of the output to be reasoning, and
    whichever tier the input reaches. Raises UnboundedError for a model that is paid for by time or size, and
    MoneyError for more than can be kept.
    """
    model = book.names.find(name, vendor)
    if isinstance(model, Missing):
        return Unpriced(model)
    if model.unit not in {Unit.TOKEN, Unit.REQUEST}:
        raise UnboundedError(Why.UNIT, "model")
    price = book.price_at(model.id, moment)
    if price is None:
        return Unpriced(Missing.PRICE)
    costs = list(_costs(price, bound, model.unit))
    if price.currency != book.currency:
        rate = book.rate_at(price.currency, moment)
        if rate is None:
            return Unpriced(Missing.EXCHANGE)
        costs = [convert(each, rate) for each in costs]
    return Quote(max(each.total for each in costs), model.unit)


def size(text: str) -> int:
    """Bytes of text in UTF-8; half of a surrogate pair, which is no character, has three."""
    return len(text.encode("utf-8", "surrogatepass"))


def written(value: object) -> int:
    """Tokens of a value as a template may write it into a prompt: as JSON, indented or not.

    The end of a line with the indentation behind it is a token or two, so no more than what it stands between.
    """
    return 2 * len(json.dumps(value))


def _costs(price: Price, bound: Bound, unit: Unit) -> Iterator[Cost]:
    """The most by each tier that the input may reach, with as much input as that tier is for."""
    if unit is Unit.REQUEST:
        yield cost(_dearest(price.rates), Usage(input=1), unit)
        return
    steps = [(0, price.rates), *((tier.above, tier.rates) for tier in price.tiers), (_MOST, price.rates)]
    for (above, rates), (end, _) in pairwise(steps):
        if above == 0 or bound.input > above:
            yield cost(_dearest(rates), Usage(input=min(bound.input, end), output=bound.output), unit)


def _dearest(rates: Rates) -> Rates:
    into = (rates.input, *(each for each in (rates.cached, rates.cache_write) if each is not None))
    return Rates(max(into), max(rates.output, rates.reasoning or rates.output), rates.base)


def _refuse_unmetered(body: Mapping[str, Any]) -> None:
    for name in _UNMETERED:
        # Some are switched on by an empty object, so whatever is not plainly off counts.
        value = body.get(name)
        if not (value is None or value is False):
            raise UnboundedError(Why.UNMETERED, name)
    if body.get("service_tier") not in _TIERS_OF_SERVICE:
        raise UnboundedError(Why.UNMETERED, "service_tier")
    modalities, tools = body.get("modalities"), body.get("tools")
    if modalities not in (None, ["text"]):
        raise UnboundedError(Why.UNMETERED, "modalities")
    if not (tools is None or (isinstance(tools, list) and all(map(_is_callers_own, tools)))):
        raise UnboundedError(Why.UNMETERED, "tools")


def _is_callers_own(tool: object) -> bool:
    """Whether it is a tool that the caller runs; the provider's own are paid for by the use."""
    return isinstance(tool, dict) and ("function" in tool if "type" not in tool else tool["type"] in _TOOLS)


def _most_output(body: Mapping[str, Any], otherwise: int) -> int:
    """What the caller limits the answer to: by whichever of the two names says more, for providers differ."""
    return max((_whole(body, name, 0) for name in _LIMITS), default=0) or otherwise


def _whole(body: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = body.get(name)
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _MOST:
        raise UnboundedError(Why.MALFORMED, name)
    return value


def _of_message(message: object, image_tokens: int) -> int:
    if not isinstance(message, dict):
        raise UnboundedError(Why.MALFORMED, "messages")
    tokens = _PER_MESSAGE + written({name: value for name, value in message.items() if name != "content"})
    content = message.get("content")
    if isinstance(content, str):
        return tokens + size(content)
    if isinstance(content, list):
        return tokens + sum(_of_part(part, image_tokens) for part in content)
    if content is None:
        return tokens
    raise UnboundedError(Why.MALFORMED, "messages")


def _of_part(part: object, image_tokens: int) -> int:
    """Tokens of a part of a message; what only names a file or an address, of unknown size, has no bound."""
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return size(text)
        case {"type": "image_url"}:
            return image_tokens
        case {"type": "input_audio", "input_audio": {"data": str()}} | {"type": "file", "file": {"file_data": str()}}:
            return written(part)
        case {"type": str()}:
            raise UnboundedError(Why.UNMETERED, "messages")
    raise UnboundedError(Why.MALFORMED, "messages")


def _of_entry(entry: object) -> int:
    if isinstance(entry, str):
        return size(entry)
    if _is_tokens(entry):
        return len(entry)  # type: ignore[arg-type]  # it is a list, as `_is_tokens` found
    raise UnboundedError(Why.MALFORMED, "input")


def _is_tokens(entry: object) -> bool:
    return isinstance(entry, Sequence) and bool(entry) and all(_is_token(each) for each in entry)


def _is_token(entry: object) -> bool:
    return isinstance(entry, int) and not isinstance(entry, bool)
