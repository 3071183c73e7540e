"""Which repository it is: renamed, archived, or another one under the same name (releases.md §2.5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from suanli.domain.releases import Part, ResourceId, Tracked
from suanli.domain.releases.failures import Drift, Missing, Strange
from suanli.domain.releases.resources import Identity, Status
from suanli.sources.github import GitHub
from tests.fakes import NOON
from tests.github_shelf import API, PLACE, PROBE, RELEASES, REPO, TAGS, Reader, Shelf, issue, release, tag

BY_NUMBER = f"{API}/repositories/7"
NEW = f"{API}/repos/o/new"


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.put(PROBE, [issue(1, 5)])
    return shelf


@pytest.fixture
def reader(shelf: Shelf) -> Reader:
    return Reader(shelf, Part.ISSUES)


def rename(shelf: Shelf) -> None:
    """What happens on GitHub when `o/r` becomes `o/new`."""
    shelf.pages |= {BY_NUMBER: {"id": 7, "full_name": "o/new"}, NEW: {"id": 7, "full_name": "o/new"}}
    shelf.moved |= {REPO: BY_NUMBER, PROBE: PROBE.replace(REPO, BY_NUMBER)}
    for url in (PROBE.replace(REPO, BY_NUMBER), PROBE.replace(REPO, NEW)):
        shelf.pages[url] = [issue(1, 5), issue(2, 1)]


def test_the_first_reading_learns_number_and_name_as_github_writes_it(shelf: Shelf, reader: Reader) -> None:
    shelf.pages[REPO] = {"id": 7, "full_name": "O/r", "archived": True}
    shelf.put(PROBE.replace(REPO, f"{API}/repos/O/r"), [])
    assert reader.read().identity == Identity("7", "O/r", archived=True)
    assert (reader.tracked.native_id, reader.tracked.place.name) == ("7", "O/r")


def test_it_is_asked_again_once_a_day_and_unchanged_is_an_answer(shelf: Shelf, reader: Reader) -> None:
    asked = []
    for _ in range(6):
        reader.read()
        asked.append(REPO in shelf.asked)
    assert asked == [True, False, False, False, True, False]
    assert (reader.tracked.native_id, reader.tracked.identified_at) == ("7", NOON + timedelta(hours=24))


def test_an_archived_repository_stays_so_when_nothing_changed(shelf: Shelf, reader: Reader) -> None:
    shelf.pages[REPO] |= {"archived": True}
    reader.read()
    assert reader.tracked.status is Status.ARCHIVED
    identity = reader.read().identity
    assert (identity, shelf.shown[0] != "") == (Identity("7", "o/r", archived=True), True)


def test_after_trouble_it_is_asked_whole(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    reader.tracked = replace(reader.tracked, status=Status.MISSING)
    assert reader.read().identity == Identity("7", "o/r")
    assert (shelf.asked[0], shelf.shown[0]) == (REPO, "")


def test_a_renamed_repository_is_followed_and_its_new_name_told(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    rename(shelf)
    reading = reader.read()
    assert (reading.identity, len(reading.items)) == (Identity("7", "o/new"), 2)
    assert reader.tracked.place.name == "o/new"
    reader.read()
    assert shelf.asked == [PROBE.replace(REPO, NEW)]


def test_a_rename_that_is_seen_first_is_used_at_once(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    rename(shelf)
    reader.tracked = replace(reader.tracked, identified_at=NOON - timedelta(days=2))
    assert reader.read().identity == Identity("7", "o/new")
    assert shelf.asked == [REPO, PROBE.replace(REPO, NEW)]


def test_another_repository_under_the_name_is_not_read(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    shelf.pages[REPO] = {"id": 666, "full_name": "o/r"}
    reader.tracked = replace(reader.tracked, identified_at=NOON - timedelta(days=2))
    with pytest.raises(Strange, match="number 666 in place of 7") as caught:
        reader.read()
    assert caught.value.permanent
    assert PROBE not in shelf.asked


@pytest.mark.parametrize("how", ["moved", "onward"])
def test_a_page_of_another_repository_is_not_taken(shelf: Shelf, reader: Reader, how: str) -> None:
    reader.read()
    other = PROBE.replace(REPO, f"{API}/repositories/666")
    shelf.pages |= {PROBE: [issue(9, 0)], other: [issue(9, 0)]}
    getattr(shelf, how)[PROBE] = other
    with pytest.raises(Strange):
        reader.read()


@pytest.mark.parametrize(
    ("part", "url", "ours", "theirs"),
    [
        (Part.ISSUES, PROBE, [issue(1, 500), issue(2, 300)], [issue(1, 5)]),
        (Part.ISSUES, PROBE, [issue(1, 500)], []),
        (Part.RELEASES, RELEASES, [release(1, 500)], [release(9, 5, tag_name="v1")]),
        (Part.RELEASES, RELEASES, [release(1, 500)], []),
        (Part.TAGS, TAGS, [tag("v1")], [tag("v1", "decade0")]),
        (Part.TAGS, TAGS, [tag("v1")], []),
    ],
)
def test_before_another_repositorys_page_is_believed_it_is_asked_which_it_is(
    shelf: Shelf, part: Part, url: str, ours: list[object], theirs: list[object]
) -> None:
    reader = Reader(shelf, part)
    shelf.put(url, ours)
    reader.read()
    shelf.pages[REPO] = {"id": 666, "full_name": "o/r"}
    shelf.put(url, theirs)
    with pytest.raises(Strange):
        reader.read()


@pytest.mark.parametrize(
    ("part", "url", "before", "after"),
    [
        (Part.ISSUES, PROBE, [issue(1, 500)], [issue(2, 5), issue(1, 500)]),
        (Part.RELEASES, RELEASES, [release(1, 500)], [release(2, 5), release(1, 500, body="x")]),
        (Part.TAGS, TAGS, [tag("v1")], [tag("v1"), tag("v2")]),
    ],
)
def test_a_page_with_something_remembered_needs_no_such_question(
    shelf: Shelf, part: Part, url: str, before: list[object], after: list[object]
) -> None:
    reader = Reader(shelf, part)
    shelf.put(url, before)
    reader.read()
    shelf.put(url, after)
    assert (len(reader.read().items), shelf.asked) == (2, [url])


def test_a_repository_that_was_emptied_is_still_the_same(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    shelf.put(PROBE, [])
    reading = reader.read()
    assert (reading.items, reading.identity) == ((), Identity("7", "o/r"))
    assert shelf.asked == [PROBE, REPO]


def test_a_repository_that_was_never_there_is_missing(shelf: Shelf, reader: Reader) -> None:
    shelf.pages[REPO] = Missing("Not Found", permanent=True, code=404)
    with pytest.raises(Missing):
        reader.read()


@pytest.mark.parametrize(
    "body",
    [[], {}, {"id": "7", "full_name": "o/r"}, {"id": 7, "full_name": "o"}, {"id": 7, "full_name": "o/r/../../x"}],
)
def test_what_is_no_repository_is_drift(shelf: Shelf, reader: Reader, body: object) -> None:
    shelf.pages[REPO] = body
    with pytest.raises(Drift):
        reader.read()


def test_a_repository_has_no_models(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="models"):
        GitHub(shelf).read(Tracked(ResourceId(1), PLACE, Part.MODELS, NOON), {}, lambda _: {})


def test_what_only_the_token_may_see_is_not_read_unless_the_settings_say_so(shelf: Shelf) -> None:
    shelf.pages[REPO] = {"id": 7, "full_name": "o/r", "private": True}
    tracked = Tracked(ResourceId(1), PLACE, Part.ISSUES, NOON)
    with pytest.raises(Missing, match="private = true"):
        GitHub(shelf).read(tracked, {}, lambda _: {})
    assert PROBE not in shelf.asked
    assert GitHub(shelf, private=True).read(tracked, {}, lambda _: {}).items


def test_a_repository_that_becomes_private_is_read_no_more(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    shelf.pages[REPO] = {"id": 7, "full_name": "o/r", "private": True}
    later = replace(reader.tracked, next_at=reader.tracked.next_at + timedelta(days=2))
    with pytest.raises(Missing):
        GitHub(shelf).read(later, {}, lambda _: {})
