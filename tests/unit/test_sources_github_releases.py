"""Reading releases and tags of GitHub: how far the lists are read, and when that is all of them."""

from typing import Any

import pytest

from suanli.domain.releases import Kind, Part, State, Validator
from suanli.domain.releases.resources import MOST_PAGES
from suanli.sources.conditional import Page
from suanli.sources.http import TooLarge
from tests.fakes import NOON
from tests.github_shelf import RELEASES, REPO, TAGS, Reader, Shelf, at, release, tag

SMALL = f"{REPO}/releases?per_page=30"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def reader(shelf: Shelf) -> Reader:
    return Reader(shelf, Part.RELEASES)


@pytest.fixture
def tags(shelf: Shelf) -> Reader:
    return Reader(shelf, Part.TAGS)


def page(first: int, count: int = 3) -> list[dict[str, Any]]:
    return [release(first - n, 10 + n) for n in range(count)]


def test_releases_are_told_apart_by_what_they_are(shelf: Shelf, reader: Reader) -> None:
    rc = release(3, 1, prerelease=True, name="3 RC", body=None)
    shelf.put(RELEASES, [release(4, 0, draft=True, published_at=None), rc, release(2, 2, author=None)])
    draft, candidate, stable = reader.read().items
    assert [item.state for item in (draft, candidate, stable)] == [State.DRAFT, State.PRERELEASE, State.STABLE]
    assert (draft.published_at, candidate.published_at) == (
        None,
        candidate.created_at and NOON.replace(hour=3, minute=59),
    )
    assert [(item.native_id, item.name, item.title) for item in (candidate, stable)] == [
        ("3", "v3", "3 RC"),
        ("2", "v2", "v2"),
    ]
    assert (candidate.body, candidate.author, candidate.by_bot, stable.author) == ("", "bot", True, "")


def test_the_first_reading_takes_every_page(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, page(9), page(6), page(3))
    reading = reader.read()
    assert (len(reading.items), reading.whole, len(shelf.asked)) == (9, True, 4)


def test_of_very_many_releases_the_first_reading_takes_the_first_pages(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, *(page(3 * n + 3) for n in range(MOST_PAGES + 1)))
    reading = reader.read()
    assert (len(reading.items), reading.whole) == (3 * MOST_PAGES, False)


def test_nothing_new_costs_one_request(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, page(6), page(3))
    reader.read()
    assert reader.read().unchanged
    assert shelf.asked == [RELEASES]


@pytest.mark.parametrize(
    "change",
    [
        {"body": "more"},
        {"name": "six"},
        {"prerelease": True},
        {"published_at": at(3)},
        {"tag_name": "v6.0"},
        {"updated_at": at(1)},
    ],
)
def test_reading_goes_on_as_long_as_a_page_has_something_new(
    shelf: Shelf, reader: Reader, change: dict[str, Any]
) -> None:
    shelf.put(RELEASES, page(9), page(6), page(3))
    reader.read()
    shelf.put(RELEASES, [page(9)[0] | change, *page(9)[1:]], page(6), "never asked for")
    reading = reader.read()
    assert (len(shelf.asked), len(reading.items), reading.whole) == (2, 6, False)


def test_a_first_page_that_changed_without_news_is_the_end(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, page(9), page(6))
    reader.read()
    downloaded = [each | {"assets": [{"download_count": 5}]} for each in page(9)]
    shelf.put(RELEASES, downloaded, "never asked for")
    assert (reader.read().whole, shelf.asked) == (False, [RELEASES])


def test_a_release_that_is_gone_from_the_only_page_is_missing_from_a_whole_reading(
    shelf: Shelf, reader: Reader
) -> None:
    shelf.put(RELEASES, page(3))
    reader.read()
    shelf.put(RELEASES, page(3)[1:])
    reading = reader.read()
    assert ([item.native_id for item in reading.items], reading.whole) == (["2", "1"], True)


def test_releases_with_very_many_files_are_read_in_small_pages_from_then_on(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, TooLarge("more than 8 MiB", permanent=True))
    shelf.put(SMALL, page(6), page(3))
    assert (len(reader.read().items), shelf.asked[1:3]) == (6, [RELEASES, SMALL])
    assert reader.read().unchanged
    assert shelf.asked == [SMALL]


def test_small_pages_that_are_too_large_are_the_readings_failure(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, TooLarge("more than 8 MiB"))
    shelf.put(SMALL, TooLarge("more than 8 MiB"))
    with pytest.raises(TooLarge):
        reader.read()


def test_a_repository_without_releases_is_read_whole(shelf: Shelf, reader: Reader) -> None:
    shelf.put(RELEASES, [])
    reading = reader.read()
    assert (reading.items, reading.whole, reader.read().unchanged) == ((), True, True)


def test_tags_are_names_and_commits(shelf: Shelf, tags: Reader) -> None:
    shelf.put(TAGS, [tag("v1/β")])
    (item,) = tags.read().items
    assert (item.kind, item.native_id, item.name, item.revision) == (Kind.TAG, "v1/β", "v1/β", "c0ffee0")
    assert item.url == "https://github.com/o/r/releases/tag/v1/%CE%B2"


def test_unchanged_tags_cost_only_questions(shelf: Shelf, tags: Reader) -> None:
    shelf.put(TAGS, [tag("c")], [tag("b")], [tag("a")])
    assert tags.read().whole
    reading = tags.read()
    assert (reading.unchanged, reading.items, len(shelf.asked)) == (True, (), 3)
    assert all(shelf.shown)


def test_once_a_page_changed_every_tag_is_read(shelf: Shelf, tags: Reader) -> None:
    shelf.put(TAGS, [tag("c")], [tag("b")], [tag("a")])
    tags.read()
    shelf.put(TAGS, [tag("c")], [tag("b", "decade0")], [tag("a")])
    reading = tags.read()
    assert [(item.name, item.revision) for item in reading.items] == [
        ("c", "c0ffee0"),
        ("b", "decade0"),
        ("a", "c0ffee0"),
    ]
    assert (reading.whole, len(shelf.asked)) == (True, 5)
    assert tags.read().unchanged


class Shrinking(Shelf):
    """Loses all but the first page of tags once the second one is asked for."""

    def get(self, url_or_path: str, validator: Validator | None = None) -> Page:
        if url_or_path.endswith("&page=2"):
            self.onward[TAGS] = ""
        return super().get(url_or_path, validator)


def test_a_list_of_tags_that_changes_while_it_is_read_is_not_taken_for_whole() -> None:
    shelf = Shrinking()
    tags = Reader(shelf, Part.TAGS)
    shelf.put(TAGS, [tag("c")], [tag("b")])
    tags.read()
    shelf.put(TAGS, [tag("c")], [tag("b", "decade0")])
    assert not tags.read().whole


def test_of_very_many_tags_the_first_pages_are_read(shelf: Shelf, tags: Reader) -> None:
    shelf.put(TAGS, *([tag(f"v{n}")] for n in range(MOST_PAGES + 1)))
    reading = tags.read()
    assert (len(reading.items), reading.whole) == (MOST_PAGES, False)
