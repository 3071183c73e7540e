"""Entries of LiteLLM's price map, for tests: tests/golden/prices."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from suanli.domain.cost.offers import Listing, Offer
from suanli.domain.cost.price_list import read_map
from suanli.domain.cost.prices import CostModel, CostModelId, Price, PriceId

PRICE_MAP = Path(__file__).parent / "golden" / "prices" / "litellm.json"
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@cache
def entries() -> Mapping[str, object]:
    found: dict[str, object] = json.loads(PRICE_MAP.read_text("utf-8"), parse_float=Decimal)
    return found


@cache
def listing() -> Listing:
    return read_map(entries(), TODAY)


def offer(key: str) -> Offer:
    """The offer of `provider/name`."""
    return next(offer for offer in listing().offers if str(offer.key) == key)


def model(key: str) -> tuple[CostModel, tuple[Price, ...]]:
    """The model of `provider/name`, and the price that it has had since the map came out."""
    found = offer(key)
    made = CostModel(
        CostModelId(1), found.key.name, found.key.provider, found.model_type, found.cost_type, found.terms.unit
    )
    terms = found.terms
    return made, (Price(PriceId(1), made.id, terms.rates, terms.currency, NOW, tiers=terms.tiers),)
