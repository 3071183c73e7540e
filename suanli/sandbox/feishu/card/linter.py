"""What the platform says about a card before it takes it (feishu.md §3.6, §4)."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from suanli.sandbox.feishu.card.flaw import Flaw, path_of
from suanli.sandbox.feishu.card.rules import RULES
from suanli.sandbox.feishu.card.skeleton import Card
from suanli.sandbox.feishu.card.walk import elements_of
from suanli.sandbox.feishu.people import Json

UNREADABLE = 200621
UNKNOWN_TAG = 200861
DOWNGRADE = 200830


def flaw_of(card: Any) -> Flaw | None:
    """The first flaw of a card, None when it has none.

    Schema 2.0 is checked in full. A card of schema 1.0 is only looked at for its list of elements, as the platform
    ignores there what it does not know; a template is taken on trust, and card entities do not exist here.
    """
    if not isinstance(card, dict):
        return Flaw(UNREADABLE, "ROOT", "a card is a JSON object")
    if card.get("type") == "template":
        return _flaw_of_template(card)
    if "schema" in card:
        return _flaw_of_2_0(card)
    if isinstance(card.get("elements"), list):
        return None
    return Flaw(UNREADABLE, "ROOT", "neither a card of schema 2.0, nor one of 1.0, nor a template")


def downgrade_of(old: Json, new: Json) -> Flaw | None:
    """200830: a card of schema 2.0 cannot become one of 1.0 (feishu.md §4.1)."""
    if "schema" in old and "schema" not in new:
        return Flaw(DOWNGRADE, "ROOT", "a card of schema 2.0 cannot be updated to 1.0")
    return None


def _flaw_of_template(card: Json) -> Flaw | None:
    data = card.get("data")
    if isinstance(data, dict) and isinstance(data.get("template_id"), str):
        return None
    return Flaw(UNREADABLE, "ROOT -> data", "a template needs a template_id")


def _flaw_of_2_0(card: Json) -> Flaw | None:
    try:
        Card.model_validate(card)
    except ValidationError as error:
        return _as_flaw(card, error.errors(include_url=False)[0])
    elements = list(elements_of(card))
    return next((flaw for rule in RULES for flaw in rule(card, elements)), None)


def _as_flaw(card: Json, error: ErrorDetails) -> Flaw:
    path = path_of(card, error["loc"])
    if error["type"] == "union_tag_invalid" and error["ctx"]["discriminator"] == "'tag'":
        return Flaw(UNKNOWN_TAG, path, f"not support tag: {error['ctx']['tag']}")
    if error["type"] == "extra_forbidden":
        return Flaw(UNREADABLE, path, f"unknown property: {error['loc'][-1]}", str(error["input"])[:100])
    return Flaw(UNREADABLE, path, f"{error['loc'][-1]}: {error['msg']}", str(error["input"])[:100])
