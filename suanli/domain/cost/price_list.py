"""Reads a price map such as LiteLLM ships: names of models, each with keys of which some are prices for one token.

The map has no currency: everything is in USD. Its numbers must come as Decimals, for a float is no price. What a
token costs above some length of input becomes a tier; what it costs at another speed of service, as audio or as a
picture has no place here and is reported, model by model. An entry that has no price for tokens that go in and for
those that come out is left out, and so its calls are unpriced and seen, rather than counted as nothing.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.offers import Concern, LeftOut, Listing, ModelKey, Offer, Terms, Why, concerns_of
from suanli.domain.cost.price_entries import Entry, LeaveOut
from suanli.domain.cost.prices import Rates, Unit

USD = Currency("USD")

_NOT_MODELS = frozenset({"sample_spec", "fallback_generalizations"})
_LONGEST_NAME = 200
_LONGEST_SOURCE = 500
_NO_OUTPUT = frozenset({"embedding", "rerank", "moderation"})
_TEXT = frozenset({"chat", "responses", "completion", "evaluation", "extraction"}) | _NO_OUTPUT
_SPEECH, _CALLS = "audio_transcription", frozenset({"rerank", "search"})
_PROVIDERS = {"bedrock_converse": "bedrock", "azure_text": "azure", "cohere_chat": "cohere"}
_SECONDS = 60
_NOTHING = Nano(0)


def read_map(entries: Mapping[str, object], today: date) -> Listing:
    """Everything that a price map offers on a day, in its order."""
    offers: list[Offer] = []
    left_out: list[LeftOut] = []
    providers = {name: _provider(entry) for name, entry in entries.items() if name not in _NOT_MODELS}
    for name in providers:
        try:
            offers.append(_offer(name, entries[name], providers, today))
        except LeaveOut as reason:
            left_out.append(LeftOut(name[:_LONGEST_NAME], reason.why, reason.detail[:_LONGEST_NAME]))
    kinds = Counter(kind for offer in offers for kind in offer.not_taken)
    return Listing(tuple(offers), tuple(left_out), MappingProxyType(dict(kinds.most_common())))


def _provider(entry: object) -> str:
    """The provider's name without what the map adds to tell its families of models apart."""
    said = entry.get("litellm_provider") if isinstance(entry, dict) else None
    if not isinstance(said, str):
        return ""
    name = said.strip().removeprefix("text-completion-")
    for family in ("vertex_ai", "fireworks_ai"):
        name = family if name.startswith(f"{family}-") else name
    return _PROVIDERS.get(name, name)


def _offer(name: str, says: object, providers: Mapping[str, str], today: date) -> Offer:
    provider = providers[name]
    if not isinstance(says, dict) or not provider or max(len(provider), len(name)) > _LONGEST_NAME:
        raise LeaveOut(Why.NOT_A_MODEL)
    entry = Entry(says, provider)
    mode = entry.text("mode")
    terms = _terms(entry, mode)
    concerns = set(concerns_of(terms, gives_output=mode in _TEXT - _NO_OUTPUT))
    not_taken = entry.not_taken()
    if Concern.FREE in concerns and not_taken:
        raise LeaveOut(Why.OTHER_UNITS, not_taken[0])
    if entry.is_rounded:
        concerns.add(Concern.ROUNDED)
    if _has_ended(entry, today):
        concerns.add(Concern.DEPRECATED)
    own = _own_name(name, providers)
    return Offer(
        ModelKey(provider, own),
        terms,
        model_type=mode,
        unit_size=1000 if terms.unit is Unit.TOKEN else 1,
        aliases=(name,) if own != name else (),
        source=entry.text("source")[:_LONGEST_SOURCE],
        concerns=frozenset(concerns),
        not_taken=not_taken,
    )


def _own_name(name: str, providers: Mapping[str, str]) -> str:
    """The provider's own name for it: what stands behind the provider's, unless it has another model of that name."""
    provider = providers[name]
    own = name.removeprefix(f"{provider}/")
    return own if own and providers.get(own) != provider else name


def _terms(entry: Entry, mode: str) -> Terms:
    """What it costs, in the unit that its kind of model is charged by."""
    if not mode:
        raise LeaveOut(Why.NOT_A_MODEL)
    if mode in _CALLS and (query := entry.price("input_cost_per_query")):
        return Terms(Unit.REQUEST, USD, Rates(entry.rate(query, "input_cost_per_query"), _NOTHING))
    if mode == _SPEECH and "input_cost_per_token" not in entry.says:
        return _terms_of_speech(entry)
    if mode not in _TEXT:
        raise LeaveOut(Why.OTHER_UNITS, mode[:40])
    return Terms(Unit.TOKEN, USD, *entry.rates(gives_output=mode not in _NO_OUTPUT))


def _terms_of_speech(entry: Entry) -> Terms:
    """A minute of speech: the map has it for a second, as input, as output or, meaning it once, as both."""
    keys = ("input_cost_per_second", "output_cost_per_second")
    second = max(entry.price(key) or Decimal(0) for key in keys)
    if "output_cost_per_token" in entry.says or all(entry.says.get(key) is None for key in keys):
        raise LeaveOut(Why.OTHER_UNITS, _SPEECH)
    return Terms(Unit.MINUTE, USD, Rates(entry.rate(second * _SECONDS, keys[0]), _NOTHING))


def _has_ended(entry: Entry, today: date) -> bool:
    said = entry.text("deprecation_date")
    try:
        return bool(said) and date.fromisoformat(said) <= today
    except ValueError:
        return True  # it has an end, and nobody can tell when
