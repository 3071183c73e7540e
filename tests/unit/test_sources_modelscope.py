"""The lists of ModelScope by its official interface: entries, pages, owners, and what is never concluded."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Item, Kind, Part, State
from suanli.domain.releases.failures import Drift, Missing, Resting
from suanli.domain.releases.resources import MOST_PAGES
from tests.fakes import NOON
from tests.modelscope_shelf import OFFICIAL, Model, Shelf

MINUTE = timedelta(minutes=1)
MIB = 1024 * 1024


def many(count: int) -> list[Model]:
    return [Model(f"M{n}", NOON - n * MINUTE) for n in range(count)]


def test_a_model_is_named_by_its_owner_and_name() -> None:
    (item,) = Shelf(Model("V4")).follower().look().items
    assert item == Item(
        Kind.MODEL,
        native_id="deepseek-ai/V4",
        name="deepseek-ai/V4",
        title="deepseek-ai/V4",
        url="https://modelscope.cn/models/deepseek-ai/V4",
        state=State.PUBLIC,
        author="deepseek-ai",
        labels=("license:mit", "task:text-generation", "text-generation"),
        created_at=NOON - timedelta(days=9),
        updated_at=NOON,
        revision="2026-11-20T04:00:00+00:00",
        weights="30532122624:61081671123",
    )


def test_a_data_set_has_no_weights_and_an_address_of_its_own() -> None:
    (item,) = Shelf(Model("Proofs", gated=True)).follower(Part.DATASETS).look().items
    assert (item.kind, item.state, item.weights) == (Kind.DATASET, State.GATED, "")
    assert item.url == "https://modelscope.cn/datasets/deepseek-ai/Proofs"


def test_what_only_our_token_may_see_is_told_to_nobody() -> None:
    reading = Shelf(Model("V4"), Model("secret", private=True)).follower().look()
    assert [item.title for item in reading.items] == ["deepseek-ai/V4"]


def test_the_owner_is_only_searched_for_so_others_are_left_out() -> None:
    shelf = Shelf(Model("V4"), Model("V4", owner="not-deepseek-ai"), Model("X", owner="DeepSeek-AI"))
    reading = shelf.follower().look()
    assert {item.name for item in reading.items} == {"deepseek-ai/V4", "DeepSeek-AI/X"}
    assert reading.whole


def test_an_owner_without_anything_has_an_empty_baseline_and_the_first_model_is_seen() -> None:
    shelf = Shelf()
    follower = shelf.follower()
    assert (follower.look().items, follower.resource.whole) == ((), True)
    shelf.models.append(Model("V4"))
    assert [item.name for item in follower.look().items] == ["deepseek-ai/V4"]


def test_nothing_changed_costs_one_request() -> None:
    shelf = Shelf(*many(200))
    follower = shelf.follower()
    assert follower.look().whole
    shelf.client.asked.clear()
    assert follower.look().unchanged
    assert len(shelf.client.asked) == 1


def test_a_long_list_is_read_until_what_is_known() -> None:
    shelf = Shelf(*many(200))
    follower = shelf.follower()
    follower.look()
    shelf.client.asked.clear()
    shelf.models.append(Model("V4", NOON + MINUTE))
    reading = follower.look()
    assert (len(shelf.client.asked), reading.whole, reading.cursor) == (1, False, NOON + MINUTE)
    assert reading.items[0].name == "deepseek-ai/V4"


def test_what_lies_behind_the_most_pages_is_read_the_next_time_and_the_cursor_waits_for_it() -> None:
    shelf = Shelf(Model("old", NOON - timedelta(days=90)))
    follower = shelf.follower()
    follower.look()
    start = follower.resource.cursor
    shelf.models += many(MOST_PAGES * 50 + 200)
    assert follower.look().sweep
    assert follower.resource.cursor == start
    del shelf.models[1]  # what was on the next page is now on the last one that was read
    assert follower.look().cursor == NOON
    assert set(follower.items) >= {f"deepseek-ai/{model.name}" for model in shelf.models}


def test_more_than_three_thousand_are_read_as_far_as_they_are_given_out() -> None:
    shelf = Shelf(Model("old", NOON - timedelta(days=90)))
    follower = shelf.follower()
    follower.look()
    shelf.models += many(3200)
    looks = 0
    while follower.look().sweep:
        looks += 1
        assert looks < 10
    assert len(follower.items) == 3001
    assert follower.resource.cursor == NOON


def test_the_list_is_whole_only_if_everything_that_it_counts_was_met() -> None:
    shelf = Shelf(*many(3))
    shelf.total = 4
    assert not shelf.follower().look().whole


def test_a_count_that_is_too_small_ends_no_list() -> None:
    shelf = Shelf(*many(120))
    shelf.total = 0
    assert len(shelf.follower().look().items) == 120


def test_the_rest_of_a_list_is_never_the_whole_of_it() -> None:
    shelf = Shelf(Model("old", NOON - timedelta(days=90)))
    follower = shelf.follower()
    follower.look()
    shelf.models += many(MOST_PAGES * 50 + 20)
    shelf.total = 0
    assert follower.look().sweep
    rest = follower.look()
    assert (rest.sweep, rest.whole) == (None, False)


def test_a_count_without_entries_is_a_failure_and_not_an_empty_list() -> None:
    shelf = Shelf()
    shelf.total = 200
    with pytest.raises(Drift, match="200"):
        shelf.follower().look()


@pytest.mark.parametrize("field", ["id", "last_modified", "private", "gated"])
def test_a_list_without_what_is_needed_is_a_failure_that_names_it(field: str) -> None:
    shelf = Shelf()
    broken = {name: value for name, value in Model("V4").official().items() if name != field}
    shelf.broken, shelf.breakage = {OFFICIAL}, {"success": True, "data": {"models": [broken], "total_count": 1}}
    with pytest.raises(Drift, match=rf"data\.models\.0\.{field}"):
        shelf.follower().look()


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"success": True}, {"success": True, "data": {"models": []}}, {"success": True, "data": None}],
)
def test_something_else_than_a_list_is_never_an_empty_one(body: Any) -> None:
    shelf = Shelf()
    shelf.broken, shelf.breakage = {OFFICIAL}, body
    with pytest.raises(Drift):
        shelf.follower().look()


def test_a_refusal_with_a_good_status_is_one() -> None:
    shelf = Shelf()
    shelf.broken = {OFFICIAL}
    shelf.breakage = {"success": False, "code": "InvalidAuthentication", "message": "bad\n token", "request_id": "1"}
    with pytest.raises(RemoteError, match="InvalidAuthentication: bad token") as caught:
        shelf.follower().look()
    assert caught.value.permanent
    assert not isinstance(caught.value, Drift)


@pytest.mark.parametrize(
    "error", [Missing("HTTP 404", permanent=True, code=404), RemoteError("a web page", permanent=True, code=200)]
)
def test_that_there_is_no_list_any_more_says_nothing_of_the_owner(error: RemoteError) -> None:
    shelf = Shelf()
    shelf.broken, shelf.breakage = {OFFICIAL}, error
    with pytest.raises(Drift):
        shelf.follower().look()


def test_a_host_that_rests_is_left_alone() -> None:
    shelf = Shelf()
    shelf.broken, shelf.breakage = {OFFICIAL}, Resting("not now", retry_after=MINUTE)
    with pytest.raises(Resting):
        shelf.follower().look()
    assert shelf.ways == ["a"]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ((30, 60 * MIB), (30, 61 * MIB), True),
        ((30, 60 * MIB), (30, 160 * MIB), False),
        ((30, 60 * MIB), (31, 60 * MIB), False),
        ((None, 60 * MIB), (30, 60 * MIB), True),
        ((30, 60 * MIB), (30, None), False),
    ],
)
def test_another_card_or_a_late_count_is_no_other_weights(
    before: tuple[int | None, int | None],
    after: tuple[int | None, int | None],
    *,
    same: bool,
) -> None:
    model = Model("V4", params=before[0], file_size=before[1])
    shelf = Shelf(model)
    follower = shelf.follower()
    first = follower.look().items[0].weights
    model.params, model.file_size = after
    model.changed += MINUTE
    now = follower.look().items[0]
    assert (now.weights == first) is same
    assert now.revision == "2026-11-20T04:01:00+00:00"


def test_a_count_that_comes_later_is_taken_down_without_a_change() -> None:
    model = Model("V4", params=None, file_size=None)
    shelf = Shelf(model)
    follower = shelf.follower()
    before = follower.look().items[0]
    model.params, model.file_size = 30, 60 * MIB
    now = follower.look().items[0]
    assert (before.weights, now.weights) == ("", f"30:{60 * MIB}")
    assert now.revision == before.revision
