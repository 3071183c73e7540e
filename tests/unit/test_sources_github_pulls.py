"""Repositories whose issues are switched off: pull requests alone, newest first."""

from datetime import timedelta
from typing import Any

import pytest

from suanli.domain.releases import Kind, Part, State
from suanli.domain.releases.failures import Missing
from suanli.domain.releases.resources import MOST_PAGES
from tests.fakes import NOON
from tests.github_shelf import API, PROBE, PULLS, REPO, Reader, Shelf, at, issue

DISABLED = Missing("Issues are disabled for this repo", permanent=True, code=410)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.put(PROBE, DISABLED)
    shelf.put(PULLS, page(3, 100))
    return shelf


@pytest.fixture
def reader(shelf: Shelf) -> Reader:
    return Reader(shelf, Part.ISSUES)


def page(count: int, minutes: float, first: int = 1) -> list[dict[str, Any]]:
    """Pull requests as their own list has them, a minute apart."""
    return [pull(first + n, minutes + n) for n in range(count)]


def pull(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    head = {"ref": "main", "sha": "c0ffee0", "repo": None}  # its fork was deleted
    return issue(number, minutes) | {"draft": False, "merged_at": None, "head": head} | more


def test_where_issues_are_switched_off_pull_requests_are_read(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PULLS, [pull(1, 1), pull(2, 2, draft=True), pull(3, 3, state="closed", closed_at=at(3), merged_at=at(3))])
    reading = reader.read()
    assert [(item.kind, item.native_id, item.state) for item in reading.items] == [
        (Kind.PULL, "#1", State.OPEN),
        (Kind.PULL, "#2", State.DRAFT),
        (Kind.PULL, "#3", State.MERGED),
    ]
    assert (reading.whole, reading.cursor, shelf.asked) == (True, NOON - timedelta(minutes=1), [REPO, PROBE, PULLS])


def test_from_then_on_issues_are_not_asked_for_until_the_next_day(shelf: Shelf, reader: Reader) -> None:
    asked = []
    for _ in range(6):
        reader.read()
        asked.append(list(shelf.asked))
    assert asked[1:4] == [[PULLS]] * 3
    assert asked[4] == [REPO, PROBE, PULLS]
    assert asked[5] == [PULLS]


def test_issues_that_are_switched_on_again_are_read(shelf: Shelf, reader: Reader) -> None:
    for _ in range(4):
        reader.read()
    shelf.put(PROBE, [issue(9, 0)])
    assert [item.kind for item in reader.read().items] == [Kind.ISSUE]
    assert reader.tracked.via == "issues"
    assert reader.read().unchanged


def test_nothing_new_costs_one_request(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    assert reader.read().unchanged
    assert shelf.asked == [PULLS]


def test_pages_are_read_until_what_is_on_them_is_known(shelf: Shelf, reader: Reader) -> None:
    reader.read()
    shelf.put(PULLS, page(50, 0, first=10), page(60, 50, first=100), "never asked for")
    reading = reader.read()
    assert (len(shelf.asked), len(reading.items)) == (2, 110)
    assert (reading.cursor, reading.sweep) == (NOON, None)


def test_too_many_pages_go_on_the_next_time_and_nothing_between_is_taken_for_known(
    shelf: Shelf, reader: Reader
) -> None:
    reader.read()
    pages = [page(5, 5 * n, first=10 + 5 * n) for n in range(MOST_PAGES + 2)]
    shelf.put(PULLS, *pages, page(90, 60, first=1000))
    reading = reader.read()
    assert reading.sweep
    assert (reading.sweep.high, reader.tracked.cursor) == (NOON, NOON - timedelta(minutes=100))
    assert reading.sweep.url.startswith(f"{API}/repositories/7/pulls?")
    shelf.put(PULLS, [pull(5000, -1), *page(5, 0, first=10)], *pages[1:], page(90, 60, first=1000))
    second = reader.read()
    assert (second.sweep, reader.tracked.cursor) == (None, NOON)
    assert len(reader.items) == 3 + 5 * (MOST_PAGES + 2) + 90 + 1
    # What changed since the sweep began may be more than the first page: it is read whatever the server says.
    assert not reader.read().unchanged
    assert reader.tracked.cursor == NOON + timedelta(minutes=1)
    assert reader.read().unchanged


def test_a_repository_that_is_gone_is_missing(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PULLS, Missing("Not Found", permanent=True, code=404))
    with pytest.raises(Missing):
        reader.read()


def test_issues_that_are_not_found_are_no_reason_to_read_pull_requests(shelf: Shelf, reader: Reader) -> None:
    shelf.put(PROBE, Missing("Not Found", permanent=True, code=404))
    with pytest.raises(Missing):
        reader.read()
    assert PULLS not in shelf.asked
