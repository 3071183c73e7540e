"""What is told of a call, and how two tellings of one are told apart."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from suanli.domain.cost.money import Nano
from suanli.domain.cost.parties import Payer
from suanli.domain.cost.prices import CostType, Usage
from suanli.domain.cost.records import Call, Ending, Labels

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALL = Call("r", Payer("u"), "m", Usage(), NOON)

USAGES: list[dict[str, Any]] = [{each.name: 1} for each in fields(Usage)]
OTHERS: dict[str, list[Any]] = {
    "payer": [replace(CALL.payer, **{each.name: "other"}) for each in fields(Payer)],
    "model_name": ["other"],
    "usage": [replace(CALL.usage, **other) for other in USAGES],
    "happened_at": [NOON + timedelta(microseconds=1)],
    "provider_name": ["other"],
    "request_type": ["other"],
    "cost_type": [CostType.COMPUTE],
    "ending": [Ending.FAILED, Ending.ABORTED],
    "labels": [replace(CALL.labels, **{each.name: "other"}) for each in fields(Labels)],
    "hold": ["", "other"],
    "stated": [Nano(0), Nano(1)],
    "took": [0, 1],
}


def test_every_word_of_a_call_tells_it_from_another() -> None:
    assert {each.name for each in fields(Call)} == {"request_id", *OTHERS}
    others = [replace(CALL, **{name: value}) for name, values in OTHERS.items() for value in values]
    assert len({call.fingerprint for call in [CALL, *others]}) == len(others) + 1


def test_words_are_not_mistaken_for_each_other() -> None:
    a, b = (replace(CALL, payer=Payer(*names)) for names in (('a", "b', ""), ("a", 'b", "')))
    assert a.fingerprint != b.fingerprint


def test_the_same_words_have_the_same_fingerprint_at_any_time_and_in_any_zone() -> None:
    assert CALL.fingerprint == replace(CALL, request_id="another").fingerprint
    assert CALL.fingerprint == "7be314068bcd33ce57ebd72283e479e5"
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert replace(CALL, happened_at=there).fingerprint == CALL.fingerprint


@pytest.mark.parametrize("text", ["\0", "\ud800", "支持 🀄", ""])
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert len(replace(CALL, model_name=text).fingerprint) == 32
