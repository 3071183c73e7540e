"""The three ways to ModelScope's lists: which is taken, when the first is tried again, and what changing costs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.errors import RemoteError
from suanli.domain.releases import Part, State
from suanli.domain.releases.failures import Drift, Resting
from suanli.domain.releases.resources import MOST_PAGES
from suanli.sources.modelscope import ModelScope
from tests.fakes import NOON
from tests.hub_client import FakeClient, Follower
from tests.modelscope_shelf import OFFICIAL, OLDER, SEARCH, Model, Shelf

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def until_it_works(follower: Follower, tries: int = 12) -> int:
    """Look as the job does until a look is good; how many were not."""
    for failed in range(tries):
        try:
            follower.look()
        except Drift:
            follower.drifted()
        else:
            return failed
    raise AssertionError("no way works")


@pytest.mark.parametrize(
    ("broken", "way", "failures"), [(set(), "a", 0), ({OFFICIAL}, "b", 3), ({OFFICIAL, OLDER}, "c", 6)]
)
def test_after_three_answers_that_are_not_understood_the_next_way_is_taken(
    broken: set[str], way: str, failures: int
) -> None:
    shelf = Shelf(Model("V4"))
    shelf.broken = broken
    follower = shelf.follower()
    assert until_it_works(follower) == failures
    assert follower.resource.via == way
    assert [item.url for item in follower.items.values()] == ["https://modelscope.cn/models/deepseek-ai/V4"]


def test_when_no_way_works_each_is_tried_again_and_the_failure_goes_up() -> None:
    shelf = Shelf(Model("V4"))
    shelf.broken = {OFFICIAL, OLDER, SEARCH}
    follower = shelf.follower()
    for _ in range(10):
        with pytest.raises(Drift):
            follower.look()
        follower.drifted()
    assert shelf.ways == [*"aaabbbccca"]


def test_data_sets_have_the_first_way_only() -> None:
    shelf = Shelf(Model("V4"))
    shelf.broken = {OFFICIAL}
    follower = shelf.follower(Part.DATASETS)
    follower.drifted(7)
    with pytest.raises(Drift):
        follower.look()
    assert shelf.ways == ["a"]


def test_a_refusal_is_no_reason_to_take_another_way() -> None:
    shelf = Shelf(Model("V4"))
    shelf.broken, shelf.breakage = {OFFICIAL}, RemoteError("HTTP 500")
    for _ in range(5):
        with pytest.raises(RemoteError, match="500"):
            shelf.follower().look()
    assert set(shelf.ways) == {"a"}


def on_the_second_way(*models: Model) -> tuple[Shelf, Follower]:
    shelf = Shelf(*models)
    follower = shelf.follower()
    follower.look()
    shelf.broken = {OFFICIAL}
    shelf.models[0].changed += MINUTE
    until_it_works(follower)
    shelf.client.asked.clear()
    return shelf, follower


def test_on_a_lower_way_the_first_is_tried_once_a_day() -> None:
    shelf, follower = on_the_second_way(Model("V4"))
    follower.look()
    assert shelf.ways == ["b"]
    shelf.clock.advance(DAY)
    follower.look()
    assert shelf.ways == ["b", "a", "b"]
    follower.resource = replace(follower.resource, read_at=shelf.clock.now())
    follower.now = shelf.clock.now()
    follower.look()
    assert shelf.ways == ["b", "a", "b", "b"]


def test_the_first_way_is_taken_again_when_it_works() -> None:
    shelf, follower = on_the_second_way(Model("V4"))
    shelf.broken = set()
    shelf.clock.advance(DAY)
    assert follower.look().via == "a"
    follower.look()
    assert set(shelf.ways) == {"a"}


def test_a_host_that_rests_is_not_asked_on_another_way() -> None:
    shelf, follower = on_the_second_way(Model("V4"))
    shelf.breakage = Resting("not now", retry_after=MINUTE)
    shelf.clock.advance(DAY)
    with pytest.raises(Resting):
        follower.look()
    assert shelf.ways == ["a"]


def test_changing_ways_changes_nothing_of_what_is_remembered() -> None:
    models = [Model(f"M{n}", NOON - n * timedelta(hours=1), older_lag=timedelta(minutes=7)) for n in range(30)]
    shelf, follower = on_the_second_way(*models)
    newest = follower.items.pop("deepseek-ai/M0")
    known = dict(follower.items)
    follower.items[newest.name] = newest
    follower.look()
    shelf.broken = set()
    shelf.clock.advance(DAY)
    assert follower.look().via == "a"
    assert {name: (item.revision, item.weights) for name, item in known.items()} == {
        name: (item.revision, item.weights) for name, item in follower.items.items() if name in known
    }


def test_a_change_is_seen_on_every_way() -> None:
    shelf, follower = on_the_second_way(Model("V4"), Model("V3"))
    before = follower.items["deepseek-ai/V3"].revision
    shelf.models[1].changed += timedelta(hours=1)
    follower.look()
    assert follower.items["deepseek-ai/V3"].revision != before
    assert follower.items["deepseek-ai/V3"].weights == ""


def test_the_older_ways_do_not_know_who_has_to_ask_for_access() -> None:
    _, follower = on_the_second_way(Model("V4", gated=True), Model("V3"))
    follower.look()
    assert follower.items["deepseek-ai/V4"].state is State.GATED
    assert follower.items["deepseek-ai/V3"].state is State.PUBLIC


def test_on_the_older_ways_everything_is_read_for_their_order_is_not_known() -> None:
    shelf, follower = on_the_second_way(*[Model(f"M{n}", NOON - n * MINUTE) for n in range(350)])
    shelf.models.append(Model("V4", NOON + timedelta(hours=1)))
    reading = follower.look()
    assert (len(reading.items), reading.whole) == (351, True)
    assert len(shelf.ways) == 4


def test_on_the_older_ways_more_than_the_most_pages_are_read_in_parts() -> None:
    count = MOST_PAGES * 100 + 250
    shelf, follower = on_the_second_way(*[Model(f"M{n}", NOON - n * MINUTE) for n in range(count)])
    assert follower.look().sweep is None
    follower.items.clear()
    shelf.client.asked.clear()
    assert [bool(follower.look().sweep) for _ in range(2)] == [True, False]
    assert len(follower.items) == count
    assert len(shelf.ways) == MOST_PAGES + 4


def test_an_unfinished_reading_is_not_taken_for_done_when_the_first_way_says_that_nothing_changed() -> None:
    shelf, follower = on_the_second_way(*[Model(f"M{n}", NOON - n * MINUTE) for n in range(MOST_PAGES * 100 + 9)])
    assert follower.resource.sweep
    shelf.models[0].changed -= MINUTE  # the first way's page is as it was
    shelf.broken = set()
    shelf.clock.advance(DAY)
    assert not follower.look().unchanged


@pytest.mark.parametrize("path", [OLDER, SEARCH])
def test_a_question_that_was_not_understood_is_a_failure_and_not_an_empty_list(path: str) -> None:
    shelf = Shelf()
    models = {"Models": [Model("X", owner="other").older()], "TotalCount": 43127}
    shelf.broken, shelf.breakage = {path}, {"Code": 200, "Success": True, "Data": {"Model": models, **models}}
    follower = shelf.follower()
    follower.drifted(3 if path == OLDER else 6)
    with pytest.raises(Drift, match="others"):
        follower.look()


@pytest.mark.parametrize("path", [OLDER, SEARCH])
def test_a_list_that_gives_the_same_page_again_and_again_is_a_failure(path: str) -> None:
    shelf = Shelf()
    models = {"Models": [Model("V4").older()], "TotalCount": 43127}
    shelf.broken, shelf.breakage = {path}, {"Code": 200, "Success": True, "Data": {"Model": models, **models}}
    follower = shelf.follower()
    follower.drifted(3 if path == OLDER else 6)
    with pytest.raises(Drift, match="same page"):
        follower.look()
    assert len(shelf.ways) == 2


@pytest.mark.parametrize("path", [OLDER, SEARCH])
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"LastUpdatedTime": 1772414875000}, "LastUpdatedTime"),
        ({"LastUpdatedTime": None}, "LastUpdatedTime"),
        ({"Path": ""}, "Path"),
        ({"Name": None}, "Name"),
    ],
)
def test_an_entry_that_is_built_otherwise_is_a_failure_that_names_the_place(
    path: str, change: dict[str, Any], place: str
) -> None:
    shelf = Shelf()
    models = {"Models": [{**Model("V4").older(), **change}], "TotalCount": 1}
    shelf.broken, shelf.breakage = {path}, {"Code": 200, "Success": True, "Data": {"Model": models, **models}}
    follower = shelf.follower()
    follower.drifted(3 if path == OLDER else 6)
    with pytest.raises(Drift, match=rf"Models\.0\.{place}"):
        follower.look()


@pytest.mark.parametrize("body", [{"Code": 10010205001, "Success": False, "Message": "busy"}, {"Code": 500}])
def test_a_refusal_with_a_good_status_is_one(body: Any) -> None:
    shelf = Shelf()
    shelf.broken, shelf.breakage = {OLDER}, body
    follower = shelf.follower()
    follower.drifted(3)
    with pytest.raises(RemoteError, match="refuses") as caught:
        follower.look()
    assert not isinstance(caught.value, Drift)


def test_what_is_private_is_told_to_nobody_on_the_older_ways_either() -> None:
    shelf = Shelf(Model("V4"), Model("secret", private=True))
    for drifts in (3, 6):
        follower = shelf.follower()
        follower.drifted(drifts)
        assert [item.title for item in follower.look().items] == ["deepseek-ai/V4"]


def test_an_owner_without_anything_is_empty_on_every_way() -> None:
    for drifts in (0, 3, 6):
        follower = Shelf().follower()
        follower.drifted(drifts)
        reading = follower.look()
        assert (reading.items, reading.whole) == ((), True)


def test_the_older_ways_are_asked_by_their_own_client() -> None:
    shelf, other = Shelf(), Shelf(Model("V4"))
    hub = ModelScope(shelf.client, clock=shelf.clock, older=other.client)
    follower = Follower(hub.read, shelf.follower().resource)
    follower.drifted(3)
    assert len(follower.look().items) == 1
    assert isinstance(other.client, FakeClient)
    assert (shelf.client.asked, other.client.asked) == ([], [OLDER])
