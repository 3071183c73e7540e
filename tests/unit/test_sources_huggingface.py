"""The lists of HuggingFace: what becomes of an entry, where a reading stops, and what it never concludes."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.domain.releases import Hub, Item, Kind, Part, State
from suanli.domain.releases.failures import Drift, Resting
from suanli.domain.releases.resources import MOST_PAGES, OVERLAP
from suanli.sources.huggingface import HuggingFace
from suanli.sources.huggingface.listing import PAGE_SIZE
from tests.fakes import NOON
from tests.hub_client import BASE, Answered, FakeClient, Follower, tracked
from tests.huggingface_shelf import MINUTE, Shelf, answering, entry, many, stamp


def only(shelf: Shelf, part: Part = Part.MODELS) -> Item:
    (item,) = shelf.follower(part).look().items
    return item


def test_a_model_is_named_by_its_identity_and_linked_on_the_public_site() -> None:
    created = stamp(NOON - 60 * MINUTE)
    shelf = Shelf(
        entry(
            7, createdAt=created, author="deepseek-ai", gated=False, disabled=False, pipeline_tag="text-generation",
            library_name="transformers", tags=["transformers", "license:mit", "arxiv:2501.1", "transformers"],
        )
    )  # fmt: skip
    assert only(shelf) == Item(
        Kind.MODEL,
        native_id=f"{7:024x}",
        name="deepseek-ai/M7",
        title="deepseek-ai/M7",
        url="https://huggingface.co/deepseek-ai/M7",
        state=State.PUBLIC,
        body="text-generation, transformers, mit",
        author="deepseek-ai",
        labels=("transformers", "license:mit", "arxiv:2501.1"),
        created_at=NOON - 60 * MINUTE,
        updated_at=NOON,
        revision=f"{7:040x}",
    )


@pytest.mark.parametrize(
    ("part", "kind", "url"),
    [(Part.DATASETS, Kind.DATASET, "datasets/deepseek-ai/M1"), (Part.SPACES, Kind.SPACE, "spaces/deepseek-ai/M1")],
)
def test_data_sets_and_spaces_have_addresses_of_their_own(part: Part, kind: Kind, url: str) -> None:
    item = only(Shelf(entry(1, description=" Proofs.\n", sdk="gradio")), part)
    assert (item.kind, item.url) == (kind, f"https://huggingface.co/{url}")
    assert item.body == "gradio, mit\nProofs."


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"gated": "auto"}, State.GATED),
        ({"gated": "manual"}, State.GATED),
        ({"gated": False}, State.PUBLIC),
        ({}, State.PUBLIC),
        ({"gated": "auto", "disabled": True}, State.DISABLED),
    ],
)
def test_a_model_may_be_gated_or_disabled(more: dict[str, Any], state: State) -> None:
    assert only(Shelf(entry(1, **more))).state is state


def test_what_only_our_token_may_see_is_told_to_nobody() -> None:
    shelf = Shelf(entry(1), entry(2, private=True, id="deepseek-ai/secret"))
    reading = shelf.follower().look()
    assert [item.name for item in reading.items] == ["deepseek-ai/M1"]
    assert "secret" not in repr(reading)


def test_a_hostile_name_makes_no_other_link() -> None:
    item = only(Shelf(entry(1, id='x/y"><a href=?q#f')))
    assert item.url == "https://huggingface.co/x/y%22%3E%3Ca%20href%3D%3Fq%23f"


def test_of_very_many_tags_sixty_are_kept() -> None:
    assert len(only(Shelf(entry(1, tags=[f"tag:{n}" for n in range(500)]))).labels) == 60


def test_what_changes_all_the_time_is_not_asked_for() -> None:
    shelf = Shelf()
    for part in (Part.MODELS, Part.DATASETS, Part.SPACES):
        shelf.follower(part).look()
    assert len(shelf.client.asked) == 3
    for path in shelf.client.asked:
        assert {"likes", "downloads", "trendingScore"}.isdisjoint(parse_qs(urlsplit(path).query)["expand[]"])


def test_an_owner_without_anything_has_an_empty_baseline_and_the_first_model_is_seen() -> None:
    shelf = Shelf()
    follower = shelf.follower()
    first = follower.look()
    assert (first.items, first.whole, first.cursor) == ((), True, None)
    assert follower.resource.baselined_at
    shelf.entries.append(entry(1))
    assert [item.name for item in follower.look().items] == ["deepseek-ai/M1"]


def test_nothing_changed_costs_one_request_and_concludes_nothing() -> None:
    shelf = Shelf(*many(3))
    follower = shelf.follower()
    follower.look()
    reading = follower.look()
    assert (reading.unchanged, reading.items, reading.whole) == (True, (), False)
    assert len(shelf.client.asked) == 2
    assert follower.resource.cursor == NOON


def test_the_first_reading_takes_everything_down_even_if_the_server_says_that_nothing_changed() -> None:
    shelf = Shelf(*many(PAGE_SIZE + 5))
    follower = shelf.follower()
    follower.look()
    follower.resource = tracked(Hub.HUGGINGFACE, Part.MODELS, "deepseek-ai")
    again = follower.look()
    assert (len(again.items), again.whole) == (PAGE_SIZE + 5, True)


def test_the_first_reading_of_a_very_long_list_is_not_whole_and_needs_no_second() -> None:
    reading = Shelf(*many(MOST_PAGES * PAGE_SIZE + 1)).follower().look()
    assert (len(reading.items), reading.whole, reading.sweep) == (MOST_PAGES * PAGE_SIZE, False, None)
    assert reading.cursor == NOON


@pytest.mark.parametrize("newer_first", ["yes", "no"])
def test_an_entry_that_moves_while_the_list_is_read_is_taken_as_it_is_now(newer_first: str) -> None:
    now, then = entry(1, NOON + MINUTE, sha="new"), entry(1, NOON, sha="old")
    pages = [[now], [then]] if newer_first == "yes" else [[then], [now]]

    def answer(path: str, _: object) -> Answered:
        return Answered(pages[1]) if "cursor" in path else Answered(pages[0], f"{BASE}{path}&cursor=1")

    hub = HuggingFace(FakeClient(answer))
    (item,) = Follower(hub.read, tracked(Hub.HUGGINGFACE, Part.MODELS, "deepseek-ai")).look().items
    assert item.revision == "new"


def test_a_long_list_is_read_until_what_is_known() -> None:
    shelf = Shelf(*many(5 * PAGE_SIZE))
    follower = shelf.follower()
    assert follower.look().whole
    shelf.client.asked.clear()
    shelf.entries.append(entry(9999, NOON + MINUTE))
    reading = follower.look()
    assert len(shelf.client.asked) == 1
    assert (reading.items[0].name, reading.whole, reading.cursor) == ("deepseek-ai/M9999", False, NOON + MINUTE)


def test_one_that_was_filled_in_private_and_shown_later_is_seen() -> None:
    shelf = Shelf(*many(5 * PAGE_SIZE))
    follower = shelf.follower()
    follower.look()
    shelf.entries.append(entry(9999, NOON - 60 * MINUTE))
    assert "deepseek-ai/M9999" in {item.name for item in follower.look().items}


def test_a_list_in_another_order_than_asked_for_is_read_to_its_end() -> None:
    shelf = Shelf(*reversed(many(3 * PAGE_SIZE)))
    follower = shelf.follower()
    follower.look()
    shelf.is_shuffled = True
    shelf.entries.append(entry(9999, NOON + MINUTE))
    reading = follower.look()
    assert reading.whole
    assert reading.cursor == NOON + MINUTE


def test_what_lies_behind_the_most_pages_is_read_the_next_time_and_the_cursor_waits_for_it() -> None:
    shelf = Shelf(entry(0, NOON - 90 * 24 * 60 * MINUTE))
    follower = shelf.follower()
    follower.look()
    start = follower.resource.cursor
    shelf.entries += many(MOST_PAGES * PAGE_SIZE + 250)[1:]
    first = follower.look()
    assert first.sweep
    assert follower.resource.cursor == start
    second = follower.look()
    assert (second.sweep, second.whole, second.cursor) == (None, False, NOON - MINUTE)
    assert len(follower.items) == len(shelf.entries)
    assert follower.look().unchanged


def test_a_place_in_the_list_that_the_server_forgot_makes_all_be_read_again() -> None:
    shelf = Shelf(entry(0, NOON - 90 * 24 * 60 * MINUTE))
    follower = shelf.follower()
    follower.look()
    start = follower.resource.cursor
    shelf.entries += many(MOST_PAGES * PAGE_SIZE + 50)[1:]
    assert follower.look().sweep
    shelf.forgotten.add(MOST_PAGES * PAGE_SIZE)
    again = follower.look()
    assert (again.unchanged, len(again.items)) == (False, MOST_PAGES * PAGE_SIZE)
    assert follower.resource.cursor == start
    shelf.forgotten.clear()
    follower.look()
    assert len(follower.items) == len(shelf.entries)


def test_a_list_that_goes_round_in_circles_is_a_failure() -> None:
    def answer(path: str, _: object) -> Answered:
        return Answered([entry(1)], f"{BASE}{path}")

    hub = HuggingFace(FakeClient(answer))
    with pytest.raises(Drift, match="circles"):
        Follower(hub.read, tracked(Hub.HUGGINGFACE, Part.MODELS, "deepseek-ai")).look()


@pytest.mark.parametrize("field", ["_id", "id", "sha", "lastModified", "private"])
def test_a_list_without_what_is_needed_is_a_failure_that_names_it(field: str) -> None:
    broken = {name: value for name, value in entry(1).items() if name != field}
    with pytest.raises(Drift, match=rf"1\.{field}"):
        answering([entry(0), broken]).look()


@pytest.mark.parametrize(
    "body", [None, {}, {"error": "x"}, [None], [entry(1, lastModified="soon")], [entry(1, lastModified=None)]]
)
def test_something_else_than_a_list_is_never_an_empty_one(body: Any) -> None:
    with pytest.raises(Drift):
        answering(body).look()


def test_a_host_that_rests_fails_the_reading_and_nothing_else() -> None:
    def answer(_: str, __: object) -> Answered:
        raise Resting("not now", retry_after=MINUTE)

    follower = Follower(HuggingFace(FakeClient(answer)).read, tracked(Hub.HUGGINGFACE, Part.SPACES, "x"))
    with pytest.raises(Resting):
        follower.look()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 200)), max_size=12), st.integers(1, 3))
def test_whatever_is_changed_between_two_looks_is_in_the_second(changes: list[tuple[int, int]], looks: int) -> None:
    shelf = Shelf(*many(31))
    follower = shelf.follower()
    follower.look()
    newest = NOON
    for look in range(looks):
        for number, late in changes:
            newest = max(newest, NOON + look * timedelta(hours=1) + timedelta(seconds=late))
            changed = newest - timedelta(seconds=late % int(OVERLAP.total_seconds()))
            shelf.entries[number] = entry(number, changed, sha=f"{look}-{number}-{late}")
        follower.look()
        assert {e["sha"] for e in shelf.entries} == {item.revision for item in follower.items.values()}
