"""What is read of the hubs, and where the reading stands."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from suanli.domain.ports import Store
from suanli.domain.releases import Hub, Part, Place, ResourceId, Tracked, Validator
from suanli.domain.releases.resources import Status, Sweep
from tests.contract.release_kit import (
    DAY,
    DEEPSEEK,
    HOSTILE,
    HOUR,
    MINUTE,
    SGLANG,
    VLLM,
    issue,
    items,
    need,
    remember,
    resource,
    resources,
)
from tests.fakes import NOON

SECOND = timedelta(seconds=1)
NEW_NAME = Place(Hub.GITHUB, "vllm/vllm")


def names(tracked: list[Tracked] | tuple[Tracked, ...]) -> list[tuple[str, Part]]:
    return [(each.place.name, each.part) for each in tracked]


def due(store: Store, now: datetime = NOON, limit: int = 10) -> list[tuple[str, Part]]:
    with store.begin() as tx:
        return names(list(tx.resources.due(now, limit)))


def save(store: Store, *tracked: Tracked) -> None:
    with store.begin() as tx:
        for each in tracked:
            tx.resources.save(each)


def validators(store: Store, of: ResourceId) -> dict[str, Validator]:
    with store.begin() as tx:
        return dict(tx.resources.validators(of))


def test_nothing_is_needed_at_first(store: Store) -> None:
    assert resources(store) == ()
    assert due(store) == []
    with store.begin() as tx:
        assert tx.resources.find(VLLM, Part.ISSUES) is None
        assert tx.resources.of(VLLM) == ()


def test_what_is_needed_is_due_at_once_and_was_never_read(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES]})
    (tracked,) = resources(store)
    assert tracked == Tracked(tracked.id, VLLM, Part.ISSUES, NOON)
    assert due(store) == [("vllm-project/vllm", Part.ISSUES)]


def test_needing_the_same_again_changes_nothing(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.ISSUES]})
    before = resources(store)
    need(store, {VLLM: [Part.ISSUES]}, NOON + HOUR)
    assert resources(store) == before


def test_resources_come_by_place_and_in_the_order_of_their_parts(store: Store) -> None:
    need(store, {VLLM: [Part.TAGS, Part.RELEASES, Part.ISSUES], DEEPSEEK: [Part.SPACES, Part.MODELS], SGLANG: []})
    assert [(each.place, each.part) for each in resources(store)] == [
        (VLLM, Part.ISSUES), (VLLM, Part.RELEASES), (VLLM, Part.TAGS), (DEEPSEEK, Part.MODELS), (DEEPSEEK, Part.SPACES),
    ]  # fmt: skip
    with store.begin() as tx:
        assert [each.part for each in tx.resources.of(Place(Hub.GITHUB, "VLLM-Project/vLLM"))] == [
            Part.ISSUES, Part.RELEASES, Part.TAGS,
        ]  # fmt: skip


def test_what_nobody_needs_any_more_is_not_read_but_stays_known_and_comes_back_where_it_stood(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES], SGLANG: [Part.ISSUES]})
    read = replace(resource(store), cursor=NOON, baselined_at=NOON, next_at=NOON + HOUR)
    save(store, read)
    remember(store, read.id, issue(1))
    need(store, {SGLANG: [Part.ISSUES]}, NOON + MINUTE)
    assert names(list(resources(store))) == [("sgl-project/sglang", Part.ISSUES)]
    assert due(store, NOON + HOUR) == [("sgl-project/sglang", Part.ISSUES)]
    with store.begin() as tx:
        assert tx.resources.of(VLLM) == ()
    assert resource(store) == read
    need(store, {VLLM: [Part.ISSUES]}, NOON + DAY)
    assert resources(store) == (read,)
    assert set(items(store, read.id)) == {"#1"}


def test_a_name_in_other_letters_is_the_same_place_and_keeps_the_spelling_it_has(store: Store) -> None:
    shouted = Place(Hub.GITHUB, "VLLM-PROJECT/vLLM")
    need(store, {VLLM: [Part.ISSUES], shouted: [Part.ISSUES, Part.TAGS]})
    need(store, {shouted: [Part.ISSUES, Part.RELEASES, Part.TAGS]})
    assert [(each.place, each.part) for each in resources(store)] == [
        (VLLM, Part.ISSUES), (VLLM, Part.RELEASES), (VLLM, Part.TAGS),
    ]  # fmt: skip
    with store.begin() as tx:
        assert tx.resources.find(shouted, Part.TAGS) == tx.resources.find(VLLM, Part.TAGS)


def test_the_same_name_on_two_hubs_is_two_places(store: Store) -> None:
    need(store, {DEEPSEEK: [Part.MODELS], Place(Hub.MODELSCOPE, "deepseek-ai"): [Part.MODELS]})
    assert len({each.id for each in resources(store)}) == 2


def test_a_resource_comes_back_as_it_was_saved(store: Store) -> None:
    saved = Tracked(
        resource(store).id, VLLM, Part.ISSUES, NOON + HOUR, "599547518", Status.FAILING, baselined_at=NOON, whole=True,
        cursor=NOON + SECOND, sweep=Sweep("https://api.github.com/repositories/1/issues?page=11", NOON),
        silent_until=NOON - DAY, identified_at=NOON, via="api", drifts=2, failures=3, error=HOSTILE,
        failing_since=NOON - HOUR, told_failing=True, read_at=NOON - MINUTE,
    )  # fmt: skip
    save(store, saved)
    assert resource(store) == replace(saved, error="支持 ? ? </font> @all \u202e 🀄")
    bare = Tracked(saved.id, VLLM, Part.ISSUES, NOON)
    save(store, bare)
    assert resource(store) == bare


def test_a_resource_that_is_no_more_is_not_saved_anew(store: Store) -> None:
    save(store, Tracked(ResourceId(7), VLLM, Part.ISSUES, NOON))
    assert resources(store) == ()


def test_those_that_wait_longest_are_due_first_and_no_more_than_the_limit(store: Store) -> None:
    parts = [Part.ISSUES, Part.RELEASES, Part.TAGS]
    need(store, {VLLM: parts})
    save(store, *(replace(each, next_at=NOON - n * MINUTE) for n, each in enumerate(resources(store))))
    assert [part for _, part in due(store)] == [Part.TAGS, Part.RELEASES, Part.ISSUES]
    assert [part for _, part in due(store, limit=2)] == [Part.TAGS, Part.RELEASES]
    assert [part for _, part in due(store, NOON - MINUTE)] == [Part.TAGS, Part.RELEASES]


@pytest.mark.parametrize(("ahead", "found"), [(SECOND, 0), (2 * DAY, 0), (2 * DAY + SECOND, 1)])
def test_what_is_due_in_more_than_two_days_was_put_off_before_the_clock_was_set_back(
    store: Store, ahead: timedelta, found: int
) -> None:
    save(store, replace(resource(store), next_at=NOON + ahead))
    assert len(due(store)) == found


def test_who_is_hurried_is_due_now_and_who_is_due_already_keeps_its_place(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.TAGS]})
    late, waits = resources(store)
    save(store, replace(late, next_at=NOON + HOUR), replace(waits, next_at=NOON - HOUR))
    with store.begin() as tx:
        for each in (late, waits):
            tx.resources.hurry(each.id, NOON)
        tx.resources.hurry(ResourceId(99), NOON)
    assert [each.next_at for each in resources(store)] == [NOON, NOON - HOUR]


def test_a_changed_name_is_changed_for_all_parts_of_the_place(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.TAGS], SGLANG: [Part.TAGS]})
    need(store, {VLLM: [Part.ISSUES], SGLANG: [Part.TAGS]})
    save(store, replace(resource(store), place=NEW_NAME, native_id="1"))
    assert names(list(resources(store))) == [("sgl-project/sglang", Part.TAGS), ("vllm/vllm", Part.ISSUES)]
    with store.begin() as tx:
        assert tx.resources.find(NEW_NAME, Part.TAGS) is not None
        assert tx.resources.find(VLLM, Part.TAGS) is None


def test_a_name_of_which_only_the_letters_change_is_changed_too(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.TAGS]})
    save(store, replace(resource(store), place=Place(Hub.GITHUB, "vLLM-project/vLLM")))
    assert {each.place.name for each in resources(store)} == {"vLLM-project/vLLM"}
    assert resource(store).place.name == "vLLM-project/vLLM"


def test_a_name_that_another_resource_has_stays_its_own_and_the_rest_is_saved(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.TAGS], NEW_NAME: [Part.ISSUES]})
    other = resource(store, NEW_NAME)
    save(store, replace(resource(store), place=NEW_NAME, native_id="1"))
    assert resource(store).native_id == "1"
    assert resource(store, NEW_NAME) == other
    assert resource(store, NEW_NAME, Part.TAGS).id != other.id
    assert names(list(resources(store))) == [
        ("vllm-project/vllm", Part.ISSUES), ("vllm/vllm", Part.ISSUES), ("vllm/vllm", Part.TAGS),
    ]  # fmt: skip


def test_a_reading_that_began_before_a_new_name_was_learnt_does_not_bring_the_old_one_back(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES, Part.TAGS]})
    issues, tags = resources(store)
    save(store, replace(issues, place=NEW_NAME, identified_at=NOON + MINUTE))
    save(store, replace(tags, read_at=NOON + HOUR))
    assert {each.place for each in resources(store)} == {NEW_NAME}
    assert resource(store, NEW_NAME, Part.TAGS).read_at == NOON + HOUR
    save(store, replace(tags, identified_at=NOON + HOUR))
    assert {each.place for each in resources(store)} == {VLLM}


def test_what_a_page_can_be_asked_with_is_kept_by_its_address(store: Store) -> None:
    of = resource(store).id
    first, second = (Validator(f"https://api.github.com/?page={n}", 'W/"a"', "", "", "t1") for n in (1, 2))
    with store.begin() as tx:
        tx.resources.keep(of, [second, first])
        tx.resources.keep(of, [])
        tx.resources.keep(of, [replace(first, etag='W/"b"', next_url="n", token="t2", last_modified="Fri")])
    assert validators(store, of) == {
        first.url: Validator(first.url, 'W/"b"', "Fri", "n", "t2"),
        second.url: second,
    }
    assert validators(store, ResourceId(99)) == {}


def test_only_what_nobody_has_needed_for_long_is_forgotten_with_all_that_is_known_of_it(store: Store) -> None:
    need(store, {VLLM: [Part.ISSUES], SGLANG: [Part.ISSUES]})
    old, kept = resource(store), resource(store, SGLANG)
    for each in (old, kept):
        remember(store, each.id, issue(1))
        with store.begin() as tx:
            tx.resources.keep(each.id, [Validator("u", "e", "", "", "")])
    need(store, {SGLANG: [Part.ISSUES]}, NOON + MINUTE)
    need(store, {SGLANG: [Part.ISSUES]}, NOON + HOUR)
    with store.begin() as tx:
        assert tx.resources.forget_before(NOON + MINUTE) == 0
        assert tx.resources.forget_before(NOON + 2 * MINUTE) == 1
        assert tx.resources.find(VLLM, Part.ISSUES) is None
    assert (items(store, old.id), validators(store, old.id)) == ({}, {})
    assert (set(items(store, kept.id)), set(validators(store, kept.id))) == ({"#1"}, {"u"})
    assert resource(store).id > max(old.id, kept.id)


@pytest.mark.parametrize("field", ["next_at", "cursor", "baselined_at", "silent_until", "read_at"])
def test_a_moment_without_a_zone_is_refused(store: Store, field: str) -> None:
    tracked = resource(store)
    naive: dict[str, Any] = {field: NOON.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="no zone"):
        save(store, replace(tracked, **naive))
    assert resource(store) == tracked


def test_thousands_of_places_are_needed_at_once(store: Store) -> None:
    many = {Place(Hub.GITHUB, f"o/r{n}"): (Part.ISSUES, Part.RELEASES, Part.TAGS) for n in range(2_000)}
    need(store, many)
    need(store, many)
    assert len(resources(store)) == 6_000
    assert len(due(store, limit=7_000)) == 6_000
    need(store, {})
    assert resources(store) == ()


def test_what_is_due_can_be_asked_of_some_hubs_only_so_that_one_at_rest_takes_no_room(store: Store) -> None:
    with store.begin() as tx:
        tx.resources.need({VLLM: [Part.ISSUES, Part.RELEASES], DEEPSEEK: [Part.MODELS]}, NOON)
        found = tx.resources.due(NOON, 1, [Hub.HUGGINGFACE])
        assert [each.place for each in found] == [DEEPSEEK]
        assert tx.resources.due(NOON, 5, []) == ()
