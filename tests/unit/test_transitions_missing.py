"""What is not in a reading any more, what comes back, and under which name changes are kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.releases import Item, Part, Reading, State
from suanli.domain.releases.changes import Change, fingerprint
from suanli.domain.releases.resources import Identity
from tests.fakes import NOON
from tests.release_items import DAY, DEEPSEEK, HOUR, VLLM, Observer, changes, issue, model, names, tag, tracked

V3, R1 = model("V3", NOON - 30 * DAY), model("R1", NOON - 20 * DAY)
UNCHANGED = Reading((), unchanged=True)
GONE = ["deepseek-ai/V3 removed"]


@pytest.fixture
def observer() -> Observer:
    """Two models were there when the watch began."""
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    observer.look(V3, R1)
    return observer


def missing(observer: Observer) -> int:
    return observer.known[V3.native_id].missing


def test_a_model_is_removed_after_three_whole_readings_without_it_and_once(observer: Observer) -> None:
    assert [changes(observer.look(R1)) for _ in range(5)] == [[], [], GONE, [], []]
    assert observer.item(V3.native_id) == replace(V3, state=State.GONE)


def test_what_was_removed_is_in_the_event_as_gone_and_beside_it_as_it_was(observer: Observer) -> None:
    seen = [observer.look(R1) for _ in range(3)][-1]
    assert (seen.events[0].item.state, seen.events[0].occurred_at) == (State.GONE, None)
    assert seen.before == {V3.native_id: V3}


def test_an_empty_answer_counts_like_any_other(observer: Observer) -> None:
    assert [changes(observer.look()) for _ in range(3)] == [[], [], ["deepseek-ai/R1 removed", *GONE]]


def test_seen_again_it_was_never_missing(observer: Observer) -> None:
    for _ in range(2):
        observer.look(R1)
    assert names(observer.look(R1, V3).remembered) == ["deepseek-ai/V3"]
    assert [changes(observer.look(R1)) for _ in range(3)] == [[], [], GONE]


def test_one_of_which_a_replica_shows_an_earlier_state_is_not_missing(observer: Observer) -> None:
    for _ in range(4):
        assert observer.look(R1, replace(V3, updated_at=NOON - 40 * DAY)).remembered == ()
    assert missing(observer) == 0


def test_readings_in_quick_succession_may_all_be_of_a_replica_that_lags_and_count_once(observer: Observer) -> None:
    assert [changes(observer.look(R1, after=timedelta(seconds=29))) for _ in range(5)] == [[]] * 5
    assert missing(observer) == 1
    assert [changes(observer.look(R1, after=timedelta(seconds=30))) for _ in range(3)] == [[], GONE, []]


def test_what_goes_right_after_a_reading_is_missed_though_the_list_does_not_change_any_more(observer: Observer) -> None:
    observer.look(R1, after=timedelta(seconds=1))
    assert [changes(observer.take(UNCHANGED)) for _ in range(3)] == [[], GONE, []]


def test_readings_count_though_the_clock_was_set_back_between_them(observer: Observer) -> None:
    assert [changes(observer.look(R1, after=-HOUR)) for _ in range(3)] == [[], [], GONE]


def test_a_reading_of_a_part_says_nothing_of_the_rest(observer: Observer) -> None:
    observer.look(R1)
    for _ in range(4):
        assert observer.look(R1, whole=False).remembered == ()
    assert missing(observer) == 1


def test_a_listing_that_has_not_changed_confirms_what_was_missing_in_it_and_nothing_else(observer: Observer) -> None:
    assert observer.take(UNCHANGED).remembered == ()
    observer.look(R1)
    assert [changes(observer.take(UNCHANGED)) for _ in range(3)] == [[], GONE, []]
    assert observer.known[R1.native_id].missing == 0


def test_an_unchanged_whole_listing_without_items_is_not_an_empty_one(observer: Observer) -> None:
    for _ in range(4):
        assert observer.take(Reading((), whole=True, unchanged=True)).remembered == ()


def test_what_comes_back_is_remembered_and_not_added_again(observer: Observer) -> None:
    for _ in range(3):
        observer.look(R1)
    back = replace(V3, revision="r7", updated_at=NOON + HOUR)
    seen = observer.look(R1, back)
    assert (changes(seen), names(seen.remembered)) == ([], ["deepseek-ai/V3"])
    assert (observer.item(V3.native_id), missing(observer)) == (back, 0)


@pytest.mark.parametrize(("part", "item"), [(Part.TAGS, tag("v1.0")), (Part.ISSUES, issue(1, NOON - DAY))])
def test_tags_and_issues_go_without_a_word(part: Part, item: Item) -> None:
    observer = Observer(tracked(VLLM, part))
    observer.look(item, whole=True)
    assert [changes(observer.look(whole=True)) for _ in range(4)] == [[], [], [], []]
    assert observer.item(item.native_id).state is State.GONE


def test_the_first_reading_of_all_misses_nothing_that_is_remembered_from_somewhere_else() -> None:
    observer = Observer(tracked(DEEPSEEK, Part.MODELS))
    observer.look(V3)
    again = Observer(tracked(DEEPSEEK, Part.MODELS), known=observer.known)
    assert again.look(R1).remembered == (again.known[R1.native_id],)


def test_a_changes_name_has_the_number_and_the_name_that_came_with_the_reading() -> None:
    observer = Observer(tracked(VLLM, Part.ISSUES, baselined_at=NOON, read_at=NOON))
    event = observer.look(issue(1, NOON), identity=Identity("41", "vllm/vllm")).events[0]
    assert event.place == observer.tracked.place == replace(VLLM, name="vllm/vllm")
    assert event.fingerprint == fingerprint(observer.tracked.key, "#1", Change.ISSUE_OPENED, "")
    assert event.fingerprint == fingerprint("github|issues|41", "#1", Change.ISSUE_OPENED, "")


def test_a_changes_name_outlives_the_name_of_the_repository() -> None:
    first, second = (
        Observer(tracked(place, Part.ISSUES, baselined_at=NOON, native_id="41")).look(issue(1, NOON)).events[0]
        for place in (VLLM, replace(VLLM, name="vllm/vllm"))
    )
    assert first.fingerprint == second.fingerprint


def test_a_thousand_changes_come_in_the_order_they_occurred_in_whatever_the_order_of_the_pages() -> None:
    observer = Observer(tracked(VLLM, Part.ISSUES, baselined_at=NOON - HOUR))
    items = [issue(n, NOON.replace(microsecond=n * 7919 % 1000)) for n in range(1000)]
    seen = observer.look(*items)
    moments = [event.occurred_at for event in seen.events]
    assert len(moments) == 1000
    assert moments == sorted(item.updated_at for item in items if item.updated_at)
