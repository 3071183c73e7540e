"""Releases and tags: what happened between two looks at them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.releases import Change, Item, Part, State
from tests.fakes import NOON
from tests.release_items import DAY, HOUR, VLLM, Observer, changes, names, release, tag, tracked

V1, V2 = release(1, "v1.0", NOON - 30 * DAY), release(2, "v2.0", NOON - 2 * DAY)
SOON = NOON + HOUR


@pytest.fixture
def observer() -> Observer:
    """Two releases were out when the watch began."""
    observer = Observer(tracked(VLLM, Part.RELEASES))
    assert changes(observer.look(V1, V2)) == []
    return observer


def test_a_new_release_is_told_once(observer: Observer) -> None:
    v3 = release(3, "v3.0", SOON)
    seen = observer.look(v3, V2, V1)
    assert (changes(seen), names(seen.remembered)) == (["v3.0 released"], ["v3.0"])
    assert seen.events[0].occurred_at == SOON
    assert changes(observer.look(v3, V2, V1)) == []


def test_a_prerelease_is_told_as_one_and_promoted_later(observer: Observer) -> None:
    candidate = release(3, "v3.0", SOON, State.PRERELEASE)
    assert changes(observer.look(candidate, V2, V1)) == ["v3.0 prereleased"]
    assert changes(observer.look(replace(candidate, state=State.STABLE), V2, V1)) == ["v3.0 promoted"]


def test_another_tag_on_the_same_release_promotes_it_and_tells_the_earlier_one(observer: Observer) -> None:
    candidate = release(3, "v3.0rc1", SOON, State.PRERELEASE)
    observer.look(candidate, V2, V1)
    final = replace(candidate, name="v3.0", state=State.STABLE)
    assert changes(observer.look(final, V2, V1)) == ["v3.0 promoted v3.0rc1"]


def test_a_prerelease_that_stays_one_under_another_tag_is_promoted_too(observer: Observer) -> None:
    candidate = release(3, "v1.1rc1", SOON, State.PRERELEASE)
    observer.look(candidate, V2, V1)
    event = observer.look(replace(candidate, name="v1.1"), V2, V1).events[0]
    assert (event.change, event.detail, event.item.state) == (Change.PROMOTED, "v1.1rc1", State.PRERELEASE)
    assert not event.older_branch


def test_a_stable_release_that_becomes_a_prerelease_again_is_only_remembered(observer: Observer) -> None:
    seen = observer.look(replace(V2, state=State.PRERELEASE), V1)
    assert (changes(seen), names(seen.remembered)) == ([], ["v2.0"])


def test_other_notes_are_an_edit_and_another_title_tells_the_earlier_one(observer: Observer) -> None:
    noted = replace(V2, body="Better notes")
    assert changes(observer.look(noted, V1)) == ["v2.0 release_edited"]
    assert changes(observer.look(replace(noted, title="The second"), V1)) == ["v2.0 release_edited v2.0"]


def test_a_draft_is_silent_until_it_is_published_with_an_old_commit(observer: Observer) -> None:
    draft = release(3, "v3.0", None, State.DRAFT)
    assert changes(observer.look(draft, V2, V1)) == []
    assert changes(observer.look(replace(draft, body="More"), V2, V1)) == []
    published = replace(draft, state=State.STABLE, published_at=SOON, body="All of it")
    assert changes(observer.look(published, V2, V1)) == ["v3.0 released"]


def test_a_release_that_is_made_a_draft_is_withdrawn_and_can_come_out_again(observer: Observer) -> None:
    draft = replace(V2, state=State.DRAFT, published_at=None)
    assert changes(observer.look(draft, V1)) == ["v2.0 withdrawn"]
    assert changes(observer.look(replace(V2, published_at=SOON), V1)) == ["v2.0 released"]


def test_a_release_that_was_out_before_the_watch_and_only_out_of_sight_is_not_told(observer: Observer) -> None:
    seen = observer.look(release(3, "v0.9", NOON - 400 * DAY), V2, V1)
    assert (changes(seen), names(seen.remembered)) == ([], ["v0.9"])


@pytest.mark.parametrize(("whole", "told"), [(True, ["v3.0 released"]), (False, [])])
def test_where_everything_was_taken_down_clocks_may_differ_by_hours(*, whole: bool, told: list[str]) -> None:
    observer = Observer(tracked(VLLM, Part.RELEASES))
    observer.look(V1, V2, whole=whole)
    assert changes(observer.look(release(3, "v3.0", NOON - 3 * HOUR), V2, V1, whole=whole)) == told


@pytest.mark.parametrize(("whole", "told"), [(True, ["v3.0 released"]), (False, [])])
def test_a_release_without_a_date_is_new_where_everything_was_taken_down(*, whole: bool, told: list[str]) -> None:
    observer = Observer(tracked(VLLM, Part.RELEASES))
    observer.look(V1, whole=whole)
    assert changes(observer.look(release(3, "v3.0", None), V1, whole=whole)) == told


@pytest.mark.parametrize("state", [State.STABLE, State.PRERELEASE])
def test_a_release_that_is_gone_is_withdrawn(observer: Observer, state: State) -> None:
    observer.look(replace(V2, state=state), V1)
    assert [changes(observer.look(V1)) for _ in range(4)] == [[], [], ["v2.0 withdrawn"], []]


def test_a_draft_that_is_gone_is_nobodys_business(observer: Observer) -> None:
    observer.look(release(3, "v3.0", None, State.DRAFT), V2, V1)
    assert [changes(observer.look(V2, V1)) for _ in range(4)] == [[], [], [], []]


# Older lines.


def flags(observer: Observer, *items: Item) -> dict[str, bool]:
    return {event.item.name: event.older_branch for event in observer.look(*items).events}


@pytest.mark.parametrize(
    ("name", "state", "older"),
    [
        ("v1.1", State.STABLE, True),
        ("v2.0.1", State.STABLE, False),
        ("v1.1", State.PRERELEASE, False),
        ("v1.1rc1", State.STABLE, False),
        ("nightly", State.STABLE, False),
        ("helm-chart-0.1", State.STABLE, False),
    ],
)
def test_a_lower_version_after_a_higher_one_is_from_an_older_branch(
    observer: Observer, name: str, state: State, *, older: bool
) -> None:
    assert flags(observer, release(3, name, SOON, state), V2, V1) == {name: older}


def test_of_several_between_two_looks_the_one_that_came_after_a_higher_one_is_from_an_older_branch() -> None:
    observer = Observer(tracked(VLLM, Part.RELEASES))
    observer.look(V1)
    v2, v1_1, v1_2 = (
        release(n, name, SOON + timedelta(minutes=n)) for n, name in enumerate(["v2.0", "v1.1", "v1.2"], 2)
    )
    assert flags(observer, v1_2, v1_1, v2, V1) == {"v2.0": False, "v1.1": True, "v1.2": True}


def test_two_versions_in_a_row_between_two_looks_are_no_older_branch(observer: Observer) -> None:
    found = flags(observer, release(4, "v2.2", SOON + HOUR), release(3, "v2.1", SOON), V2, V1)
    assert found == {"v2.1": False, "v2.2": False}


def test_a_withdrawn_version_is_ahead_of_none(observer: Observer) -> None:
    for _ in range(3):
        observer.look(V1)
    assert flags(observer, release(3, "v1.1", SOON), V1) == {"v1.1": False}


def test_a_candidate_that_becomes_final_after_a_higher_version_is_from_an_older_branch(observer: Observer) -> None:
    candidate = release(3, "v1.1", NOON - 3 * DAY, State.PRERELEASE)
    observer.look(candidate, V2, V1)
    assert flags(observer, replace(candidate, state=State.STABLE), V2, V1) == {"v1.1": True}


def test_a_release_is_not_ahead_of_itself_under_its_earlier_tag(observer: Observer) -> None:
    assert flags(observer, replace(V2, name="v1.5"), V1) == {"v1.5": False}


# Tags.


@pytest.fixture
def tags() -> Observer:
    observer = Observer(tracked(VLLM, Part.TAGS))
    observer.look(tag("v1.0"), tag("v2.0"))
    return observer


def test_a_new_tag_is_told_and_one_on_another_commit_too(tags: Observer) -> None:
    assert changes(tags.look(tag("v1.0"), tag("v2.0"), tag("v2.1"))) == ["v2.1 tagged"]
    assert changes(tags.look(tag("v1.0"), tag("v2.0"), tag("v2.1", "c2"))) == ["v2.1 retagged c1"]
    assert changes(tags.look(tag("v1.0"), tag("v2.0"), tag("v2.1", "c2"))) == []


def test_a_lower_tag_is_from_an_older_branch(tags: Observer) -> None:
    assert flags(tags, tag("v1.0"), tag("v1.1"), tag("v2.0"), tag("v2.1")) == {"v1.1": True, "v2.1": False}


def test_of_a_tag_that_is_gone_nothing_is_told_and_one_that_comes_back_elsewhere_was_moved(tags: Observer) -> None:
    assert [changes(tags.look(tag("v1.0"))) for _ in range(4)] == [[], [], [], []]
    assert tags.item("v2.0").state is State.GONE
    assert changes(tags.look(tag("v1.0"), tag("v2.0", "c9"))) == ["v2.0 retagged c1"]


def test_where_not_all_tags_were_taken_down_only_a_higher_one_is_new_for_certain() -> None:
    observer = Observer(tracked(VLLM, Part.TAGS))
    observer.look(tag("b4566"), tag("b4567"), whole=False)
    seen = observer.look(tag("b4568"), tag("b12"), tag("gguf-v0.1"), tag("nightly"), whole=False)
    assert changes(seen) == ["b4568 tagged"]
    assert len(seen.remembered) == 4


def test_of_tags_without_a_moment_the_first_look_after_a_take_over_says_nothing() -> None:
    observer = Observer(tracked(VLLM, Part.TAGS, baselined_at=NOON, silent_until=NOON, whole=True))
    assert changes(observer.look(tag("v1.0"))) == []
    assert changes(observer.look(tag("v1.0"), tag("v1.1"))) == ["v1.1 tagged"]
