"""Models, datasets and spaces: what happened between two looks at them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.releases import Kind, Part, State
from tests.fakes import NOON
from tests.release_items import DAY, DEEPSEEK, HOUR, MINUTE, Observer, changes, model, names, tracked

OLD = model("V3", NOON - 30 * DAY, weights="w1")


@pytest.fixture
def observer() -> Observer:
    """One model was there when the watch began."""
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    assert changes(observer.look(OLD)) == []
    return observer


def at(minutes: float) -> timedelta:
    return minutes * MINUTE


@pytest.mark.parametrize(
    ("part", "kind", "told"),
    [
        (Part.MODELS, Kind.MODEL, "model_added"),
        (Part.DATASETS, Kind.DATASET, "dataset_added"),
        (Part.SPACES, Kind.SPACE, "space_added"),
    ],
)
def test_what_is_new_is_added_though_the_first_look_found_nothing_at_all(part: Part, kind: Kind, told: str) -> None:
    observer = Observer(tracked(DEEPSEEK, part))
    observer.look()
    seen = observer.look(model("V4", NOON + at(7), kind=kind))
    assert changes(seen) == [f"deepseek-ai/V4 {told}"]


def test_one_that_becomes_public_long_after_it_was_made_is_added(observer: Observer) -> None:
    assert changes(observer.look(OLD, model("V4", NOON - DAY))) == ["deepseek-ai/V4 model_added"]


def test_where_not_all_were_taken_down_only_one_that_was_made_since_is_added() -> None:
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    observer.look(OLD, whole=False)
    old = model("V2", NOON + at(6), created_at=NOON - 99 * DAY)
    undated = model("V1", NOON + at(6), created_at=None)
    seen = observer.look(OLD, old, undated, model("V4", NOON + at(7)), whole=False)
    assert changes(seen) == ["deepseek-ai/V4 model_added"]
    assert len(seen.remembered) == 3


def test_a_new_model_and_ten_edits_of_its_card_are_one_addition_and_at_most_one_card(observer: Observer) -> None:
    told = changes(observer.look(OLD, model("V4", NOON + at(6))))
    for n in range(1, 11):
        edited = model("V4", NOON + at(6 + 45 * n), f"r{n}", created_at=NOON + at(6))
        told += changes(observer.look(OLD, edited, after=at(45)))
    assert told == ["deepseek-ai/V4 model_added", "deepseek-ai/V4 card"]
    assert observer.item("id of V4").revision == "r10"


def test_a_card_rests_for_six_hours_after_a_card(observer: Observer) -> None:
    told = [
        changes(observer.look(replace(OLD, revision=f"r{n}", updated_at=NOON + n * HOUR), after=HOUR))
        for n in range(2, 10)
    ]
    assert [bool(one) for one in told] == [True, False, False, False, False, False, True, False]


def test_a_rest_is_over_when_the_clock_was_set_back(observer: Observer) -> None:
    observer.look(replace(OLD, revision="r2", updated_at=NOON + HOUR), after=HOUR)
    edited = replace(OLD, revision="r3", updated_at=NOON + 2 * HOUR)
    assert changes(observer.look(edited, after=-10 * DAY)) == ["deepseek-ai/V3 card"]


def test_other_weights_are_told_at_once_and_let_the_card_rest(observer: Observer) -> None:
    first = replace(OLD, revision="r2", weights="w2", updated_at=NOON + at(6))
    second = replace(OLD, revision="r3", weights="w3", updated_at=NOON + at(11))
    card = replace(OLD, revision="r4", weights="w3", updated_at=NOON + at(16))
    told = [changes(observer.look(one)) for one in (first, second, card)]
    assert told == [["deepseek-ai/V3 weights"], ["deepseek-ai/V3 weights"], []]


@pytest.mark.parametrize(
    ("weights", "found_out", "told"),
    [
        ("w2", None, "weights"),
        ("w1", None, "card"),
        ("", None, "card"),
        ("", True, "weights"),
        ("", False, "card"),
    ],
)
def test_weights_that_nobody_knows_are_taken_for_the_same(
    observer: Observer, weights: str, *, found_out: bool | None, told: str
) -> None:
    later = replace(OLD, revision="r2", weights=weights, updated_at=NOON + at(6), weights_changed=found_out)
    assert changes(observer.look(later)) == [f"deepseek-ai/V3 {told}"]
    assert observer.item("id of V3").weights_changed is None
    assert observer.item("id of V3").weights == ("w1" if found_out is False else weights)


def test_a_listing_without_weights_forgets_none(observer: Observer) -> None:
    listed = replace(OLD, weights="")
    assert observer.look(listed).remembered == ()
    assert changes(observer.look(replace(listed, labels=("license:mit",)))) == []
    assert observer.item("id of V3").weights == "w1"


@pytest.mark.parametrize(("kind", "told"), [(Kind.DATASET, "dataset_changed"), (Kind.SPACE, "space_changed")])
def test_a_dataset_and_a_space_change_as_a_whole_and_rest_too(kind: Kind, told: str) -> None:
    observer = Observer(tracked(DEEPSEEK, Part.DATASETS if kind is Kind.DATASET else Part.SPACES))
    old = replace(OLD, kind=kind)
    observer.look(old)
    later = [replace(old, revision=f"r{n}", weights=f"w{n}", updated_at=NOON + n * HOUR) for n in (2, 3)]
    assert [changes(observer.look(one)) for one in later] == [[f"deepseek-ai/V3 {told}"], []]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([State.GATED, State.PUBLIC], ["gated", "ungated"]),
        ([State.DISABLED, State.GATED], ["disabled", None]),
        ([State.GATED, State.DISABLED], ["gated", "disabled"]),
    ],
)
def test_who_may_have_it_is_told(observer: Observer, states: list[State], told: list[str | None]) -> None:
    found = [changes(observer.look(replace(OLD, state=state))) for state in states]
    assert found == [[f"deepseek-ai/V3 {word}"] if word else [] for word in told]


def test_another_name_of_the_same_model_is_told_with_the_earlier_one(observer: Observer) -> None:
    renamed = replace(OLD, name="deepseek-ai/V3-Base")
    assert changes(observer.look(renamed)) == ["deepseek-ai/V3-Base renamed deepseek-ai/V3"]


def test_a_listing_that_comes_another_way_changes_nothing_by_its_own_revisions() -> None:
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    observer.look(OLD, via="openapi")
    legacy = replace(OLD, revision="1772414875", updated_at=NOON - DAY)
    assert changes(observer.look(legacy, via="legacy")) == []
    assert changes(observer.look(replace(legacy, revision="1772414876", updated_at=NOON), via="legacy")) == [
        "deepseek-ai/V3 card"
    ]


def test_a_page_without_moments_proves_only_that_a_model_is_there(observer: Observer) -> None:
    bare = replace(OLD, updated_at=None, created_at=None, revision="", weights="", state=State.PUBLIC, title="")
    gated = replace(OLD, state=State.GATED)
    observer.look(gated)
    observer.look()
    seen = observer.look(bare)
    assert (changes(seen), [known.missing for known in seen.remembered]) == ([], [0])
    assert observer.item("id of V3") == gated
    assert names(observer.look(bare, model("V4", NOON, updated_at=None, revision="")).remembered) == ["deepseek-ai/V4"]


def test_of_what_is_known_from_such_pages_alone_a_change_is_seen() -> None:
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    bare = replace(OLD, updated_at=None, revision="")
    observer.look(bare)
    assert changes(observer.look(replace(bare, state=State.GATED))) == ["deepseek-ai/V3 gated"]


def test_such_a_page_brings_back_what_was_gone(observer: Observer) -> None:
    for _ in range(3):
        observer.look()
    assert observer.item("id of V3").state is State.GONE
    assert changes(observer.look(replace(OLD, updated_at=None, revision="", title=""))) == []
    assert observer.item("id of V3") == OLD


def test_another_programs_models_were_told_by_that() -> None:
    observer = Observer(tracked(DEEPSEEK, Part.MODELS, baselined_at=NOON, silent_until=NOON - HOUR))
    touched = model("V2", NOON - MINUTE, created_at=NOON - DAY)
    assert changes(observer.look(OLD, touched, model("V4", NOON - MINUTE))) == ["deepseek-ai/V4 model_added"]
