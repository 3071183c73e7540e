"""A list of prices beside those that hold: new, changed, the same, removed, suspicious."""

from dataclasses import replace
from decimal import Decimal

import pytest

from suanli.domain.cost.money import Currency, Nano
from suanli.domain.cost.offers import Concern, Listing, ModelKey, Offer, Terms
from suanli.domain.cost.price_changes import Change, Comparison, Kind, Step, compare
from suanli.domain.cost.prices import Rates, Tier, Unit
from tests.price_map import listing, offer

KEY = ModelKey("deepseek", "deepseek-chat")
TERMS = Terms(Unit.TOKEN, Currency("CNY"), Rates(Nano(2_000), Nano(8_000)))


def offered(terms: Terms = TERMS, *concerns: Concern) -> Offer:
    return Offer(KEY, terms, "chat", concerns=frozenset(concerns))


def rated(**rates: Nano) -> Terms:
    return replace(TERMS, rates=replace(TERMS.rates, **rates))


def beside(after: Offer, before: Terms | None = TERMS) -> Comparison:
    return compare(Listing((after,)), {} if before is None else {KEY: before})


def only(after: Terms) -> Change:
    return beside(offered(after)).changes[0]


def test_the_first_list_is_all_new_and_the_same_list_again_changes_nothing() -> None:
    first = compare(listing(), {})
    assert first.of_kind(Kind.NEW) == first.changes
    again = compare(listing(), {offer.key: offer.terms for offer in listing().offers})
    assert again.of_kind(Kind.SAME) == again.changes
    assert again.accepted([offer.key for offer in listing().offers]) == ()
    assert again.suspicious == ()
    assert again.removed == ()


def test_a_model_for_nothing_or_that_has_ended_is_taken_only_by_its_name() -> None:
    first = compare(listing(), {})
    free = offer("volcengine/glm-4-7-251222").key
    assert free not in {change.offer.key for change in first.accepted()}
    assert free in {change.offer.key for change in first.accepted([free])}
    assert {str(change.offer.key) for change in first.suspicious} == {
        "volcengine/glm-4-7-251222",
        "deepseek/deepseek-chat",
        "deepseek/deepseek/deepseek-chat",
        "databricks/databricks-gemini-2-5-flash",
        "vertex_ai/deepseek-ai/deepseek-v3.1-maas",
    }


def test_a_change_says_what_rose_and_by_how_much() -> None:
    found = only(rated(input=Nano(3_000), output=Nano(7_000), cached=Nano(200)))
    assert found.kind is Kind.CHANGED
    assert found.steps == (
        Step("input", 2_000, 3_000),
        Step("output", 8_000, 7_000),
        Step("cached", None, 200),
    )
    assert [step.percent for step in found.steps] == [Decimal("50.0"), Decimal("-12.5"), None]
    assert not found.is_asked


@pytest.mark.parametrize(
    ("after", "is_jump"),
    [(6_000, False), (6_001, True), (667, False), (666, True), (0, True), (2_001, False)],
)
def test_what_changes_by_more_than_three_times_is_looked_at_first(after: int, is_jump: bool) -> None:  # noqa: FBT001 a case
    found = beside(offered(rated(input=Nano(after))))
    assert (Concern.JUMP in found.changes[0].concerns) is is_jump
    assert (found.accepted() == ()) is is_jump
    assert found.accepted([KEY]) == found.changes


def test_nothing_that_becomes_something_is_a_jump_and_has_no_percentage() -> None:
    (step,) = beside(offered(), rated(output=Nano(0))).changes[0].steps
    assert (step.is_jump, step.percent) == (True, None)


@pytest.mark.parametrize("before", [replace(TERMS, currency=Currency("USD")), replace(TERMS, unit=Unit.REQUEST)])
def test_another_currency_or_unit_is_looked_at_first(before: Terms) -> None:
    (found,) = beside(offered(), before).changes
    assert (found.kind, found.steps, found.is_asked) == (Kind.CHANGED, (), True)


def test_a_tier_that_comes_is_compared_with_what_held_there_before() -> None:
    dearer = replace(TERMS, tiers=(Tier(200_000, Rates(Nano(7_000), Nano(8_000))),))
    assert only(dearer).steps == (Step("input", 2_000, 7_000, above=200_000),)
    assert only(dearer).is_asked
    (gone,) = beside(offered(), dearer).changes
    assert gone.steps == (Step("input", 7_000, 2_000, above=200_000),)


def test_what_an_earlier_list_had_and_this_one_has_not_is_removed() -> None:
    mine, theirs = ModelKey("own", "gpu"), ModelKey("openai", "gone")
    held = {KEY: TERMS, mine: TERMS, theirs: TERMS}
    found = compare(Listing((offered(),)), held, listed_before=[theirs, KEY, ModelKey("openai", "long gone")])
    assert found.removed == (theirs,)


def test_a_concern_about_what_did_not_change_asks_nothing() -> None:
    found = beside(offered(TERMS, Concern.DEPRECATED))
    assert found.suspicious == found.accepted([KEY]) == ()
